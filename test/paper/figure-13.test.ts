// Paper Figure 13, InstallSnapshot, line by line. The bytes come over on the driver's way and are durable when the core
// hears of them, so steps 2 to 4 (the file, its chunks, "done") are the transport's, and tested there.
//
//     log before       1 1 1 1 2          snapshot 3/1: the log has it        keep 1 2
//     log before       1 1                snapshot 5/2: beyond the log        discard all
//     log before       1 1 1 1 1 1        snapshot 5/2: the log contradicts   discard all
import { describe, expect, test } from 'vitest'
import {
  appendEntries,
  candidate,
  cluster,
  follower,
  installSnapshot,
  leader,
  requestVote,
  votersOf,
} from './vocabulary.ts'

describe('receiver', () => {
  test('1. an old term is refused, and the answer names the newer one (Paper Figure 13)', () => {
    const s1 = follower({ log: '1', term: 3 })
    s1.installs({ term: 2, last: '9/2' })
    expect([s1.log, s1.sends()]).toEqual(['1', ['s1→s2 InstallSnapshotReply term=3 match=0']])
  })

  test('5. it becomes the server’s snapshot, in place of an older one (Paper Figure 13)', () => {
    const s1 = follower({ snapshot: '3/1', log: '1' })
    s1.installs({ term: 2, last: '9/2' })
    expect(s1.state.snapshot).toMatchObject({ index: 9, term: 2 })
  })

  test('5. one that is older than what is committed here changes nothing, and is acknowledged (Paper Figure 13)', () => {
    const s1 = follower({ log: '1 1 1 1' })
    s1.receives(appendEntries({ term: 1, prev: '4/1', commit: 4 }))
    s1.installs({ term: 1, last: '2/1' })
    expect([s1.log, s1.sends()]).toEqual(['1 1 1 1', ['s1→s2 InstallSnapshotReply term=1 match=4']])
  })

  test('6. if the log has the last included entry, what follows it is kept (Paper Figure 13)', () => {
    const s1 = follower({ log: '1 1 1 1 2' })
    s1.installs({ term: 2, last: '3/1' })
    expect([s1.log, s1.commitIndex]).toEqual(['1 1 1 1 2', 3])
  })

  test('6. what is kept may have been acknowledged, and a majority have been counted with it (Paper Figure 13)', () => {
    const s1 = follower({ log: '1 1' })
    s1.receives(appendEntries({ term: 1, prev: '2/1', entries: '1 1' }))
    s1.installs({ term: 1, last: '3/1' })
    s1.receives(requestVote({ from: 's3', term: 2, last: '3/1', transfer: true }))
    expect(s1.sends()).toEqual(['s1→s3 RequestVoteReply term=2 refused'])
  })

  test.each([
    ['ends before it', '1 1'],
    ['has another entry there', '1 1 1 1 1 1'],
    ['is empty', ''],
  ])('7. otherwise, when the log %s, all of it is discarded (Paper Figure 13)', (_, log) => {
    const s1 = follower({ log, term: 2 })
    s1.installs({ term: 2, last: '5/2' })
    expect([s1.log, s1.commitIndex]).toEqual(['(5/2)', 5])
  })

  test('8. the state machine starts anew from the snapshot, with its configuration (Paper Figure 13)', () => {
    const s1 = follower({ log: '1 1', term: 2 })
    s1.installs({ term: 2, last: '5/2', configuration: votersOf(5) })
    expect([s1.applied, s1.state.lastApplied]).toEqual([5, 5])
    expect([s1.history, s1.state.configuration]).toEqual([expect.arrayContaining(['s1 restores 5/2']), votersOf(5)])
  })

  test('it is acknowledged when the log’s own record of it is durable (Paper Figure 13)', () => {
    const s1 = follower({ log: '1 1', term: 2 })
    s1.hasASlowDisk()
    s1.installs({ term: 2, last: '5/2' })
    expect(s1.sends()).toEqual([])
    s1.persists()
    expect(s1.sends()).toEqual(['s1→s2 InstallSnapshotReply term=2 match=5'])
  })

  test('the log goes on right behind it, and the consistency check knows its last entry (Paper Figure 13)', () => {
    const s1 = follower({ log: '1 1', term: 2 })
    s1.installs({ term: 2, last: '5/2' })
    s1.receives(appendEntries({ term: 2, prev: '5/1', entries: '2' }))
    expect(s1.log).toBe('(5/2)')
    s1.receives(appendEntries({ term: 2, prev: '5/2', entries: '2' }))
    expect(s1.log).toBe('(5/2) 2')
  })

  test('it comes from the leader: a candidate of that term follows, and timers start anew (Paper §5.2, Figure 13)', () => {
    const s1 = candidate({ log: '1', term: 3 })
    s1.waits(200)
    s1.installs({ from: 's3', term: 3, last: '5/2' })
    expect([s1.role, s1.state.leaderId]).toEqual(['follower', 's3'])
    expect(s1.state.electionDeadline).toBeGreaterThanOrEqual(s1.now + 300)
  })

  test('a snapshot that ends in a term later than its sender’s is not believed', () => {
    const s1 = follower({ log: '1', term: 2 })
    s1.installs({ term: 2, last: '5/3' })
    expect([s1.log, s1.sends()]).toEqual(['1', []])
  })
})

describe('sender', () => {
  test('the leader sends its snapshot’s place, term and configuration (Paper Figure 13)', () => {
    const s1 = leader({ snapshot: '4/2', term: 4 })
    s1.isContradictedBy('s2', { prev: 4, tryAt: '0/0' })
    expect(s1.sends('InstallSnapshot')).toEqual(['s1→s2 InstallSnapshot term=4 last=4/2'])
  })

  test('it steps down if the answer names a newer term (Paper Figure 13)', () => {
    const s1 = leader({ snapshot: '4/2', term: 4 })
    s1.receives({ type: 'InstallSnapshotReply', from: 's2', to: 's1', term: 5, session: 1, index: 0 })
    expect([s1.role, s1.term]).toEqual(['follower', 5])
  })

  test('an acknowledged snapshot counts as everything it covers (Paper Figure 13)', () => {
    const s1 = leader({ snapshot: '4/2', term: 4 })
    s1.isContradictedBy('s2', { prev: 4, tryAt: '0/0' })
    s1.hasInstalledSnapshotOn('s2', 4)
    expect(s1.state.progress.get('s2')).toMatchObject({ state: 'replicate', matchIndex: 4, nextIndex: 5 })
  })

  test('two snapshots in a row, the later first: the earlier one changes nothing (Paper Figure 13)', () => {
    const s1 = follower()
    s1.receives(installSnapshot({ term: 2, last: '9/2' }), installSnapshot({ term: 2, last: '5/2' }))
    expect([s1.log, s1.sends()]).toEqual(['(9/2)', Array(2).fill('s1→s2 InstallSnapshotReply term=2 match=9')])
  })

  test('a follower whose log is empty comes up by snapshot (Paper §7, Figure 13)', () => {
    const servers = cluster(3, { logs: { s1: '1 1 1', s2: '1 1 1' }, term: 1 })
    servers.elect('s1')
    servers.partition(['s1', 's2'])
    servers.command('s1', 'x')
    servers.takeSnapshot('s1', 4)
    servers.reunite()
    expect([servers.stateOf('s3').snapshot.index, servers.server('s3').appliedIndex]).toEqual([4, 4])
  })
})

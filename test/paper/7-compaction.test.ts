// Paper §7, log compaction. InstallSnapshot, line by line, is in figure-13.test.ts.
//
//     before   1 1 1 2 2        commitIndex 4
//     after    ▓▓▓▓▓▓▓ 2        snapshot 4/2, log (4/2) 2
import { describe, expect, test } from 'vitest'
import { appendEntries, cluster, follower, leader, requestVote } from './vocabulary.ts'

function follows(log: string, commit: number): ReturnType<typeof follower> {
  const s1 = follower({ log })
  const { lastIndex, lastTerm } = s1.state.log
  s1.receives(appendEntries({ term: lastTerm, prev: `${lastIndex}/${lastTerm}`, commit }))
  return s1
}

describe('taking a snapshot', () => {
  test('each server takes its own, of committed and applied entries, and drops the log before it (Paper §7)', () => {
    const s1 = follows('1 1 1 2 2', 4)
    s1.takesSnapshot(4)
    expect(s1.log).toBe('(4/2) 2')
  })

  test('a snapshot covers nothing that is not applied (Paper §7)', () => {
    expect(follows('1 1 1 2 2', 4).describesSnapshotAt(5)).toBeNull()
  })

  test('it carries the index and term of the last entry it replaces (Paper §7)', () => {
    expect(follows('1 1 1 2 2', 4).describesSnapshotAt(3)).toMatchObject({ index: 3, term: 1 })
  })

  test('with these the consistency check works for the first entry behind it (Paper §7)', () => {
    const s1 = follows('1 1 1 2', 4)
    s1.takesSnapshot(4)
    s1.receives(appendEntries({ term: 2, prev: '4/2', entries: '2' }))
    expect([s1.log, s1.sends('AppendEntriesReply')]).toEqual([
      '(4/2) 2',
      ['s1→s2 AppendEntriesReply term=2 ok match=5'],
    ])
  })

  test('entries that the snapshot covers already are taken as known, and what follows them is appended (Paper §7)', () => {
    const s1 = follows('1 1 1 2', 4)
    s1.takesSnapshot(4)
    s1.receives(appendEntries({ term: 2, prev: '2/1', entries: '1 2 2' }))
    expect(s1.log).toBe('(4/2) 2')
  })

  test('with an empty log behind it, the last included entry speaks in elections (Paper §5.4.1, §7)', () => {
    const s1 = follower({ snapshot: '4/2', term: 2 })
    s1.receives(requestVote({ term: 3, last: '3/2' }))
    expect(s1.sends()).toEqual(['s1→s2 RequestVoteReply term=3 refused'])
    s1.receives(requestVote({ from: 's3', term: 3, last: '4/2' }))
    expect(s1.sends()).toEqual(['s1→s3 RequestVoteReply term=3 granted'])
  })

  test('after a restart the state machine starts from the snapshot, and commitIndex with it (Paper §7)', () => {
    const s1 = follows('1 1 1 2 2', 4)
    s1.takesSnapshot(4)
    s1.crashesAndRestarts()
    expect([s1.log, s1.commitIndex, s1.applied]).toEqual(['(4/2) 2', 4, 4])
  })

  test('Deviates: some entries are kept behind the snapshot, so that a follower that is a little late needs none (Paper §7)', () => {
    const s1 = follower({ log: '1 1 1 2 2', options: { retainEntries: 2 } })
    s1.receives(appendEntries({ term: 2, prev: '5/2', commit: 4 }))
    s1.takesSnapshot(4)
    expect([s1.log, s1.state.snapshot.index]).toEqual(['(2/1) 1 2 2', 4])
  })
})

describe('sending a snapshot', () => {
  test('the leader sends its snapshot when the next entry a follower needs is gone (Paper §7)', () => {
    const s1 = leader({ snapshot: '4/2', log: '3', term: 4 })
    s1.isContradictedBy('s2', { prev: 5, tryAt: '2/1' })
    expect(s1.sends('InstallSnapshot')).toEqual(['s1→s2 InstallSnapshot term=4 last=4/2'])
  })

  test('while it is on its way the follower gets heartbeats, and no entries (Paper §7)', () => {
    const s1 = leader({ snapshot: '4/2', log: '3', term: 4 })
    s1.isContradictedBy('s2', { prev: 5, tryAt: '2/1' })
    s1.waits(50)
    expect(s1.sends().filter((line) => line.includes('s2'))).toEqual([
      's1→s2 AppendEntries term=4 prev=4/2 entries=[] commit=4',
    ])
  })

  test('when it has arrived, the log goes on behind it (Paper §7)', () => {
    const s1 = leader({ snapshot: '4/2', log: '3', term: 4 })
    s1.isContradictedBy('s2', { prev: 5, tryAt: '2/1' })
    s1.hasInstalledSnapshotOn('s2', 4)
    expect(s1.sends()).toEqual(['s1→s2 AppendEntries term=4 prev=4/2 entries=[5:3] commit=4'])
  })

  test('a snapshot of which nothing is heard is sent again (Paper §7)', () => {
    const s1 = leader({ snapshot: '4/2', log: '3', term: 4, options: { snapshotRetryMs: 200, checkQuorum: false } })
    s1.isContradictedBy('s2', { prev: 5, tryAt: '2/1' })
    s1.waits(300)
    expect(s1.sends('InstallSnapshot')).toEqual(['s1→s2 InstallSnapshot term=4 last=4/2'])
  })

  test('a server that was away for long, or is new, comes up by snapshot and log (Paper §7)', () => {
    const servers = cluster(3)
    servers.elect('s1')
    servers.partition(['s1', 's2'])
    servers.command('s1', 'a', 'b', 'c')
    servers.takeSnapshot('s1', 2)
    servers.reunite()
    expect([servers.logOf('s3'), servers.server('s3').appliedIndex]).toEqual(['1', 3])
  })
})

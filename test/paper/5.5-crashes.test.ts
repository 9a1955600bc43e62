// Paper §5.5, follower and candidate crashes; with Thesis §3.8, what must be on the disk before a server answers.
import { describe, expect, test } from 'vitest'
import { appendEntries, cluster, follower, requestVote } from './vocabulary.ts'

test('the leader tries again and again while a follower is down, and brings it up to date when it is back (Paper §5.5)', () => {
  const servers = cluster(3)
  servers.elect('s1')
  servers.crash('s3')
  servers.command('s1', 'x', 'y')
  servers.restart('s3')
  servers.reunite()
  expect(servers.logOf('s3')).toBe('1 1')
})

test('a server that crashed after doing what it was asked, but before answering, is asked again, and that is harmless (Paper §5.5)', () => {
  const servers = cluster(3)
  servers.elect('s1')
  servers.accept('s1', 'x')
  servers.deliver({ from: 's1', to: 's3', type: 'AppendEntries', place: null })
  servers.intercept({ from: 's3' })
  servers.crash('s3')
  servers.restart('s3')
  servers.reunite()
  servers.reunite()
  expect([servers.logOf('s3'), servers.stateOf('s1').progress.get('s3')?.matchIndex]).toEqual(['1', 1])
})

test('the same AppendEntries twice changes nothing and is acknowledged twice (Paper §5.5)', () => {
  const s1 = follower({ log: '1' })
  const message = appendEntries({ term: 1, prev: '1/1', entries: '1' })
  s1.receives(message, message)
  expect(s1.log).toBe('1 1')
  expect(s1.sends()).toEqual(Array(2).fill('s1→s2 AppendEntriesReply term=1 ok match=2'))
})

test('the same RequestVote twice is granted twice, for it is one vote (Paper §5.5)', () => {
  const s1 = follower({ log: '1' })
  s1.receives(requestVote({ term: 2, last: '1/1' }), requestVote({ term: 2, last: '1/1' }))
  expect(s1.sends()).toEqual(Array(2).fill('s1→s2 RequestVoteReply term=2 granted'))
})

test('a voter that crashed goes on without it: the candidate needs only a majority (Paper §5.5)', () => {
  const servers = cluster(3)
  servers.crash('s3')
  servers.elect('s1')
  expect(servers.roleOf('s1')).toBe('leader')
})

describe('what a crash must not take', () => {
  test('a vote is on the disk before the voter says so: after a crash it does not vote again (Thesis §3.8)', () => {
    const s1 = follower({ log: '1' })
    s1.receives(requestVote({ from: 's2', term: 2, last: '1/1' }))
    s1.crashesAndRestarts()
    s1.receives(requestVote({ from: 's3', term: 2, last: '1/1' }))
    expect([s1.votedFor, s1.sends()]).toEqual(['s2', ['s1→s3 RequestVoteReply term=2 refused']])
  })

  test('a granted vote waits for the disk (Thesis §3.8)', () => {
    const s1 = follower({ log: '1' })
    s1.hasASlowDisk()
    s1.receives(requestVote({ term: 2, last: '1/1' }))
    expect([s1.sends(), s1.onDisk.votedFor]).toEqual([[], null])
    s1.persists()
    expect([s1.sends(), s1.onDisk.votedFor]).toEqual([['s1→s2 RequestVoteReply term=2 granted'], 's2'])
  })

  test('a vote that is repeated before the first is durable waits as well (Thesis §3.8)', () => {
    const s1 = follower({ log: '1' })
    s1.hasASlowDisk()
    s1.receives(requestVote({ term: 2, last: '1/1' }))
    s1.receives(requestVote({ term: 2, last: '1/1' }))
    expect(s1.sends()).toEqual([])
  })

  test('a candidate’s own term and vote are on the disk before it asks anybody (Thesis §3.8)', () => {
    const s1 = follower({ options: { preVote: false } })
    s1.hasASlowDisk()
    s1.timesOut()
    expect([s1.role, s1.sends()]).toEqual(['candidate', []])
    s1.persists()
    expect([s1.onDisk.term, s1.onDisk.votedFor, s1.sends('RequestVote').length]).toEqual([1, 's1', 2])
  })

  test('entries are on the disk before they are acknowledged (Thesis §3.8)', () => {
    const s1 = follower({ log: '1' })
    s1.hasASlowDisk()
    s1.receives(appendEntries({ term: 1, prev: '1/1', entries: '1' }))
    expect(s1.sends()).toEqual([])
    s1.persists()
    expect([s1.onDisk.lastIndex, s1.sends()]).toEqual([2, ['s1→s2 AppendEntriesReply term=1 ok match=2']])
  })

  test('entries that arrive a second time while they are being written are not acknowledged early (Thesis §3.8)', () => {
    const s1 = follower({ log: '1' })
    s1.hasASlowDisk()
    const message = appendEntries({ term: 1, prev: '1/1', entries: '1' })
    s1.receives(message)
    s1.receives(message)
    expect(s1.sends()).toEqual([])
  })

  test('a heartbeat is answered at once, for what is on the disk already (Thesis §3.8)', () => {
    const s1 = follower({ log: '1' })
    s1.hasASlowDisk()
    s1.receives(appendEntries({ term: 1, prev: '1/1', entries: '1' }))
    s1.receives(appendEntries({ term: 1, prev: '2/1' }))
    expect(s1.sends()).toEqual(['s1→s2 AppendEntriesReply term=1 ok match=1'])
  })

  test('a write that was overtaken by a cut does not make the new entry durable', () => {
    const s1 = follower({ log: '1' })
    s1.hasASlowDisk()
    s1.receives(appendEntries({ term: 1, prev: '1/1', entries: '1' }))
    s1.receives(appendEntries({ from: 's3', term: 2, prev: '1/1', entries: '2' }))
    expect(s1.log).toBe('1 2')
    s1.persistsOne()
    s1.receives(appendEntries({ from: 's3', term: 2, prev: '2/2' }))
    expect(s1.sends()).toEqual(['s1→s3 AppendEntriesReply term=2 ok match=1'])
  })

  test('term, vote and log survive; role, commitIndex and what was applied are found again (Paper §5.5, Figure 2)', () => {
    const servers = cluster(3)
    servers.elect('s1')
    servers.command('s1', 'x')
    for (const id of servers.ids) servers.crash(id)
    for (const id of servers.ids) servers.restart(id)
    const { role, currentTerm, votedFor, commitIndex, lastApplied } = servers.stateOf('s1')
    expect([role, currentTerm, votedFor, commitIndex, lastApplied]).toEqual(['follower', 1, 's1', 0, 0])
    expect(servers.logOf('s1')).toBe('1')
    servers.elect('s2')
    servers.command('s2', 'y')
    expect([servers.commitIndexOf('s1'), servers.server('s1').appliedIndex]).toEqual([2, 2])
  })
})

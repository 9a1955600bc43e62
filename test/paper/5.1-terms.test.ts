// Paper §5.1, Raft basics: terms are the logical clock by which servers know what is out of date.
import { expect, test } from 'vitest'
import { appendEntries, candidate, cluster, follower, leader, requestVote } from './vocabulary.ts'

test('a server starts as a follower, in term 0 (Paper §5.1, Figure 2)', () => {
  const s1 = follower()
  expect([s1.role, s1.term, s1.votedFor, s1.commitIndex, s1.applied]).toEqual(['follower', 0, null, 0, 0])
})

test('a message of a newer term makes that term the server’s own (Paper §5.1)', () => {
  const s1 = follower({ log: '1', term: 2 })
  s1.receives(appendEntries({ term: 5, prev: '1/1' }))
  expect(s1.term).toBe(5)
})

test('a newer term is on the disk before anything that was said in it leaves (Paper §5.1, Figure 2)', () => {
  const s1 = follower({ log: '1', term: 2 })
  s1.hasASlowDisk()
  s1.receives(requestVote({ term: 5, last: '0/0' }))
  expect([s1.onDisk.term, s1.sends()]).toEqual([2, []])
  s1.persists()
  expect([s1.onDisk.term, s1.sends()]).toEqual([5, ['s1→s2 RequestVoteReply term=5 refused']])
})

test('a candidate that sees a newer term is a follower at once (Paper §5.1)', () => {
  const s1 = candidate({ log: '1', term: 2 })
  s1.receives({ type: 'RequestVoteReply', from: 's2', to: 's1', term: 4, granted: false })
  expect([s1.role, s1.term]).toEqual(['follower', 4])
})

test('a leader that sees a newer term is a follower at once (Paper §5.1)', () => {
  const s1 = leader({ log: '1', term: 2 })
  s1.receives(appendEntries({ from: 's3', term: 3, prev: '1/1' }))
  expect([s1.role, s1.term]).toEqual(['follower', 3])
})

test('a leader is deposed by a newer term in an answer, too (Paper §5.1)', () => {
  const s1 = leader({ log: '1', term: 2 })
  const { session } = s1.state.progress.get('s2') ?? { session: 0 }
  const answer = { success: false, index: 0, hintTerm: 0, prevLogIndex: 1, readRound: 0, session }
  s1.receives({ type: 'AppendEntriesReply', from: 's2', to: 's1', term: 3, ...answer })
  expect([s1.role, s1.term]).toEqual(['follower', 3])
})

test('a request of an old term is refused, and the answer names the newer one (Paper §5.1)', () => {
  const s1 = follower({ log: '1', term: 3 })
  s1.receives(requestVote({ term: 2, last: '9/2' }))
  expect(s1.sends()).toEqual(['s1→s2 RequestVoteReply term=3 refused'])
  s1.receives(appendEntries({ term: 2, prev: '1/1', entries: '2' }))
  expect(s1.sends()).toEqual(['s1→s2 AppendEntriesReply term=3 refused prev=0 try=0/0'])
  expect(s1.log).toBe('1')
})

test('an answer of an old term counts for nothing (Paper §5.1)', () => {
  const s1 = candidate({ log: '1', term: 3 })
  s1.receives({ type: 'RequestVoteReply', from: 's2', to: 's1', term: 2, granted: true })
  expect(s1.role).toBe('candidate')
})

test('a server’s term never falls, whatever arrives (Paper §5.1)', () => {
  const s1 = follower({ log: '1', term: 7 })
  s1.receives(requestVote({ term: 6 }), appendEntries({ term: 1 }), requestVote({ term: 0 }))
  expect(s1.term).toBe(7)
})

test('a term may pass without a leader: its vote was split, and the next term begins (Paper §5.1)', () => {
  const servers = cluster(3, { options: { preVote: false } })
  for (const id of servers.ids) servers.tick(id)
  expect(servers.ids.map((id) => servers.roleOf(id))).toEqual(['candidate', 'candidate', 'candidate'])
  servers.settle()
  expect(servers.leader).toBeUndefined()
  servers.elect('s2')
  expect(servers.stateOf('s2').currentTerm).toBe(2)
})

test('there is at most one leader in a term; different servers may see terms change at different times (Paper §5.1)', () => {
  const servers = cluster(3, { logs: { s1: '1', s2: '1', s3: '1' } })
  servers.elect('s1')
  servers.partition(['s1'], ['s2', 's3'])
  servers.elect('s2')
  const terms = ['s1', 's2', 's3'].map((id) => `${servers.roleOf(id)} of ${servers.stateOf(id).currentTerm}`)
  expect(terms).toEqual(['leader of 2', 'leader of 3', 'follower of 3'])
})

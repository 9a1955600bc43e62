// Thesis §4.2.3 (Paper §6), disruptive servers: whoever hears a leader helps nobody to depose it.
import { expect, test } from 'vitest'
import { appendEntries, cluster, follower, leader, requestVote } from './vocabulary.ts'

test('a server that has heard its leader within the shortest time-out grants no vote, and keeps its term (Thesis §4.2.3)', () => {
  const s1 = follower({ log: '1' })
  s1.hearsFrom('s2')
  s1.waits(299)
  s1.receives(requestVote({ from: 's3', term: 9, last: '9/8' }))
  expect([s1.term, s1.votedFor, s1.sends()]).toEqual([1, null, ['s1→s3 RequestVoteReply term=1 refused']])
})

test('after that it listens to candidates again (Thesis §4.2.3)', () => {
  const s1 = follower({ log: '1', options: { electionTimeoutMinMs: 300, electionTimeoutMaxMs: 5000 }, seed: 3 })
  s1.hearsFrom('s2')
  s1.waits(300)
  s1.receives(requestVote({ from: 's3', term: 9, last: '9/8' }))
  expect([s1.term, s1.votedFor]).toEqual([9, 's3'])
})

test('a leader in office hears itself: a removed server cannot depose it (Thesis §4.2.3)', () => {
  const s1 = leader({ log: '1', term: 2 })
  s1.receives(requestVote({ from: 's9', term: 7, last: '9/6' }))
  expect([s1.role, s1.term]).toEqual(['leader', 2])
})

test('after a restart no leader has been heard yet, so candidates are listened to (Thesis §4.2.3)', () => {
  const s1 = follower({ log: '1' })
  s1.hearsFrom('s2')
  s1.crashesAndRestarts()
  s1.receives(requestVote({ from: 's3', term: 2, last: '1/1' }))
  expect(s1.sends()).toEqual(['s1→s3 RequestVoteReply term=2 granted'])
})

test('a server with a newer term that cannot be elected still makes itself felt: its answer deposes the leader (Thesis §4.2.3)', () => {
  const s1 = follower({ log: '1', term: 9 })
  s1.receives(appendEntries({ term: 2, prev: '1/1' }))
  expect(s1.sends()).toEqual(['s1→s2 AppendEntriesReply term=9 refused prev=0 try=0/0'])
})

test('a server that hears nobody and is heard by all disturbs nobody (Thesis §4.2.3)', () => {
  const servers = cluster(3, { logs: { s1: '1', s2: '1', s3: '1' }, options: { preVote: false } })
  servers.elect('s1')
  const term = servers.stateOf('s1').currentTerm
  servers.network.cut('s1', 's3')
  servers.network.cut('s2', 's3')
  servers.advance(10_000, () => servers.settle())
  expect([servers.roleOf('s1'), servers.stateOf('s1').currentTerm]).toEqual(['leader', term])
})

test('Deviates: switched off for teaching, the paper’s first rule holds again, and it is deposed (Paper §5.1)', () => {
  const s1 = leader({ log: '1', term: 2, options: { stickiness: false } })
  s1.receives(requestVote({ from: 's9', term: 7, last: '9/6' }))
  expect([s1.role, s1.term]).toEqual(['follower', 7])
})

// Thesis §3.10, leadership transfer: the leader stops taking commands, brings its successor up to date, and tells it to
// campaign at once.
import { expect, test } from 'vitest'
import { cluster, follower, leader, preVote, requestVote, timeoutNow } from './vocabulary.ts'

test('the leader takes no commands while it hands over (Thesis §3.10)', () => {
  const s1 = leader({ log: '1', term: 2 })
  expect(s1.transfersTo('s2')).toBeNull()
  expect(s1.proposes('x')).toEqual({ accepted: false, reason: 'transferring', leaderId: 's2' })
})

test('it brings the target’s log up to date before it says TimeoutNow (Thesis §3.10)', () => {
  const s1 = leader({ log: '1', term: 2 })
  s1.isAcknowledgedBy('s2', 1)
  s1.proposes('x')
  s1.transfersTo('s2')
  expect(s1.sends('TimeoutNow')).toEqual([])
  s1.isAcknowledgedBy('s2', 2)
  expect(s1.sends('TimeoutNow')).toEqual(['s1→s2 TimeoutNow term=2'])
})

test('if the target is up to date already, it is told at once, and once (Thesis §3.10)', () => {
  const s1 = leader({ log: '1', term: 2 })
  s1.isAcknowledgedBy('s2', 1)
  s1.transfersTo('s2')
  expect(s1.sends('TimeoutNow')).toEqual(['s1→s2 TimeoutNow term=2'])
  s1.isAcknowledgedBy('s2', 1)
  expect(s1.sends('TimeoutNow')).toEqual([])
})

test('the target does not wait for its time-out: it raises its term and asks for votes (Thesis §3.10)', () => {
  const s1 = follower({ log: '1' })
  s1.hearsFrom('s2')
  s1.receives(timeoutNow({ term: 1 }))
  expect([s1.role, s1.term]).toEqual(['candidate', 2])
  expect(s1.sends()).toEqual([
    's1→s2 RequestVote term=2 last=1/1 transfer',
    's1→s3 RequestVote term=2 last=1/1 transfer',
  ])
})

test('TimeoutNow from a server that does not lead is not obeyed (Thesis §3.10)', () => {
  const s1 = follower({ log: '1' })
  s1.hearsFrom('s2')
  s1.receives(timeoutNow({ from: 's3', term: 1 }))
  expect([s1.role, s1.term]).toEqual(['follower', 1])
})

test('those who hear the old leader vote all the same, for the leader itself wants it (Thesis §3.10, §4.2.3)', () => {
  const s1 = follower({ log: '1' })
  s1.hearsFrom('s2')
  s1.receives(requestVote({ from: 's3', term: 2, last: '1/1', transfer: true }))
  expect(s1.sends()).toEqual(['s1→s3 RequestVoteReply term=2 granted'])
})

test('a transfer takes no election time-out (Thesis §3.10)', () => {
  const servers = cluster(3, { logs: { s1: '1', s2: '1', s3: '1' } })
  servers.elect('s1')
  servers.command('s1', 'x')
  const before = servers.now
  servers.transfer('s1', 's3')
  servers.settle()
  expect([servers.roleOf('s3'), servers.roleOf('s1'), servers.now]).toEqual(['leader', 'follower', before])
})

test('if the target does not take over within an election time-out, the leader goes on (Thesis §3.10)', () => {
  const s1 = leader({ log: '1', term: 2, options: { checkQuorum: false } })
  s1.transfersTo('s2')
  s1.waits(599)
  expect(s1.proposes('x')).toMatchObject({ accepted: false })
  s1.waits(1)
  expect(s1.proposes('x')).toMatchObject({ accepted: true })
})

test.each([
  ['s1', 'alreadyLeader'],
  ['s9', 'notVoter'],
])('a transfer to %s is refused: %s (Thesis §3.10)', (to, reason) => {
  expect(leader({ log: '1', term: 2 }).transfersTo(to)).toBe(reason)
})

test('only a leader hands over (Thesis §3.10)', () => {
  expect(follower({ log: '1' }).transfersTo('s2')).toBe('notLeader')
})

test('a transfer that succeeded is reported as done (Thesis §3.10)', () => {
  const s1 = leader({ log: '1', term: 2 })
  s1.isAcknowledgedBy('s2', 1)
  s1.transfersTo('s2')
  s1.receives(requestVote({ term: 3, last: '1/1', transfer: true }))
  expect(s1.history.join()).toContain('transfer to s2 done')
})

test('a PreVote is no shortcut around those who hear a leader (Thesis §3.10, §9.6)', () => {
  const s1 = leader({ log: '1', term: 2 })
  s1.transfersTo('s2')
  s1.receives(preVote({ from: 's3', term: 2, last: '1/1' }))
  expect(s1.sends('PreVoteReply')).toEqual(['s1→s3 PreVoteReply term=2 campaignTerm=3 refused'])
})

test('a leader that can hand over to nobody may still step down, in its own term (Thesis §3.10, §6.2)', () => {
  const s1 = leader({ log: '1', term: 2 })
  s1.stepsDown()
  expect([s1.role, s1.term]).toEqual(['follower', 2])
  expect(s1.proposes('x')).toMatchObject({ accepted: false, reason: 'notLeader' })
})

test('who stepped down lets the others campaign first: they wait for one time-out, it waits for two (Thesis §3.10)', () => {
  const s1 = leader({ log: '1', term: 2 })
  s1.stepsDown()
  s1.waits(1199)
  expect(s1.role).toBe('follower')
  s1.waits(1)
  expect(s1.role).toBe('preCandidate')
})

test('stepping down ends a transfer that is under way, and does nothing to a follower (Thesis §3.10)', () => {
  const s1 = leader({ log: '1', term: 2 })
  s1.transfersTo('s2')
  s1.stepsDown()
  expect(s1.history.join()).toContain('transfer to s2 aborted')
  const s2 = follower({ log: '1' })
  s2.hearsFrom('s2')
  s2.stepsDown()
  s2.waits(700)
  expect(s2.role).toBe('preCandidate')
})

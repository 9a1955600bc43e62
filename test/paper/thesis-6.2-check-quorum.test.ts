// Thesis §6.2: a leader that cannot reach a majority cannot commit, and should not keep its clients waiting.
import { expect, test } from 'vitest'
import { cluster, leader } from './vocabulary.ts'

test('a leader that has heard no majority for an election time-out takes no commands: they would probably be lost (Thesis §6.2)', () => {
  const s1 = leader({ log: '1', term: 2 })
  s1.waits(299)
  expect(s1.proposes('x')).toMatchObject({ accepted: true })
  s1.waits(1)
  expect(s1.proposes('y')).toEqual({ accepted: false, reason: 'noQuorum', leaderId: null })
})

test('Deviates: it steps down, in its own term, after two of the shortest time-outs, because on a slow network one is too soon (Thesis §6.2)', () => {
  const s1 = leader({ log: '1', term: 2 })
  s1.waits(599)
  expect(s1.role).toBe('leader')
  s1.waits(1)
  expect([s1.role, s1.term, s1.votedFor]).toEqual(['follower', 2, 's1'])
})

test('heard again before that, it goes on (Thesis §6.2)', () => {
  const s1 = leader({ log: '1', term: 2 })
  s1.waits(500)
  s1.isAcknowledgedBy('s2', 1)
  expect(s1.proposes('x')).toMatchObject({ accepted: true })
})

test('any answer counts, a refusal as well (Thesis §6.2)', () => {
  const s1 = leader({ log: '1 1', term: 2 })
  s1.waits(500)
  s1.isContradictedBy('s2', { prev: 2, tryAt: '0/0' })
  s1.waits(599)
  expect(s1.role).toBe('leader')
})

test('of five, two others must be heard (Thesis §6.2)', () => {
  const s1 = leader({ log: '1', term: 2, servers: 5 })
  s1.waits(500)
  s1.isAcknowledgedBy('s2', 1)
  s1.waits(100)
  expect(s1.role).toBe('follower')
})

test('a leader that is alone in its cluster needs nobody (Thesis §6.2)', () => {
  const s1 = leader({ servers: 1 })
  s1.waits(10_000)
  expect(s1.role).toBe('leader')
})

test('a leader that is cut off refuses commands soon, and its clients find the new one (Thesis §6.2)', () => {
  const servers = cluster(3, { logs: { s1: '1', s2: '1', s3: '1' } })
  servers.elect('s1')
  servers.partition(['s1'], ['s2', 's3'])
  servers.advance(2000, () => servers.settle())
  expect([servers.roleOf('s1'), servers.leader?.id]).toEqual(['preCandidate', expect.stringMatching(/s2|s3/)])
})

test('a leader that can send but not receive lets go, so that another can be elected (Thesis §6.2)', () => {
  const servers = cluster(3, { logs: { s1: '1', s2: '1', s3: '1' } })
  servers.elect('s1')
  servers.network.cut('s2', 's1')
  servers.network.cut('s3', 's1')
  servers.advance(3000, () => servers.settle())
  expect(servers.leader?.id).toMatch(/s2|s3/)
})

test('Deviates: switched off for teaching, it stays in office as in the paper (Paper §5.2)', () => {
  const s1 = leader({ log: '1', term: 2, options: { checkQuorum: false } })
  s1.waits(10_000)
  expect(s1.role).toBe('leader')
})

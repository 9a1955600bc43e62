// Paper §5.6, timing and availability: broadcastTime ≪ electionTimeout ≪ MTBF.
import { describe, expect, test } from 'vitest'
import { resolveOptions } from '../../src/raft/index.ts'
import { cluster, follower, leader } from './vocabulary.ts'

test('a leader sends heartbeats in every interval, so that nobody’s time-out runs out (Paper §5.2, §5.6)', () => {
  const s1 = leader({ term: 1 })
  for (let beat = 0; beat < 5; beat++) {
    s1.isAcknowledgedBy('s2', 0)
    s1.waits(50)
    expect(s1.sends('AppendEntries')).toHaveLength(2)
  }
})

test('a steady leader stays in office as long as it lives: a minute, and no election (Paper §5.6)', () => {
  const servers = cluster(3)
  servers.elect('s1')
  const term = servers.stateOf('s1').currentTerm
  servers.advance(60_000, () => servers.settle())
  expect([servers.roleOf('s1'), servers.stateOf('s1').currentTerm]).toEqual(['leader', term])
})

test('when the leader dies, the cluster is without one for roughly an election time-out (Paper §5.6)', () => {
  const servers = cluster(3, { options: { electionTimeoutMinMs: 300, electionTimeoutMaxMs: 600 } })
  servers.elect('s1')
  servers.command('s1', 'x')
  servers.crash('s1')
  servers.advance(1200, () => servers.settle())
  expect(servers.leader?.id).toMatch(/s2|s3/)
})

test('timing decides availability, not safety: messages that take longer than a time-out elect nobody twice (Paper §5.6)', () => {
  const servers = cluster(3, { options: { preVote: false } })
  for (let round = 0; round < 10; round++) {
    servers.advance(700)
    servers.settle()
  }
  expect(servers.running.filter(({ id }) => servers.roleOf(id) === 'leader').length).toBeLessThanOrEqual(1)
})

describe('options that break the inequality are refused (Paper §5.6)', () => {
  test('a time-out below two heartbeats', () => {
    expect(() => resolveOptions({ id: 's1', heartbeatIntervalMs: 200 })).toThrow(/electionTimeoutMinMs 300/)
  })

  test('no interval to draw time-outs from', () => {
    expect(() => resolveOptions({ id: 's1', electionTimeoutMaxMs: 300 })).toThrow(/split the vote/)
  })
})

test('Deviates: a broken connection to the leader is a hint, and the follower campaigns soon, because a time-out is long (Paper §5.2)', () => {
  const s1 = follower({ log: '1' })
  s1.hearsFrom('s2')
  s1.losesConnectionTo('s2')
  s1.waits(31)
  expect(s1.role).toBe('preCandidate')
})

test('a broken connection to another follower is none (Paper §5.2)', () => {
  const s1 = follower({ log: '1' })
  s1.hearsFrom('s2')
  s1.losesConnectionTo('s3')
  s1.waits(299)
  expect(s1.role).toBe('follower')
})

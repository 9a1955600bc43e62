import { expect, test } from 'vitest'
import { OptionsError } from './errors.ts'
import type { PreVoteReply } from './message.ts'
import { resolveOptions } from './options.ts'
import { TestCluster } from './testing/cluster.ts'
import { ANY } from './testing/network.ts'

const ids = ['s1', 's2', 's3']

/** Whether s2 would vote for s3 now. */
function wouldVote(cluster: TestCluster): boolean {
  const term = cluster.server('s2').running().inspect().currentTerm
  const asked = { type: 'PreVote', from: 's3', to: 's2', term, campaignTerm: term + 1 } as const
  cluster.server('s2').input((raft, now) => raft.step({ ...asked, lastLogIndex: 9, lastLogTerm: 9 }, now))
  const reply = cluster.network.select({ ...ANY, from: 's2', type: 'PreVoteReply' }).at(-1)
  return reply !== undefined && (reply.message as PreVoteReply).granted
}

function withLeader(leaseReads: boolean): TestCluster {
  const cluster = new TestCluster({ ids, hasForgeries: true, options: { leaseReads } })
  cluster.tick('s1')
  cluster.settle()
  return cluster
}

test('a voter that restarts keeps the promise that it has forgotten, for the longest election time-out', () => {
  const cluster = withLeader(true)
  cluster.crash('s2')
  cluster.restart('s2')
  expect(wouldVote(cluster)).toBe(false)
  cluster.now += 590
  expect(wouldVote(cluster)).toBe(false)
  cluster.now += 20
  expect(wouldVote(cluster)).toBe(true)
})

test('nor does it campaign before', () => {
  const cluster = withLeader(true)
  cluster.crash('s2')
  cluster.restart('s2')
  expect(cluster.server('s2').running().nextDeadline()).toBeGreaterThanOrEqual(cluster.now + 600)
})

test('without leases it has promised nothing', () => {
  const cluster = withLeader(false)
  cluster.crash('s2')
  cluster.restart('s2')
  expect(wouldVote(cluster)).toBe(true)
})

test('a server that has never heard of a leader votes at once', () => {
  expect(wouldVote(new TestCluster({ ids, hasForgeries: true, options: { leaseReads: true } }))).toBe(true)
})

test('a lease without stickiness is refused: nobody would have promised anything', () => {
  expect(() => resolveOptions({ id: 's1', leaseReads: true, stickiness: false })).toThrow(OptionsError)
})

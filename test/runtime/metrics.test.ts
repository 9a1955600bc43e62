// The figures of whole nodes, after things that were done to them.
import { describe, expect, test } from 'vitest'
import { metricNames } from '../../src/runtime/operations/prometheus.ts'
import { readText } from '../house-rules/tree.ts'
import { Cluster, NO_SESSIONS_BYTES } from './cluster.ts'

describe('metrics', () => {
  test('count proposals by what is known of them, on the server that was asked', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const [follower = ''] = await cluster.followers()
    await cluster.value(cluster.propose(follower, 'x'))
    await cluster.value(cluster.propose(leader, 'y'))
    await cluster.error(cluster.node(leader).propose(new Uint8Array(2 ** 21)))
    cluster.cut(leader)
    await cluster.error(cluster.propose(leader, 'z', { timeoutMs: 100 }))
    expect(cluster.node(leader).metrics()).toMatchObject({
      proposals: { committed: 1, notApplied: 1, unknown: 1 },
      failures: { ERR_QUORATE_TOO_LARGE: 1, ERR_QUORATE_OUTCOME_UNKNOWN: 1 },
      forwardsReceived: 1,
    })
    expect(cluster.node(follower).metrics()).toMatchObject({ proposals: { committed: 1 }, forwardsSent: 1 })
  })

  test('count reads, served and failed', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    await cluster.value(cluster.read(leader))
    cluster.cut(leader)
    await cluster.error(cluster.read(leader, { timeoutMs: 100 }))
    expect(cluster.node(leader).metrics().reads).toEqual({ served: 1, failed: 1 })
  })

  test('measure a commit once a batch, whatever its size', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`)
    await cluster.value(Promise.all(lines.map((line) => cluster.propose(leader, line))))
    const { commitMs, logWriteEntries, commandsApplied, entriesAppended } = cluster.node(leader).metrics()
    expect(commitMs.count).toBe(1)
    expect(commitMs.sum).toBeGreaterThanOrEqual(2)
    expect(logWriteEntries).toMatchObject({ count: 2, sum: 101 })
    expect([commandsApplied, entriesAppended]).toEqual([100, 101])
  })

  test('measure how long the disk takes', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const before = cluster.node(leader).metrics().logWriteMs
    cluster.slowDisk(leader, 40)
    await cluster.value(cluster.propose(leader, 'x'))
    await cluster.clock.advance(20)
    expect(cluster.node(leader).metrics().oldestWriteMs).toBeGreaterThan(20)
    await cluster.clock.advance(100)
    const { count, sum } = cluster.node(leader).metrics().logWriteMs
    expect([count - before.count, sum - before.sum]).toEqual([1, 40])
  })

  test('count elections and leaders, and show how far the followers are', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    await cluster.value(cluster.propose(leader, 'x'))
    await cluster.clock.advance(100)
    const { peers, ...metrics } = cluster.node(leader).metrics()
    expect(metrics).toMatchObject({ electionsStarted: 1, electionsWon: 1, leaderChanges: 1, isLeader: 1, voters: 3 })
    expect(Object.values(peers)).toMatchObject([
      { behindEntries: 0, slow: 0 },
      { behindEntries: 0, slow: 0 },
    ])
    expect(metrics.messagesSent.AppendEntries).toBeGreaterThan(2)
    expect(metrics.messagesReceived.RequestVoteReply).toBe(2)
    expect(metrics.entryBytesSent).toBe(2 * (24 + 25))
  })

  test('count snapshots, in bytes and time', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    await cluster.value(cluster.propose(leader, 'hello'))
    cluster.slowDisk(leader, 30)
    await cluster.value(cluster.node(leader).snapshot())
    const { taken, sent } = cluster.node(leader).metrics().snapshots
    expect(taken).toMatchObject({ count: 1, bytes: 5 + NO_SESSIONS_BYTES })
    expect(taken.ms).toBeGreaterThanOrEqual(30)
    expect(sent.count).toBe(0)
  })
})

describe('the page on operations', () => {
  const { text } = readText('docs/guide/operations.md')

  test('explains every metric, and none that there is not', () => {
    const named = new Set([...text.matchAll(/quorate_[a-z_]+/g)].map(([name]) => name))
    expect([...named].sort()).toEqual([...metricNames()].sort())
  })

  test('explains every event', () => {
    const events = /interface NodeEvents[\s\S]*?\n}/.exec(readText('src/runtime/node-options.ts').text)?.[0] ?? ''
    const own = /interface OperationEvents[\s\S]*?\n}/.exec(readText('src/runtime/events.ts').text)?.[0] ?? ''
    const names = [...`${events}${own}`.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name)
    expect(names).toContain('slowPeer')
    expect(names).toContain('role')
    expect(names.filter((name) => !text.includes(`| \`${name}\` |`))).toEqual([])
  })
})

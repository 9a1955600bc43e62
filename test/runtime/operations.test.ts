// What an operator asks of a node, and what a node tells an operator.
import { describe, expect, test } from 'vitest'
import { NOBODY } from '../../src/raft/configuration.ts'
import { openDiskStorage } from '../../src/storage/disk-storage.ts'
import { Random } from '../../src/util/random.ts'
import { Cluster, NO_SESSIONS_BYTES } from './cluster.ts'

const OFTEN = { snapshotEveryBytes: 300, raft: { retainEntries: 1 } }

describe('a leader that is stopped', () => {
  test('hands over: the next one is there at once, and nobody has to ask whether it may campaign', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const others = await cluster.followers()
    const roles = others.map((id) => cluster.events(id, 'role'))
    const start = cluster.clock.now()
    const stopped = cluster.node(leader).stop()
    await cluster.leader(others)
    expect(cluster.clock.now() - start).toBeLessThan(20)
    expect(roles.flat().map(({ role }) => role)).toEqual(['candidate', 'leader'])
    await cluster.value(stopped)
  })

  test('chooses the voter that is furthest', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const [behind = '', ahead = ''] = await cluster.followers()
    cluster.fillDisk(behind)
    await cluster.value(cluster.propose(leader, 'x'))
    const transfers = cluster.events(leader, 'transfer')
    void cluster.node(leader).stop()
    expect(await cluster.leader([behind, ahead])).toBe(ahead)
    expect(transfers).toMatchObject([{ to: ahead, outcome: 'done' }])
  })

  test('answers what is under way first: no outcome is unknown', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`)
    const answers = Promise.all(lines.map((line) => cluster.propose(leader, line)))
    await cluster.clock.advance(1)
    await cluster.stop(leader)
    expect(await answers).toHaveLength(20)
    expect(await cluster.converge()).toEqual(lines)
  })

  test('answers them also as a follower, and whatever time apply takes', async () => {
    const cluster = await Cluster.start()
    const [follower = ''] = await cluster.followers()
    for (const id of cluster.ids) cluster.machine(id).applyMs = 200
    const answers = [follower, await cluster.leader()].map((id) => cluster.propose(id, 'x'))
    await cluster.clock.advance(1)
    await cluster.stop(follower)
    expect(await answers[0]).toMatch(/[12]/)
    await cluster.stop(await cluster.leader(cluster.ids.filter((id) => id !== follower)))
    expect(await answers[1]).toMatch(/[12]/)
  })

  test('does not wait for ever when nobody answers', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    cluster.cut(leader)
    const lost = cluster.error(cluster.propose(leader, 'x', { timeoutMs: 60_000 }))
    await cluster.clock.advance(1)
    const start = cluster.clock.now()
    await cluster.stop(leader)
    expect(cluster.clock.now() - start).toBeLessThanOrEqual(1200)
    expect(await lost).toMatchObject({ code: 'ERR_QUORATE_STOPPED', applied: 'unknown' })
  })

  test('takes no more requests meanwhile', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const node = cluster.node(leader)
    cluster.cut(leader)
    const held = cluster.error(cluster.propose(leader, 'x', { timeoutMs: 60_000 }))
    await cluster.clock.advance(5)
    const stopped = node.stop()
    for (const request of [cluster.propose(leader, 'y'), cluster.read(leader), node.snapshot(), node.waitForLeader()]) {
      expect(await cluster.error<unknown>(request)).toMatchObject({ code: 'ERR_QUORATE_STOPPED', applied: 'no' })
    }
    await cluster.value(stopped)
    await held
  })

  test('can be told to go at once, also when it has begun to go slowly', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    cluster.cut(leader)
    const start = cluster.clock.now()
    const slowly = cluster.node(leader).stop()
    await cluster.value(cluster.node(leader).stop({ handOver: false }))
    expect(cluster.clock.now() - start).toBeLessThan(5)
    await cluster.value(slowly)
  })

  test('by itself, as the last of all, has nobody to hand over to and does not wait', async () => {
    const cluster = await Cluster.start()
    const start = cluster.clock.now()
    await Promise.all(cluster.ids.map((id) => cluster.stop(id)))
    expect(cluster.clock.now() - start).toBeLessThan(100)
  })
})

describe('a node that is stopped in the middle of apply', () => {
  test('waits until the state machine is done', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    cluster.machine(leader).applyMs = 500
    void cluster.propose(leader, 'x').catch(() => {})
    await cluster.clock.advance(50)
    await cluster.value(cluster.node(leader).stop({ handOver: false }))
    expect(cluster.machine(leader).lines).toEqual(['x'])
  })

  test('does not wait for ever', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    cluster.machine(leader).applyMs = 600_000
    void cluster.propose(leader, 'x').catch(() => {})
    await cluster.clock.advance(50)
    const start = cluster.clock.now()
    await cluster.value(cluster.node(leader).stop({ handOver: false }))
    expect(cluster.clock.now() - start).toBe(10_000)
  })
})

describe('a snapshot on request', () => {
  test('is durable when the promise resolves, and the log is shorter', async () => {
    const cluster = await Cluster.start({ raft: { retainEntries: 1 } })
    const leader = await cluster.leader()
    await cluster.value(cluster.propose(leader, 'hello'))
    const taken = await cluster.value(cluster.node(leader).snapshot())
    expect(taken).toEqual({ index: 2, sizeBytes: 5 + NO_SESSIONS_BYTES })
    expect(cluster.node(leader).status()).toMatchObject({ snapshotIndex: 2, firstIndex: 2 })
    await cluster.crash(leader)
    await cluster.restart(leader)
    expect(cluster.machine(leader).restored).toBe(1)
  })

  test('is refused when there is nothing new', async () => {
    const { cluster, leader } = await withOneLine()
    const node = cluster.node(leader)
    await cluster.value(node.snapshot())
    const error = await cluster.error(node.snapshot())
    expect(error).toMatchObject({ code: 'ERR_QUORATE_NO_SNAPSHOT' })
    expect(error.message).toBe('no snapshot was taken: nothing was applied since the snapshot at 2')
  })

  test('that is asked for twice is taken once', async () => {
    const { cluster, leader } = await withOneLine()
    const taken = cluster.events(leader, 'snapshot')
    const node = cluster.node(leader)
    await cluster.value(Promise.all([node.snapshot(), node.snapshot()]))
    expect(taken).toHaveLength(1)
  })

  test('covers what was applied when it was asked for, though another one was under way', async () => {
    const { cluster, leader } = await withOneLine()
    cluster.slowDisk(leader, 50)
    const first = cluster.node(leader).snapshot()
    await cluster.value(cluster.propose(leader, 'x'))
    const second = cluster.node(leader).snapshot()
    expect(await cluster.value(first)).toMatchObject({ index: 2 })
    expect(await cluster.value(second)).toMatchObject({ index: 3 })
  })

  test('waits until the state machine is between two commands', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    await cluster.value(cluster.propose(leader, 'x'))
    cluster.machine(leader).applyMs = 100
    const proposal = cluster.propose(leader, 'y')
    await cluster.clock.advance(30)
    const taken = await cluster.value(cluster.node(leader).snapshot())
    expect(taken).toEqual({ index: 3, sizeBytes: 3 + NO_SESSIONS_BYTES })
    await proposal
  })

  test('does not wait for a pause: there may be none', async () => {
    const { cluster, leader } = await withOneLine()
    cluster.machine(leader).applyMs = 20
    for (let i = 0; i < 20; i++) {
      void cluster.propose(leader, `line ${i}`)
      await cluster.clock.advance(10)
    }
    const { index } = await cluster.value(cluster.node(leader).snapshot())
    // The last line is entry 22.
    expect(index).toBeLessThan(22)
  })

  test('that cannot be taken says why, and the node goes on', async () => {
    const { cluster, leader } = await withOneLine()
    cluster.disk(leader).fault = ({ name }) => (name.includes('snapshot') ? { code: 'ENOSPC', effect: 'none' } : null)
    const error = await cluster.error(cluster.node(leader).snapshot())
    expect(error).toMatchObject({ code: 'ERR_QUORATE_NO_SNAPSHOT' })
    expect(error.message).toMatch('no room to begin a snapshot')
    await cluster.value(cluster.propose(leader, 'x'))
  })

  test('rejects when the node stops before it is there', async () => {
    const { cluster, leader } = await withOneLine()
    cluster.slowDisk(leader, 1000)
    const error = cluster.error(cluster.node(leader).snapshot())
    await cluster.clock.advance(1)
    void cluster.node(leader).stop({ handOver: false })
    expect(await error).toMatchObject({ code: 'ERR_QUORATE_STOPPED' })
  })
})

describe('waiting', () => {
  test('for a leader ends when there is one', async () => {
    const cluster = new Cluster()
    for (const id of cluster.ids) await cluster.restart(id)
    const ids = await cluster.value(Promise.all(cluster.ids.map((id) => cluster.node(id).waitForLeader())))
    expect(new Set(ids)).toEqual(new Set([await cluster.leader()]))
  })

  test('for what holds already ends at once', async () => {
    const cluster = await Cluster.start()
    const status = await cluster.value(cluster.node('a').waitFor(({ term }) => term > 0))
    expect(status).toMatchObject({ id: 'a', term: 1 })
  })

  test('for progress ends in the very turn that makes it', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const applied = cluster.node(leader).waitFor(({ lastApplied }) => lastApplied >= 2)
    await cluster.value(cluster.propose(leader, 'x'))
    expect(await cluster.value(applied)).toMatchObject({ lastApplied: 2 })
  })

  test.each([
    ['in vain ends when its time is up', { timeoutMs: 200 }, 'ERR_QUORATE_TIMEOUT'],
    ['is given up', { timeoutMs: 60_000, signal: AbortSignal.abort() }, 'ERR_QUORATE_ABORTED'],
  ])('that %s', async (_what, options, code) => {
    const cluster = await Cluster.start()
    const start = cluster.clock.now()
    const error = await cluster.error(cluster.node('a').waitFor(() => false, options))
    expect(error).toMatchObject({ code })
    expect(cluster.clock.now() - start).toBeLessThanOrEqual(200)
  })

  test('ends when the signal fires, and when the node stops', async () => {
    const cluster = await Cluster.start()
    const controller = new AbortController()
    const aborted = cluster.error(cluster.node('a').waitFor(() => false, { signal: controller.signal }))
    const stopped = cluster.error(cluster.node('a').waitFor(() => false))
    controller.abort()
    expect(await aborted).toMatchObject({ code: 'ERR_QUORATE_ABORTED' })
    await cluster.stop('a')
    expect(await stopped).toMatchObject({ code: 'ERR_QUORATE_STOPPED' })
  })

  test('for a condition that throws rejects with what it throws, and harms nobody', async () => {
    const cluster = await Cluster.start()
    const broken = cluster.node('a').waitFor(() => {
      throw new Error('of the user')
    })
    await expect(cluster.value(broken)).rejects.toThrow('of the user')
    await cluster.value(cluster.propose('a', 'x'))
  })
})

describe('events', () => {
  test('tell of a snapshot where it is taken, sent, received and restored', async () => {
    const cluster = await Cluster.start(OFTEN)
    const [behind = ''] = await cluster.followers()
    const arrived = cluster.events(behind, 'snapshot')
    cluster.cut(behind)
    const leader = await cluster.leader(cluster.ids.filter((id) => id !== behind))
    const left = cluster.events(leader, 'snapshot')
    for (let i = 0; i < 25; i++) await cluster.value(cluster.propose(leader, `line ${i}`))
    cluster.heal()
    await cluster.converge()
    const { index, sizeBytes, peer } = left.find(({ action }) => action === 'sent') ?? {}
    expect(left.filter(({ action }) => action === 'taken').length).toBeGreaterThan(1)
    expect(peer).toBe(behind)
    expect(arrived).toMatchObject([
      { action: 'received', index, sizeBytes, peer: leader },
      { action: 'restored', index, sizeBytes, peer: null },
    ])
    expect(index).toBeGreaterThan(10)
  })

  test('tell once of a follower that does not keep up, and once when it does again', async () => {
    const cluster = await Cluster.start({ slowPeerMs: 1000 })
    const [behind = ''] = await cluster.followers()
    cluster.cut(behind)
    const leader = await cluster.leader(cluster.ids.filter((id) => id !== behind))
    const seen = cluster.events(leader, 'slowPeer')
    for (let i = 0; i < 30; i++) {
      await cluster.value(cluster.propose(leader, `line ${i}`))
      await cluster.clock.advance(100)
    }
    expect(seen).toMatchObject([{ peer: behind, slow: true, behindEntries: expect.any(Number) }])
    expect(seen[0]?.lagMs).toBeGreaterThanOrEqual(1000)
    expect(
      cluster
        .node(leader)
        .status()
        .peers.find(({ id }) => id === behind),
    ).toMatchObject({ slow: true })
    cluster.heal()
    await cluster.clock.advance(2000)
    expect(seen).toMatchObject([{ slow: true }, { peer: behind, slow: false }])
  })

  test('tell of a loop that stood still, once a second at most', async () => {
    const cluster = await Cluster.start({ size: 1 })
    const seen = cluster.events('a', 'stall')
    for (let i = 0; i < 5; i++) {
      cluster.clock.stall(300)
      await cluster.clock.advance(20)
    }
    expect(seen.map(({ cause, over }) => [cause, over])).toEqual([
      ['loop', true],
      ['loop', true],
    ])
    expect(seen[0]?.durationMs).toBeGreaterThanOrEqual(150)
  })

  test('tell of an apply that takes long, and when it is over', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const seen = cluster.events(leader, 'stall')
    cluster.machine(leader).applyMs = 3000
    await cluster.value(cluster.propose(leader, 'x'))
    await cluster.clock.advance(200)
    expect(seen.map(({ cause, over }) => [cause, over])).toEqual([
      ['apply', false],
      ['apply', true],
    ])
    expect(seen[1]?.durationMs).toBeGreaterThan(2800)
  })

  test('tell of a full disk, and of room again', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const seen = cluster.events(leader, 'diskFull')
    cluster.fillDisk(leader)
    await cluster.value(cluster.propose(leader, 'x'))
    await cluster.clock.advance(2000)
    expect(seen).toEqual([{ full: true }])
    cluster.freeDisk(leader)
    await cluster.clock.advance(1000)
    expect(seen).toEqual([{ full: true }, { full: false }])
  })
})

describe('a disk that stands still', () => {
  test('costs the leader its office, and the cluster next to nothing', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const others = await cluster.followers()
    const seen = cluster.events(leader, 'stall')
    cluster.slowDisk(leader, 60_000)
    await cluster.value(cluster.propose(leader, 'x'))
    await cluster.clock.advance(3200)
    const next = await cluster.leader(others)
    expect(cluster.node(leader).status().role).not.toBe('leader')
    expect(seen).toMatchObject([{ cause: 'disk', over: false }])
    expect(cluster.log(leader)).toContain('the disk stands still, so this server leads no longer')
    await cluster.value(cluster.propose(next, 'y'))
    expect(cluster.machine(next).lines).toEqual(['x', 'y'])
  })

  test('that recovers brings the server back among the others', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const others = await cluster.followers()
    cluster.slowDisk(leader, 5000)
    await cluster.value(cluster.propose(leader, 'x'))
    await cluster.clock.advance(3200)
    await cluster.value(cluster.propose(await cluster.leader(others), 'y'))
    cluster.disk(leader).delay = null
    await cluster.clock.advance(6000)
    expect(await cluster.converge()).toEqual(['x', 'y'])
  })

  test('leaves a leader in office that has nobody to hand over to', async () => {
    const cluster = await Cluster.start({ size: 1 })
    cluster.slowDisk('a', 10_000)
    void cluster.propose('a', 'x').catch(() => {})
    await cluster.clock.advance(9000)
    expect(cluster.node('a').status().role).toBe('leader')
  })

  test('makes a leader step down when its successor does not take over', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const { term } = cluster.node(leader).status()
    for (const id of cluster.ids) cluster.slowDisk(id, 600_000)
    void cluster.propose(leader, 'x').catch(() => {})
    await cluster.clock.advance(5000)
    expect(cluster.node(leader).status()).toMatchObject({ role: expect.not.stringMatching('leader'), term })
  })
})

describe('a follower that has lost what it acknowledged', () => {
  test('is named to the operator, once, and the leader goes on', async () => {
    const cluster = await Cluster.start({ isChecked: false })
    const [follower = ''] = await cluster.followers()
    const leader = await cluster.leader()
    for (let i = 0; i < 5; i++) await cluster.value(cluster.propose(leader, `line ${i}`))
    await cluster.clock.advance(100)
    const seen = cluster.events(leader, 'contradiction')
    await cluster.stop(follower)
    await cutLog(cluster, follower, 3)
    await cluster.restart(follower)
    await cluster.clock.advance(5000)
    expect(seen).toMatchObject([{ from: follower, index: 6, detail: expect.stringMatching('replace it by a server') }])
    await cluster.value(cluster.propose(leader, 'x'))
  })

  test('is not anybody whose messages merely arrive late, twice and in another order', async () => {
    const cluster = await Cluster.start({ seed: 5 })
    cluster.links({ minDelayMs: 1, maxDelayMs: 80, lossProbability: 0.1 })
    const leader = await cluster.leader()
    const seen = cluster.ids.map((id) => cluster.events(id, 'contradiction'))
    for (let i = 0; i < 50; i++) void cluster.propose(leader, `line ${i}`).catch(() => {})
    await cluster.clock.advance(10_000)
    expect(seen.flat()).toEqual([])
  })
})

async function withOneLine(): Promise<{ cluster: Cluster; leader: string }> {
  const cluster = await Cluster.start()
  const leader = await cluster.leader()
  await cluster.value(cluster.propose(leader, 'hello'))
  return { cluster, leader }
}

/** As a restored backup would have it: the entries from `index` on are gone. */
async function cutLog(cluster: Cluster, id: string, index: number): Promise<void> {
  const { log, close } = await openDiskStorage({
    fileSystem: cluster.disk(id),
    clusterId: 'test',
    serverId: id,
    initialConfiguration: NOBODY,
    random: new Random(1),
  })
  await log.write([{ seq: 1, hardState: null, snapshot: null, truncateFrom: index, entries: [] }])
  await close()
}

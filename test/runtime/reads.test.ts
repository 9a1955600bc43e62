// Linearizable reads, on any server.
import { describe, expect, test } from 'vitest'
import { Cluster } from './cluster.ts'

describe('a read', () => {
  test('on any server sees what was acknowledged before it, anywhere', async () => {
    const cluster = await Cluster.start()
    for (const id of cluster.ids) {
      await cluster.value(cluster.propose(await cluster.leader(), `before ${id}`))
      expect((await cluster.value(cluster.read(id))).at(-1)).toBe(`before ${id}`)
    }
  })

  test('on a follower that is behind waits until it is not', async () => {
    const cluster = await Cluster.start()
    const [follower = ''] = await cluster.followers()
    cluster.machine(follower).applyMs = 200
    await cluster.value(cluster.propose(await cluster.leader(), 'x'))
    expect(cluster.machine(follower).lines).toEqual([])
    expect(await cluster.value(cluster.read(follower))).toEqual(['x'])
  })

  test('is not served by a leader that the others have given up', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    cluster.cut(leader)
    const start = cluster.clock.now()
    const error = await cluster.error(cluster.read(leader, { timeoutMs: 1000 }))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_NO_LEADER', applied: 'no' })
    expect(cluster.clock.now() - start).toBeLessThan(1100)
  })

  test('that began without a leader is served when there is one', async () => {
    const cluster = await Cluster.start()
    const [one = ''] = await cluster.followers()
    cluster.cut(one)
    await cluster.clock.advance(2000)
    const read = cluster.value(cluster.read(one))
    cluster.heal()
    expect(await read).toEqual([])
  })

  test('passes on what the query throws', async () => {
    const cluster = await Cluster.start()
    const read = cluster.node('a').read(() => {
      throw new Error('no such key')
    })
    expect((await cluster.error(read)).message).toBe('no such key')
    expect(cluster.isUp('a')).toBe(true)
  })

  test('that is given up is rejected, and its query does not run', async () => {
    const cluster = await Cluster.start()
    const giveUp = new AbortController()
    let ran = false
    const error = cluster.error(cluster.node('a').read(() => (ran = true), { signal: giveUp.signal }))
    giveUp.abort()
    expect(await error).toMatchObject({ code: 'ERR_QUORATE_ABORTED' })
    await cluster.clock.advance(1000)
    expect(ran).toBe(false)
  })

  test('never sees half a snapshot', async () => {
    const cluster = await Cluster.start({ snapshotEveryBytes: 300, raft: { retainEntries: 1 } })
    const [behind = ''] = await cluster.followers()
    cluster.cut(behind)
    for (let i = 0; i < 30; i++)
      await cluster.value(cluster.propose(await cluster.leader(cluster.ids.filter((id) => id !== behind)), `line ${i}`))
    cluster.machine(behind).restoreMs = 500
    cluster.heal()
    await cluster.until(() => cluster.machine(behind).isHalf, 'a snapshot that is being restored')
    expect(await cluster.value(cluster.read(behind))).toHaveLength(30)
  })
})

describe('a read that is content with less', () => {
  test('under a lease is served by the leader alone, until the lease is over', async () => {
    const cluster = await Cluster.start({ raft: { leaseReads: true } })
    const leader = await cluster.leader()
    await cluster.value(cluster.propose(leader, 'x'))
    await cluster.clock.advance(100)
    cluster.cut(leader)
    const start = cluster.clock.now()
    expect(await cluster.value(cluster.read(leader, { consistency: 'lease' }))).toEqual(['x'])
    expect(cluster.clock.now() - start).toBeLessThan(2)
    await cluster.clock.advance(300)
    const error = await cluster.error(cluster.read(leader, { consistency: 'lease', timeoutMs: 500 }))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_NO_LEADER' })
  })

  test('under a lease is not served from before a stall', async () => {
    const cluster = await Cluster.start({ raft: { leaseReads: true } })
    const leader = await cluster.leader()
    await cluster.value(cluster.propose(leader, 'x'))
    await cluster.clock.advance(100)
    cluster.cut(leader)
    cluster.clock.stall(150)
    const read = cluster.read(leader, { consistency: 'lease', timeoutMs: 100 })
    expect(await cluster.error(read)).toMatchObject({ code: 'ERR_QUORATE_NO_LEADER' })
  })

  test('bounded in age is served by a follower that is cut off, for so long', async () => {
    const cluster = await Cluster.start()
    const [follower = ''] = await cluster.followers()
    await cluster.value(cluster.propose(await cluster.leader(), 'x'))
    expect(await cluster.value(cluster.read(follower))).toEqual(['x'])
    cluster.cut(follower)
    await cluster.clock.advance(800)
    const bounded = { consistency: 'bounded', maxStalenessMs: 1000, timeoutMs: 300 } as const
    expect(await cluster.value(cluster.read(follower, bounded))).toEqual(['x'])
    await cluster.clock.advance(300)
    expect(await cluster.error(cluster.read(follower, bounded))).toMatchObject({ code: 'ERR_QUORATE_NO_LEADER' })
  })

  test('local asks nobody', async () => {
    const cluster = await Cluster.start()
    const [follower = ''] = await cluster.followers()
    cluster.cut(follower)
    await cluster.clock.advance(5000)
    expect(await cluster.value(cluster.read(follower, { consistency: 'local' }))).toEqual([])
  })

  test('under a lease, where leaders keep none, is a mistake', async () => {
    const cluster = await Cluster.start()
    const error = await cluster.error(cluster.read('a', { consistency: 'lease' }))
    expect(error.message).toContain('needs raft.leaseReads')
  })
})

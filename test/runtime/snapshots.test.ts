// Snapshots: taken while work goes on, restarted from, and brought to servers that are behind.
import { describe, expect, test } from 'vitest'
import { Cluster } from './cluster.ts'

const OFTEN = { snapshotEveryBytes: 300, raft: { retainEntries: 1 } }

describe('snapshots', () => {
  test('shorten the log while commands go on', async () => {
    const cluster = await Cluster.start(OFTEN)
    await writeLines(cluster, 25)
    await cluster.clock.advance(100)
    const { snapshotIndex, firstIndex } = cluster.node(await cluster.leader()).status()
    expect(snapshotIndex).toBeGreaterThan(10)
    expect(firstIndex).toBeGreaterThan(10)
  })

  test('and the log behind them are what a server starts from', async () => {
    const cluster = await Cluster.start(OFTEN)
    await writeLines(cluster, 25)
    await cluster.clock.advance(100)
    for (const id of cluster.ids) await cluster.crash(id)
    for (const id of cluster.ids) await cluster.restart(id)
    expect(cluster.machine('a').restored).toBe(1)
    expect(await cluster.converge()).toHaveLength(25)
  })

  test('reach a server that has missed what the log no longer has', async () => {
    const cluster = await Cluster.start(OFTEN)
    const [behind = ''] = await cluster.followers()
    cluster.cut(behind)
    await writeLines(cluster, 25, await cluster.leader(cluster.ids.filter((id) => id !== behind)))
    cluster.heal()
    expect(await cluster.converge()).toHaveLength(25)
    expect(cluster.machine(behind).restored).toBeGreaterThan(0)
  })

  test('go on arriving after the connection broke', async () => {
    const cluster = await Cluster.start(OFTEN)
    const [behind = ''] = await cluster.followers()
    cluster.cut(behind)
    const leader = await cluster.leader(cluster.ids.filter((id) => id !== behind))
    await writeLines(cluster, 25, leader)
    cluster.heal()
    await cluster.until(() => cluster.log(leader).includes('sending a snapshot'), 'a snapshot')
    cluster.hangUp(leader, behind)
    expect(await cluster.converge()).toHaveLength(25)
  })

  test('of an old leader and of a new one do not get into each other’s way', async () => {
    const cluster = await Cluster.start(OFTEN)
    const [behind = ''] = await cluster.followers()
    const others = cluster.ids.filter((id) => id !== behind)
    cluster.cut(behind)
    await writeLines(cluster, 25, await cluster.leader(others))
    cluster.machine(behind).restoreMs = 400
    cluster.heal()
    await cluster.until(() => cluster.machine(behind).isHalf, 'a restore')
    const old = await cluster.leader(others)
    await cluster.crash(old)
    await cluster.restart(old)
    await writeLines(cluster, 25)
    expect(await cluster.converge()).toHaveLength(50)
  })

  test('that the disk has no room for are taken later, and the node goes on', async () => {
    const cluster = await Cluster.start(OFTEN)
    const leader = await cluster.leader()
    cluster.disk(leader).fault = ({ name }) => (name.includes('snapshot') ? { code: 'ENOSPC', effect: 'none' } : null)
    await writeLines(cluster, 20)
    expect(cluster.log(leader)).toContain('no snapshot could be taken; the log keeps growing')
    cluster.freeDisk(leader)
    await writeLines(cluster, 20)
    await cluster.clock.advance(100)
    expect(cluster.node(leader).status().snapshotIndex).toBeGreaterThan(20)
  })

  test.each(['write', 'sync', 'rename'])(
    'that a failing %s makes void are taken again, as the node says',
    async (kind) => {
      const cluster = await Cluster.start(OFTEN)
      const leader = await cluster.leader()
      cluster.disk(leader).fault = (done) =>
        done.kind === kind && done.name.includes('snapshot') ? { code: 'EIO', effect: 'none' } : null
      await writeLines(cluster, 20)
      expect(cluster.log(leader)).toContainEqual(
        expect.stringMatching(/^could not .* a snapshot .*EIO.* the server goes on with its log/),
      )
      cluster.freeDisk(leader)
      await writeLines(cluster, 20)
      await cluster.clock.advance(100)
      expect(cluster.node(leader).status().snapshotIndex).toBeGreaterThan(20)
    },
  )
})

async function writeLines(cluster: Cluster, count: number, leader?: string): Promise<void> {
  const id = leader ?? (await cluster.leader())
  for (let i = 0; i < count; i++) await cluster.value(cluster.propose(id, `${cluster.clock.now()} line ${i}`))
}

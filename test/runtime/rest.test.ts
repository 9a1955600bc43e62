// Idle groups rest (docs/decisions/0018-idle-groups-rest.md): whole nodes, with their connections and their timers.
import { afterEach, describe, expect, test } from 'vitest'
import { Cluster } from './cluster.ts'

let cluster: Cluster
afterEach(() => cluster.stopAll())

const isResting = (): boolean => cluster.ids.every((id) => !cluster.isUp(id) || cluster.node(id).status().resting)

/** Three nodes that have had nothing to do for a while. @returns who leads */
async function atRest(): Promise<string> {
  cluster = await Cluster.start({ raft: { restAfterMs: 100 } })
  const leader = await cluster.leader()
  await cluster.value(cluster.propose(leader, 'x'))
  await cluster.until(isResting, 'rest')
  // The last one's answer is still on its way.
  await cluster.clock.advance(10)
  return leader
}

/** How many messages all nodes sent in so long. */
async function sentWithin(ms: number): Promise<number> {
  const counts = (): number[] => cluster.ids.flatMap((id) => Object.values(cluster.node(id).metrics().messagesSent))
  const sent = (): number => counts().reduce((sum, count) => sum + count, 0)
  const before = sent()
  await cluster.clock.advance(ms)
  return sent() - before
}

describe('a group at rest', () => {
  test('sends four messages in ten seconds', async () => {
    await atRest()
    expect(await sentWithin(9000)).toBe(0)
    expect(await sentWithin(10_000)).toBe(4)
  })

  test('takes a command from a follower as quickly as ever, and rests again', async () => {
    const leader = await atRest()
    const [follower = ''] = cluster.ids.filter((id) => id !== leader)
    const start = cluster.clock.now()
    await cluster.value(cluster.propose(follower, 'y'))
    expect(cluster.clock.now() - start).toBeLessThan(20)
    await cluster.until(isResting, 'rest', 500)
  })

  test('answers a linearizable read of a follower', async () => {
    const leader = await atRest()
    const [follower = ''] = cluster.ids.filter((id) => id !== leader)
    expect(await cluster.value(cluster.read(follower))).toEqual(['x'])
  })

  test('has a new leader soon when its leader crashes: the connections break', async () => {
    const leader = await atRest()
    await cluster.clock.advance(5000)
    await cluster.crash(leader)
    const start = cluster.clock.now()
    await cluster.leader(cluster.ids.filter((id) => id !== leader))
    expect(cluster.clock.now() - start).toBeLessThan(150)
  })

  test('rests without a member that is down, and brings it up to date when it is back', async () => {
    const leader = await atRest()
    const [away = ''] = cluster.ids.filter((id) => id !== leader)
    await cluster.crash(away)
    await cluster.value(cluster.propose(leader, 'y'))
    await cluster.until(isResting, 'rest', 1000)
    await cluster.restart(away)
    await cluster.until(() => cluster.machine(away).lines.length === 2, 'both lines', 1500)
  })

  test('hands over at once when its leader is stopped', async () => {
    const leader = await atRest()
    await cluster.clock.advance(5000)
    const start = cluster.clock.now()
    const stopped = cluster.node(leader).stop()
    await cluster.leader(cluster.ids.filter((id) => id !== leader))
    expect(cluster.clock.now() - start).toBeLessThan(20)
    await cluster.value(stopped)
  })
})

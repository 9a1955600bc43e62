import { afterEach, expect, test } from 'vitest'
import { Cluster, IDS, pairsIn } from './cluster.ts'
import { eventually, killAll } from './server-process.ts'

afterEach(killAll)

/** The others than these. */
function without(...ids: string[]): string[] {
  return IDS.filter((id) => !ids.includes(id))
}

async function putMany(cluster: Cluster, server: string, prefix: string, count: number): Promise<void> {
  const replies = await Promise.all(
    Array.from({ length: count }, (_, i) => cluster.put(server, `${prefix}${i}`, 'v'.repeat(100))),
  )
  expect(replies.every(({ status }) => status === 200)).toBe(true)
}

test.each(['kill', 'stop'] as const)(
  'after a %s of all three, everything is there again',
  async (end) => {
    const cluster = await Cluster.start()
    await putMany(cluster, 'a', 'key', 20)
    const before = await cluster.list('b', 'key')
    await Promise.all(IDS.map((id) => cluster[end](id)))
    await cluster.startAll()
    expect(await cluster.list('c', 'key')).toEqual(before)
    expect(before).toHaveLength(20)
  },
  30_000,
)

test('a follower that was down for so long that it needs a snapshot gets one and has it all', async () => {
  const cluster = await Cluster.start({ snapshotEveryBytes: 10_000, raft: { retainEntries: 10 } })
  const leader = await cluster.leader()
  const [late = '', other = ''] = without(leader)
  await cluster.kill(late)
  await putMany(cluster, other, 'key', 300)
  const lastIndexAtKill = 10
  await eventually(
    'the leader has cut its log',
    async () => Number((await cluster.status(leader))['firstIndex']) > lastIndexAtKill,
  )
  await cluster.start(late)
  await eventually('it has caught up', async () => (await cluster.list(late, 'key', true)).length === 300)
  expect(Number((await cluster.status(late))['snapshotIndex'])).toBeGreaterThan(lastIndexAtKill)
  expect(await cluster.list(late, 'key', true)).toEqual(await cluster.list(leader, 'key'))
}, 30_000)

test('a leader that is stopped in mid-air is replaced, and reads nothing old when it goes on', async () => {
  const cluster = await Cluster.start()
  await cluster.put('a', 'key', 'old')
  const leader = await cluster.leader()
  cluster.processOf(leader).signal('SIGSTOP')
  const successor = await cluster.leader(without(leader))
  expect(await cluster.put(successor, 'key', 'new')).toMatchObject({ status: 200 })
  cluster.processOf(leader).signal('SIGCONT')
  const { status, body } = await cluster.request(leader, '/v3/kv/range', { key: btoa('key') })
  expect([status, pairsIn(body)[0]?.value]).toEqual([200, 'new'])
}, 30_000)

test('without a majority a request fails within its time, says that nothing was applied, and health is false', async () => {
  const cluster = await Cluster.start({ requestTimeoutMs: 600 })
  const leader = await cluster.leader()
  const [first = '', last = ''] = without(leader)
  await Promise.all([cluster.kill(leader), cluster.kill(first)])
  await eventually('it has noticed', async () => (await cluster.status(last))['leaderId'] === null)
  const startedAt = performance.now()
  const write = await cluster.put(last, 'key', 'value')
  const read = await cluster.request(last, '/v3/kv/range', { key: btoa('key') })
  expect(performance.now() - startedAt).toBeLessThan(5000)
  expect(write).toMatchObject({ status: 503, body: { code: 14, reason: 'ERR_QUORATE_NO_LEADER', applied: 'no' } })
  expect(read).toMatchObject({ status: 503, body: { code: 14 } })
  expect(await cluster.request(last, '/health')).toEqual({ status: 503, body: { health: 'false' } })
  expect(await cluster.request(last, '/v3/kv/range', { key: btoa('key'), serializable: true })).toMatchObject({
    status: 200,
  })
}, 30_000)

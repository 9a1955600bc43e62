import { afterEach, expect, test } from 'vitest'
import { Random } from '../../src/util/random.ts'
import { Cluster, IDS } from './cluster.ts'
import { eventually, killAll, sleep } from './server-process.ts'
import { Workload } from './workload.ts'

const ROUNDS = 20

afterEach(killAll)

test('kill -9, twenty times: nothing acknowledged is lost, nothing is written twice, no read goes back', async () => {
  const random = new Random(1)
  const cluster = await Cluster.start({ snapshotEveryBytes: 20_000 })
  const workload = new Workload(cluster, 4, 2)
  for (let round = 0; round < ROUNDS; round++) {
    await workload.progress(10)
    const victim = round % 2 === 0 ? await cluster.leader() : random.pick(IDS)
    await cluster.kill(victim)
    await sleep(random.below(200))
    await cluster.start(victim)
  }
  await workload.progress(10)
  await workload.stop()
  expect(await workload.check('a')).toEqual([])
  expect(workload.reads).toBeGreaterThan(ROUNDS)
  await expectSameState(cluster)
}, 60_000)

/** Every server's own state, once it has caught up. */
async function expectSameState(cluster: Cluster): Promise<void> {
  const expected = JSON.stringify(await cluster.list('a', 'own/'))
  for (const id of IDS) {
    await eventually(
      `${id} has what a has`,
      async () => JSON.stringify(await cluster.list(id, 'own/', true)) === expected,
    )
  }
}

// Clients at work on a cluster to which everything happens. Each seed is another run, and the same run each time: when
// one fails, its seed is the whole report. QUORATE_CHAOS_SEEDS=500 runs more of them.
import { describe, expect, test } from 'vitest'
import { NodeError } from '../../src/runtime/errors.ts'
import type { Random } from '../../src/util/random.ts'
import { Cluster } from './cluster.ts'
import { hasty, StubbornClient, type Told } from './session-clients.ts'

const DURATION_MS = 12_000
const CLIENTS = 4

/** What the clients were told, and what they read. */
interface History extends Told {
  /** The longest journal that anybody has read to its end. */
  longestRead: readonly string[]
  reads: number
}

describe('whatever happens to three servers, or to five', () => {
  test.each(Array.from({ length: Number(process.env['QUORATE_CHAOS_SEEDS'] ?? 6) }, (_, i) => i + 1))(
    'nothing that was acknowledged is lost: seed %i',
    async (seed) => {
      const cluster = await Cluster.start({
        seed,
        size: seed % 3 === 0 ? 5 : 3,
        snapshotEveryBytes: 2000,
        // A leader whose snapshot arrived, and was acknowledged in vain, finds out when it sends it again.
        raft: { retainEntries: 10, snapshotRetryMs: 3000 },
      })
      const history: History = { acknowledged: new Map(), refused: new Set(), unknown: 0, longestRead: [], reads: 0 }
      const random = cluster.random.split()
      const endAt = cluster.clock.now() + DURATION_MS
      const clients = Array.from({ length: CLIENTS }, (_, i) =>
        work(cluster, `client ${i}`, history, random.split(), endAt),
      )
      const stubborn = Array.from({ length: 2 }, (_, i) => new StubbornClient(cluster, `stubborn ${i}`, random.split()))
      clients.push(...stubborn.map((client) => client.work(history, endAt)))
      clients.push(hasty(cluster, 'hasty', history, random.split(), endAt))
      await trouble(cluster, random.split(), endAt)
      await recover(cluster)
      await cluster.value(Promise.all(clients))
      const lines = await cluster.converge()
      check(history, lines)
      for (const client of stubborn) client.check(lines)
      expect(new Set((await cluster.replicatedBytes()).values()).size, 'servers that differ').toBe(1)
      // A disk that broke or was taken away is why nodes stop themselves here; their own mistakes are not.
      for (const error of cluster.failures) expect(error).toMatchObject({ code: 'ERR_QUORATE_STORAGE_POISONED' })
      await cluster.stopAll()
    },
  )
})

async function work(cluster: Cluster, name: string, history: History, random: Random, endAt: number): Promise<void> {
  for (let i = 1; cluster.clock.now() < endAt; i++) {
    const up = cluster.ids.filter((id) => cluster.isUp(id))
    if (up.length > 0 && random.chance(0.7)) await write(cluster, random.pick(up), `${name}: ${i}`, history)
    else if (up.length > 0) await look(cluster, random.pick(up), history)
    await new Promise<void>((resolve) => void cluster.clock.schedule(random.between(0, 40), resolve))
  }
}

async function write(cluster: Cluster, id: string, line: string, history: History): Promise<void> {
  const outcome = await cluster.propose(id, line, { timeoutMs: 800 }).catch((error: NodeError) => error)
  if (!(outcome instanceof Error)) history.acknowledged.set(line, Number(outcome))
  else if (outcome.applied === 'no') history.refused.add(line)
  else if (outcome.applied === 'unknown') history.unknown++
  else throw outcome
}

/** What was acknowledged before the read, or seen by another one, is in it. */
async function look(cluster: Cluster, id: string, history: History): Promise<void> {
  const acknowledged = [...history.acknowledged]
  const seen = history.longestRead
  const lines = await cluster.read(id, { timeoutMs: 800 }).catch((error: NodeError) => error)
  if (lines instanceof NodeError) return
  if (lines instanceof Error) throw lines
  const missing = acknowledged.filter(([line, place]) => lines[place - 1] !== line)
  expect(missing, `acknowledged, and not read on ${id}`).toEqual([])
  expect(
    seen.findIndex((line, i) => lines[i] !== line),
    `read before, and not on ${id}`,
  ).toBe(-1)
  if (lines.length > history.longestRead.length) history.longestRead = lines
  history.reads++
}

async function trouble(cluster: Cluster, random: Random, endAt: number): Promise<void> {
  while (cluster.clock.now() < endAt) {
    const down = cluster.ids.filter((id) => !cluster.isUp(id))
    await strike(cluster, random.pick(down.length > 1 ? down : cluster.ids), random)
    await cluster.clock.advance(random.between(20, 700))
  }
}

async function strike(cluster: Cluster, id: string, random: Random): Promise<void> {
  if (!cluster.isUp(id)) {
    cluster.freeDisk(id)
    await cluster.crash(id)
    await cluster.restart(id)
    return
  }
  const strikes: readonly (() => unknown)[] = [
    () => cluster.cut(id),
    () => cluster.heal(),
    () => cluster.heal(),
    () => cluster.heal(),
    () => cluster.links({ lossProbability: random.pick([0, 0, 0.05, 0.3]) }),
    () => cluster.links({ maxDelayMs: random.pick([3, 30, 150]) }),
    () => cluster.crash(id),
    () => cluster.stop(id),
    () => cluster.hangUp(id, random.pick(cluster.ids.filter((other) => other !== id))),
    () => cluster.fillDisk(id),
    () => cluster.freeDisk(id),
    () => cluster.breakDisk(id),
    () => cluster.clock.stall(random.between(10, 800)),
    () =>
      Object.assign(cluster.machine(id), { applyMs: random.pick([0, 0, 5, 50]), restoreMs: random.pick([0, 20, 200]) }),
    // Most of the time this server does not lead, and nothing comes of it.
    () =>
      cluster
        .node(id)
        .transferLeadership(random.pick(cluster.ids))
        .catch(() => {}),
  ]
  const done = random.pick(strikes)()
  if (done instanceof Promise) await cluster.outcome(done)
}

async function recover(cluster: Cluster): Promise<void> {
  cluster.heal()
  cluster.links({ lossProbability: 0, maxDelayMs: 3 })
  for (const id of cluster.ids) {
    cluster.freeDisk(id)
    cluster.machine(id).applyMs = 0
    if (cluster.isUp(id)) continue
    await cluster.crash(id)
    await cluster.restart(id)
  }
}

function check(history: History, lines: readonly string[]): void {
  expect(new Set(lines).size, 'applied twice').toBe(lines.length)
  const lost = [...history.acknowledged].filter(([line, place]) => lines[place - 1] !== line)
  expect(lost, 'acknowledged, and lost').toEqual([])
  expect(
    lines.filter((line) => history.refused.has(line)),
    'refused, and applied',
  ).toEqual([])
  // Where almost nothing was possible, at least something was tried.
  expect(history.acknowledged.size + history.refused.size + history.unknown).toBeGreaterThan(20)
}

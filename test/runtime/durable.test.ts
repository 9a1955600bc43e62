// Durable state machines in whole nodes: what a server is given again when it comes back, and what it never is.
import { describe, expect, test } from 'vitest'
import type { RaftNode } from '../../src/runtime/raft-node.ts'
import { utf8Decode, utf8Encode } from '../../src/util/bytes.ts'
import type { Random } from '../../src/util/random.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'

const ALL = ['a', 'b', 'c']
const OFTEN: ClusterOptions = { durable: ALL, snapshotEveryBytes: 300, raft: { retainEntries: 1 } }

async function write(cluster: Cluster, count: number, among?: readonly string[]): Promise<void> {
  const leader = await cluster.leader(among)
  for (let i = 0; i < count; i++) await cluster.value(cluster.propose(leader, `${cluster.clock.now()} line ${i}`))
}

/** Every server goes, each with so many transactions lost, and all come back. */
async function blackout(cluster: Cluster, lost: number): Promise<void> {
  for (const id of cluster.ids) await cluster.crash(id, lost)
  for (const id of cluster.ids) await cluster.restart(id)
}

describe('a server with a durable state machine', () => {
  test.each([0, 1, 3])('that has lost %d transactions is given those again, and no others', async (lost) => {
    const cluster = await Cluster.start({ durable: ALL })
    await write(cluster, 20)
    await cluster.converge()
    await blackout(cluster, lost)
    expect(await cluster.converge()).toHaveLength(20)
    expect(ALL.map((id) => cluster.durable(id).given)).toEqual([lost, lost, lost])
  })

  test('that is ahead of its snapshot is not restored', async () => {
    const cluster = await Cluster.start(OFTEN)
    await write(cluster, 25)
    await cluster.converge()
    await blackout(cluster, 0)
    expect(cluster.node('a').status().snapshotIndex).toBeGreaterThan(10)
    expect(cluster.durable('a')).toMatchObject({ given: 0, restored: 0 })
    expect(await cluster.converge()).toHaveLength(25)
  })

  test('that is behind its snapshot is restored from it', async () => {
    const cluster = await Cluster.start({ durable: ALL })
    await write(cluster, 5)
    await cluster.converge()
    for (const id of ALL) await cluster.value(cluster.node(id).snapshot())
    await blackout(cluster, 2)
    expect(cluster.durable('a').restored).toBe(1)
    expect(await cluster.converge()).toHaveLength(5)
    expect(cluster.durable('a').given).toBe(0)
  })

  test('that has missed what the log no longer has takes in the leader’s snapshot', async () => {
    const cluster = await Cluster.start(OFTEN)
    const [behind = ''] = await cluster.followers()
    const others = ALL.filter((id) => id !== behind)
    await write(cluster, 3)
    await cluster.crash(behind)
    await write(cluster, 25, others)
    await cluster.restart(behind)
    expect(await cluster.converge()).toHaveLength(28)
    expect(cluster.durable(behind).restored).toBe(1)
    expect(cluster.durable(behind).appliedIndex).toBe(cluster.durable(others[0] ?? '').appliedIndex)
  })

  test('that crashes in the middle of a leader’s snapshot is restored from it at its next start', async () => {
    const cluster = await Cluster.start(OFTEN)
    const [behind = ''] = await cluster.followers()
    await write(cluster, 3)
    cluster.cut(behind)
    await write(
      cluster,
      25,
      ALL.filter((id) => id !== behind),
    )
    cluster.machine(behind).restoreMs = 500
    cluster.heal()
    await cluster.until(() => cluster.machine(behind).isHalf, 'a restore')
    await cluster.crash(behind, 0)
    await cluster.restart(behind)
    expect(cluster.durable(behind).restored).toBe(1)
    expect(await cluster.converge()).toHaveLength(28)
  })

  test('is given nothing that its own disk does not hold', async () => {
    const cluster = await Cluster.start({ durable: ALL })
    const [slow = ''] = await cluster.followers()
    cluster.slowDisk(slow, 400)
    await write(cluster, 1)
    await cluster.clock.advance(100)
    expect(cluster.node(slow).status().commitIndex).toBe(cluster.node(slow).status().lastIndex)
    expect(cluster.durable(slow).lines).toEqual([])
    await cluster.converge()
    expect(cluster.durable(slow).lines).toHaveLength(1)
  })

  test('takes no snapshot while its state machine is ahead of what is applied', async () => {
    const cluster = await Cluster.start({ ...OFTEN, raft: { maxApplyBytes: 100 } })
    cluster.disk('a').fault = ({ name }) => (name.includes('snapshot') ? { code: 'ENOSPC', effect: 'none' } : null)
    await write(cluster, 25)
    await cluster.converge()
    await cluster.crash('a', 0)
    cluster.freeDisk('a')
    await cluster.restart('a')
    const held = cluster.durable('a').store.latest.index
    const taken = cluster.events('a', 'snapshot')
    await cluster.until(() => taken.length > 0, 'a snapshot')
    expect(taken[0]?.index).toBeGreaterThanOrEqual(held)
  })

  test('whose log is older than its state machine does not start, and says why', async () => {
    const cluster = await Cluster.start({ durable: ALL })
    await write(cluster, 5)
    await cluster.converge()
    await cluster.loseLog('a')
    await expect(cluster.restart('a')).rejects.toThrow(
      /has applied entry \d+, and the log in this server's folder ends/,
    )
  })

  test('cannot be asked to apply what its disk does not hold', async () => {
    const starting = Cluster.start({ durable: ALL, raft: { applyBeforeDurable: true } })
    await expect(starting).rejects.toThrow('raft.applyBeforeDurable is true, and the state machine has an appliedIndex')
  })

  test('reads, before it is through its log again, all that it had acknowledged', async () => {
    const cluster = await Cluster.start({ durable: ALL })
    await write(cluster, 20)
    await cluster.converge()
    await blackout(cluster, 0)
    expect(cluster.node('a').status().lastApplied).toBe(0)
    expect(await cluster.value(cluster.read('a', { consistency: 'local' }))).toHaveLength(20)
    expect(await cluster.value(cluster.read('a'))).toHaveLength(20)
  })
})

describe('sessions before a durable state machine', () => {
  test('let the retry of a command through no second time, and say that its answer is gone', async () => {
    const cluster = await Cluster.start({ durable: ALL })
    const session = await cluster.value(cluster.node('a').openSession({ ttlMs: 60_000 }))
    const serial = session.nextSerial
    await cluster.value(session.propose(utf8Encode('x')))
    await cluster.converge()
    await blackout(cluster, 0)
    await cluster.leader()
    const resumed = await cluster.value(cluster.node('b').resumeSession(session.id, serial))
    const error = await cluster.error(resumed.propose(utf8Encode('x')))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_ANSWER_LOST', applied: 'unknown' })
    expect(error.message).toContain('was applied, but its answer is no longer known')
    expect(await cluster.converge()).toEqual(['x'])
  })

  test('answer the retry of a command that the crash took back from the state machine', async () => {
    const cluster = await Cluster.start({ durable: ALL })
    const session = await cluster.value(cluster.node('a').openSession({ ttlMs: 60_000 }))
    const serial = session.nextSerial
    await cluster.value(session.propose(utf8Encode('x')))
    await cluster.converge()
    await blackout(cluster, 1)
    await cluster.leader()
    const resumed = await cluster.value(cluster.node('b').resumeSession(session.id, serial))
    expect(utf8Decode(await cluster.value(resumed.propose(utf8Encode('x'))))).toBe('1')
    expect(await cluster.converge()).toEqual(['x'])
  })

  test.each([0, 1])('end once for it, though it crashes with %d transactions lost', async (lost) => {
    const cluster = await Cluster.start({ durable: ALL })
    const session = await cluster.value(cluster.node('a').openSession({ ttlMs: 60_000 }))
    await cluster.value(session.propose(utf8Encode('x')))
    await cluster.value(session.close())
    const expected = ['x', `session ${session.id} closed`]
    expect(await cluster.converge()).toEqual(expected)
    await blackout(cluster, lost)
    expect(await cluster.converge()).toEqual(expected)
  })
})

/** Clients write through sessions, short ones and long ones, while servers crash and take what they lost from each other. */
async function campaign(cluster: Cluster, random: Random): Promise<ReadonlySet<string>> {
  const acknowledged = new Set<string>()
  const endAt = cluster.clock.now() + 8000
  const work = async (name: string): Promise<void> => {
    for (let i = 0; cluster.clock.now() < endAt; i++) {
      const up = cluster.ids.filter((id) => cluster.isUp(id))
      const line = `${name}: ${i}`
      const written = up.length === 0 ? null : writeInSession(cluster.node(random.pick(up)), line, random.chance(0.5))
      if ((await written?.catch(() => false)) === true) acknowledged.add(line)
      await new Promise<void>((resolve) => void cluster.clock.schedule(random.between(0, 30), resolve))
    }
  }
  const clients = Promise.all(['one', 'two', 'three'].map(work))
  while (cluster.clock.now() < endAt) {
    const id = random.pick(cluster.ids)
    Object.assign(cluster.machine(id), { applyMs: random.pick([0, 0, 5]), restoreMs: random.pick([0, 50]) })
    if (!cluster.isUp(id)) await cluster.restart(id)
    else if (random.chance(0.6)) await cluster.crash(id)
    else if (random.chance(0.3)) cluster.cut(id)
    else cluster.heal()
    await cluster.clock.advance(random.between(20, 500))
  }
  cluster.heal()
  for (const id of cluster.ids) if (!cluster.isUp(id)) await cluster.restart(id)
  await cluster.value(clients)
  return acknowledged
}

/** What is not closed expires: its end is an entry of the log as well. */
async function writeInSession(node: RaftNode, line: string, isClosed: boolean): Promise<boolean> {
  const session = await node.openSession({ ttlMs: 1000, timeoutMs: 800 })
  await session.propose(utf8Encode(line), { timeoutMs: 800 })
  if (isClosed) await session.close({ timeoutMs: 800 })
  else session.abandon()
  return true
}

describe('whatever happens to two servers with durable state machines, and to one without', () => {
  test.each(Array.from({ length: Number(process.env['QUORATE_CHAOS_SEEDS'] ?? 6) }, (_, i) => i + 1))(
    'they come to the same, and nothing is applied twice or lost: seed %i',
    async (seed) => {
      const raft = { retainEntries: 10, snapshotRetryMs: 3000, maxApplyBytes: 400 }
      const cluster = await Cluster.start({ seed, durable: ['a', 'b'], snapshotEveryBytes: 2000, raft })
      const acknowledged = await campaign(cluster, cluster.random.split())
      const lines = await cluster.converge()
      expect(new Set(lines).size, 'applied twice').toBe(lines.length)
      expect(
        [...acknowledged].filter((line) => !lines.includes(line)),
        'acknowledged, and lost',
      ).toEqual([])
      expect(lines.filter((line) => line.startsWith('session ')).length).toBeGreaterThan(5)
      expect(acknowledged.size).toBeGreaterThan(20)
      expect(cluster.failures).toEqual([])
      await cluster.stopAll()
    },
  )
})

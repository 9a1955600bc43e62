// Three hosts of four groups, to which everything happens. Each seed is another run, and the same run each time.
// QUORATE_CHAOS_SEEDS=200 runs more of them.
import { describe, expect, test } from 'vitest'
import { NodeError } from '../../src/runtime/errors.ts'
import { utf8Encode } from '../../src/util/bytes.ts'
import type { Random } from '../../src/util/random.ts'
import { Hosts } from './hosts.ts'

const GROUPS = ['orders', 'stock', 'prices', 'idle']
const DURATION_MS = 30_000

describe('whatever happens to three hosts', () => {
  test.each(Array.from({ length: Number(process.env['QUORATE_CHAOS_SEEDS'] ?? 4) }, (_, i) => i + 1))(
    'each group keeps what it has acknowledged, once, and nothing of another: seed %i',
    async (seed) => {
      const hosts = new Hosts(seed)
      for (const id of hosts.ids) await hosts.restart(id, GROUPS)
      for (const name of GROUPS) await hosts.leader(name)
      const acknowledged = new Set<string>()
      const random = hosts.random.split()
      const endAt = hosts.clock.now() + DURATION_MS
      // Nobody writes to the last one: it is at rest when its leader dies.
      const clients = GROUPS.slice(0, -1).map((group) => write(hosts, group, acknowledged, random.split(), endAt))
      await trouble(hosts, random.split(), endAt)
      await hosts.value(Promise.all(clients))
      for (const group of GROUPS) await hosts.propose(await hosts.leader(group), group, `${group} last`)
      for (const group of GROUPS) await check(hosts, group, acknowledged)
      expect(acknowledged.size).toBeGreaterThan(200)
      expect(hosts.failures).toEqual([])
      await hosts.stopAll()
    },
  )
})

async function write(
  hosts: Hosts,
  group: string,
  acknowledged: Set<string>,
  random: Random,
  endAt: number,
): Promise<void> {
  for (let i = 1; hosts.clock.now() < endAt; i++) {
    const up = hosts.ids.filter((id) => hosts.isUp(id) && hosts.host(id).groups.has(group))
    const line = `${group} ${i}`
    if (up.length > 0) {
      const node = hosts.node(random.pick(up), group)
      const outcome = await node.propose(utf8Encode(line), { timeoutMs: 4000 }).catch((error: NodeError) => error)
      if (!(outcome instanceof Error)) acknowledged.add(line)
      else expect(outcome).toBeInstanceOf(NodeError)
    }
    // Long enough, now and then, for the group to come to rest.
    const pauseMs = random.chance(0.05) ? 3000 : random.between(0, 60)
    await new Promise<void>((resolve) => void hosts.clock.schedule(pauseMs, resolve))
  }
}

async function trouble(hosts: Hosts, random: Random, endAt: number): Promise<void> {
  while (hosts.clock.now() < endAt) {
    const victim = random.pick(hosts.ids)
    if (random.chance(0.6)) {
      await hosts.crash(victim)
      await hosts.clock.advance(random.between(100, 3000))
      await hosts.restart(victim, GROUPS)
    } else {
      await hosts.freeze(victim)
      await hosts.clock.advance(random.between(100, 2000))
      hosts.thaw(victim)
    }
    await hosts.clock.advance(random.between(500, 4000))
  }
}

async function check(hosts: Hosts, group: string, acknowledged: ReadonlySet<string>): Promise<void> {
  const last = `${group} last`
  await hosts.until(() => hosts.ids.every((id) => hosts.lines(id, group).includes(last)), 'the last command everywhere')
  const [first, ...others] = hosts.ids.map((id) => hosts.lines(id, group))
  for (const lines of others) expect(lines).toEqual(first)
  const lines = first as readonly string[]
  const count = (line: string): number => lines.filter((one) => one === line).length
  const own = [...acknowledged].filter((line) => line.startsWith(`${group} `))
  expect(own.filter((line) => count(line) !== 1)).toEqual([])
  expect(lines.filter((line) => !line.startsWith(`${group} `))).toEqual([])
}

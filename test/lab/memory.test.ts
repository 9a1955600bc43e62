// Entries that a snapshot covers must really be freed, as the lab demands (2D): not only left out of the count.
import { expect, test } from 'vitest'
import { defineTest, make, runTest } from '../../src/lab/index.ts'
import { Raft } from '../../src/raft/index.ts'

/** The collector, exposed by the flag --expose-gc. */
async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Runs `steps` with three of our servers on the virtual clock; `watch` sees each server's core. */
async function withServers(steps: Parameters<typeof defineTest>[3], watch: (core: Raft) => void): Promise<void> {
  const story = defineTest('TestMemory2D', 'memory', { servers: 3, snapshots: true }, steps)
  const watchSteps = () => (_server: number, core: unknown) => {
    if (core instanceof Raft) watch(core)
  }
  const { error } = await runTest(story, { make, seed: 1, clock: { kind: 'virtual', hop: setImmediate }, watchSteps })
  if (error) throw error
}

test('entries that a snapshot covers are freed on every server', async () => {
  expect(globalThis.gc, 'run with --expose-gc').toBeTypeOf('function')
  const entries: WeakRef<object>[] = []
  const seen = new Set<string>()
  let kept: unknown[] = ['not looked yet']
  await withServers(
    async (config) => {
      await config.one('a first command, long enough to be kept apart'.repeat(20), 3, true)
      // The tester's service takes a snapshot at every tenth index, so index 1 is covered soon.
      for (let i = 0; i < 25; i++) await config.one(`command ${i}`, 3, true)
      // Looked at while the servers live: afterwards everything would be free.
      await collectGarbage()
      kept = entries.map((entry) => entry.deref()).filter((entry) => entry !== undefined)
    },
    (core) => {
      const { id, log } = core.inspect()
      const entry = log.entryAt(1)
      if (entry === undefined || seen.has(id)) return
      seen.add(id)
      entries.push(new WeakRef(entry), new WeakRef(entry.bytes.buffer))
    },
  )
  expect(entries.length).toBe(6)
  expect(kept).toEqual([])
})

// The tester itself: a right Raft passes all of its tests, and the same seed gives the same run.

import { describe, expect, test } from 'vitest'
import { LAB_TESTS, type LabEvent, runSuite } from '../../src/lab/index.ts'
import type { Clock } from '../../src/util/clock.ts'
import { makeReference } from './reference-raft.ts'
import { onVirtualTime, run } from './vocabulary.ts'

const make = makeReference()

/** The system's clock, as a run on the wall clock needs it. */
const wallClock: Clock = {
  now: () => performance.now(),
  schedule: (delayMs, action) => {
    const timer = setTimeout(action, delayMs)
    return () => clearTimeout(timer)
  },
  soon: (action) => void setImmediate(action),
}

describe('a right Raft passes', () => {
  test.each([1, 2])(
    'all 28 tests, with seed %i',
    async (seed) => {
      const results = await runSuite(LAB_TESTS, onVirtualTime(make, seed))
      const failures = results.filter(({ passed }) => !passed).map(({ test: name, error }) => `${name}: ${error}`)
      expect(failures).toEqual([])
      expect(results).toHaveLength(28)
      expect(results.map(({ labgobProblems }) => labgobProblems)).toEqual(results.map(() => 0))
    },
    60_000,
  )

  test('on the wall clock too, with figures like those of the virtual one', async () => {
    const options = { clock: { kind: 'wall', clock: wallClock } } as const
    const [real, virtual] = [await run('TestBasicAgree2B', make, 1, options), await run('TestBasicAgree2B', make, 1)]
    expect([real.clock, real.passed, real.error?.message]).toEqual(['wall', true, undefined])
    expect(real.wallMs).toBeGreaterThan(real.seconds * 900)
    expect(virtual.wallMs).toBeLessThan(real.wallMs)
    expect([real.commits, real.peers]).toEqual([virtual.commits, virtual.peers])
    expect(Math.abs(real.rpcs - virtual.rpcs)).toBeLessThan(20)
  }, 20_000)
})

describe('a seed', () => {
  test('repeats a run exactly, and another one gives another run', async () => {
    for (const name of [
      'TestManyElections2A',
      'TestUnreliableAgree2C',
      'TestFigure82C',
      'TestSnapshotInstallUnCrash2D',
    ]) {
      const [first, again, other] = [await run(name, make, 7), await run(name, make, 7), await run(name, make, 8)]
      expect({ ...again, wallMs: 0 }).toEqual({ ...first, wallMs: 0 })
      expect(other.traceHash).not.toBe(first.traceHash)
    }
  })

  test('repeats every event of a run', async () => {
    const record = async (): Promise<LabEvent[]> => {
      const events: LabEvent[] = []
      await run('TestPersist32C', make, 3, { observer: (event) => events.push(event) })
      return events
    }
    const first = await record()
    expect(first.length).toBeGreaterThan(150)
    expect(await record()).toEqual(first)
  })

  test('is not bound to whether the order of one instant is shuffled', async () => {
    const shuffled = { clock: { kind: 'virtual', hop: setImmediate, shuffle: true } } as const
    const [plain, first, again] = [
      await run('TestConcurrentStarts2B', make, 5),
      await run('TestConcurrentStarts2B', make, 5, shuffled),
      await run('TestConcurrentStarts2B', make, 5, shuffled),
    ]
    expect([plain.passed, first.passed, first.shuffled]).toEqual([true, true, true])
    expect(first.traceHash).toBe(again.traceHash)
  })

  // The hash of a run must be the same on every version of Node, and change only when the tester or the Raft does.
  test('gives the run that it always gave', async () => {
    expect((await run('TestInitialElection2A', make, 1)).traceHash).toBe('05ec0643716cf367')
  })
})

describe('the events of a run', () => {
  test('tell each call from its start to its end, in order of time', async () => {
    const events: LabEvent[] = []
    const result = await run('TestReElection2A', make, 1, { observer: (event) => events.push(event) })
    const times = events.map(({ time }) => time)
    expect(times).toEqual(times.toSorted((a, b) => a - b))

    const of = (kind: LabEvent['kind']): number => events.filter((event) => event.kind === kind).length
    expect(of('rpc sent')).toBe(result.rpcs)
    // What is on its way when the test ends has neither.
    const ended = of('rpc replied') + of('rpc dropped')
    expect(ended).toBeLessThanOrEqual(result.rpcs)
    expect(ended).toBeGreaterThan(result.rpcs - 10)
    expect(of('disconnect')).toBe(3)
  })

  test('add up to the bytes that are reported', async () => {
    let bytes = 0
    const result = await run('TestRPCBytes2B', make, 1, {
      observer: (event) => {
        if (event.kind === 'rpc sent' || event.kind === 'rpc replied') bytes += event.body.length
      },
    })
    expect(bytes).toBe(result.bytes)
  })
})

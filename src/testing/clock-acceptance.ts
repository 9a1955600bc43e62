/**
 * What every Clock must do, as a list of stories that any test runner can run. Whoever writes a clock brings a stage:
 * the clock, and a way to let its time pass.
 *
 * ```ts
 * for (const { title, run } of clockAcceptance) test(title, () => run(stage()))
 * ```
 */
import { assert } from '../util/assert.ts'
import type { Clock } from '../util/clock.ts'

/** What a story needs of the clock under test. */
export interface ClockStage {
  readonly clock: Clock
  /** Resolves when this much time has passed on the clock, or a little more, and what was due has run. */
  pass(durationMs: number): Promise<void>
}

/** One story. `run` rejects with what it found instead when the clock breaks its contract. */
export interface ClockStory {
  readonly title: string
  run(stage: ClockStage): Promise<void>
}

/** Node's timers count whole milliseconds, and its clock does not: one may fire a fraction early. */
const EARLY_MS = 1
const HUNDRED_DAYS_MS = 100 * 24 * 3600 * 1000

/** What every Clock must do, as stories for any test runner. */
export const clockAcceptance: readonly ClockStory[] = [
  {
    title: 'time goes on and never back',
    run: async ({ clock, pass }) => {
      const start = clock.now()
      for (let i = 0, last = start; i < 1000; i++) {
        const now = clock.now()
        assert(now >= last, `time went back from ${last} to ${now}`)
        last = now
      }
      await pass(20)
      assert(clock.now() - start >= 20 - EARLY_MS, `of 20 ms only ${clock.now() - start} passed`)
    },
  },
  {
    title: 'an action runs once, when it is due',
    run: async ({ clock, pass }) => {
      const start = clock.now()
      const runs: number[] = []
      clock.schedule(20, () => runs.push(clock.now() - start))
      await pass(60)
      const [at = Number.NaN] = runs
      assert(runs.length === 1 && at >= 20 - EARLY_MS, `scheduled for 20 ms, it ran at [${runs.join()}] ms`)
    },
  },
  {
    title: 'an action never runs at once, though its delay be 0 or less',
    run: async ({ clock, pass }) => {
      const runs: number[] = []
      for (const delayMs of [0, -5]) clock.schedule(delayMs, () => runs.push(delayMs))
      clock.soon(() => runs.push(1))
      assert(runs.length === 0, 'it ran within the call')
      await pass(20)
      expectRuns(runs.sort(compareNumbers), [-5, 0, 1])
    },
  },
  {
    title: 'actions run in the order in which they are due',
    run: async ({ clock, pass }) => {
      const runs: number[] = []
      for (const delayMs of [60, 20, 40]) clock.schedule(delayMs, () => runs.push(delayMs))
      await pass(100)
      expectRuns(runs, [20, 40, 60])
    },
  },
  {
    title: 'what is cancelled does not run, and cancelling late or twice does nothing',
    run: async ({ clock, pass }) => {
      const runs: number[] = []
      const cancel = clock.schedule(10, () => runs.push(1))
      const late = clock.schedule(15, () => runs.push(2))
      cancel()
      cancel()
      await pass(40)
      clock.schedule(10, () => runs.push(3))
      late()
      cancel()
      await pass(40)
      expectRuns(runs, [2, 3])
    },
  },
  {
    title: 'an action may schedule and cancel others',
    run: async ({ clock, pass }) => {
      const runs: number[] = []
      const cancel = clock.schedule(50, () => runs.push(50))
      clock.schedule(10, () => {
        cancel()
        clock.schedule(0, () => runs.push(11))
        clock.soon(() => runs.push(12))
        runs.push(10)
      })
      await pass(100)
      assert(runs[0] === 10, `what was scheduled within an action ran before its end: ${runs.join()}`)
      expectRuns(runs.sort(compareNumbers), [10, 11, 12])
    },
  },
  {
    title: 'what is to run soon runs in order, and before a timer that is not due yet',
    run: async ({ clock, pass }) => {
      const runs: number[] = []
      clock.schedule(50, () => runs.push(50))
      for (const one of [1, 2, 3]) clock.soon(() => runs.push(one))
      await pass(100)
      expectRuns(runs, [1, 2, 3, 50])
    },
  },
  {
    // Node's own setTimeout takes such a delay for 1 ms.
    title: 'a delay of a hundred days is no short one',
    run: async ({ clock, pass }) => {
      const runs: number[] = []
      const cancel = clock.schedule(HUNDRED_DAYS_MS, () => runs.push(1))
      await pass(20)
      cancel()
      expectRuns(runs, [])
    },
  },
]

function compareNumbers(left: number, right: number): number {
  return left - right
}

function expectRuns(runs: readonly number[], expected: readonly number[]): void {
  assert(runs.join() === expected.join(), `these ran: [${runs.join()}] instead of [${expected.join()}]`)
}

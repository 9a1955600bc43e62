// Every clock of the house passes the suite, and each thing that a clock may do wrong is found.
import { describe, expect, test } from 'vitest'
import { systemClock } from '../io/system-clock.ts'
import { VirtualClock as LabClock } from '../lab/virtual-clock.ts'
import { GatheredClock } from '../runtime/host/gathered-clock.ts'
import { VirtualClock as NetworkClock } from '../transport/testing/virtual-clock.ts'
import type { Cancel, Clock } from '../util/clock.ts'
import { type ClockStage, clockAcceptance } from './clock-acceptance.ts'
import { ManualClock } from './manual-clock.ts'

function manualStage(): ClockStage {
  const clock = new ManualClock()
  return { clock, pass: (durationMs) => clock.advance(durationMs) }
}

function systemStage(): ClockStage {
  const clock = systemClock()
  return { clock, pass: (durationMs) => new Promise((resolve) => void clock.schedule(durationMs, resolve)) }
}

function gatheredStage(): ClockStage {
  const { clock, pass } = manualStage()
  return { clock: new GatheredClock(clock), pass }
}

function networkStage(): ClockStage {
  const clock = new NetworkClock()
  return { clock, pass: (durationMs) => clock.advance(durationMs) }
}

function labStage(): ClockStage {
  const clock = new LabClock((turn) => void setImmediate(turn))
  const wait = (durationMs: number) => new Promise<void>((resolve) => void clock.schedule(durationMs, resolve))
  return { clock, pass: (durationMs) => clock.run(wait(durationMs)) }
}

describe.each([
  ['ManualClock', manualStage],
  ['systemClock', systemStage],
  ['the clock of the groups of a host', gatheredStage],
  ["the virtual clock of the transports' tests", networkStage],
  ["the lab's virtual clock", labStage],
])('%s', (_name, newStage) => {
  for (const { title, run } of clockAcceptance) test(title, () => run(newStage()))
})

/** A manual clock that does some things its own way. */
function brokenStage(change: (clock: ManualClock) => Partial<Clock>): ClockStage {
  const clock = new ManualClock()
  const sound: Clock = {
    now: () => clock.now(),
    schedule: (delayMs, action) => clock.schedule(delayMs, action),
    soon: (action) => clock.soon(action),
  }
  return { clock: { ...sound, ...change(clock) }, pass: (durationMs) => clock.advance(durationMs) }
}

const NO_CANCEL: Cancel = () => {}

const WRONG: readonly (readonly [what: string, story: string, change: (clock: ManualClock) => Partial<Clock>])[] = [
  ['goes back', 'never back', (clock) => ({ now: () => -clock.now() })],
  ['runs too early', 'when it is due', (clock) => ({ schedule: (ms, action) => clock.schedule(ms / 2, action) })],
  [
    'runs twice',
    'when it is due',
    (clock) => ({
      schedule: (ms, action) => {
        clock.schedule(ms, action)
        return clock.schedule(ms, action)
      },
    }),
  ],
  ['runs at once', 'never runs at once', () => ({ soon: (action) => action() })],
  [
    'has one delay for all',
    'in which they are due',
    (clock) => ({ schedule: (_, action) => clock.schedule(5, action) }),
  ],
  [
    'does not cancel',
    'what is cancelled',
    (clock) => ({
      schedule: (ms, action) => {
        clock.schedule(ms, action)
        return NO_CANCEL
      },
    }),
  ],
  [
    'runs what is due within the call',
    'may schedule and cancel',
    (clock) => ({
      schedule: (ms, action) => {
        if (ms > 0) return clock.schedule(ms, action)
        action()
        return NO_CANCEL
      },
    }),
  ],
  [
    'is late with what is soon',
    'what is to run soon',
    (clock) => ({ soon: (action) => void clock.schedule(70, action) }),
  ],
  [
    'takes a long delay for none',
    'a hundred days',
    (clock) => ({ schedule: (ms, action) => clock.schedule(ms >= 2 ** 31 ? 1 : ms, action) }),
  ],
]

describe('a clock is found out that', () => {
  test.each(WRONG)('%s: "… %s …"', async (_what, story, change) => {
    const meant = clockAcceptance.filter(({ title }) => title.includes(story))
    expect(meant).toHaveLength(1)
    for (const { run } of meant) await expect(run(brokenStage(change))).rejects.toThrow(/./)
  })

  test('every story has a clock that it finds', () => {
    expect(clockAcceptance.filter(({ title }) => WRONG.some(([, story]) => title.includes(story)))).toEqual(
      clockAcceptance,
    )
  })
})

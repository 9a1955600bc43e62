import { expect, test } from 'vitest'
import type { Clock } from '../util/clock.ts'
import { KeepAlive } from './keep-alive.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { VirtualClock } from './testing/virtual-clock.ts'

const LIMITS = { ...DEFAULT_LIMITS, keepAliveMs: 1000, idleTimeoutMs: 5000 }

test('pings as often as told, and gives up on who stays silent', async () => {
  const clock = new VirtualClock()
  const events: string[] = []
  const ping = (): void => void events.push(`ping at ${clock.now()}`)
  new KeepAlive(clock, LIMITS, ping, (reason) => events.push(reason))
  await clock.advance(60_000)
  expect(events).toEqual([...[1, 2, 3, 4].map((s) => `ping at ${s}000`), 'silent for 5000 ms'])
})

test('a sign of life starts the time anew', async () => {
  const clock = new VirtualClock()
  const silences: string[] = []
  const keepAlive = new KeepAlive(clock, LIMITS, null, (reason) => silences.push(reason))
  for (let i = 0; i < 10; i++) {
    await clock.advance(4900)
    keepAlive.sign()
  }
  expect(silences).toEqual([])
})

test('gives up when the silence is long enough, and not at the ping after that', async () => {
  const clock = new VirtualClock()
  const events: string[] = []
  const limits = { ...LIMITS, keepAliveMs: 2000, idleTimeoutMs: 5000 }
  const keepAlive = new KeepAlive(clock, limits, null, (reason) => events.push(`${reason} at ${clock.now()}`))
  await clock.advance(2500)
  keepAlive.sign()
  await clock.advance(60_000)
  expect(events).toEqual(['silent for 5000 ms at 7500'])
})

test('a process that stood still asks first: a peer that only answers had no reason to say anything', async () => {
  const clock = new VirtualClock()
  const events: string[] = []
  const keepAlive = new KeepAlive(
    clock,
    LIMITS,
    () => events.push(`ping at ${clock.now()}`),
    (reason) => events.push(reason),
  )
  await clock.advance(900)
  keepAlive.sign()
  clock.stall(60_000)
  await clock.advance(0)
  expect(events).toEqual(['ping at 60900'])
  await clock.advance(60_000)
  expect(events.at(-1)).toMatch(/^silent for 5000 ms$/)
})

test('a process that was held up reads what has arrived before it judges', () => {
  const held = new HeldUpClock()
  const silences: string[] = []
  const keepAlive = new KeepAlive(held, LIMITS, null, (reason) => silences.push(reason))
  held.time = 10_000
  held.fireTimer()
  keepAlive.sign() // The poll phase: what lay in the socket all the time.
  held.runSoon()
  expect(silences).toEqual([])
})

test('stopped, it neither pings nor judges, and leaves no timer', async () => {
  const clock = new VirtualClock()
  const events: string[] = []
  const keepAlive = new KeepAlive(
    clock,
    LIMITS,
    () => void events.push('ping'),
    (reason) => events.push(reason),
  )
  keepAlive.stop()
  await clock.advance(60_000)
  expect([events, clock.waiting]).toEqual([[], 0])
})

/** Time passes without anything being run: the event loop stands still. */
class HeldUpClock implements Clock {
  time = 0
  fireTimer: () => void = () => {}
  runSoon: () => void = () => {}

  now(): number {
    return this.time
  }

  schedule(_delayMs: number, action: () => void): () => void {
    this.fireTimer = action
    return () => {}
  }

  soon(action: () => void): void {
    this.runSoon = action
  }
}

test.each([4133.220823893779, 15744.369740841257])(
  'a timer that is late by next to nothing is late enough: from %d on',
  async (start) => {
    const clock = new VirtualClock()
    let looks = 0
    const late: Clock = {
      now: () => start + clock.now(),
      schedule: (delayMs, action) => clock.schedule(delayMs + 1e-6, action),
      soon: (action) => {
        looks++
        clock.soon(action)
      },
    }
    new KeepAlive(late, LIMITS, null, () => {})
    await clock.advance(6000)
    expect(looks).toBeLessThan(10)
  },
)

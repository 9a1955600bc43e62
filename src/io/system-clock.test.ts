import { expect, test } from 'vitest'
import { systemClock } from './system-clock.ts'

test('time does not go back', () => {
  const clock = systemClock()
  let last = clock.now()
  for (let i = 0; i < 10_000; i++) {
    const now = clock.now()
    expect(now).toBeGreaterThanOrEqual(last)
    last = now
  }
})

test('what is scheduled runs once, when it is due, and never at once', async () => {
  const clock = systemClock()
  const start = clock.now()
  let runs = 0
  await new Promise<void>((resolve) => {
    clock.schedule(20, () => {
      runs++
      resolve()
    })
    expect(runs).toBe(0)
  })
  expect(clock.now() - start).toBeGreaterThanOrEqual(19)
  expect(runs).toBe(1)
})

test('what is cancelled does not run, and cancelling twice or late does nothing', async () => {
  const clock = systemClock()
  let runs = 0
  const cancel = clock.schedule(1, () => runs++)
  cancel()
  cancel()
  const late = await new Promise<() => void>((resolve) => {
    const done = clock.schedule(10, () => resolve(done))
  })
  late()
  expect(runs).toBe(0)
})

test('a delay of a hundred days does not fire at once, as a bare setTimeout would', async () => {
  const clock = systemClock()
  let fired = false
  const cancel = clock.schedule(100 * 24 * 3600 * 1000, () => {
    fired = true
  })
  await new Promise<void>((resolve) => void clock.schedule(20, resolve))
  cancel()
  expect(fired).toBe(false)
})

test('soon runs after the current turn, in order, and before a timer that is not due yet', async () => {
  const clock = systemClock()
  const order: string[] = []
  await new Promise<void>((resolve) => {
    clock.schedule(30, () => {
      order.push('timer')
      resolve()
    })
    clock.soon(() => order.push('first'))
    clock.soon(() => order.push('second'))
    order.push('now')
  })
  expect(order).toEqual(['now', 'first', 'second', 'timer'])
})

import { beforeEach, expect, test } from 'vitest'
import { TestClock } from '../testing/test-clock.ts'
import { GatheredClock } from './gathered-clock.ts'

let clock: TestClock
let gathered: GatheredClock

beforeEach(() => {
  clock = new TestClock()
  gathered = new GatheredClock(clock)
})

test('a hundred timers within ten milliseconds take one timer of the clock below, and run together', async () => {
  const ran: number[] = []
  for (let i = 0; i < 100; i++) gathered.schedule(201 + i / 12, () => ran.push(clock.now()))
  expect(clock.waiting).toBe(1)
  await clock.advance(300)
  expect(ran).toEqual(Array.from({ length: 100 }, () => 210))
})

test('the last one that is cancelled takes the timer with it', () => {
  const [one, other] = [gathered.schedule(45, () => {}), gathered.schedule(45, () => {})]
  one()
  one()
  expect(clock.waiting).toBe(1)
  other()
  expect(clock.waiting).toBe(0)
})

test('one that is cancelled by another of the same moment does not run', async () => {
  const ran: string[] = []
  gathered.schedule(5, () => {
    ran.push('first')
    cancel()
  })
  const cancel = gathered.schedule(5, () => ran.push('second'))
  await clock.advance(50)
  expect(ran).toEqual(['first'])
})

test('one that throws does not take the others with it', async () => {
  const ran: string[] = []
  gathered.schedule(5, () => {
    throw new Error('of one group')
  })
  gathered.schedule(5, () => ran.push('of another'))
  await expect(clock.advance(50)).rejects.toThrow('of one group')
  await clock.advance(50)
  expect(ran).toEqual(['of another'])
})

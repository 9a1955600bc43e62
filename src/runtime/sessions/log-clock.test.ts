import { expect, test } from 'vitest'
import { LogClock } from './log-clock.ts'

test('log time goes on from where the log has come to, by the leader’s own clock', () => {
  const clock = new LogClock()
  clock.set(3, 5000, 100)
  expect([clock.read(3, 100), clock.read(3, 1350.9)]).toEqual([5000, 6250])
})

test('log time is not known in a term before it was set there', () => {
  const clock = new LogClock()
  expect([clock.isSet(0), clock.read(0, 50), clock.read(1, 50)]).toEqual([false, 0, 0])
  clock.set(3, 5000, 100)
  expect([clock.isSet(3), clock.isSet(4), clock.read(4, 9000)]).toEqual([true, false, 0])
})

test('log time stands still from the end of one term to the beginning of the next', () => {
  const [first, second] = [new LogClock(), new LogClock()]
  first.set(1, 0, 1000)
  const last = first.read(1, 4000)
  second.set(2, last, 777_000)
  expect(second.read(2, 777_001)).toBe(last + 1)
})

// The cache must not mix up what merely hashes alike: that would be a wrong verdict, once in a long while.

import { expect, test } from 'vitest'
import { Configurations } from './configurations.ts'
import { Placed } from './placed.ts'

test('equal hashes do not make configurations equal', () => {
  const seen = new Configurations()
  const add = (state: number, ...words: readonly number[]): boolean =>
    seen.add(7, 7, state, Int32Array.from(words), words.length)
  expect([add(1, 5), add(1, 6), add(2, 5), add(1, 5, 0), add(1)]).toEqual([true, true, true, true, true])
  expect([add(1, 5), add(1, 6), add(2, 5), add(1, 5, 0), add(1)]).toEqual([false, false, false, false, false])
})

test('ten thousand that hash to the same few places are all told apart', () => {
  const seen = new Configurations()
  const add = (i: number): boolean => seen.add(i % 3, i % 2, i, Int32Array.of(i % 50), 1)
  const numbers = Array.from({ length: 10_000 }, (_, i) => i)
  expect(numbers.filter((i) => i % 10 === 0).every(add)).toBe(true)
  expect(numbers.filter((i) => i % 10 === 0).some(add)).toBe(false)
})

test('a set is the same in whatever order it came about, and another with any other member', () => {
  const placed = new Placed(200, 240)
  const order = [...Array(90).keys(), 210, 100]
  for (const one of order) placed.add(one)
  expect(placed.isNewWith(3)).toBe(true)
  for (const one of [...order].reverse()) placed.delete(one)
  for (const one of [...order].reverse()) placed.add(one)
  expect([placed.isNewWith(3), placed.isNewWith(4)]).toEqual([false, true])
  for (const one of [0, 63, 64, 100, 210]) {
    placed.delete(one)
    expect(placed.isNewWith(3), String(one)).toBe(true)
    placed.add(one)
  }
  placed.add(239)
  expect(placed.isNewWith(3)).toBe(true)
})

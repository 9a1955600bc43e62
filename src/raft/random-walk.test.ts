// Random schedules of everything that can go wrong, with the invariants checked after every step.
import { describe, expect, test } from 'vitest'
import { randomWalk } from './testing/random-walk.ts'

const STEPS = 1500

describe.each([3, 5])('%i servers keep every promise in a random walk', (serverCount) => {
  test.each(Array.from({ length: 8 }, (_, seed) => seed + 1))('seed %i', (seed) => {
    const { committed } = randomWalk(seed, serverCount, STEPS)
    expect(committed).toBeGreaterThan(1)
  })
})

test('the walks reach what they are meant to test', () => {
  const { committed, terms, readsServed, crashes, snapshots } = randomWalk(1, 3, 5000)
  expect(committed).toBeGreaterThan(100)
  expect(terms).toBeGreaterThan(5)
  expect(readsServed).toBeGreaterThan(10)
  expect(crashes).toBeGreaterThan(5)
  expect(snapshots).toBeGreaterThan(5)
})

test('the same seed walks the same way', () => {
  expect(randomWalk(7, 3, 500)).toEqual(randomWalk(7, 3, 500))
})

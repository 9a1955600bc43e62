// Random schedules of everything that can go wrong, with the invariants checked after every step.
import { describe, expect, test } from 'vitest'
import { randomWalk, type WalkSummary } from './testing/random-walk.ts'

const STEPS = 1500

describe.each([3, 5])('%i servers keep every promise in a random walk', (serverCount) => {
  test.each(Array.from({ length: 8 }, (_, seed) => seed + 1))('seed %i', (seed) => {
    const { committed } = randomWalk(seed, { servers: serverCount, steps: STEPS })
    expect(committed).toBeGreaterThan(1)
  })
})

describe('servers that come and go break no promise either', () => {
  test.each(Array.from({ length: 12 }, (_, seed) => seed + 1))('seed %i', (seed) => {
    const { committed } = randomWalk(seed, { servers: 3, joiners: 4, steps: 2 * STEPS })
    expect(committed).toBeGreaterThan(1)
  })
})

test('the walks reach what they are meant to test', () => {
  const walks = [1, 2, 3, 4, 5].map((seed) => randomWalk(seed, { servers: 3, steps: STEPS }))
  const total = (of: keyof WalkSummary): number => walks.reduce((sum, walk) => sum + walk[of], 0)
  expect(total('committed')).toBeGreaterThan(60)
  expect(total('terms')).toBeGreaterThan(15)
  expect(total('readsServed')).toBeGreaterThan(10)
  expect(total('crashes')).toBeGreaterThan(15)
  expect(total('snapshots')).toBeGreaterThan(10)
  expect(total('rests')).toBeGreaterThan(5)
})

test('the same seed walks the same way', () => {
  const settings = { servers: 3, joiners: 2, steps: 500 }
  expect(randomWalk(7, settings)).toEqual(randomWalk(7, settings))
})

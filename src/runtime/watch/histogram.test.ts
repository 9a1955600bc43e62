import { expect, test } from 'vitest'
import { Histogram } from './histogram.ts'

test('a value counts in the first bucket whose bound it does not exceed', () => {
  const histogram = new Histogram([1, 10])
  for (const value of [0, 1, 1.5, 10, 11]) histogram.observe(value)
  expect(histogram.read()).toEqual({ bounds: [1, 10], counts: [2, 2, 1], sum: 23.5, count: 5 })
})

test('a reading does not change when more is observed', () => {
  const histogram = new Histogram([1])
  const before = histogram.read()
  histogram.observe(0.5)
  expect(before.counts).toEqual([0, 0])
})

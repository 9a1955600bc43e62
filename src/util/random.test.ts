import { describe, expect, test } from 'vitest'
import { Random } from './random.ts'

const draw = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.uint32())

test('the same seed draws the same numbers, another seed others', () => {
  expect(draw(new Random(42), 20)).toEqual(draw(new Random(42), 20))
  expect(draw(new Random(42), 20)).not.toEqual(draw(new Random(43), 20))
  expect(draw(new Random(1), 20)).not.toEqual(draw(new Random(1 + 2 ** 32), 20))
})

test('a saved state goes on where it was', () => {
  const random = new Random(5)
  draw(random, 7)
  const state = random.save()
  const expected = draw(random, 5)
  random.restore(state)
  expect(draw(random, 5)).toEqual(expected)
})

describe('a hundred thousand draws', () => {
  test('fall evenly into ten parts', () => {
    const random = new Random(1)
    const counts = new Array<number>(10).fill(0)
    for (let i = 0; i < 100_000; i++) {
      const part = random.below(10)
      counts[part] = (counts[part] as number) + 1
    }
    // Five standard deviations of a binomial: 10,000 ± 474.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(474)
  })

  test('set every bit half of the time', () => {
    const random = new Random(2)
    const ones = new Array<number>(32).fill(0)
    for (let i = 0; i < 100_000; i++) {
      const value = random.uint32()
      for (let bit = 0; bit < 32; bit++) ones[bit] = (ones[bit] as number) + ((value >>> bit) & 1)
    }
    for (const count of ones) expect(Math.abs(count - 50_000)).toBeLessThan(800)
  })
})

test('ranges hold, with both ends of `between`', () => {
  const random = new Random(3)
  const seen = new Set(Array.from({ length: 200 }, () => random.between(-1, 1)))
  expect([...seen].sort((left, right) => left - right)).toEqual([-1, 0, 1])
  for (let i = 0; i < 1000; i++) expect(random.fraction()).toBeLessThan(1)
  expect([random.chance(0), random.chance(1)]).toEqual([false, true])
  expect(['a', 'b']).toContain(random.pick(['a', 'b']))
})

test('a generator that was split off draws its own numbers, and the same ones each time', () => {
  const [left, right] = [new Random(9), new Random(9)]
  expect(draw(left.split(), 10)).toEqual(draw(right.split(), 10))
  expect(draw(left.split(), 10)).not.toEqual(draw(left, 10))
})

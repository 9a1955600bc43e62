import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Deque } from './deque.ts'

test('what came first goes first', () => {
  const deque = new Deque<string>(2)
  for (const item of ['a', 'b', 'c']) deque.push(item)
  expect([deque.first(), deque.last(), deque.at(1), deque.length]).toEqual(['a', 'c', 'b', 3])
  expect([deque.shift(), deque.shift(), deque.shift(), deque.shift()]).toEqual(['a', 'b', 'c', undefined])
})

test('outside of it there is nothing', () => {
  const deque = new Deque<string>()
  deque.push('a')
  expect([deque.at(-1), deque.at(1), new Deque().first(), new Deque().last()]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test('against a plain array, over many turns of the ring', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('push', 'push', 'push', 'shift', 'shift', 'pop', 'clear'), { maxLength: 200 }),
      (steps) => {
        const deque = new Deque<number>(2)
        let model: number[] = []
        steps.forEach((step, i) => {
          if (step === 'push') {
            deque.push(i)
            model.push(i)
          } else if (step === 'shift') expect(deque.shift()).toBe(model.shift())
          else if (step === 'pop') expect(deque.pop()).toBe(model.pop())
          else if (i % 7 === 0) {
            deque.clear()
            model = []
          }
          expect(Array.from({ length: deque.length }, (_, place) => deque.at(place))).toEqual(model)
          expect(deque.last()).toBe(model.at(-1))
        })
      },
    ),
  )
})

import { expect, test } from 'vitest'
import { assert, InvariantError, unreachable } from './assert.ts'

test('what holds passes, what does not stops with its numbers', () => {
  expect(() => assert(true, 'fine')).not.toThrow()
  expect(() => assert(false, 'entry 5 after 3')).toThrow(new InvariantError('entry 5 after 3'))
  expect(new InvariantError('x').code).toBe('ERR_QUORATE_INVARIANT')
})

test('the end of a switch names what nobody handled', () => {
  expect(() => unreachable({ type: 'Surprise' } as never)).toThrow('unreachable: {"type":"Surprise"}')
})

import { expect, test } from 'vitest'
import { AddressBook } from './address-book.ts'

test('what is new, gone or elsewhere is told once', () => {
  const book = new AddressBook<string>()
  expect(book.set('x', { a: 'a:1', b: 'b:1' })).toEqual(['a', 'b'])
  expect(book.set('x', { a: 'a:1', b: 'b:2' })).toEqual(['b'])
  expect(book.set('x', { b: 'b:2', c: 'c:1' })).toEqual(['a', 'c'])
  expect([[...book.ids()], book.addressOf('a'), book.addressOf('b')]).toEqual([['b', 'c'], undefined, 'b:2'])
})

test('a server is in it for as long as anybody names it', () => {
  const book = new AddressBook<string>()
  expect([book.set('x', { a: 'a:1' }), book.set('y', { a: 'a:1' }), book.set('x', {})]).toEqual([['a'], [], []])
  expect(book.set('y', {})).toEqual(['a'])
})

test('the latest change of an address holds, and who repeats the earlier one changes nothing', () => {
  const book = new AddressBook<string>()
  for (const owner of ['x', 'y']) book.set(owner, { a: 'a:1' })
  expect(book.set('y', { a: 'a:2' })).toEqual(['a'])
  expect(book.set('x', { a: 'a:1', b: 'b:1' })).toEqual(['b'])
  expect(book.set('x', { a: 'a:2' })).toEqual(['b'])
  expect(book.set('y', {})).toEqual([])
  expect(book.addressOf('a')).toBe('a:2')
})

test('a name that every object has is a name as any other', () => {
  const book = new AddressBook<string>()
  expect(book.set('x', { toString: 'a:1' })).toEqual(['toString'])
  expect([book.addressOf('toString'), book.addressOf('constructor')]).toEqual(['a:1', undefined])
})

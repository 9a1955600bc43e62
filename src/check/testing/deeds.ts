// What operations can do in exhaustive tests: two values, or texts of two letters.

import type { Deed } from './all-histories.ts'

export const REGISTER_DEEDS: readonly Deed[] = [
  { f: 'read', result: null },
  { f: 'read', result: 1 },
  { f: 'read', result: 2 },
  { f: 'write', value: 1 },
  { f: 'write', value: 2 },
  { f: 'write', value: 1, isUnknown: true },
  { f: 'cas', value: [1, 2] },
  { f: 'cas', value: [1, 2], isUnknown: true },
]

export const KEY_DEEDS: readonly Deed[] = [
  { f: 'get', result: '' },
  { f: 'get', result: 'a' },
  { f: 'get', result: 'ab' },
  { f: 'put', value: 'a' },
  { f: 'append', value: 'a' },
  { f: 'append', value: 'b' },
  { f: 'append', value: 'b', isUnknown: true },
  { f: 'delete', isUnknown: true },
]

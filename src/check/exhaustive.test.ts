// The checker beside the definition, on every small history there is.

import { describe, expect, test } from 'vitest'
import { checkLinearizability } from './check.ts'
import { prefixOf } from './longest-prefix.ts'
import type { Model } from './model.ts'
import { keyValue, register } from './models.ts'
import type { Operation } from './operation.ts'
import { allHistories, allShapes, type Deed } from './testing/all-histories.ts'
import { complaintOn, isLinearizable } from './testing/brute-force.ts'

const REGISTER: readonly Deed[] = [
  { f: 'read', result: null },
  { f: 'read', result: 1 },
  { f: 'read', result: 2 },
  { f: 'write', value: 1 },
  { f: 'write', value: 2 },
  { f: 'write', value: 1, isUnknown: true },
  { f: 'cas', value: [1, 2] },
  { f: 'cas', value: [1, 2], isUnknown: true },
]

const KEY: readonly Deed[] = [
  { f: 'get', result: '' },
  { f: 'get', result: 'a' },
  { f: 'get', result: 'ab' },
  { f: 'put', value: 'a' },
  { f: 'append', value: 'a' },
  { f: 'append', value: 'b' },
  { f: 'append', value: 'b', isUnknown: true },
  { f: 'delete', isUnknown: true },
]

/** The same object to the eye, and a stranger to the checker: it gets none of what is done for the built-in models. */
const stranger = (model: Model<unknown>): Model<unknown> => ({ ...model })

function differences(histories: Iterable<Operation[]>, model: Model<unknown>): { count: number; bad: number; wrong: unknown[] } {
  const wrong: unknown[] = []
  let [count, bad] = [0, 0]
  for (const history of histories) {
    const expected = isLinearizable(history, model)
    const { verdict, parts } = checkLinearizability(history, model)
    const order = parts[0]?.order ?? null
    const isRight = verdict === (expected ? 'linearizable' : 'not') && (order === null || complaintOn(order, history, model) === null)
    if (!isRight && wrong.length < 3) wrong.push({ history, verdict, order })
    count++
    if (!expected) bad++
  }
  return { count, bad, wrong }
}

test('there are 1, 3, 15 and 105 ways for operations to overlap', () => {
  expect([1, 2, 3, 4].map((count) => allShapes(count).length)).toEqual([1, 3, 15, 105])
})

describe.each([
  ['register', register, REGISTER],
  ['key', keyValue, KEY],
] as const)('%s: verdicts and linearizations are right', (name, model, deeds) => {
  const key = name === 'key' ? 'x' : undefined
  test('for all histories', () => {
    for (const n of [1,2,3,4]) { const t = performance.now(); const d = differences(allHistories(n, deeds, key), model); console.log(name, n, d.count, d.bad, performance.now() - t, JSON.stringify(d.wrong)) }
    for (const n of [1,2,3]) { const t = performance.now(); const d = differences(allHistories(n, deeds, key), stranger(model)); console.log('stranger', name, n, d.count, d.bad, performance.now() - t, JSON.stringify(d.wrong)) }
  }, 100000)
})

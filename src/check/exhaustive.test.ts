// The checker beside the definition, on every small history there is. `npm run check:exhaustive` goes further than these
// tests do: all that four operations can do, whichever of them overlap.

import { describe, expect, test } from 'vitest'
import type { Model } from './model.ts'
import { keyValue, register } from './models.ts'
import { allHistories, allShapes, type Deed } from './testing/all-histories.ts'
import { compareReports, compareVerdicts } from './testing/compare.ts'
import { KEY_DEEDS, REGISTER_DEEDS } from './testing/deeds.ts'

/** The same object to the eye, and a stranger to the checker: it gets nothing of what is done for the built-in models. */
const stranger = (model: Model<unknown>): Model<unknown> => ({ ...model })

test('there are 1, 3, 15 and 105 ways for operations to lie in time, 27 of four by two clients', () => {
  expect([1, 2, 3, 4].map((count) => allShapes(count).length)).toEqual([1, 3, 15, 105])
  expect(allShapes(4, 2)).toHaveLength(27)
})

const OBJECTS: readonly (readonly [string, Model<unknown>, readonly Deed[], string | undefined])[] = [
  ['a register', register, REGISTER_DEEDS, undefined],
  ['a key', keyValue, KEY_DEEDS, 'x'],
]

describe.each(OBJECTS)('of %s', (_, model, deeds, key) => {
  test.each([
    [1, 8],
    [2, 148],
  ])('all histories of %i operations break where they should, if they do', (count, histories) => {
    const { count: counted, bad, differences } = compareReports(allHistories(count, deeds, { key }), model)
    expect({ counted, differences }).toEqual({ counted: histories, differences: [] })
    expect(bad).toBeGreaterThan(histories / 5)
  })

  test('all 4,472 of three are judged right, also by a model of unknown making', () => {
    for (const one of [model, stranger(model)]) {
      const { count, bad, differences } = compareVerdicts(allHistories(3, deeds, { key }), one)
      expect({ count, differences }).toEqual({ count: 4472, differences: [] })
      expect(bad).toBeGreaterThan(2000)
    }
  })

  test('all of four operations by two clients are judged right', () => {
    const { count, differences } = compareVerdicts(allHistories(4, deeds, { key, clients: 2 }), model)
    expect(differences).toEqual([])
    expect(count).toBeGreaterThan(40_000)
  })
})

// Histories of a correct object that were drawn, and wrong ones made of them, beside the definition.

import { describe, expect, test } from 'vitest'
import { Random } from '../util/random.ts'
import { checkLinearizability } from './check.ts'
import type { Model } from './model.ts'
import { keyValue, register } from './models.ts'
import { type Operation, operationsOf } from './operation.ts'
import { complaintOn } from './testing/brute-force.ts'
import { compareReports } from './testing/compare.ts'
import { type Plan, randomHistory, swapTwoAnswers } from './testing/random-history.ts'

const PLANS: readonly (readonly [string, Omit<Plan, 'seed'>, Model<unknown>])[] = [
  ['a register with few values', { operations: 6, clients: 4, values: 2, lost: 0.15 }, register],
  ['a register with a value for each write', { operations: 6, clients: 6, lost: 0.15 }, register],
  [
    'writes, reads and lost answers',
    { operations: 6, clients: 4, values: 3, lost: 0.4, verbs: ['read', 'write', 'read'] },
    register,
  ],
  ['texts that grow', { operations: 6, clients: 4, keys: 1, values: 2, lost: 0.15 }, keyValue],
  [
    'texts that are deleted',
    { operations: 6, clients: 5, keys: 1, lost: 0.15, verbs: ['get', 'append', 'delete', 'get', 'cas'] },
    keyValue,
  ],
  [
    'two keys',
    { operations: 9, clients: 3, keys: 2, values: 2, lost: 0.1, verbs: ['get', 'put', 'get', 'cas'] },
    keyValue,
  ],
]

const SEEDS = 80

/** What a seed gives, and half of the time two of its answers exchanged. */
function* drawn(plan: Omit<Plan, 'seed'>): Generator<Operation[]> {
  for (let seed = 0; seed < SEEDS; seed++) {
    const operations = operationsOf(randomHistory({ ...plan, seed }))
    yield operations
    yield swapTwoAnswers(operations, new Random(seed))
  }
}

describe('a handful of operations:', () => {
  test.each(PLANS)('%s', (_, plan, model) => {
    // The definition knows one object: two keys are judged one by one.
    const keys = plan.keys === 2 ? ['k0', 'k1'] : [undefined]
    for (const key of keys) {
      const histories = [...drawn(plan)].map((all) => (key === undefined ? all : all.filter((one) => one.key === key)))
      const { bad, differences } = compareReports(histories, model)
      expect(differences).toEqual([])
      expect(bad).toBeGreaterThan(SEEDS / 40)
    }
  })
})

describe('a thousand operations:', () => {
  const LARGE: readonly (readonly [string, Omit<Plan, 'seed'>, Model<unknown>])[] = [
    ['registers', { operations: 1000, clients: 10, lost: 0.05 }, register],
    ['registers with few values', { operations: 1000, clients: 8, values: 5, lost: 0.02 }, register],
    ['texts', { operations: 1000, clients: 10, keys: 2, lost: 0.05 }, keyValue],
    [
      'keys',
      { operations: 1000, clients: 20, keys: 10, values: 4, lost: 0.02, verbs: ['get', 'put', 'delete'] },
      keyValue,
    ],
  ]

  test.each(LARGE)('%s of a correct object are linearizable, and the order that is given is one', (_, plan, model) => {
    for (const seed of [1, 2]) {
      const { verdict, parts } = checkLinearizability(operationsOf(randomHistory({ ...plan, seed })), model)
      expect(verdict).toBe('linearizable')
      for (const { order, operations } of parts) expect(complaintOn(order ?? [], operations, model)).toBeNull()
    }
  })

  test('a read of what was overwritten long ago is found, and named', () => {
    const operations = operationsOf(randomHistory({ seed: 3, operations: 1000, clients: 10, verbs: ['read', 'write'] }))
    const reads = operations.filter(({ f }) => f === 'read')
    const [early, late] = [reads[50], reads[400]] as [Operation, Operation]
    const stale = operations.map((one) => (one === late ? { ...one, result: early.result } : one))
    const { verdict, parts } = checkLinearizability(stale, register)
    expect(verdict).toBe('not')
    expect(parts[0]?.break).toMatchObject({ operation: { invoked: late.invoked, result: early.result }, isFirst: true })
  })
})

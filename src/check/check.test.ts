// What the checker promises around its verdict: limits, parts, models of one's own, and errors that help.

import { describe, expect, test } from 'vitest'
import { checkLinearizability } from './check.ts'
import type { Call, Model } from './model.ts'
import { keyValue, register } from './models.ts'
import { type Operation, operationsOf } from './operation.ts'
import { randomHistory } from './testing/random-history.ts'

const at = (invoked: number, completed: number | null, f: string, value: unknown, result?: unknown): Operation => ({
  process: invoked,
  f,
  value,
  result,
  invoked,
  completed,
})

/** Two writes one after the other, and a read of the first. */
const STALE = [at(1, 2, 'write', 1), at(3, 4, 'write', 2), at(5, 6, 'read', null, 1)]

describe('the verdict', () => {
  test('names the completion that breaks it, and an order of what was before', () => {
    const { verdict, parts } = checkLinearizability(STALE, register)
    expect(verdict).toBe('not')
    expect(parts[0]?.break).toEqual({ operation: STALE[2], order: STALE.slice(0, 2), completed: 2, isFirst: true })
  })

  test('is yes for a history without operations', () => {
    expect(checkLinearizability([], register)).toMatchObject({ verdict: 'linearizable', parts: [], steps: 0 })
  })

  test('treats what touches as overlapping', () => {
    expect(checkLinearizability([at(1, 2, 'write', 1), at(2, 3, 'read', null, null)], register).verdict).toBe(
      'linearizable',
    )
  })

  test.each([
    ['a number', 1, 2],
    ['text', 'a', 'b'],
    ['a list', [1, [2]], [1, [3]]],
    ['an object, whatever the order of its fields', { a: 1, b: { c: null } }, { a: 1, b: { c: 0 } }],
  ])('compares values by content: %s', (_, value, other) => {
    const copy: unknown = JSON.parse(JSON.stringify(value))
    const reading = (result: unknown): string =>
      checkLinearizability([at(1, 2, 'write', value), at(3, 4, 'read', null, result)], register).verdict
    expect([reading(copy), reading(other)]).toEqual(['linearizable', 'not'])
    const turned = { b: { c: null }, a: 1 }
    if (typeof value === 'object' && !Array.isArray(value)) expect(reading(turned)).toBe('linearizable')
  })

  test('is the same at the same number of steps', () => {
    const operations = operationsOf(randomHistory({ seed: 5, operations: 300, clients: 10, values: 3 }))
    const [one, other] = [checkLinearizability(operations, register), checkLinearizability(operations, register)]
    expect(one.steps).toBeGreaterThan(300)
    expect(other).toEqual(one)
  })
})

describe('a limit', () => {
  // A model that we know nothing of, thirty writes at once and a read of what nobody wrote: there is no short cut.
  const hard = [...Array.from({ length: 30 }, (_, i) => at(1, 9, 'write', i)), at(10, 11, 'read', null, -1)]
  const stranger: Model<unknown> = { ...register }

  test('of steps makes it unknown, never yes', () => {
    const { verdict, exhausted, steps } = checkLinearizability(hard, stranger, { maxSteps: 10_000 })
    expect({ verdict, exhausted }).toEqual({ verdict: 'unknown', exhausted: 'steps' })
    expect(steps).toBeGreaterThanOrEqual(10_000)
    expect(steps).toBeLessThan(11_000)
  })

  test('of time does so, by the clock that was handed in', () => {
    let ms = 0
    const { verdict, exhausted } = checkLinearizability(hard, stranger, { now: () => ms++, timeLimitMs: 5 })
    expect({ verdict, exhausted, ms }).toEqual({ verdict: 'unknown', exhausted: 'time', ms: 6 })
  })

  test('of memory does so', () => {
    const { verdict, exhausted } = checkLinearizability(hard, stranger, { maxBytes: 100_000 })
    expect({ verdict, exhausted }).toEqual({ verdict: 'unknown', exhausted: 'memory' })
  })

  test('of memory counts the states of a model of one’s own', () => {
    const log: Model<readonly unknown[]> = {
      init: [],
      step: (all, { value, result }) => ({ ok: result !== -1, state: [...all, value] }),
    }
    const { exhausted, steps } = checkLinearizability(hard, log, { maxBytes: 5_000_000 })
    expect(exhausted).toBe('memory')
    expect(steps).toBeLessThan(100_000)
  })

  test('of time without a clock is refused', () => {
    expect(() => checkLinearizability(STALE, register, { timeLimitMs: 5 })).toThrow('timeLimitMs needs a clock')
  })

  test('reached on a hard key does not hide that another key is wrong', () => {
    const twoKeys: Model<unknown> = { ...register, partition: ({ key }) => key, refuse: () => null }
    const operations = [
      ...hard.map((one) => ({ ...one, key: 'hard' })),
      ...STALE.map((one) => ({ ...one, key: 'stale' })),
    ]
    const { verdict, parts } = checkLinearizability(operations, twoKeys, { maxSteps: 1_100_000 })
    expect(parts.map(({ key, verdict: own }) => [key, own])).toEqual([
      ['hard', 'unknown'],
      ['stale', 'not'],
    ])
    expect(verdict).toBe('not')
  })
})

describe('what nobody knows the outcome of', () => {
  test('may have happened late', () => {
    expect(
      checkLinearizability([at(1, null, 'write', 1), at(2, 3, 'read', null, null), at(4, 5, 'read', null, 1)], register)
        .verdict,
    ).toBe('linearizable')
  })

  test('happened once at most', () => {
    const seen = [at(4, 5, 'read', null, 1), at(6, 7, 'write', 2), at(8, 9, 'read', null, 1)]
    expect(checkLinearizability([at(1, null, 'write', 1), ...seen], register).verdict).toBe('not')
    expect(checkLinearizability([at(1, null, 'write', 1), at(2, null, 'write', 1), ...seen], register).verdict).toBe(
      'linearizable',
    )
  })

  test('costs little, even two hundred at a time', () => {
    const lost = Array.from({ length: 200 }, (_, i) => at(i + 1, null, 'write', i % 50))
    const reads = Array.from({ length: 60 }, (_, i) => at(300 + 2 * i, 301 + 2 * i, 'read', null, (i * 7) % 50))
    expect(checkLinearizability([...lost, ...reads], register)).toMatchObject({ verdict: 'linearizable' })
    const wrong = checkLinearizability([...lost, ...reads, at(500, 501, 'read', null, 50)], register)
    expect(wrong.verdict).toBe('not')
    expect(wrong.steps).toBeLessThan(2_000_000)
  })
})

describe('a model of one’s own', () => {
  /** A queue: what was put in first comes out first. */
  const queue: Model<readonly unknown[]> = {
    init: [],
    step(items, { f, value, result, outcome }: Call) {
      if (f === 'enqueue') return { ok: true, state: [...items, value] }
      return outcome === 'unknown' || items[0] === result ? { ok: true, state: items.slice(1) } : null
    },
  }
  const outOf = (first: unknown, second: unknown): Operation[] => [
    at(1, 4, 'enqueue', 1),
    at(2, 3, 'enqueue', 2),
    at(5, 6, 'dequeue', null, first),
    at(7, 8, 'dequeue', null, second),
  ]

  test('decides what is legal', () => {
    expect(checkLinearizability(outOf(2, 1), queue).verdict).toBe('linearizable')
    expect(checkLinearizability(outOf(2, 2), queue).verdict).toBe('not')
  })

  test('says when states are equal, if they are no JSON', () => {
    const sets: Model<ReadonlySet<unknown>> = {
      init: () => new Set(),
      step: (state, { value }) => ({ ok: true, state: new Set([...state, value]) }),
    }
    const adds = [at(1, 3, 'add', 1), at(2, 4, 'add', 2)]
    expect(() => checkLinearizability(adds, sets)).toThrow('Set cannot be compared as JSON')
    const equal = (a: ReadonlySet<unknown>, b: ReadonlySet<unknown>): boolean =>
      a.size === b.size && [...a].every((one) => b.has(one))
    expect(checkLinearizability(adds, { ...sets, equal }).verdict).toBe('linearizable')
    expect(checkLinearizability(adds, { ...sets, equal, hash: ({ size }) => size }).verdict).toBe('linearizable')
  })

  test('that alters the state it was given is found out', () => {
    const careless: Model<unknown[]> = {
      init: [],
      step: (items, { value }) => ({ ok: items.push(value) > 0, state: items }),
    }
    expect(() => checkLinearizability(outOf(1, 2), careless)).toThrow(
      /step threw on enqueue 1 → ok: TypeError: .*not extensible/,
    )
  })

  test('that returns something else than a step is found out', () => {
    const odd = { init: 0, step: () => 5 } as unknown as Model<number>
    expect(() => checkLinearizability(outOf(1, 2), odd)).toThrow(
      'step returned 5 on enqueue 1 → ok: it must return { ok, state } or null',
    )
  })
})

describe('an operation that the model does not know is refused:', () => {
  test.each([
    [{ f: 'put', value: 1 }, register, 'put without a key: a register, which has none, knows read, write, cas'],
    [{ f: 'read', key: 'x', result: 1 }, register, 'read of key "x": a register has no keys'],
    [{ f: 'pop' }, register, 'there is no pop: a register knows read, write, cas'],
    [{ f: 'read', result: 1 }, keyValue, 'read without a key, where others have one'],
    [{ f: 'write', key: 'x', value: 1 }, keyValue, 'write of a key: keys know get, put, append, delete, cas'],
    [{ f: 'get', result: '' }, keyValue, 'get without a key'],
    [{ f: 'read' }, register, 'the completion of this read has no value: write null where nothing was read'],
    [{ f: 'cas', value: 1 }, register, 'the value of cas is 1: it must be [old, new]'],
    [{ f: 'write' }, register, 'this write has no value'],
    [{ f: 'append', key: 'x', value: 1 }, keyValue, 'append of 1: only text is appended'],
  ])('%j', (operation, model, reason) => {
    const whole = { process: 0, invoked: 7, completed: 8, ...operation }
    expect(() => checkLinearizability([whole], model)).toThrow(`line 7: ${reason}`)
  })
})

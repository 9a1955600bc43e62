import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8Decode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { SortedTable } from './sorted-table.ts'
import { bytes } from './testing/vocabulary.ts'

interface Row {
  readonly key: Uint8Array
  readonly note: number
}

function tableOf(keys: readonly string[]): SortedTable<Row> {
  const table = new SortedTable<Row>()
  keys.forEach((key, note) => {
    table.set({ key: bytes(key), note })
  })
  return table
}

function keysOf(rows: Iterable<Row>): (string | null)[] {
  return [...rows].map(({ key }) => utf8Decode(key))
}

/** k00000, k00001 … */
function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `k${String(i).padStart(5, '0')}`)
}

describe('A sorted table', () => {
  test('gives records in the order of their bytes, however they came', () => {
    const table = tableOf(['b', 'a\u0000', 'a', 'é', 'ab'])
    expect(keysOf(table.freeze())).toEqual(['a', 'a\u0000', 'ab', 'b', 'é'])
  })

  test('replaces a record of the same key and says which', () => {
    const table = tableOf(['a'])
    expect(table.set({ key: bytes('a'), note: 7 })).toMatchObject({ note: 0 })
    expect([table.size, table.get(bytes('a'))?.note]).toEqual([1, 7])
  })

  test('scans from the first bound up to, and without, the second', () => {
    const table = tableOf(numbered(3000))
    const bounds = { from: bytes('k00510'), to: bytes('k01030') }
    expect(keysOf(table.scan(bounds))).toEqual(numbered(1030).slice(510))
    expect(table.countIn(bounds)).toBe(520)
  })

  test('finds nothing where the bounds are the wrong way round', () => {
    const bounds = { from: bytes('k3'), to: bytes('k1') }
    expect([keysOf(tableOf(['k0', 'k2', 'k4']).scan(bounds)), tableOf(['k2']).countIn(bounds)]).toEqual([[], 0])
  })

  test('a frozen view does not see what is written later, wherever it is written', () => {
    const table = tableOf(numbered(2000))
    const frozen = table.freeze()
    for (const key of numbered(2000)) {
      table.delete(bytes(key))
      table.set({ key: bytes(`${key}x`), note: -1 })
    }
    expect(keysOf(frozen)).toEqual(numbered(2000))
    expect(keysOf(table.freeze())).toEqual(numbered(2000).map((key) => `${key}x`))
  })

  test('keys in ascending order fill their chunks, and keys in random order keep theirs in order', () => {
    const random = new Random(1)
    const shuffled = numbered(5000).sort(() => random.fraction() - 0.5)
    for (const keys of [numbered(5000), numbered(5000).reverse(), shuffled]) {
      const table = tableOf(keys)
      table.checkInvariants()
      for (const key of keys.slice(100)) table.delete(bytes(key))
      table.checkInvariants()
      expect(table.size).toBe(100)
    }
  })

  test('agrees with a plain map, whatever is done to it', () => {
    const random = new Random(2)
    const table = new SortedTable<Row>()
    const model = new Map<string, number>()
    for (let step = 0; step < 20_000; step++) {
      const key = `k${random.below(3000)}`
      if (random.chance(step < 10_000 ? 0.3 : 0.7)) {
        expect(table.delete(bytes(key))?.note).toBe(model.get(key))
        model.delete(key)
      } else {
        expect(table.set({ key: bytes(key), note: step })?.note).toBe(model.get(key))
        model.set(key, step)
      }
      if (random.chance(0.001)) table.freeze()
      if (step % 500 === 0) table.checkInvariants()
    }
    expect(keysOf(table.freeze())).toEqual([...model.keys()].sort())
  })

  test('counts what a scan would give', () => {
    const keys = fc.array(fc.uint8Array({ maxLength: 3 }), { maxLength: 40 })
    const bound = fc.uint8Array({ maxLength: 3 })
    const property = fc.property(keys, bound, fc.option(bound), (all, from, to) => {
      const table = new SortedTable<Row>()
      for (const key of all) table.set({ key, note: 0 })
      expect(table.countIn({ from, to })).toBe([...table.scan({ from, to })].length)
    })
    fc.assert(property, { seed: 7 })
  })
})

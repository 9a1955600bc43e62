import { describe, expect, test } from 'vitest'
import { FingerprintTable } from './fingerprint-table.ts'

describe('the table of states', () => {
  test('knows which states it has seen, also after it has grown', () => {
    const table = new FingerprintTable(2 ** 24)
    const words = new Int32Array(3)
    const insertAll = (): number => {
      let news = 0
      for (let i = 0; i < 60_000; i++) {
        words.set([i, i >> 3, 7])
        if (table.insert(words, 3)) news++
      }
      return news
    }
    expect(insertAll()).toBe(60_000)
    expect(insertAll()).toBe(0)
    expect(table.count).toBe(60_000)
  })

  test('flags stay with their state', () => {
    const table = new FingerprintTable(2 ** 24)
    const words = new Int32Array(1)
    for (let i = 0; i < 60_000; i++) {
      words[0] = i
      table.insert(words, 1)
      table.setFlags(table.slot, i)
    }
    words[0] = 4711
    expect(table.flagsAt(table.slotOf(words, 1))).toBe(4711)
  })

  test('a state and a longer one that begins with it are two', () => {
    const table = new FingerprintTable(2 ** 20)
    const words = new Int32Array(4)
    expect([1, 2, 3, 4].map((length) => table.insert(words, length))).toEqual([true, true, true, true])
  })

  test('says that it is full while there is room for what one state leads to', () => {
    const table = new FingerprintTable(1)
    const words = new Int32Array(1)
    for (let i = 0; !table.isFull; i++) table.insert(words.fill(i), 1)
    expect(table.count).toBe(Math.ceil(4096 * 0.8))
    for (let i = 0; i < 100; i++) expect(table.insert(words.fill(-1 - i), 1)).toBe(true)
  })
})

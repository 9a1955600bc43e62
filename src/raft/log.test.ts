import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ENTRY_HEADER_BYTES } from './entry.ts'
import { RaftLog } from './log.ts'
import { bootOf } from './testing/boot.ts'
import { commandAt, entriesOf, termsOf } from './testing/logs.ts'

const log = (terms: string, base?: { index: number; term: number }): RaftLog => new RaftLog(bootOf(terms, base))

const everything = (log: RaftLog): string => termsOf(log.slice(log.baseIndex + 1, log.lastIndex, Number.MAX_VALUE))

describe('is a candidate’s log at least as up-to-date as ours? (Paper §5.4.1)', () => {
  test.each([
    // ours, candidate's last index and term, answer
    ['1 1 2', 3, 2, true],
    ['1 1 2', 4, 2, true],
    ['1 1 2', 2, 2, false],
    ['1 1 2', 9, 1, false],
    ['1 1 2', 1, 3, true],
    ['', 0, 0, true],
    ['1', 0, 0, false],
  ])('%s against %i/%i: %s', (ours, index, term, answer) => expect(log(ours).isUpToDate(index, term)).toBe(answer))
})

describe('where to try next after a conflict (Paper §5.3)', () => {
  test.each([
    // log, index and term that conflicted, the largest index ≤ index of a term ≤ term
    ['1 1 2 2 3', 5, 3, 5],
    ['1 1 2 2 3', 5, 2, 4],
    ['1 1 2 2 3', 4, 1, 2],
    ['1 1 2 2 3', 9, 9, 5],
    ['4 4 5', 3, 1, 0],
    ['1 3 3', 1, 3, 1],
  ])('%s, %i/%i → %i', (terms, index, term, place) => expect(log(terms).lastIndexOfTermAtMost(index, term)).toBe(place))

  test('never before the base', () => expect(log('7 7', { index: 3, term: 5 }).lastIndexOfTermAtMost(5, 1)).toBe(3))
})

describe('what the log knows of an index', () => {
  const compacted = log('2 2 3', { index: 3, term: 1 })

  test.each([
    [2, null],
    [3, 1],
    [4, 2],
    [6, 3],
    [7, null],
  ])('the term at %i of (3/1) 2 2 3 is %s', (index, term) => expect(compacted.termAt(index)).toBe(term))

  test('its range reads as base and last', () => expect(compacted.range()).toBe('(3, 6]'))
  test('an index matches with its own term only', () => {
    expect(compacted.matches(4, 2)).toBe(true)
    expect(compacted.matches(4, 3)).toBe(false)
    expect(compacted.matches(7, 3)).toBe(false)
  })
})

describe('cutting and appending', () => {
  test('a cut takes the durable claim down with it', () => {
    const cut = log('1 1 2 2')
    cut.truncateFrom(3)
    expect([everything(cut), cut.lastIndex, cut.durableIndex, cut.lastTerm]).toEqual(['1 1', 2, 2, 1])
  })

  test('what is appended is not durable yet', () => {
    const longer = log('1 1')
    longer.append(entriesOf('2', 3))
    expect([everything(longer), longer.durableIndex]).toEqual(['1 1 2', 2])
  })

  test('a gap, a falling term and a cut at the base are our own mistakes', () => {
    expect(() => log('1 1').append(entriesOf('1', 4))).toThrow('entry 4 appended after 2')
    expect(() => log('1 2').append(entriesOf('1', 3))).toThrow('term 1 at index 3 after term 2')
    expect(() => log('2', { index: 3, term: 1 }).truncateFrom(3)).toThrow('cannot cut at 3')
  })

  test('a snapshot replaces everything, and nothing is durable until its batch is', () => {
    const replaced = log('1 1 2')
    replaced.resetTo(7, 4)
    expect([replaced.range(), replaced.baseTerm, replaced.durableIndex, replaced.bytesInMemory]).toEqual([
      '(7, 7]',
      4,
      0,
      0,
    ])
  })
})

describe('memory', () => {
  const bytes = ENTRY_HEADER_BYTES + 3

  test('a slice takes what fits, but at least one entry', () => {
    expect(termsOf(log('1 1 1').slice(1, 3, 2 * bytes))).toBe('1 1')
    expect(termsOf(log('1 1 1').slice(2, 3, 1))).toBe('1')
    expect(log('1 1 1').slice(3, 2, 1)).toEqual([])
  })

  test('the tail grows to twice its limit, then shrinks to it, oldest first', () => {
    const long = log('1 1 1 1 1')
    long.evict(3 * bytes, 5)
    expect(long.bytesInMemory).toBe(5 * bytes)
    long.evict(2 * bytes, 5)
    expect([long.bytesInMemory, long.isInMemory(3), long.isInMemory(4)]).toEqual([2 * bytes, false, true])
    expect(long.termAt(1)).toBe(1)
  })

  test('nothing behind upTo leaves memory', () => {
    const long = log('1 1 1 1 1')
    long.evict(1, 2)
    expect([long.isInMemory(2), long.isInMemory(3)]).toEqual([false, true])
  })
})

test('against a plain array of terms: append, cut, compact, evict and replace', () => {
  const step = fc.tuple(fc.constantFrom('append', 'cut', 'compact', 'evict', 'reset'), fc.nat(20))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const subject = log('')
      let terms = [0] // by index; the base is at `base`
      let base = 0
      for (const [name, n] of steps) {
        const last = terms.length - 1
        if (name === 'append') {
          const term = (terms[last] as number) + (n % 3 === 0 ? 1 : 0)
          subject.append([commandAt(last + 1, term)])
          terms.push(term)
        } else if (name === 'cut' && last > base) {
          const from = base + 1 + (n % (last - base))
          subject.truncateFrom(from)
          terms = terms.slice(0, from)
        } else if (name === 'compact') {
          base = Math.max(base, Math.min(base + n, last))
          subject.compactTo(base)
        } else if (name === 'evict') {
          subject.evict(n * 10, last - (n % 3))
        } else if (name === 'reset' && n > 17) {
          base = last + n
          terms = Array.from({ length: base + 1 }, () => terms[last] as number)
          subject.resetTo(base, terms[base] as number)
        }
        expect([subject.baseIndex, subject.lastIndex]).toEqual([base, terms.length - 1])
        for (let index = base; index < terms.length; index++) {
          expect(subject.termAt(index)).toBe(terms[index])
          expect(subject.entryAt(index + 1)?.term).toBe(subject.isInMemory(index + 1) ? terms[index + 1] : undefined)
        }
      }
    }),
  )
})

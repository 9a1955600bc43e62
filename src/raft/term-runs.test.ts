import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TermRuns } from './term-runs.ts'

/** The terms of a whole log, kept as runs. */
function runsOf(terms: readonly number[]): TermRuns {
  const runs = new TermRuns(0, 0)
  terms.forEach((term, place) => {
    runs.append(place + 1, term)
  })
  return runs
}

test('a million entries of three terms are three runs', () => {
  const runs = runsOf([])
  for (const [index, term] of [
    [1, 1],
    [500_000, 2],
    [999_999, 7],
  ] as const)
    runs.append(index, term)
  expect(runs.list()).toEqual([
    { index: 1, term: 1 },
    { index: 500_000, term: 2 },
    { index: 999_999, term: 7 },
  ])
  expect([runs.termAt(499_999), runs.termAt(500_000), runs.termAt(1_000_000)]).toEqual([1, 2, 7])
})

test('compaction moves the base into the run that it falls in', () => {
  const runs = runsOf([1, 1, 2, 2, 3])
  runs.compactTo(4)
  expect(runs.list()).toEqual([{ index: 5, term: 3 }])
  expect([runs.termAt(4), runs.runStart(4)]).toEqual([2, 4])
})

test('a term that falls is a mistake of ours', () => {
  expect(() => runsOf([2, 1])).toThrow('term 1 at index 2 after term 2')
})

test('boot takes only the runs behind the base', () => {
  expect(
    new TermRuns(4, 2, [
      { index: 3, term: 2 },
      { index: 6, term: 5 },
    ]).list(),
  ).toEqual([{ index: 6, term: 5 }])
})

test('against a plain array: every term, and every run’s first index', () => {
  const growth = fc.array(fc.nat(2), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(growth, fc.nat(29), fc.nat(29), (steps, cut, compact) => {
      let term = 1
      let terms = [0, ...steps.map((step) => (term += step))]
      const runs = runsOf(terms.slice(1))
      if (cut > 0 && cut < terms.length) {
        runs.truncateFrom(cut)
        terms = terms.slice(0, cut)
      }
      const base = Math.min(compact, terms.length - 1)
      if (base > 0) runs.compactTo(base)
      for (let index = base; index < terms.length; index++) {
        expect(runs.termAt(index)).toBe(terms[index])
        expect(runs.runStart(index)).toBe(Math.max(base, terms.indexOf(terms[index] as number)))
      }
    }),
  )
})

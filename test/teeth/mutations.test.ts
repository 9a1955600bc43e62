import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CHECKERS } from './checkers.ts'
import { MUTATIONS, type Mutation, placesOf } from './mutations.ts'
import { ENGINES, mutationOf, PUBLISHED, TABLE_SIZE } from './published.ts'

function occurrences(file: string, find: string): number {
  return readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').split(find).length - 1
}

test.each(MUTATIONS)('$id can be planted: what it replaces occurs once in $file', (mutation: Mutation) => {
  for (const { file, find, replace } of placesOf(mutation)) {
    expect(occurrences(file, find), `${file}: ${find}`).toBe(1)
    expect(replace).not.toBe(find)
  }
})

test('no two bugs have one name', () => {
  const ids = MUTATIONS.map(({ id }) => id)
  expect(ids.length).toBe(new Set(ids).size)
})

test('the published table has each of its numbers, and each bug once', () => {
  const numbers = [...new Set(PUBLISHED.map(({ number }) => number))]
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => i + 1))
  expect(numbers.length).toBeGreaterThan(TABLE_SIZE)
  const ids = PUBLISHED.map(({ id }) => id)
  expect(ids.length).toBe(new Set(ids).size)
})

test.each(PUBLISHED)('number $number, $id: some engine looks for it, and where one does not, it is said why', (bug) => {
  expect(mutationOf(bug).title).not.toBe('')
  expect(ENGINES.filter((engine) => bug.without[engine] === undefined)).not.toEqual([])
  for (const reason of Object.values(bug.without)) expect(reason).not.toBe('')
})

test.each(CHECKERS)('$property $part can be switched off, and there are bugs to try it with', (checker) => {
  expect(occurrences(checker.file, checker.find), checker.find).toBe(1)
  expect(checker.bugs.map((id) => mutationOf({ id }).id)).toEqual(checker.bugs)
  expect(checker.bugs).not.toEqual([])
})

test('every check of the simulator is among those that are switched off', () => {
  const files = [...new Set(CHECKERS.map(({ file }) => file))]
  const named = files.flatMap((file) => propertiesIn(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')))
  const known = new Set(CHECKERS.map(({ property }) => property))
  expect([...new Set(named)].filter((property) => !known.has(property) && !UNREACHED.has(property))).toEqual([])
})

/** What no planted bug comes to first: an assertion of the core's own, or another property, always sees it before. */
const UNREACHED: ReadonlySet<string> = new Set([
  'Leader Append-Only',
  'Monotonic Term',
  'Monotonic Apply',
  'Ordered Apply',
  'No Crash of the Simulator',
])

function propertiesIn(source: string): string[] {
  const matches = source.matchAll(/(?:violation|BrokenProperty|patienceMs,)\(?\s*'([A-Z][^']+)'/g)
  return [...matches].map(([, property = '']) => property)
}

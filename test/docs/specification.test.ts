// The page of the specification has every rule as the code has it, and says where it is asked.

import { expect, test } from 'vitest'
import { RULES } from '../../src/spec/rules.ts'
import { listFiles, readText, readTexts } from '../house-rules/tree.ts'

const chapters = readTexts(listFiles('src/spec/').filter((path) => !/rules\.ts$|test/.test(path)))

function rowOf(rule: string, [section, demand]: readonly [string, string]): string {
  const places = chapters.filter(({ text }) => text.includes(`'${rule}'`)).map(({ path }) => path)
  const where = places.map((path) => `[${path.replace(/.*\//, '')}](../${path})`).join(', ')
  return `| ${rule} | ${demand} | ${section} | ${where} |`
}

test('each rule stands in the table, with its demand, its source and its place', () => {
  const rows = new Set(readText('docs/specification.md').text.split('\n'))
  expect(Object.keys(RULES).length).toBeGreaterThan(50)
  expect(
    Object.entries(RULES).flatMap(([rule, [section, demand]]) => {
      const row = rowOf(rule, [section, demand])
      return rows.has(row) ? [] : [row]
    }),
  ).toEqual([])
})

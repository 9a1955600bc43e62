import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { MUTATIONS } from './mutations.ts'

test.each(MUTATIONS)('$id can be planted: what it replaces occurs once in $file', ({ file, find, replace }) => {
  const places = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').split(find).length - 1
  expect(places).toBe(1)
  expect(replace).not.toBe(find)
})

// The architecture page walks through the code by name. A name that is gone would send the reader looking for nothing.

import { expect, test } from 'vitest'
import { listFiles, readText, readTexts } from '../house-rules/tree.ts'

const code = readTexts(listFiles('src/').filter((path) => path.endsWith('.ts')))
  .map(({ text }) => text)
  .join('\n')

/** What the page calls a function: `step()`. */
function functionsIn(page: string): string[] {
  return [...page.matchAll(/`([\w.]+)\(\)`/g)].map(([, name = '']) => name.replace(/^.*\./, ''))
}

function isDefined(name: string): boolean {
  return new RegExp(`(function |^  (private |static |async )*)${name}[(<]`, 'm').test(code)
}

test('every function that the architecture page names is there', () => {
  const names = functionsIn(readText('ARCHITECTURE.md').text)
  expect(names.length).toBeGreaterThan(30)
  expect(names.filter((name) => !isDefined(name))).toEqual([])
})

test('a name that is gone would be found', () => {
  expect(functionsIn('First `step()`, then `raft.stepAside()`.').filter((name) => !isDefined(name))).toEqual([
    'stepAside',
  ])
})

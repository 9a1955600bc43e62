// Every conversation in testdata/ runs again and must come out as recorded. `UPDATE_SCRIPTS=1` records anew: read the
// difference line by line, for a wrong trace that was recorded is worse than no test.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runScript } from './testing/script.ts'

const FOLDER = new URL('./testdata/', import.meta.url)
const isUpdate = process.env['UPDATE_SCRIPTS'] !== undefined

test.each(readdirSync(FOLDER).filter((name) => name.endsWith('.txt')))('%s', (name) => {
  const file = new URL(name, FOLDER)
  const recorded = readFileSync(file, 'utf8')
  const happened = runScript(recorded)
  if (isUpdate) writeFileSync(file, happened)
  else expect(happened).toBe(recorded)
})

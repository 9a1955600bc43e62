// Every history of four operations, or of as many as is said, judged by the checker and by its definition, which tries all
// orders. The tests do so with three, and with four by two clients. Four take five seconds, five a quarter of an hour.
//
//   npm run check:exhaustive
//   npm run check:exhaustive -- 5
//
// --json FILE.
import { parseArgs } from 'node:util'
import { keyValue, register } from '../dist/check/index.js'
import { allHistories } from '../dist/check/testing/all-histories.js'
import { compareReports, compareVerdicts } from '../dist/check/testing/compare.js'
import { KEY_DEEDS, REGISTER_DEEDS } from '../dist/check/testing/deeds.js'
import { writeResult } from './results.js'

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } })
const size = Number(positionals[0] ?? 4)
const begunAt = Date.now()
const models = []
for (const [name, model, deeds, key] of [
  ['register', register, REGISTER_DEEDS, undefined],
  ['key', keyValue, KEY_DEEDS, 'x'],
]) {
  // Where they break is tried on those of three: the definition has to judge each prefix.
  const breaks = compareReports(allHistories(Math.min(size, 3), deeds, { key }), model)
  const started = performance.now()
  const { count, bad, differences } = compareVerdicts(allHistories(size, deeds, { key }), model)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(
    `${name}: ${count} histories, ${bad} not linearizable, ${differences.length} judged wrongly, ${seconds} s`,
  )
  models.push({ model: name, histories: count, notLinearizable: bad, differences: differences.length })
  for (const difference of [...breaks.differences, ...differences]) {
    console.log(`  ${difference}`)
    process.exitCode = 1
  }
}
if (values.json !== undefined) writeResult(values.json, 'check-exhaustive', begunAt, { size, models })

// Do the checkers bite themselves? For each property that the simulator watches over (test/teeth/checkers.ts): looks for a
// seed in which a planted bug breaks it first, switches that one check off, and runs the very same seed again. Then the run
// must come to its end, or break another property, or the same one later by another check. If nothing changes, the check
// does nothing, and the exit code is 1. So it is when no bug breaks the property. The second specification is silent
// meanwhile, but when it is its own turn: it sees most bugs before anybody else.
//
//   npm run teeth:checkers                             all of them
//   npm run teeth:checkers -- --only 'Commit Rule'     one, or several with commas
//   npm run teeth:checkers -- --limit 30 --json FILE   seconds of processor time to look for a seed; adds to FILE
//
// Needs what `npm run build` makes.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeResult } from './results.js'
import { runSeeds } from './teeth/engines.js'
import { catalogue, plantCompiled, workplace } from './teeth/planting.js'

const { values } = parseArgs({
  options: { only: { type: 'string' }, limit: { type: 'string', default: '60' }, json: { type: 'string' } },
})
const { CHECKERS, mutationOf, placesOf } = await catalogue('mutations', 'published', 'checkers')
const begunAt = Date.now()
const limitS = Number(values.limit)
const folder = mkdtempSync(join(tmpdir(), 'quorate-checkers-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
workplace(join(folder, 'copy'))
const copy = join(folder, 'copy')
const wanted = values.only?.split(',')
const rows = new Map(known().map((row) => [nameOf(row), row]))

for (const checker of CHECKERS.filter(({ property }) => wanted === undefined || wanted.includes(property))) {
  const row = await judge(checker)
  rows.set(nameOf(row), row)
  say(row)
  if (!row.bites) process.exitCode = 1
  if (values.json !== undefined) writeResult(values.json, 'checkers', begunAt, { rows: [...rows.values()] })
}

/** What is switched off in every run. */
function silenced({ property }) {
  return property === 'Specification' ? [] : CHECKERS.filter((one) => one.property === 'Specification')
}

/** Tries its bugs in turn until one of them shows that it bites. */
async function judge(checker) {
  const { property, part, bugs } = checker
  let row = { property, part, bug: null, bites: false }
  for (const bug of bugs) {
    const places = [...placesOf(mutationOf({ id: bug })), ...silenced(checker)]
    const first = await planted(places, () => runSeeds(copy, 1, Number.MAX_SAFE_INTEGER, limitS, property))
    if (first.broken === null || first.broken.property === 'Every Run Ends') continue
    const { seed } = first.broken
    const second = await planted([...places, checker], () => runSeeds(copy, seed, seed, limitS))
    row = { property, part, bug, seed, seeds: first.runs, with: first.broken, without: second.broken }
    row.bites = isOther(first.broken, second.broken)
    if (row.bites) break
  }
  return row
}

/** A part of a property is switched off; another part may see the same thing in other words, or later. */
function isOther(one, other) {
  return other === null || other.property !== one.property || other.atMs !== one.atMs || other.detail !== one.detail
}

async function planted(places, action) {
  const takeOut = await plantCompiled(copy, places)
  try {
    return await action()
  } finally {
    takeOut()
  }
}

function known() {
  return values.json !== undefined && existsSync(values.json) ? JSON.parse(readFileSync(values.json, 'utf8')).rows : []
}

function nameOf({ property, part }) {
  return part === '' ? property : `${property}, ${part}`
}

function say(row) {
  const { bug, seed, without, bites } = row
  const what =
    bug === null
      ? 'NO BUG BREAKS IT FIRST'
      : `${bug}, seed ${seed}, at ${row.with.atMs.toFixed(0)} ms; without it: ${wordsOf(without, row.with.atMs)}`
  console.log(`${nameOf(row).padEnd(34)} ${bites || bug === null ? '' : 'DOES NOT BITE '}${what}`)
}

function wordsOf(broken, atMs) {
  if (broken === null) return 'silent to the end'
  const when = broken.atMs > atMs ? `at ${broken.atMs.toFixed(0)} ms` : 'at the same moment'
  return `${broken.property} ${when}`
}

// What does the specification alone notice, and what the invariants alone? Plants each bug of test/teeth/mutations.ts
// that is one of the core's in a copy of the compiled library, walks random walks over it, once with the invariants
// switched off and once with the specification switched off, and prints a table. Plain JavaScript, as teeth.js is.
//
//   npm run build && node scripts/spec-teeth.js [--only vote-twice,figure-8] [--seeds 20] [--json FILE]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeResult } from './results.js'
import { catalogue, plantCompiled, workplace } from './teeth/planting.js'

/** A bug may make a walk run for ever: then nobody has noticed it. */
const LIMIT_MS = 60_000

const { values } = parseArgs({
  options: { only: { type: 'string' }, seeds: { type: 'string', default: '20' }, json: { type: 'string' } },
})
const begunAt = Date.now()
const { MUTATIONS, placesOf } = await catalogue('mutations')
const chosen = values.only?.split(',')
const mutations = MUTATIONS.filter(({ id, file }) =>
  chosen === undefined ? file.startsWith('src/raft/') : chosen.includes(id),
)

const folder = mkdtempSync(join(tmpdir(), 'quorate-spec-teeth-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
workplace(folder)
writeFileSync(join(folder, 'walk.js'), walker())

const row = (...cells) => console.log(`| ${cells.join(' | ')} |`)
const isNamed = (notice) => /^[^(]/.test(notice)
const bugs = []
const counts = { specification: 0, invariants: 0, both: 0 }
const sound = walks()
if (sound.specification !== '' || sound.invariants !== '')
  throw new Error(`noticed without any bug: ${JSON.stringify(sound)}`)
row('bug', 'specification alone', 'invariants alone')
row('---', '---', '---')
for (const mutation of mutations) {
  const { specification, invariants } = await planted(mutation, walks)
  row(mutation.id, specification, invariants)
  bugs.push({ id: mutation.id, title: mutation.title, specification, invariants })
  if (isNamed(specification)) counts.specification++
  if (isNamed(invariants)) counts.invariants++
  if (isNamed(specification) && isNamed(invariants)) counts.both++
}
console.log(`${mutations.length} bugs: ${JSON.stringify(counts)}`)
if (values.json !== undefined) writeResult(values.json, 'spec-teeth', begunAt, { counts, bugs })

/** Runs with the bug in the compiled files, and takes it out again. */
async function planted(mutation, run) {
  const takeOut = await plantCompiled(folder, placesOf(mutation))
  try {
    return run()
  } finally {
    takeOut()
  }
}

/** Who notices first, in either mode; '' for nobody. */
function walks() {
  const [specification = '', invariants = ''] = ['specification', 'invariants'].map((mode) => {
    const child = spawnSync(process.execPath, [join(folder, 'walk.js'), mode, values.seeds], { timeout: LIMIT_MS })
    return child.stdout.toString().trim()
  })
  return { specification, invariants }
}

/** Prints the first rule or property that refuses; in brackets what else fails: an assertion, a stale read, no leader. */
function walker() {
  return `
import { InvariantChecker } from './dist/raft/invariants.js'
import { randomWalk } from './dist/raft/testing/random-walk.js'
import { Specification } from './dist/spec/specification.js'
const [mode, seeds] = process.argv.slice(2)
if (mode === 'specification') InvariantChecker.prototype.check = () => undefined
else Specification.prototype.step = () => undefined
const noticed = () => {
  let other = ''
  for (let seed = 1; seed <= Number(seeds); seed++) {
    for (const [servers, joiners, steps] of [[3, 0, 1500], [5, 0, 1500], [3, 4, 3000], [1, 3, 1500]]) {
      try {
        randomWalk(seed, { servers, joiners, steps })
      } catch (error) {
        if (error.name === 'SpecViolation') return error.rule
        if (error.name === 'InvariantViolation') return error.property
        other ||= '(' + error.message.split('\\n')[0].replace(/^seed.*?more: /, '') + ')'
      }
    }
  }
  return other
}
process.stdout.write(noticed())
`
}

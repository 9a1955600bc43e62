// Does the explorer bite? Plants bugs of test/teeth/mutations.ts one at a time in a copy of what was compiled, explores
// with bounds in which the bug can show itself (test/teeth/explorer-bounds.ts), and says how many states that took. A bug
// that is not found is said, and the exit code is 1.
//
//   node scripts/explore-teeth.js                  all that there are bounds for
//   node scripts/explore-teeth.js --only figure-8  one, or several with commas
//
// --minutes N for each, --json FILE.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeResult } from './results.js'
import { explore } from './teeth/explore.js'
import { catalogue, plantCompiled, workplace } from './teeth/planting.js'

const { values } = parseArgs({
  options: { only: { type: 'string' }, minutes: { type: 'string', default: '10' }, json: { type: 'string' } },
})
const begunAt = Date.now()
const bugs = []
const { BOUNDS, MUTATIONS, placesOf } = await catalogue('mutations', 'explorer-bounds')
const wanted = values.only?.split(',') ?? Object.keys(BOUNDS)
const folder = mkdtempSync(join(tmpdir(), 'quorate-explore-teeth-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
workplace(join(folder, 'copy'))
console.log(row(['bug', 'states', 'depth', 'seconds of CPU', 'what is broken']))
for (const id of wanted) await plant(MUTATIONS.find((mutation) => mutation.id === id))
if (values.json !== undefined) writeResult(values.json, 'explore-teeth', begunAt, { bugs })

async function plant(mutation) {
  const { id, title } = mutation
  const takeOut = await plantCompiled(join(folder, 'copy'), placesOf(mutation))
  try {
    // Only the explorer's own properties: what the specification notices is for spec-teeth.js.
    const bounds = `${BOUNDS[id]} --no-spec`
    const { ending, states, depth, cpuMs, violation } = await explore(join(folder, 'copy'), bounds, values.minutes)
    if (ending !== 'violation') process.exitCode = 1
    bugs.push({ id, title, found: violation ?? null, ending, states, depth, cpuMs })
    console.log(row([id, states, depth, (cpuMs / 1000).toFixed(1), violation ?? `NOT FOUND (${ending})`]))
  } finally {
    takeOut()
  }
}

function row(cells) {
  const [name, states, depth, seconds, what] = cells.map(String)
  return `${name.padEnd(34)}${states.padStart(11)}${depth.padStart(7)}${seconds.padStart(16)}  ${what}`
}

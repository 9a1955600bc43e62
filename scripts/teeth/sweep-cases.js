// Cases of the disk sweep, spread over all faults, until one fails. A process of its own, as sim-runs.js is.
//
//   node sweep-cases.js FOLDER SECONDS
//
// Prints one object: how many cases there were, in how many seconds of processor time, and what failed.
import { join } from 'node:path'
import { argv, cpuUsage, exit } from 'node:process'
import { pathToFileURL } from 'node:url'

/** Neighbouring cases are alike: every so many first, then those next to them. */
const STRIDE = 101

const [folder, limit] = argv.slice(2)
const imported = (path) => import(pathToFileURL(join(folder, 'dist/sim/testing/sweep', path)).href)
const { sweep } = await imported('sweep.js')
const { ENDINGS } = await imported('life.js')

const spent = () => {
  const { user, system } = cpuUsage()
  return (user + system) / 1e6
}
const endings = ENDINGS.filter((ending) => ending !== 'behind')
const begun = spent()
const result = { runs: 0, broken: null }
await tryCases().catch((error) => {
  result.broken = { property: 'No Crash of the Sweep', detail: `${error.message}` }
})
process.stdout.write(`${JSON.stringify({ ...result, seconds: spent() - begun })}\n`, () => exit(0))

async function tryCases() {
  for (let part = 0; part < STRIDE; part++) {
    for await (const one of sweep({ servers: ['s1'], endings, part, of: STRIDE }, setImmediate)) {
      result.runs++
      if (one.outcome === 'failed') result.broken = { property: one.role, detail: one.words, name: one.name }
      if (result.broken !== null || spent() - begun >= Number(limit)) return
    }
  }
}

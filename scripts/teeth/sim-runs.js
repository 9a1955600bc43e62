// Runs of the simulator, seed after seed, until one breaks a property. A process of its own: a bug may make a run endless.
//
//   node sim-runs.js FOLDER FIRST LAST SECONDS [PROPERTY]
//
// FOLDER has a compiled library in it; SECONDS of processor time are the limit. Prints `run SEED` as each run begins, and
// at the end one object (only what breaks PROPERTY counts, where it is given): how many runs there were, in how many seconds, and of the last one the seed and its verdict.
import { join } from 'node:path'
import { argv, cpuUsage, exit } from 'node:process'
import { pathToFileURL } from 'node:url'

const [folder, first, last, limit, wanted = ''] = argv.slice(2)
const imported = (path) => import(pathToFileURL(join(folder, 'dist', path)).href)
const { drawPlan } = await imported('sim/index.js')
const { perform } = await imported('cli/sim/perform.js')

const spent = () => {
  const { user, system } = cpuUsage()
  return (user + system) / 1e6
}
const begun = spent()
let runs = 0
let broken = null
for (let seed = Number(first); seed <= Number(last) && spent() - begun < Number(limit); seed++) {
  process.stdout.write(`run ${seed}\n`)
  const { verdict } = await perform(drawPlan(seed), null)
  runs++
  if (verdict === null || !verdict.property.startsWith(wanted)) continue
  broken = { seed, property: verdict.property, detail: verdict.detail, atMs: verdict.atMs }
  break
}
process.stdout.write(`${JSON.stringify({ runs, seconds: spent() - begun, broken })}\n`, () => exit(0))

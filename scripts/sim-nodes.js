// Is a simulated run the same on every Node? Runs the same seeds on each of them, with traces, and compares what
// `quorate sim --json` prints and every byte of the trace; then a state machine whose bug is found, for the words of a
// failure. Only `wallMs`, which is real time, is left aside. Needs what `npm run build` makes.
//
//   npm run sim:nodes
//   npm run sim:nodes -- --seeds 100 --first 5000      other seeds
//   npm run sim:nodes -- --nodes 20.19.0,22.12.0       other versions
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { NODES, nodeOf } from './nodes.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const QUORATE = join(ROOT, 'bin', 'quorate.js')
const TICKETS = join(ROOT, 'examples', 'simulate', 'tickets.js')
/** Seeds that find the bug of the example: what is compared then is an error's text and the end of a run that broke off. */
const BROKEN = [4, 7]
const WALL_TIME = /"wallMs":[\d.e-]+/

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: NODES },
    seeds: { type: 'string', default: '24' },
    first: { type: 'string', default: '1' },
  },
})
const versions = values.nodes.split(',')
const folder = mkdtempSync(join(tmpdir(), 'quorate-sim-nodes-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => Number(values.first) + i)
const runs = [
  ...seeds.map((seed) => ({ name: `seed ${seed}`, seed, args: [] })),
  ...BROKEN.map((seed) => ({ name: `tickets.js, seed ${seed}`, seed, args: ['--workload', TICKETS] })),
]
if (seeds.length === 0 || seeds.some((seed) => !Number.isSafeInteger(seed) || seed < 0)) {
  console.error(`--seeds ${values.seeds} --first ${values.first}: give whole numbers`)
  process.exit(2)
}

/** By run, what the first Node said and wrote. */
const expected = new Map()
const differences = []
for (const version of versions) await tryOn(version)
for (const difference of differences) console.error(difference)
console.log(
  differences.length === 0
    ? `${runs.length} runs are the same on ${versions.length} Nodes, byte for byte`
    : `${differences.length} differences`,
)
process.exitCode = differences.length === 0 ? 0 : 1

async function tryOn(version) {
  const node = nodeOf(version)
  const queue = [...runs]
  const all = createHash('sha256')
  const outcomes = new Map()
  const work = async () => {
    for (let run = queue.shift(); run !== undefined; run = queue.shift())
      outcomes.set(run, await perform(node, version, run))
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  const before = differences.length
  for (const run of runs) {
    const outcome = outcomes.get(run)
    compare(version, run, outcome)
    all.update(outcome.printed).update(outcome.trace)
  }
  const verdict = differences.length === before ? 'as the first' : `${differences.length - before} differ`
  console.log(`${version.padEnd(10)} ${runs.length} runs, digest ${all.digest('hex').slice(0, 16)}, ${verdict}`)
}

/** @returns what it printed and wrote; `printed` is its errors when it was no run at all */
function perform(node, version, { seed, args, name }) {
  // The same path on every Node: a trace says how it was made.
  const place = join(folder, version, name.replaceAll(/\W+/g, '-'))
  mkdirSync(place, { recursive: true })
  const words = ['sim', '--seed', String(seed), '--json', '--no-shrink', '--trace', 'trace.html', ...args]
  return new Promise((resolve) => {
    execFile(node, [QUORATE, ...words], { cwd: place, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      // A bug of the example that is not found would leave nothing of a failure to compare.
      const isRun = WALL_TIME.test(stdout) && (error?.code ?? 0) === (args.length > 0 ? 1 : 0)
      if (!isRun) differences.push(`${name} on Node ${version}: exit status ${error?.code ?? 0}: ${stdout}${stderr}`)
      const trace = isRun ? readFileSync(join(place, 'trace.html')) : ''
      resolve({ printed: stdout.replace(WALL_TIME, '"wallMs":0'), trace })
    })
  })
}

function compare(version, run, outcome) {
  const first = expected.get(run)
  if (first === undefined) {
    expected.set(run, { version, ...outcome })
    return
  }
  for (const what of ['printed', 'trace']) {
    if (Buffer.from(first[what]).equals(Buffer.from(outcome[what]))) continue
    const offset = firstDifference(Buffer.from(first[what]), Buffer.from(outcome[what]))
    const around = (bytes) =>
      Buffer.from(bytes)
        .subarray(Math.max(0, offset - 60), offset + 60)
        .toString()
    differences.push(`${run.name}: ${what} differs at byte ${offset}
  ${first.version}: ${around(first[what])}
  ${version}: ${around(outcome[what])}`)
  }
}

function firstDifference(one, other) {
  let offset = 0
  while (offset < Math.min(one.length, other.length) && one[offset] === other[offset]) offset++
  return offset
}

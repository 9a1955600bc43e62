// Every fault that one disk of three can have, each tried on a whole simulated cluster: see src/sim/testing/sweep.
//
//   npm run sweep                                          all of it, some minutes
//   npm run sweep -- --every 50                            each fiftieth case
//   npm run sweep -- --servers s1 --endings power
//   npm run sweep -- --only power/s1/identity:missing:0+114   one case again
//
// --jobs N processes (all processors), --json FILE. Ends with status 1 if a case failed. Needs what `npm run build` makes.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { FAULT_KINDS, parseFault } from '../dist/sim/testing/sweep/fault.js'
import { ENDINGS } from '../dist/sim/testing/sweep/life.js'
import { countCases, FILE_ROLES, sweep, sweepAgain } from '../dist/sim/testing/sweep/sweep.js'
import { OUTCOMES } from '../dist/sim/testing/sweep/trial.js'
import { writeResult } from './results.js'
import { runProgram, UsageError, wholeNumber } from './usage.js'

const SERVERS = ['s1', 's2', 's3']
/** Where all three servers have everything; --endings behind has one that was down before, and shows what two failures do. */
const SINGLE_FAULTS = ENDINGS.filter((ending) => ending !== 'behind')
const PROGRESS_MS = 5000

async function main() {
  const { values } = parseArgs({
    options: {
      servers: { type: 'string', default: SERVERS.join() },
      endings: { type: 'string', default: SINGLE_FAULTS.join() },
      every: { type: 'string', default: '1' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      only: { type: 'string' },
      json: { type: 'string' },
    },
  })
  if (values.only !== undefined) return again(values.only)
  const options = {
    servers: choiceOf(values.servers, SERVERS),
    endings: choiceOf(values.endings, ENDINGS),
    every: wholeNumber('every', values.every),
  }
  await tryAll(options, wholeNumber('jobs', values.jobs), values.json)
}

async function again(name) {
  const [ending = '', server = '', ...rest] = name.split('/')
  const fault = parseFault(rest.join('/'))
  if (fault === null || !ENDINGS.includes(ending) || !SERVERS.includes(server))
    throw new UsageError(`'${name}' names no case: take a name as the sweep prints it`)
  const one = await sweepAgain(ending, server, fault, setImmediate)
  console.log(`${one.name}: ${one.role}, ${one.outcome}${one.words === '' ? '' : `: ${one.words}`}`)
  if (one.outcome === 'failed') process.exitCode = 1
}

async function tryAll(options, jobs, json) {
  const begunAt = Date.now()
  const all = Math.floor((await countCases(options, setImmediate)) / options.every)
  console.log(`${all} cases: ${options.endings.join(', ')}, ${options.servers.join(', ')}`)
  const cases = []
  const timer = setInterval(() => console.error(`${cases.length} of ${all}`), PROGRESS_MS)
  await Promise.all(Array.from({ length: jobs }, (_, job) => share({ ...options, job, jobs }, cases)))
  clearInterval(timer)
  report(cases, Date.now() - begunAt)
  if (json !== undefined) writeResult(json, 'disk-sweep', begunAt, { options, ...resultOf(cases) })
}

/** One thread's part of the work; its cases are pushed as they come. */
function share(workerData, cases) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData })
    worker.on('message', (one) => cases.push(one))
    worker.on('error', reject)
    worker.on('exit', resolve)
  })
}

async function work({ every, job, jobs, ...options }) {
  const part = { part: (job * every) % (every * jobs), of: every * jobs }
  for await (const one of sweep({ ...options, ...part }, setImmediate)) parentPort.postMessage(one)
}

function report(cases, durationMs) {
  console.log(`\n${['file', 'fault', ...OUTCOMES].map((title, i) => title.padEnd(WIDTHS[i])).join('')}`)
  for (const { role, kind, counts } of rowsOf(cases)) {
    const cells = [role, kind, ...OUTCOMES.map((outcome) => String(counts[outcome] || '–'))]
    console.log(cells.map((cell, i) => cell.padEnd(WIDTHS[i])).join(''))
  }
  const counts = countsOf(cases)
  const sum = OUTCOMES.map((outcome) => `${counts[outcome]} ${outcome}`).join(', ')
  console.log(`\n${cases.length} cases in ${Math.round(durationMs / 1000)} s: ${sum}; ${curedOf(cases)} replaced`)
  for (const one of cases.filter(({ outcome }) => outcome === 'failed')) {
    process.exitCode = 1
    console.log(`failed: ${one.words}\n  npm run sweep -- --only ${one.name}`)
  }
}

const WIDTHS = [18, 12, ...OUTCOMES.map(() => 12)]

function rowsOf(cases) {
  return FILE_ROLES.flatMap((role) =>
    FAULT_KINDS.map((kind) => cases.filter((one) => one.role === role && one.kind === kind))
      .filter((some) => some.length > 0)
      .map((some) => ({ role, kind: some[0].kind, counts: countsOf(some) })),
  )
}

function countsOf(cases) {
  const count = (outcome) => cases.filter((one) => one.outcome === outcome).length
  return Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count(outcome)]))
}

function curedOf(cases) {
  return cases.filter(({ isCured }) => isCured).length
}

function resultOf(cases) {
  const pick = (wanted) => cases.filter(({ outcome }) => outcome === wanted).map(({ name, words }) => ({ name, words }))
  return {
    cases: cases.length,
    counts: countsOf(cases),
    replaced: curedOf(cases),
    table: rowsOf(cases),
    forgot: pick('forgot'),
    failed: pick('failed'),
  }
}

function choiceOf(text, known) {
  const chosen = text.split(',')
  const unknown = chosen.find((one) => !known.includes(one))
  if (unknown !== undefined) throw new UsageError(`there is no ${unknown}: choose among ${known.join(', ')}`)
  return chosen
}

await runProgram('sweep', () => (isMainThread ? main() : work(workerData)))

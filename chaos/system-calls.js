// npm run chaos:calls: every call in turn. A server alone meets one fault, at the k-th write, sync, rename, open, truncate
// or unlink of its life, for every k that its start and 200 commands have; then kill -9, and a start on a sound disk. It
// must have said why when it stopped, and must have kept all that it acknowledged.
import { rmSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { clearLeftovers, MARK, makeFolder } from './harness/leftovers.js'
import { buildPreload, CALLS } from './harness/preload.js'
import { reportOf } from './harness/report.js'
import { Trial } from './harness/trial.js'

const FAULTS = [
  { calls: CALLS, action: 'fail', error: 'EIO' },
  { calls: CALLS, action: 'fail', error: 'ENOSPC' },
  { calls: ['write'], action: 'tear', error: 'EIO' },
  { calls: ['write'], action: 'tear', error: 'ENOSPC' },
]
const SAY_EVERY = 100
const FOLDERS = ['new', 'used']
const HELP = `npm run chaos:calls -- [options]

  --every N      only every N-th call (1)
  --jobs N       so many servers at a time (2)
  --only LIST    of ${CALLS.join(', ')}
  --json FILE    the figures, as one object`

async function main(args) {
  const options = readOptions(args)
  if (options === null) {
    console.log(HELP)
    return 0
  }
  for (const line of clearLeftovers()) console.log(line)
  const folder = makeFolder()
  process.env[MARK] = folder
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
  const library = buildPreload(folder)
  if (library === null) {
    console.log('left out, for this machine lacks a C compiler (cc) or preloading: every fault of a call')
    console.log('0 passed, 0 failed')
    return 0
  }
  return runAll({ folder, library, ...options })
}

function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      every: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '2' },
      only: { type: 'string', default: CALLS.join(',') },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const [every, jobs] = [Number(values.every), Number(values.jobs)]
  const only = values.only.split(',')
  const stranger = only.find((call) => !CALLS.includes(call))
  if (stranger !== undefined) throw new TypeError(`there is no call '${stranger}': choose among ${CALLS.join(', ')}`)
  if (!(every >= 1 && jobs >= 1)) throw new TypeError('--every and --jobs must be whole numbers above 0')
  return { every, jobs, only, json: values.json ?? null }
}

async function runAll({ folder, library, every, jobs, only, json }) {
  const started = new Date()
  const place = { folder, library }
  const counts = new Map()
  for (const kind of FOLDERS) counts.set(kind, await new Trial({ ...place, kind, fault: null }).run())
  const points = drawPoints(counts, every, only)
  console.log(`${points.length} points; a start and 200 commands make ${describe(counts.get('new').calls)}`)
  const results = []
  const work = async () => {
    for (let point = points.shift(); point !== undefined; point = points.shift()) {
      const result = await new Trial({ ...place, ...point }).run()
      results.push({ ...point, ...result })
      if (results.length % SAY_EVERY === 0) console.log(`${results.length} done, ${points.length} to go`)
      for (const violation of result.violations) console.log(`FAIL ${nameOf(point)}: ${violation}`)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return conclude(results, { started, every, json })
}

function describe(calls) {
  return Object.entries(calls)
    .map(([call, count]) => `${count} × ${call}`)
    .join(', ')
}

/** On a used folder only the start is another one. */
function drawPoints(counts, every, only) {
  const points = []
  for (const kind of FOLDERS) {
    const { calls, callsAtStart } = counts.get(kind)
    for (const { calls: kinds, action, error } of FAULTS) {
      for (const call of kinds.filter((each) => only.includes(each))) {
        const most = (kind === 'new' ? calls : callsAtStart)[call]
        for (let at = 1; at <= most; at += every) points.push({ kind, fault: { calls: [call], action, error, at } })
      }
    }
  }
  return points
}

function nameOf({ kind, fault: { calls, action, error, at } }) {
  return `${calls[0]} ${at} ${action === 'tear' ? 'torn, ' : ''}${error}, ${kind} folder`
}

function conclude(results, { started, every, json }) {
  const groups = new Map()
  for (const result of results) {
    const name = `${result.fault.calls[0]} ${result.fault.action === 'tear' ? 'torn, ' : ''}${result.fault.error}`
    const group = groups.get(name) ?? { points: 0, met: 0, failed: 0, outcomes: {} }
    groups.set(name, group)
    group.points++
    if (result.fired) group.met++
    if (result.violations.length > 0) group.failed++
    group.outcomes[result.outcome] = (group.outcomes[result.outcome] ?? 0) + 1
  }
  for (const [name, { points, met, outcomes }] of groups) {
    console.log(`${name.padEnd(20)} ${String(points).padStart(4)} points, ${met} met: ${listed(outcomes)}`)
  }
  const failed = results.filter(({ violations }) => violations.length > 0).length
  const seconds = Math.round((Date.now() - started.getTime()) / 1000)
  console.log(`${seconds} s\n${results.length - failed} passed, ${failed} failed`)
  const summary = { points: results.length, failed, calls: Object.fromEntries(groups) }
  if (json !== null) {
    const options = { servers: 1, clients: 8, network: 'none' }
    const report = reportOf({ name: 'chaos-calls', options, omitted: [], started, summary: { every, ...summary } })
    writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`)
  }
  return failed === 0 ? 0 : 1
}

function listed(counts) {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof TypeError ? `chaos: ${error.message}` : error)
  process.exitCode = error instanceof TypeError ? 2 : 1
}

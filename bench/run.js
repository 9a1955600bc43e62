// npm run bench: what it measures is in scenarios/, `--help` lists the options.
//
// Everything on this machine, in processes of its own, with real fdatasync. The figures to quote are ratios within one
// run: machines and their disks drift, but what is measured in turns feels it alike.
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { chartOf } from './charts/index.js'
import { Progress } from './harness/progress.js'
import { table } from './harness/table.js'
import { readOptions, UsageError, usage } from './options.js'
import * as append from './scenarios/append.js'
import * as catchup from './scenarios/catchup.js'
import * as check from './scenarios/check.js'
import * as core from './scenarios/core.js'
import * as failover from './scenarios/failover.js'
import * as groups from './scenarios/groups.js'
import * as memory from './scenarios/memory.js'
import * as peers from './scenarios/peers.js'
import * as reads from './scenarios/reads.js'
import * as recovery from './scenarios/recovery.js'
import * as replication from './scenarios/replication.js'

const SCENARIOS = { replication, append, core, reads, failover, catchup, recovery, memory, groups, peers, check }

async function main(args) {
  const options = readOptions(args, Object.keys(SCENARIOS))
  if (options === null) {
    console.log(usage(Object.keys(SCENARIOS)))
    return
  }
  const progress = new Progress()
  if (!options.json) console.log(`${machine()}\n`)
  for (const name of options.names) await SCENARIOS[name].check?.(options)
  const results = new Map()
  for (const name of options.names) results.set(name, await measure(SCENARIOS[name], options, progress))
  if (options.svg !== null) writeFileSync(options.svg, chartOf(results, machine()))
}

async function measure({ title, run, columns }, options, progress) {
  const rows = []
  for await (const row of run(options, (words, how) => progress.note(title, words, how))) {
    rows.push(row)
    if (options.json) console.log(JSON.stringify(row))
  }
  progress.clear()
  if (!options.json) console.log(`${title}\n${table(columns, rows)}\n`)
  return rows
}

function machine() {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  return `Node ${process.versions.node}, ${process.platform}, ${availableParallelism()} × ${model}`
}

// The exit takes processes and folders with it, see children.js.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof UsageError ? `bench: ${error.message}` : error)
  process.exitCode = error instanceof UsageError ? 2 : 1
}

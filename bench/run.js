// npm run bench [-- --only core,replication,reads,failover,recovery,memory] [--json] [--svg FILE]
//                  [--seconds 4] [--clients 1,64,512] [--sizes 256] [--runs 1] [--rounds 10] [--log-bytes 1e9] [--preallocated]
//
// Everything on this machine, in processes of its own, with real fdatasync. The figures to quote are ratios within one
// run: machines and their disks drift, but what is measured in turns feels it alike.
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { chart, table } from './report.js'
import * as core from './scenarios/core.js'
import * as failover from './scenarios/failover.js'
import * as memory from './scenarios/memory.js'
import * as reads from './scenarios/reads.js'
import * as recovery from './scenarios/recovery.js'
import * as replication from './scenarios/replication.js'

const SCENARIOS = { replication, core, reads, failover, recovery, memory }

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'replication' },
    all: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    svg: { type: 'string' },
    seconds: { type: 'string', default: '4' },
    clients: { type: 'string', default: '1,64,512' },
    sizes: { type: 'string', default: '256' },
    runs: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '10' },
    'log-bytes': { type: 'string', default: '1e9' },
    preallocated: { type: 'boolean', default: false },
    directory: { type: 'string', default: tmpdir() },
  },
})

const options = {
  seconds: Number(values.seconds),
  clients: values.clients.split(',').map(Number),
  sizes: values.sizes.split(',').map(Number),
  rounds: Number(values.rounds),
  logBytes: Number(values['log-bytes']),
  preallocated: values.preallocated,
  directory: values.directory,
}

const names = values.all ? Object.keys(SCENARIOS) : values.only.split(',')
const stranger = names.find((name) => !Object.hasOwn(SCENARIOS, name))
if (stranger !== undefined) {
  console.error(`there is no scenario '${stranger}': choose among ${Object.keys(SCENARIOS).join(', ')}`)
  process.exit(2)
}

const bars = []
for (const name of names) {
  const { title, run, columns, bar } = SCENARIOS[name]
  const rows = []
  for (let i = 0; i < Number(values.runs); i++) {
    for await (const row of run(options)) {
      rows.push(row)
      if (values.json) console.log(JSON.stringify(row))
      else if (process.stderr.isTTY) process.stderr.write(`${title}: ${rows.length} measured\r`)
      if (bar !== undefined) bars.push(bar(row))
    }
  }
  if (!values.json) console.log(`${title}\n${table(columns, rows)}\n`)
}
if (values.svg !== undefined) writeFileSync(values.svg, chart(bars))

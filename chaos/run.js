// npm run chaos: real servers, real faults, and the questions whether anything was lost. `--help` lists the options;
// docs/guide/chaos.md says what it does and how to read a failure.
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FAULTS, possibleKinds } from './faults/index.js'
import { clearGroups, hasCpuGroups } from './harness/cgroups.js'
import { works } from './harness/command.js'
import { isolationFor, runInside } from './harness/isolation.js'
import { clearLeftovers, makeFolder } from './harness/leftovers.js'
import { buildPreload } from './harness/preload.js'
import { describeSummary, reportOf } from './harness/report.js'
import { readOptions, UsageError, usage } from './options.js'

const INSIDE = fileURLToPath(new URL('./inside.js', import.meta.url))

async function main(args) {
  const options = readOptions(args)
  if (options === null) {
    console.log(usage())
    return 0
  }
  for (const line of clearLeftovers()) console.log(line)
  clearGroups()
  const folder = makeFolder()
  try {
    return await runIn(folder, { ...options, seed: options.seed ?? 1 + (Date.now() % 1_000_000) })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runIn(folder, options) {
  const { isolation, library, kinds, omitted } = prepare(folder, options)
  console.log(`seed ${options.seed}, ${options.servers} servers, ${kinds.length} kinds of faults`)
  for (const [reason, names] of omitted) console.log(`left out, for this machine lacks ${reason}: ${names.join(', ')}`)
  const started = new Date()
  const details = { options, kinds, folder, library, ownDisks: isolation !== null }
  const status = await runInside(isolation, INSIDE, details, folder)
  const summaryFile = join(folder, 'summary.json')
  if (!existsSync(summaryFile)) {
    if (status === 130) console.log('interrupted before the first phase was over')
    else console.error('chaos: the run broke off; this is a fault of the program, not of the servers')
    return status === 0 ? 1 : status
  }
  const summary = JSON.parse(readFileSync(summaryFile, 'utf8'))
  const report = reportOf({ name: 'chaos', options, omitted, started, summary })
  if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
  console.log(describeSummary(report))
  const isSound = finish(folder, options, summary)
  return isSound ? status : 1
}

/** What this machine can do, and what has to be left out. */
function prepare(folder, options) {
  const isolation = isolationFor(options.network, folder)
  const library = buildPreload(folder)
  const abilities = new Map([
    ['proxy', options.network === 'proxy'],
    ['namespaces', options.network === 'namespaces'],
    ['disks', isolation !== null],
    ['preload', library !== null],
    ['cgroups', hasCpuGroups()],
  ])
  if (options.network === 'namespaces') requireNamespaces(isolation)
  const possible = possibleKinds(new Set([...abilities].filter(([, has]) => has).map(([name]) => name)))
  const { names, areNamed } = options.kinds
  const kinds = names.filter((name) => possible.includes(name))
  const missing = new Map()
  for (const name of names.filter((each) => !kinds.includes(each))) {
    const { needs } = FAULTS.get(name)
    // The faults of the other network are not missed, unless they were asked for by name.
    if (areNamed || needs === 'disks' || needs === 'preload' || needs === 'cgroups')
      missing.set(REASONS[needs], [...(missing.get(REASONS[needs]) ?? []), name])
  }
  if (kinds.length === 0)
    throw new UsageError(`none of ${names.join(', ')} is possible here with --network ${options.network}`)
  return { isolation, library, kinds, omitted: [...missing] }
}

const REASONS = {
  proxy: '--network proxy',
  namespaces: '--network namespaces',
  disks: 'the right to mount',
  preload: 'a C compiler (cc) or preloading',
  cgroups: 'the right to make control groups with a limit of the processor',
}

function requireNamespaces(isolation) {
  const tools = ['ip', 'nft', 'tc', 'nsenter'].filter((name) => !works('sh', '-c', `command -v ${name}`))
  if (tools.length > 0) throw new UsageError(`--network namespaces needs ${tools.join(', ')}, which this machine lacks`)
  if (isolation === null)
    throw new UsageError('--network namespaces needs the right to make namespaces (root, or user namespaces)')
}

/** @returns whether nothing was found */
function finish(folder, { keep, seed, network, servers, clients, troubleMs, kinds }, summary) {
  const hasFailed = summary.phases.failed > 0
  const target = keep ?? (hasFailed ? `chaos-failure-${seed}` : null)
  if (target !== null) {
    cpSync(folder, target, { recursive: true })
    console.log(`kept in ${target}`)
  }
  if (!hasFailed) return true
  const phase = summary.violations[0].match(/^phase (\d+)/)[1]
  const named = kinds.areAll ? '' : ` --only ${kinds.names.join(',')}`
  const seconds = troubleMs.map((ms) => ms / 1000).join('-')
  console.log(`The same decisions again (processes are not, so it may go another way):
  npm run chaos -- --seed ${seed} --phase ${phase} --servers ${servers} --clients ${clients} --network ${network} --trouble-seconds ${seconds}${named}`)
  return false
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof UsageError ? `chaos: ${error.message}` : error)
  process.exitCode = error instanceof UsageError ? 2 : 1
}

// `quorate sim`: one run, or many; what fails is made smaller and kept.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { drawPlan, type Plan, shrink } from '../../sim/index.ts'
import { Tracer } from '../../sim/watch/tracer.ts'
import { TraceRecorder } from '../../trace/index.ts'
import { openTerminal, type Terminal } from '../terminal.ts'
import { writeTrace } from '../trace/write-trace.ts'
import { SIM_HELP, UsageError } from '../usage.ts'
import { Campaign, type Failure } from './campaign.ts'
import { loadWorkload } from './load-workload.ts'
import { type MakeWorkload, type Outcome, perform } from './perform.ts'
import { readSimArguments, type SimArguments } from './sim-arguments.ts'
import { describeCampaign, describeOutcome, describePlan, progressOf, summaryOf } from './sim-words.ts'

const PASSED = 0
const FAILED = 1
const FOLDER = join('.quorate', 'sim')
const SHRINK_MS = 60_000
/** Of many that fail, so many are made smaller: the next ones are the same bug, as a rule. */
const MAX_SHRUNK = 3

/** @returns the exit status; @throws UsageError */
export async function simCommand(args: readonly string[]): Promise<number> {
  const options = readSimArguments(args)
  const terminal = openTerminal(false)
  if (options.help) {
    terminal.print(SIM_HELP)
    return PASSED
  }
  const workload = await loadWorkload(options.workload)
  const isOne = options.seeds === 1
  if (isOne) return one(planOf(options), options, workload, terminal)
  return many(options, workload, terminal)
}

function planOf({ plan, seed }: SimArguments): Plan {
  if (plan === null) return drawPlan(seed ?? randomSeed())
  try {
    const read = JSON.parse(readFileSync(plan, 'utf8')) as Plan
    if (typeof read.seed !== 'number' || !Array.isArray(read.decisions) || typeof read.settings !== 'object')
      throw new UsageError(`--plan ${plan}: this is no plan: it has seed, settings and decisions`)
    return read
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`--plan ${plan}: ${(error as Error).message}`)
  }
}

async function one(plan: Plan, options: SimArguments, workload: MakeWorkload, terminal: Terminal): Promise<number> {
  if (options.showsPlan) {
    for (const line of describePlan(plan)) terminal.print(line)
    return PASSED
  }
  const outcome = await (options.trace === null
    ? perform(plan, workload)
    : traced(plan, options, workload, options.trace))
  if (options.json) terminal.print(JSON.stringify(outcome))
  else for (const line of describeOutcome(outcome)) terminal.print(line)
  if (outcome.verdict === null) return PASSED
  if (options.shrinks && options.trace === null) {
    await report({ plan, outcome, isOfSeed: options.plan === null }, options, workload, terminal)
  }
  return FAILED
}

async function traced(plan: Plan, options: SimArguments, workload: MakeWorkload, file: string): Promise<Outcome> {
  const { servers, clients, durationMs } = plan.settings
  const recorder = new TraceRecorder({
    title: `simulated run, seed ${plan.seed}`,
    command: options.plan === null ? `npx quorate sim --seed ${plan.seed}` : `npx quorate sim --plan ${options.plan}`,
    seed: String(plan.seed),
    servers: Array.from({ length: servers }, (_, i) => `s${i + 1}`),
    clients: Array.from({ length: clients }, (_, i) => `client ${i + 1}`),
    settings: { decisions: String(plan.decisions.length), 'safety phase': `${durationMs} ms` },
  })
  const outcome = await perform(plan, workload, (world) => [new Tracer(world, recorder)])
  const { verdict } = outcome
  if (verdict !== null) recorder.violation(verdict.atMs, verdict.property, verdict.detail)
  writeTrace(file, recorder.trace())
  return outcome
}

async function many(options: SimArguments, workload: MakeWorkload, terminal: Terminal): Promise<number> {
  const begun = performance.now()
  const firstSeed = options.seed ?? randomSeed()
  const seconds = (): number => (performance.now() - begun) / 1000
  const campaign: Campaign = new Campaign(options, firstSeed, () =>
    terminal.progress(progressOf(campaign, options, seconds())),
  )
  const interrupt = (): void => campaign.stop()
  process.once('SIGINT', interrupt)
  await campaign.perform()
  process.off('SIGINT', interrupt)
  terminal.progress('')
  const facts = { firstSeed, seconds: seconds() }
  if (options.json) terminal.print(JSON.stringify(summaryOf(campaign, facts)))
  else for (const line of describeCampaign(campaign, facts)) terminal.print(line)
  for (const failure of campaign.failures.slice(0, MAX_SHRUNK)) await report(failure, options, workload, terminal)
  // A plan that no seed draws would be lost.
  for (const failure of campaign.failures.slice(MAX_SHRUNK))
    if (!failure.isOfSeed) save(failure.plan, `${nameOf(failure)}-plan`)
  return campaign.failures.length === 0 ? PASSED : FAILED
}

/** What broke, and the command that shows it again; the plan, as small as it can be made in a minute. */
async function report(
  failure: Failure,
  options: SimArguments,
  workload: MakeWorkload,
  terminal: Terminal,
): Promise<void> {
  const { plan, outcome, isOfSeed } = failure
  const { property = '', detail = '' } = outcome.verdict ?? {}
  const extra = options.workload === null ? '' : ` --workload ${options.workload}`
  const say = (line: string): void => {
    if (!options.json) terminal.print(line)
  }
  say('')
  say(`${property}: ${detail.slice(property.length + 2)}`)
  if (isOfSeed) say(`  again: npx quorate sim --seed ${plan.seed}${extra}`)
  const name = nameOf(failure)
  const file = isOfSeed ? null : save(plan, `${name}-plan`)
  if (file !== null) say(`  again: npx quorate sim --plan ${file}${extra}`)
  if (!options.shrinks) return
  const small = await smaller(plan, property, workload, terminal)
  const path = save(small, `${name}-small`)
  say(`  made smaller: ${plan.decisions.length} decisions became ${small.decisions.length}:`)
  for (const line of describePlan(small)) say(`    ${line}`)
  say(`  again: npx quorate sim --plan ${path}${extra}`)
  say(`  see it: npx quorate sim --plan ${path}${extra} --trace ${join(FOLDER, `${name}.html`)}`)
}

function nameOf({ plan, outcome }: Failure): string {
  return `${plan.seed}-${outcome.hash.slice(0, 6)}`
}

async function smaller(plan: Plan, property: string, workload: MakeWorkload, terminal: Terminal): Promise<Plan> {
  const endAt = performance.now() + SHRINK_MS
  const small = await shrink(plan, {
    property,
    trial: async (candidate) => (await perform(candidate, workload)).verdict?.property ?? null,
    isOver: () => performance.now() >= endAt,
    onSmaller: ({ decisions }) => terminal.progress(`making it smaller: ${decisions.length} decisions`),
  })
  terminal.progress('')
  return small
}

function save(plan: Plan, name: string): string {
  mkdirSync(FOLDER, { recursive: true })
  const path = join(FOLDER, `${name}.json`)
  writeFileSync(path, `${JSON.stringify(plan, null, 1)}\n`)
  return path
}

function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 32)
}

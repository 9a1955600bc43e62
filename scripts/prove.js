// Everything that looks for faults, for an hour; then docs/correctness.md as it would be of this hour alone. Exit status 1
// when anything failed.
//
//   npm run prove                                      an hour
//   npm run prove -- --minutes 2                       the same, short
//   npm run prove -- --only sim --minutes 600 --keep   one of them for a night; the result goes into evidence/
//   npm run prove -- --seed 5                          the simulator's first seed; otherwise one that was never used
//
// Needs what `npm run build` makes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { NO_TIME, perform } from './prove/perform.js'
import { NAMES, stepsOf } from './prove/steps.js'
import { keep, readNotes } from './report/evidence.js'
import { correctness } from './report/page.js'
import { campaignOf } from './report/sim.js'
import { runProgram, UsageError } from './usage.js'

const EVIDENCE = fileURLToPath(new URL('../evidence', import.meta.url))

async function main() {
  const options = readOptions()
  const folder = mkdtempSync(join(tmpdir(), 'quorate-prove-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  let isStopped = false
  // What runs has heard it, too, and ends with what it has; the report is made of that.
  process.on('SIGINT', () => {
    isStopped = true
  })
  console.log(`${options.minutes} minutes: ${options.only.join(', ')}; the simulator from seed ${options.firstSeed}`)
  const results = []
  const failed = []
  for (const step of stepsOf(options)) {
    if (!isStopped) await take(step, folder, { results, failed, hasEnded: () => isStopped })
  }
  if (options.keep) for (const result of results) console.log(`kept: evidence/${keep(EVIDENCE, result)}`)
  console.log(`\n${correctness(results, readNotes(EVIDENCE))}`)
  for (const words of failed) console.log(`FAILED: ${words}`)
  process.exitCode = failed.length === 0 ? 0 : 1
}

async function take({ name, minutes, tasks }, folder, { results, failed, hasEnded }) {
  console.log(`== ${name}${minutes > 0 ? `, about ${minutes.toFixed(1)} minutes` : ''}`)
  const own = []
  for (const task of tasks) {
    if (hasEnded()) break
    const { result, isSound, words } = await perform(name, task, folder, own, (line) => console.log(line))
    if (result === null && isSound && words === NO_TIME) {
      console.log(`--   ${task.title}, and what is behind it: ${words}`)
      break
    }
    if (result !== null) own.push(result)
    if (!isSound) failed.push(`${name}, ${task.title}: ${words}`)
    console.log(
      `${isSound ? 'ok  ' : 'FAIL'} ${[task.title, words, headlineOf(result)].filter((part) => part !== '').join(': ')}`,
    )
  }
  if (name === 'sim' && own.length > 0) results.push(campaignOf(own))
  else results.push(...own)
}

/** What a result has come to, in one line. */
function headlineOf(result) {
  switch (result?.name) {
    case 'sim':
      return `${result.runs} runs, ${result.events} events, ${result.failures.length} failed`
    case 'explore':
      return `${result.states} states, ${result.ending}`
    case 'disk-sweep':
      return `${result.cases} cases, ${result.counts.failed} failed`
    case 'hostile':
      return `${result.findings} findings`
    case 'chaos':
      return `${result.phases.passed} phases passed, ${result.phases.failed} failed`
    case 'chaos-calls':
      return `${result.points} calls, ${result.failed} failed`
    default:
      return ''
  }
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '60' },
      only: { type: 'string', default: NAMES.join() },
      seed: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  })
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) throw new UsageError(`--minutes is '${values.minutes}': it must be a number above 0`)
  const only = values.only.split(',')
  const stranger = only.find((name) => !NAMES.includes(name))
  if (stranger !== undefined) throw new UsageError(`there is no ${stranger}: choose among ${NAMES.join(', ')}`)
  // A millisecond has time for one run at most, so what begins later has other seeds.
  const firstSeed = Number(values.seed ?? Date.now())
  if (!Number.isSafeInteger(firstSeed) || firstSeed < 0)
    throw new UsageError(`--seed is '${values.seed}': it must be a whole number`)
  return { minutes, only, firstSeed, keep: values.keep }
}

await runProgram('prove', main)

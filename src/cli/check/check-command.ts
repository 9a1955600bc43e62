// `quorate check HISTORY`: reads a history, decides, and draws a picture when the answer is no.

import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import {
  checkLinearizability,
  drawPicture,
  HistoryError,
  ModelError,
  NotJsonError,
  type Report,
  type Verdict,
} from '../../check/index.ts'
import { openTerminal } from '../terminal.ts'
import { CHECK_HELP, UsageError } from '../usage.ts'
import { type CheckArguments, readCheckArguments } from './check-arguments.ts'
import { describeReport, reportAsJson } from './check-words.ts'
import { loadModel, type NamedModel } from './load-model.ts'
import { readHistory } from './read-history.ts'

/** Not 2, which says that there was nothing to check. */
const STATUS: { readonly [verdict in Verdict]: number } = { linearizable: 0, not: 1, unknown: 3 }
const PICTURES = join('.quorate', 'check')

/** @returns the exit status; @throws UsageError on bad arguments, and on what is no history */
export async function checkCommand(args: readonly string[]): Promise<number> {
  const options = readCheckArguments(args)
  const terminal = openTerminal(false)
  if (options.help) {
    terminal.print(CHECK_HELP)
    return 0
  }
  const { report, named, events, ms } = await decide(options)
  const picture = report.verdict === 'not' ? savePicture(report, named, options) : null
  const facts = { history: options.history, model: named.name, events, ms, picture }
  if (options.json) terminal.print(JSON.stringify(reportAsJson(report, facts)))
  else for (const line of describeReport(report, facts)) terminal.print(line)
  return STATUS[report.verdict]
}

interface Decided {
  readonly report: Report
  readonly named: NamedModel
  readonly events: number
  readonly ms: number
}

async function decide({ history, model, timeLimitMs }: CheckArguments): Promise<Decided> {
  try {
    const { operations, events } = await readHistory(history)
    const named = await loadModel(model, operations)
    const now = (): number => performance.now()
    const begun = now()
    const report = checkLinearizability(operations, named.model, { now, timeLimitMs })
    return { report, named, events, ms: now() - begun }
  } catch (error) {
    if (error instanceof HistoryError) throw new UsageError(`${history}: ${error.message}`)
    if (error instanceof ModelError || error instanceof NotJsonError)
      throw new UsageError(`--model ${model}: ${error.message}`)
    throw error
  }
}

function savePicture(report: Report, { model }: NamedModel, { history, out }: CheckArguments): string {
  const name = history === '-' ? 'history' : basename(history)
  const file = out ?? join(PICTURES, `${name}.html`)
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, drawPicture(report, model, name))
  } catch (error) {
    throw new UsageError(`the picture cannot be written: ${(error as Error).message}`)
  }
  return file
}

// What is printed of a run that failed: what was expected and what was seen, where, what else may help, and the one
// command that runs it again.

import { formatFailed } from '../lab/index.ts'
import { adviceFor, chapterOf } from './advice.ts'
import type { RunSetting } from './lab-arguments.ts'
import { replayCommand } from './replay.ts'
import type { RunReport } from './run-report.ts'

const LABEL_WIDTH = 10

export function failureLines(report: RunReport, setting: RunSetting): string[] {
  const { failure, test, seconds, seed, logFile } = report
  const error = new Error(failure?.message)
  const advice = setting.raft === null ? null : adviceFor(report)
  return [
    formatFailed({ ...report, shuffled: report.race, labgobProblems: report.warnings.length, test, seconds, error }),
    ...(failure?.stack.map((frame) => `      ${frame}`) ?? []),
    ...labelled('property', failure?.property ?? null),
    ...labelled('hint', advice),
    ...labelled('guide', setting.raft === null ? null : chapterOf(report)),
    ...labelled('log', logFile === null ? null : `npx quorate log ${logFile} --columns`),
    ...labelled('seed', String(seed)),
    ...labelled('replay', replayCommand(test, seed, setting)),
  ]
}

function labelled(label: string, text: string | null): string[] {
  return text === null ? [] : [`    ${`${label}:`.padEnd(LABEL_WIDTH)}${text}`]
}

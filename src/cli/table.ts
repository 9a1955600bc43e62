// Many runs as a table: a row for each test, in the order in which they first ran.

import type { RunReport } from './run-report.ts'
import { spreadOf } from './statistics.ts'

const HEADER = ['test', 'runs', 'failed', 'seconds', 'RPCs', 'bytes', 'commits']

/** Its lines. Figures are those of the runs that passed, mean ± deviation. */
export function table(reports: readonly RunReport[]): string[] {
  const byTest = groupByTest(reports)
  return align([HEADER, ...[...byTest].map(([test, runs]) => rowOf(test, runs))])
}

function groupByTest(reports: readonly RunReport[]): Map<string, RunReport[]> {
  const byTest = new Map<string, RunReport[]>()
  for (const report of reports) byTest.set(report.test, [...(byTest.get(report.test) ?? []), report])
  return byTest
}

function rowOf(test: string, runs: readonly RunReport[]): string[] {
  const passed = runs.filter((run) => run.passed)
  const figure = (of: (run: RunReport) => number, digits: number): string => {
    if (passed.length === 0) return '–'
    const { mean, deviation } = spreadOf(passed.map(of))
    return `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`
  }
  return [
    test,
    String(runs.length),
    String(runs.length - passed.length),
    figure((run) => run.seconds, 1),
    figure((run) => run.rpcs, 0),
    figure((run) => run.bytes, 0),
    figure((run) => run.commits, 0),
  ]
}

/** The first column to the left, figures to the right. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  )
}

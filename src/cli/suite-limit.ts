// The lab's limit on all tests together, 600 s on the tests' own clock, kept for each seed by itself.

import { SUITE_LIMIT_MS } from '../lab/index.ts'
import type { RunReport } from './run-report.ts'

export class SuiteLimit {
  private readonly secondsOfSeed = new Map<number, number>()

  /** The report as it counts: the run that passes the limit has failed. */
  admit(report: RunReport): RunReport {
    const seconds = (this.secondsOfSeed.get(report.seed) ?? 0) + report.seconds
    this.secondsOfSeed.set(report.seed, seconds)
    if (!report.passed || seconds * 1000 <= SUITE_LIMIT_MS) return report
    const message = `expected all tests within ${SUITE_LIMIT_MS / 1000} s, saw ${seconds.toFixed(1)} s`
    return { ...report, passed: false, failure: { message, property: null, stack: [] } }
  }
}

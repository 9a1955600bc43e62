// The lines that a run prints, to the lab's columns:
//
//   Test (2A): initial election ...
//     ... Passed --   3.5  3   58   16840    0

import type { LabResult, LabTest } from './lab-test.ts'

/**
 * Printed when a test begins; only where tests run one at a time, since the line of one that passed does not name it.
 */
export function formatStart(test: LabTest): string {
  return `${test.title} ...`
}

/** Seconds, peers, RPCs, bytes and commits of a test that passed. */
export function formatPassed(result: LabResult): string {
  const seconds = result.seconds.toFixed(1).padStart(4)
  const [rpcs, bytes] = [column(result.rpcs, 4), column(result.bytes, 7)]
  return `  ... Passed --  ${seconds}  ${result.peers} ${rpcs} ${bytes} ${column(result.commits, 4)}`
}

/** The test's name and time, and below it why it failed. */
export function formatFailed(result: LabResult): string {
  return `--- FAIL: ${result.test} (${result.seconds.toFixed(2)}s)\n    ${result.error?.message ?? 'no reason given'}`
}

function column(value: number, width: number): string {
  return String(value).padStart(width)
}

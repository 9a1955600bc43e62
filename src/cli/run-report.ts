// One run as it is printed, kept and passed between processes: what the lab found, in plain values.

import type { Part } from '../lab/lab-test.ts'
import { InvariantViolation } from '../raft/invariants.ts'

/** Why a run failed. */
export interface Failure {
  readonly message: string
  /** The invariant that was broken, by its name in the Paper's Figure 3 where it has one there. */
  readonly property: string | null
  /** Where it was thrown in the code under test: the top lines of its stack. */
  readonly stack: readonly string[]
}

export interface RunReport {
  readonly test: string
  readonly title: string
  readonly part: Part
  readonly seed: number
  readonly clock: 'virtual' | 'wall'
  readonly race: boolean
  readonly passed: boolean
  readonly seconds: number
  readonly peers: number
  readonly rpcs: number
  readonly bytes: number
  readonly commits: number
  readonly wallMs: number
  /** The time that the processor was at work, the tester's part included. */
  readonly cpuMs: number
  readonly traceHash: string
  /** What the encoder warned of. */
  readonly warnings: readonly string[]
  readonly failure: Failure | null
  /** Where the log of a failed run is kept, from the working directory. */
  readonly logFile: string | null
}

const STACK_LINES = 3

/** What is said of an error: of the one that the code under test threw, where the lab's only passes it on. */
export function failureOf(error: Error): Failure {
  const cause = error.cause instanceof Error ? error.cause : error
  return {
    message: error.message,
    property: cause instanceof InvariantViolation ? cause.property : null,
    stack: cause === error ? [] : stackOf(cause),
  }
}

type LostOrder = Pick<RunReport, 'test' | 'title' | 'part' | 'seed' | 'clock' | 'race'>

/** A failed run without a result: its process came to an end. */
export function lostRun(order: LostOrder, why: string): RunReport {
  return {
    ...order,
    passed: false,
    seconds: 0,
    peers: 0,
    rpcs: 0,
    bytes: 0,
    commits: 0,
    wallMs: 0,
    cpuMs: 0,
    traceHash: '',
    warnings: [],
    failure: { message: why, property: null, stack: [] },
    logFile: null,
  }
}

function stackOf(error: Error): string[] {
  const lines = (error.stack ?? '').split('\n').map((line) => line.trim())
  return lines.filter((line) => line.startsWith('at ') && !line.includes('node:internal')).slice(0, STACK_LINES)
}

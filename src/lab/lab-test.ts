// What a test is and what a run of it gives.

import type { LabConfig } from './config.ts'

/** Raft is the second lab of the course of 2022; later courses count it as the third or the fourth. */
export type LabNumber = 2 | 3 | 4

/** The parts of the lab: A election, B log, C persistence, D compaction. */
export type Part = `${LabNumber}${'A' | 'B' | 'C' | 'D'}`

/** One test of the lab. */
export interface LabTest {
  /** As the lab names it, with the part at the end: TestInitialElection2A. */
  readonly name: string
  /** As a run prints it: Test (2A): initial election. */
  readonly title: string
  readonly part: Part
  readonly servers: number
  /** Whether the network loses and delays from the start. */
  readonly unreliable: boolean
  /** Whether the service takes snapshots. */
  readonly snapshots: boolean
  /** The year of the course in which the test came in. */
  readonly since: 2022 | 2023
  /** The test itself; throws when it fails. */
  readonly run: (config: LabConfig) => Promise<void>
}

/** One run of one test, with all that is needed to run it again. */
export interface LabResult {
  readonly test: string
  readonly title: string
  readonly part: Part
  readonly seed: number
  readonly clock: 'virtual' | 'wall'
  /** Whether events of one instant ran in a random order. */
  readonly shuffled: boolean
  readonly passed: boolean
  /** On the run's own clock. */
  readonly seconds: number
  readonly peers: number
  readonly rpcs: number
  readonly bytes: number
  /** The highest index that was applied: the length of the log, retries included. */
  readonly commits: number
  /** What the run took in reality, in milliseconds; 0 when the host gave no real time. */
  readonly wallMs: number
  /** Two runs with the same hash went the same way. On the wall clock no two do. */
  readonly traceHash: string
  /** Values that would not have survived the wire or the disk; see Labgob. */
  readonly labgobProblems: number
  /** Why the test failed. */
  readonly error?: Error
}

/** A test with the usual setting: a reliable network, no snapshots, in the course since 2022. */
export function defineTest(
  name: string,
  title: string,
  setting: Pick<LabTest, 'servers'> & Partial<Pick<LabTest, 'unreliable' | 'snapshots' | 'since'>>,
  run: (config: LabConfig) => Promise<void>,
): LabTest {
  const part = name.slice(-2) as Part
  return {
    name,
    title: `Test (${part}): ${title}`,
    part,
    unreliable: false,
    snapshots: false,
    since: 2022,
    ...setting,
    run,
  }
}

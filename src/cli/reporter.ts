// How a command tells of its runs while they happen and when they are done.

import type { LabEvent } from '../lab/event.ts'
import type { LabTest } from '../lab/index.ts'
import type { Order } from './orders.ts'
import type { RunReport } from './run-report.ts'

/** What all runs of a command came to. */
export interface Summary {
  readonly passed: number
  readonly failed: number
  readonly wallMs: number
  /** The user did not wait for the rest. */
  readonly interrupted: boolean
}

export interface Reporter {
  begin(): void
  started(order: Order): void
  /** Something happened in the run of this test. Only told when runs are done in this process. */
  happened(test: LabTest, event: LabEvent): void
  finished(report: RunReport): void
  end(summary: Summary): void
}

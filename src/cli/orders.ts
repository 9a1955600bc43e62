// Which runs a command asks for, and how they are done: one after the other here, or several at once elsewhere.

import type { LabTest } from '../lab/index.ts'

/** One run to do. */
export interface Order {
  readonly test: LabTest
  readonly seed: number
}

/** All tests with the first seed, then all with the next: an early look at every test. */
export function planOrders(tests: readonly LabTest[], seed: number, runs: number): Order[] {
  return Array.from({ length: runs }, (_, i) => tests.map((test) => ({ test, seed: seed + i }))).flat()
}

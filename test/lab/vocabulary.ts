// What the tests of the lab share: how a run is started on Node.

import { type LabResult, type Make, type RunOptions, runTest, selectTests } from '../../src/lab/index.ts'

/** The host's part of a run: hops, and real time. */
export function onVirtualTime(make: Make, seed: number): RunOptions {
  return { make, seed, clock: { kind: 'virtual', hop: setImmediate }, realTime: () => performance.now() }
}

/** Runs the one test of this name. */
export async function run(name: string, make: Make, seed: number, more: Partial<RunOptions> = {}): Promise<LabResult> {
  const [test] = selectTests(`^${name}$`)
  if (test === undefined) throw new Error(`no test ${name}`)
  return runTest(test, { ...onVirtualTime(make, seed), ...more })
}

// One run, here, and what is kept of it.

import { performance } from 'node:perf_hooks'
import { type Plan, type RunReport, run, type Verdict, type Workload } from '../../sim/index.ts'
import type { Situation } from '../../sim/watch/situation-names.ts'

/** A report that can be sent from one thread to another, or printed. */
export interface Outcome {
  readonly seed: number
  readonly verdict: Verdict | null
  readonly hash: string
  readonly events: number
  readonly simulatedMs: number
  readonly wallMs: number
  readonly operations: RunReport['operations']
  readonly historyChecked: RunReport['historyChecked']
  readonly elections: number
  readonly commits: number
  readonly messages: number
  readonly steps: number
  readonly faults: readonly (readonly [string, number])[]
  readonly situations: readonly (readonly [Situation, number])[]
}

/** What runs on the cluster; null for the key/value store. */
export type MakeWorkload = ((plan: Plan) => Workload) | null

export async function perform(
  plan: Plan,
  workload: MakeWorkload,
  observers?: Parameters<typeof run>[1]['observers'],
): Promise<Outcome> {
  const begun = performance.now()
  const report = await run(plan, {
    hop: setImmediate,
    ...(workload === null ? {} : { workload }),
    ...(observers === undefined ? {} : { observers }),
  })
  const { verdict, hash, events, simulatedMs, operations, historyChecked, elections, commits, messages, steps } = report
  return {
    ...{ seed: plan.seed, verdict, hash, events, simulatedMs, operations, historyChecked, elections, commits },
    ...{ messages, steps },
    wallMs: performance.now() - begun,
    faults: [...report.faults],
    situations: [...report.situations],
  }
}

// A thread that carries out plans, one after the other.

import { parentPort, workerData } from 'node:worker_threads'
import { drawPlan, type Plan } from '../../sim/index.ts'
import { loadWorkload } from './load-workload.ts'
import { perform } from './perform.ts'

/** What it is asked for: a seed's own plan, or another one. */
export type Job = { readonly seed: number } | { readonly plan: Plan }

// Nobody sees the stack of an error that a client expects, and a run makes thousands of them. `--seed` runs elsewhere.
Error.stackTraceLimit = 0

const { workload: file } = workerData as { readonly workload: string | null }
const workload = await loadWorkload(file)

parentPort?.on('message', (job: Job) => {
  const plan = 'plan' in job ? job.plan : drawPlan(job.seed)
  void perform(plan, workload).then((outcome) => parentPort?.postMessage({ plan, outcome }))
})

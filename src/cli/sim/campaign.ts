// Many runs, on all cores: seeds in their order, and between them plans that are like those which led to something new.

import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { Coverage, mutate, type Plan, Random } from '../../sim/index.ts'
import type { Outcome } from './perform.ts'
import type { SimArguments } from './sim-arguments.ts'
import type { Job } from './worker.ts'

/** Of so many runs one is a changed plan of those that were kept. */
const GUIDED_EVERY = 4
/** Room for what dies young: with 16 MB a run spends a tenth of its time collecting. */
const YOUNG_MB = 64
/** Plans that are kept, the newest ones. */
const MAX_KEPT = 500

/** A plan in which something bad happened. */
export interface Failure {
  readonly plan: Plan
  readonly outcome: Outcome
  /** The seed draws this very plan. */
  readonly isOfSeed: boolean
}

export class Campaign {
  readonly coverage: Coverage = new Coverage()
  readonly failures: Failure[] = []
  readonly faults: Map<string, number> = new Map()
  readonly totals = {
    runs: 0,
    guided: 0,
    events: 0,
    simulatedMs: 0,
    elections: 0,
    commits: 0,
    messages: 0,
    steps: 0,
    acknowledged: 0,
    operations: 0,
  }
  readonly histories = { linearizable: 0, unknown: 0 }
  private readonly options: SimArguments
  private readonly firstSeed: number
  private readonly onProgress: () => void
  private readonly random: Random
  private readonly kept: Plan[] = []
  private readonly workers: Worker[] = []
  private readonly endAt: number
  private begun = 0
  private isStopped = false

  constructor(options: SimArguments, firstSeed: number, onProgress: () => void) {
    this.options = options
    this.firstSeed = firstSeed
    this.onProgress = onProgress
    this.random = new Random(firstSeed)
    this.endAt = options.minutes === null ? Number.POSITIVE_INFINITY : performance.now() + options.minutes * 60_000
  }

  /** Until all seeds are through, time is up, or `stop`. */
  async perform(): Promise<void> {
    const count = Math.min(this.options.jobs, this.options.seeds)
    await Promise.all(Array.from({ length: count }, () => this.work()))
  }

  /** Runs that are under way are given up. */
  stop(): void {
    this.isStopped = true
    for (const worker of this.workers) void worker.terminate()
  }

  private work(): Promise<void> {
    const { workload } = this.options
    const worker = new Worker(new URL('worker.js', import.meta.url), {
      workerData: { workload },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    this.workers.push(worker)
    return new Promise((resolve, reject) => {
      let job: Job | null = null
      const next = (): void => {
        job = this.nextJob()
        if (job !== null) worker.postMessage(job)
        else void worker.terminate()
      }
      worker.on('message', ({ plan, outcome }: { readonly plan: Plan; readonly outcome: Outcome }) => {
        this.note(plan, outcome, job !== null && 'seed' in job)
        next()
      })
      worker.on('error', reject)
      worker.on('exit', () => resolve())
      next()
    })
  }

  private nextJob(): Job | null {
    const { seeds, guided } = this.options
    if (this.isStopped || this.begun >= seeds || performance.now() >= this.endAt) return null
    this.begun++
    if (guided && this.begun % GUIDED_EVERY === 0 && this.kept.length > 1) {
      this.totals.guided++
      return { plan: mutate(this.random.pick(this.kept), this.random.pick(this.kept), this.random) }
    }
    return { seed: this.firstSeed + this.begun - 1 }
  }

  private note(plan: Plan, outcome: Outcome, isOfSeed: boolean): void {
    const { totals, histories } = this
    totals.runs++
    totals.events += outcome.events
    totals.simulatedMs += outcome.simulatedMs
    totals.elections += outcome.elections
    totals.commits += outcome.commits
    totals.messages += outcome.messages
    totals.steps += outcome.steps
    totals.operations += outcome.operations.ok + outcome.operations.fail + outcome.operations.info
    totals.acknowledged += outcome.operations.ok
    if (outcome.historyChecked === 'linearizable') histories.linearizable++
    if (outcome.historyChecked === 'unknown') histories.unknown++
    for (const [kind, count] of outcome.faults) this.faults.set(kind, (this.faults.get(kind) ?? 0) + count)
    if (this.coverage.add(outcome.situations.map(([situation]) => situation))) this.keep(plan)
    if (outcome.verdict !== null) this.failures.push({ plan, outcome, isOfSeed })
    this.onProgress()
  }

  private keep(plan: Plan): void {
    this.kept.push(plan)
    if (this.kept.length > MAX_KEPT) this.kept.shift()
  }
}

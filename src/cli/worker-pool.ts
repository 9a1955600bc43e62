// Runs orders in several processes at once. A worker that dies in the middle of a run has failed that run, and is
// replaced.

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RunSetting } from './lab-arguments.ts'
import type { Order } from './orders.ts'
import { lostRun, type RunReport } from './run-report.ts'
import type { FromWorker, ToWorker } from './worker-protocol.ts'

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url))

/** Is told as runs begin and end. A worker that dies in a run has ended it. */
export interface PoolListener {
  readonly onStart: (order: Order) => void
  readonly onReport: (report: RunReport) => void
}

export class WorkerPool {
  private readonly setting: RunSetting
  private readonly listener: PoolListener
  private readonly waiting: Order[]
  private readonly workers = new Set<ChildProcess>()
  private stopped = false

  constructor(orders: readonly Order[], setting: RunSetting, listener: PoolListener) {
    this.waiting = [...orders]
    this.setting = setting
    this.listener = listener
  }

  /** Resolves when all orders are done, or when it was stopped. */
  async run(jobs: number): Promise<void> {
    const lanes = Array.from({ length: Math.min(jobs, this.waiting.length) }, () => this.lane())
    await Promise.all(lanes)
  }

  /** Ends all workers; their runs are not reported. */
  stop(): void {
    this.stopped = true
    for (const worker of this.workers) worker.kill('SIGKILL')
  }

  /** One worker after another, until nothing is left to do: one is enough unless it dies. */
  private async lane(): Promise<void> {
    while (this.waiting.length > 0 && !this.stopped) await this.employ()
  }

  private employ(): Promise<void> {
    const worker = fork(WORKER)
    this.workers.add(worker)
    let ready = false
    let current: Order | undefined
    const next = (): void => {
      current = this.stopped ? undefined : this.waiting.shift()
      if (current === undefined) worker.disconnect()
      else {
        this.listener.onStart(current)
        send(worker, { kind: 'run', test: current.test.name, seed: current.seed })
      }
    }
    worker.on('message', (message: FromWorker) => {
      ready = true
      if (message.kind === 'report') this.listener.onReport(message.report)
      next()
    })
    send(worker, { kind: 'setting', setting: this.setting })
    return new Promise((resolve, reject) => {
      worker.on('exit', (code, signal) => {
        this.workers.delete(worker)
        // It would be the same with the next one.
        if (!ready && !this.stopped)
          reject(new Error(`a worker process ended with status ${code} before its first run`))
        if (current !== undefined && !this.stopped) this.listener.onReport(this.lost(current, code, signal))
        resolve()
      })
    })
  }

  private lost({ test, seed }: Order, code: number | null, signal: string | null): RunReport {
    const how = signal === null ? `with status ${code}` : `by ${signal}`
    const { title, part } = test
    const { clock, race } = this.setting
    return lostRun(
      { test: test.name, title, part, seed, clock, race },
      `the process of this run ended ${how}; what it printed on stderr says more`,
    )
  }
}

function send(worker: ChildProcess, message: ToWorker): void {
  worker.send(message)
}

/** The user's state machine, timed: how long each `apply` takes, and whether one is under way. */

import type { Index } from '../../raft/entry.ts'
import type { Clock } from '../../util/clock.ts'
import type { CommittedEntry, EntryPlace, StateMachine } from '../state-machine.ts'
import { DURATION_BOUNDS_MS, Histogram } from './histogram.ts'

export class WatchedMachine implements StateMachine {
  private readonly machine: StateMachine
  private readonly clock: Clock
  private busySince: number | null = null
  private readonly resting = new Set<() => void>()
  /** Commands that were applied. */
  applied = 0
  /** One call of `apply`. */
  readonly applyMs: Histogram = new Histogram(DURATION_BOUNDS_MS)
  /** How long the last `restore` took. */
  lastRestoreMs = 0
  /** Absent where the machine does without: a durable one would be asked for a transaction with nothing in it. */
  readonly sessionsClosed?: (ids: readonly number[], place: EntryPlace) => void

  constructor(machine: StateMachine, clock: Clock) {
    this.machine = machine
    this.clock = clock
    if (machine.sessionsClosed !== undefined) this.sessionsClosed = (ids, place) => machine.sessionsClosed?.(ids, place)
  }

  get appliedIndex(): Index | undefined {
    return this.machine.appliedIndex
  }

  /** True while the machine is in the middle of something: its state is none that ever was. */
  get isBusy(): boolean {
    return this.busySince !== null
  }

  /** How long the call under way has lasted; 0 when there is none. */
  busyMs(): number {
    return this.busySince === null ? 0 : this.clock.now() - this.busySince
  }

  /** Resolves when no call is under way. */
  rest(): Promise<void> {
    return this.isBusy ? new Promise((resolve) => void this.resting.add(resolve)) : Promise.resolve()
  }

  apply(entries: readonly CommittedEntry[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]> {
    this.begin()
    let answers: ReturnType<StateMachine['apply']>
    try {
      answers = this.machine.apply(entries)
    } catch (error) {
      this.end()
      throw error
    }
    if (isPromise(answers)) return Promise.resolve(answers).finally(() => this.noteApplied(entries))
    this.noteApplied(entries)
    return answers
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return this.machine.snapshot()
  }

  async restore(source: AsyncIterable<Uint8Array>, index: Index): Promise<void> {
    const begunAt = this.begin()
    try {
      await this.machine.restore(source, index)
    } finally {
      this.lastRestoreMs = this.clock.now() - begunAt
      this.end()
    }
  }

  private noteApplied(entries: readonly CommittedEntry[]): void {
    this.applied += entries.length
    this.applyMs.observe(this.busyMs())
    this.end()
  }

  private begin(): number {
    this.busySince = this.clock.now()
    return this.busySince
  }

  private end(): void {
    this.busySince = null
    for (const resolve of this.resting) resolve()
    this.resting.clear()
  }
}

/** Also a promise of another make. What is neither an array nor a promise is for the applier to complain of. */
function isPromise(answers: ReturnType<StateMachine['apply']>): answers is Promise<readonly Uint8Array[]> {
  return typeof (answers as Partial<Promise<unknown>> | null)?.then === 'function'
}

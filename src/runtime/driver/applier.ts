/**
 * Hands committed entries to the state machine: one batch at a time, in order, apart from the path of consensus. A
 * machine that answers synchronously is applied within the turn; one that answers with a promise holds up nobody but
 * itself.
 */
import type { Entry, Index, Term } from '../../raft/entry.ts'
import type { SnapshotMeta } from '../../raft/ready.ts'
import { Deque } from '../../util/deque.ts'
import { asError } from '../errors.ts'
import type { Outcome, ReplicatedState } from '../replicated-state.ts'

/** What the applier reports, in the order of the log. */
export interface ApplierHandlers {
  /** What came of an entry; null for one that nobody waits for. */
  onAnswer(index: Index, term: Term, outcome: Outcome): void
  /** Everything up to `index` is applied; `bytes` is what these entries take in the log. */
  onApplied(index: Index, bytes: number): void
  onRestored(index: Index): void
  /** The state machine threw: this server's state is not to be trusted any more. */
  onFailure(error: Error): void
}

type Task = { readonly entries: readonly Entry[] } | { readonly restore: SnapshotMeta }

/** Where a snapshot's bytes come from. */
export type OpenSnapshot = (meta: SnapshotMeta) => AsyncIterable<Uint8Array>

export class Applier {
  private readonly state: ReplicatedState
  private readonly openSnapshot: OpenSnapshot
  private readonly handlers: ApplierHandlers
  private readonly tasks = new Deque<Task>()
  private busy = false
  private stopped = false

  constructor(state: ReplicatedState, openSnapshot: OpenSnapshot, handlers: ApplierHandlers) {
    this.state = state
    this.openSnapshot = openSnapshot
    this.handlers = handlers
  }

  /** True in the middle of `apply` or `restore`: the state is none that ever was. */
  get isBusy(): boolean {
    return this.busy
  }

  apply(entries: readonly Entry[]): void {
    this.add({ entries })
  }

  /** After what was handed in before, and before what comes. */
  restore(meta: SnapshotMeta): void {
    this.add({ restore: meta })
  }

  stop(): void {
    this.stopped = true
    this.tasks.clear()
  }

  private add(task: Task): void {
    if (this.stopped) return
    this.tasks.push(task)
    if (!this.busy) this.work()
  }

  /** Goes on until there is nothing left, or until the machine asks for time. */
  private work(): void {
    for (let task = this.tasks.shift(); task !== undefined && !this.stopped; task = this.tasks.shift()) {
      let pending: Promise<void> | null
      this.busy = true
      try {
        pending = 'restore' in task ? this.restoreNow(task.restore) : this.applyNow(task.entries)
      } catch (error) {
        this.fail(error)
        return
      }
      if (pending === null) {
        this.busy = false
        continue
      }
      pending.then(
        () => {
          this.busy = false
          if (!this.stopped) this.work()
        },
        (error: unknown) => this.fail(error),
      )
      return
    }
  }

  private applyNow(entries: readonly Entry[]): Promise<void> | null {
    const outcomes = this.state.apply(entries)
    if (!isReady(outcomes)) return outcomes.then((late) => this.report(entries, late))
    this.report(entries, outcomes)
    return null
  }

  private report(entries: readonly Entry[], outcomes: readonly Outcome[]): void {
    if (this.stopped) return
    let bytes = 0
    for (let i = 0; i < entries.length; i++) {
      const { index, term, size } = entries[i] as Entry
      bytes += size
      this.handlers.onAnswer(index, term, outcomes[i] ?? null)
    }
    this.handlers.onApplied((entries[entries.length - 1] as Entry).index, bytes)
  }

  private restoreNow(meta: SnapshotMeta): Promise<void> {
    return this.state.restore(this.openSnapshot(meta), meta.index).then(() => {
      if (!this.stopped) this.handlers.onRestored(meta.index)
    })
  }

  private fail(error: unknown): void {
    if (this.stopped) return
    this.stop()
    this.handlers.onFailure(asError(error))
  }
}

function isReady(outcomes: ReturnType<ReplicatedState['apply']>): outcomes is readonly Outcome[] {
  return Array.isArray(outcomes)
}

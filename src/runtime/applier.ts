/**
 * Hands committed entries to the state machine: one batch at a time, in order, apart from the path of consensus. A
 * machine that answers synchronously is applied within the turn; one that answers with a promise holds up nobody but
 * itself.
 */
import type { Entry, Index, Term } from '../raft/entry.ts'
import type { SnapshotMeta } from '../raft/ready.ts'
import { Deque } from '../util/deque.ts'
import { asError } from './errors.ts'
import type { StateMachine } from './state-machine.ts'

/** What the applier reports, in the order of the log. */
export interface ApplierHandlers {
  /** The answer to a command; null for an entry that is none. */
  onAnswer(index: Index, term: Term, answer: Uint8Array | null): void
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
  private readonly machine: StateMachine
  private readonly openSnapshot: OpenSnapshot
  private readonly handlers: ApplierHandlers
  private readonly tasks = new Deque<Task>()
  private busy = false
  private stopped = false

  constructor(machine: StateMachine, openSnapshot: OpenSnapshot, handlers: ApplierHandlers) {
    this.machine = machine
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
    const commands = entries.every(isCommand) ? entries : entries.filter(isCommand)
    const answers = commands.length === 0 ? [] : this.machine.apply(commands)
    if (!isReady(answers)) return answers.then((ready) => this.report(entries, commands.length, ready))
    this.report(entries, commands.length, answers)
    return null
  }

  private report(entries: readonly Entry[], commands: number, answers: readonly Uint8Array[]): void {
    if (this.stopped) return
    requireAnswers(answers, commands)
    let bytes = 0
    let next = 0
    for (const { kind, index, term, size } of entries) {
      bytes += size
      this.handlers.onAnswer(index, term, kind === 'command' ? (answers[next++] as Uint8Array) : null)
    }
    this.handlers.onApplied((entries[entries.length - 1] as Entry).index, bytes)
  }

  private restoreNow(meta: SnapshotMeta): Promise<void> {
    return this.machine.restore(this.openSnapshot(meta)).then(() => {
      if (!this.stopped) this.handlers.onRestored(meta.index)
    })
  }

  private fail(error: unknown): void {
    if (this.stopped) return
    this.stop()
    this.handlers.onFailure(asError(error))
  }
}

function isCommand({ kind }: Entry): boolean {
  return kind === 'command'
}

function isReady(answers: ReturnType<StateMachine['apply']>): answers is readonly Uint8Array[] {
  return Array.isArray(answers)
}

/** A missing answer would be somebody else's from then on; better no answers at all. */
function requireAnswers(answers: readonly Uint8Array[], commands: number): void {
  if (!Array.isArray(answers)) throw new TypeError('the state machine gave no array of answers')
  if (answers.length !== commands) {
    throw new Error(`the state machine gave ${answers.length} answers to ${commands} commands: give one for each`)
  }
  const wrong = answers.findIndex((answer) => !(answer instanceof Uint8Array))
  if (wrong >= 0) throw new TypeError(`the state machine's answer ${wrong + 1} of ${commands} is no Uint8Array`)
}

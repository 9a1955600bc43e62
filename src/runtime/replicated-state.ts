/**
 * What the cluster keeps the same on every server: the user's state machine, and in front of it the table of sessions,
 * which lets a command through once and gives its retries the answer of the first time (Paper §8, Thesis §6.3).
 *
 * Entries come in batches, and the batches are others on every server. So a batch is gone through twice: first the
 * table decides on every entry, without looking at any answer; then, when the machine has given its answers, they are
 * kept and released in the order of the log. Whoever decided by the size of an answer in between would decide another
 * way where the batch ended one entry earlier.
 *
 * The table lives in memory and begins at a snapshot, as the core does; a durable machine may be ahead of it. The table
 * then goes through the entries that the machine holds already, and the machine is not asked. It held them before this
 * start, so a read that asks the leader is sent behind them all: only a local one may see the machine ahead.
 */
import type { Entry, Index } from '../raft/entry.ts'
import { concat, EMPTY } from '../util/bytes.ts'
import { requireRestored, startingIndex } from './durable-machine.ts'
import { NodeError } from './errors.ts'
import { KeptAnswers } from './sessions/kept-answers.ts'
import { decodeOperation, type SessionOperation } from './sessions/session-entry.ts'
import {
  decodeSessions,
  decodeSessionsHeader,
  encodeSessions,
  SESSIONS_HEADER_BYTES,
  SessionsFormatError,
} from './sessions/session-snapshot.ts'
import { SessionTable, type Verdict } from './sessions/session-table.ts'
import type { CommittedEntry, StateMachine } from './state-machine.ts'

/** What came of an entry: the answer, why it was not applied, or null where there is nothing to answer. */
export type Outcome = Uint8Array | NodeError | null

/** A session's entry and what the table made of it. */
interface Decided extends Verdict {
  readonly operation: SessionOperation
}

/** What the machine is asked to do without a break: some sessions have ended at `at`, then these commands. */
interface Step {
  readonly ended: readonly number[]
  readonly at: Entry
  readonly commands: CommittedEntry[]
}

/** A snapshot to start from. */
interface StartingPoint {
  readonly index: Index
  readonly source: AsyncIterable<Uint8Array>
}

export class ReplicatedState {
  readonly table: SessionTable = new SessionTable()
  private readonly answers = new KeptAnswers()
  private readonly machine: StateMachine
  /** The machine holds everything up to this entry: such entries are the table's only. */
  private heldTo: Index = 0

  constructor(machine: StateMachine) {
    this.machine = machine
  }

  /**
   * At the start: takes in the newest snapshot, less what a durable machine holds already. Where it is ahead of the
   * snapshot, that is the table of sessions only.
   *
   * @param lastIndex where the log on this server's disk ends
   * @throws OptionsError when the machine is ahead of that; SessionsFormatError; what the machine rejects with
   */
  async start(snapshot: StartingPoint | null, lastIndex: Index): Promise<void> {
    const held = startingIndex(this.machine, lastIndex)
    if (snapshot === null) {
      this.heldTo = held
    } else if (held < snapshot.index) {
      await this.restore(snapshot.source, snapshot.index)
    } else {
      const { pieces } = await this.restoreSessions(snapshot.source)
      await pieces.return?.()
      this.heldTo = held
    }
  }

  /**
   * False while the machine is ahead of the table, when `index` is the last entry that was applied: a snapshot of the two
   * would have a command's effect, and let its retry through.
   */
  isWholeAt(index: Index): boolean {
    return index >= this.heldTo
  }

  /** As `StateMachine.apply`, but of entries of every kind, and with one outcome for each. */
  apply(entries: readonly Entry[]): readonly Outcome[] | Promise<readonly Outcome[]> {
    if (entries.every(isPlain) && this.lacks(entries[0])) return this.ask(entries)
    const decided = entries.map((entry) => (entry.kind === 'session' ? this.decide(entry) : null))
    const answers = this.carryOut(stepsOf(entries, decided, this.heldTo), 0, [])
    if (!isReady(answers)) return answers.then((late) => this.conclude(entries, decided, late))
    return this.conclude(entries, decided, answers)
  }

  /** As `StateMachine.snapshot`. */
  snapshot(): AsyncIterable<Uint8Array> {
    return chain(encodeSessions(this.table, this.answers), this.machine.snapshot()[Symbol.asyncIterator]())
  }

  /** As `StateMachine.restore`. @throws SessionsFormatError, or what the machine rejects with */
  async restore(source: AsyncIterable<Uint8Array>, index: Index): Promise<void> {
    const { rest, pieces } = await this.restoreSessions(source)
    await this.machine.restore(chain(rest, pieces), index)
    requireRestored(this.machine, index)
    this.heldTo = index
  }

  /** @returns the state machine's part of the snapshot, to be read on */
  private async restoreSessions(source: AsyncIterable<Uint8Array>): Promise<MachinePart> {
    const pieces = source[Symbol.asyncIterator]()
    const header = await take(pieces, EMPTY, SESSIONS_HEADER_BYTES)
    const body = await take(pieces, header.rest, decodeSessionsHeader(header.taken))
    decodeSessions(body.taken, this.table, this.answers)
    return { rest: body.rest, pieces }
  }

  private lacks(entry: Entry | undefined): boolean {
    return entry !== undefined && entry.index > this.heldTo
  }

  private decide(entry: Entry): Decided {
    const stamped = decodeOperation(entry.command)
    if (stamped === null)
      throw new Error(`entry ${entry.index} is no session's: a newer version of this program wrote it`)
    return { ...this.table.admit(stamped, entry.index), operation: stamped.operation }
  }

  private carryOut(steps: readonly Step[], first: number, answers: Uint8Array[]): Answers {
    for (let i = first; i < steps.length; i++) {
      const { ended, at, commands } = steps[i] as Step
      if (ended.length > 0) this.machine.sessionsClosed?.(ended, { index: at.index, term: at.term })
      if (commands.length === 0 && !(ended.length > 0 && this.storesEnds)) continue
      const given = this.ask(commands)
      if (!isReady(given)) return given.then((late) => this.carryOut(steps, i + 1, answers.concat(late)))
      for (const answer of given) answers.push(answer)
    }
    return answers
  }

  /** A volatile machine has done all there is to do when it was told; a durable one has yet to store it. */
  private get storesEnds(): boolean {
    return this.machine.sessionsClosed !== undefined && this.machine.appliedIndex !== undefined
  }

  private ask(commands: readonly CommittedEntry[]): Answers {
    const answers = this.machine.apply(commands)
    if (!isReady(answers)) return answers.then((late) => requireAnswers(late, commands.length))
    return requireAnswers(answers, commands.length)
  }

  /** In the order of the log: what the answers change, and what everybody is told. */
  private conclude(
    entries: readonly Entry[],
    decided: readonly (Decided | null)[],
    answers: readonly Uint8Array[],
  ): Outcome[] {
    let next = 0
    return entries.map((entry, i) => {
      const one = decided[i] ?? null
      const isCommand = entry.kind === 'command' || one?.fate.type === 'apply'
      const answer = isCommand && this.lacks(entry) ? (answers[next++] as Uint8Array) : null
      if (one !== null) return this.concludeOne(one, answer)
      return isCommand ? (answer ?? answerForgotten(`the command of entry ${entry.index}`)) : null
    })
  }

  private concludeOne({ operation, ended, fate }: Decided, answer: Uint8Array | null): Outcome {
    for (const session of ended) this.answers.forget(session)
    if ('completed' in operation) this.answers.release(operation.session, operation.completed)
    if (fate.type === 'done') return fate.answer
    if (fate.type === 'refused') return fate.error
    if (operation.type !== 'command') return null
    const { session, serial } = operation
    if (answer !== null) this.answers.keep(session, serial, answer)
    return answer ?? this.answers.find(session, serial) ?? this.answerNotKept(session, serial)
  }

  private answerNotKept(session: number, serial: number): NodeError {
    const command = `command ${serial} of session ${session}`
    if (this.machine.appliedIndex !== undefined) return answerForgotten(command)
    return appliedUnanswered(`${command} was applied, but there was no room to keep its answer`)
  }
}

interface MachinePart {
  readonly rest: Uint8Array
  readonly pieces: AsyncIterator<Uint8Array>
}

type Answers = readonly Uint8Array[] | Promise<readonly Uint8Array[]>

function isPlain({ kind }: Entry): boolean {
  return kind === 'command'
}

/** The commands of a batch that are to be applied, cut where sessions end; nothing of what the machine holds already. */
function stepsOf(entries: readonly Entry[], decided: readonly (Decided | null)[], heldTo: Index): Step[] {
  const steps: Step[] = []
  let step: Step | null = null
  entries.forEach((entry, i) => {
    if (entry.index <= heldTo) return
    const ended = decided[i]?.ended ?? []
    const command = commandOf(entry, decided[i] ?? null)
    if (step === null || ended.length > 0) {
      step = { ended, at: entry, commands: [] }
      steps.push(step)
    }
    if (command !== null) step.commands.push(command)
  })
  return steps
}

/** What of an entry is to be applied; null when nothing is. */
function commandOf(entry: Entry, decided: Decided | null): CommittedEntry | null {
  if (entry.kind === 'command') return entry
  if (decided === null || decided.fate.type !== 'apply' || decided.operation.type !== 'command') return null
  const { session, command } = decided.operation
  return { index: entry.index, term: entry.term, command, session }
}

function isReady(answers: Answers): answers is readonly Uint8Array[] {
  return Array.isArray(answers)
}

/** A missing answer would be somebody else's from then on; better no answers at all. */
function requireAnswers(answers: readonly Uint8Array[], commands: number): readonly Uint8Array[] {
  if (!Array.isArray(answers)) throw new TypeError('the state machine gave no array of answers')
  if (answers.length !== commands) {
    throw new Error(`the state machine gave ${answers.length} answers to ${commands} commands: give one for each`)
  }
  const wrong = answers.findIndex((answer) => !(answer instanceof Uint8Array))
  if (wrong >= 0) throw new TypeError(`the state machine's answer ${wrong + 1} of ${commands} is no Uint8Array`)
  return answers
}

/** A durable machine's store has no answers: those given between the last snapshot and a restart are gone. */
function answerForgotten(command: string): NodeError {
  const why = 'a server has started again since, or there was no room to keep it'
  return appliedUnanswered(`${command} was applied, but its answer is no longer known: ${why}`)
}

function appliedUnanswered(message: string): NodeError {
  return new NodeError('ERR_QUORATE_ANSWER_LOST', message, 'unknown')
}

async function take(
  pieces: AsyncIterator<Uint8Array>,
  rest: Uint8Array,
  length: number,
): Promise<{ readonly taken: Uint8Array; readonly rest: Uint8Array }> {
  const parts = [rest]
  let size = rest.length
  while (size < length) {
    const next = await pieces.next()
    if (next.done === true) throw new SessionsFormatError('the snapshot ends within the table of sessions')
    parts.push(next.value)
    size += next.value.length
  }
  const whole = parts.length === 1 ? rest : concat(parts)
  return { taken: whole.subarray(0, length), rest: whole.subarray(length) }
}

/**
 * `first`, then what is left. No generator: one that has not begun does nothing when it is told to stop, and a machine's
 * view of its store, taken for a snapshot that found no room, would stay open.
 */
function chain(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncIterableIterator<Uint8Array> {
  let ahead = first.length > 0 ? first : null
  const pieces: AsyncIterableIterator<Uint8Array> = {
    next: async () => {
      if (ahead === null) return rest.next()
      const value = ahead
      ahead = null
      return { done: false, value }
    },
    return: async () => {
      ahead = null
      await rest.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => pieces,
  }
  return pieces
}

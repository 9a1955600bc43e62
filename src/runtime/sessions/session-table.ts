/**
 * The table of sessions: a part of the replicated state (Thesis §6.3). It changes only by the entries of the log, in
 * their order, and looks at nothing else, so that every server holds the same table at the same index. It decides
 * what is to become of an entry; the answers themselves are with `KeptAnswers`.
 *
 * Time here is log time: milliseconds for which leaders have been in office, as they stamped it. It stands still while
 * nobody leads, so that a session is never lost for want of a leader.
 */
import type { Index } from '../../raft/entry.ts'
import { EMPTY } from '../../util/bytes.ts'
import { NodeError, outcomeUnknown } from '../errors.ts'
import { serialsUpTo } from './serials.ts'
import { encodeStanding, type SessionId, type SessionOperation, type StampedOperation } from './session-entry.ts'

/**
 * Limits. They belong to the rules by which entries are applied, like the entries' format: servers with different ones
 * would come to different tables, so they are no options.
 */
export const MAX_SESSIONS = 10_000
export const MIN_TTL_MS = 1_000
export const MAX_TTL_MS = 86_400_000
/** How far a serial may be ahead of what is completed: what a client may have under way in one session. */
export const MAX_SERIALS_AHEAD = 1_000

/** What the table knows of a session. Times are log times. */
export interface SessionRow {
  readonly id: SessionId
  readonly ttlMs: number
  /** Log time of its last entry. It expires when the log time passes `activeAt + ttlMs`. */
  activeAt: number
  /** Nobody asks for the answers up to this serial any more. */
  completed: number
  /** Serials that have been applied; all are > completed and ≤ completed + MAX_SERIALS_AHEAD. */
  readonly applied: Set<number>
}

/** What is to become of an entry. */
export interface Verdict {
  /** Sessions that end with it, ascending; its own command comes behind that. */
  readonly ended: readonly SessionId[]
  readonly fate: Fate
}

export type Fate =
  /** A command that is seen for the first time: to the state machine with it. */
  | { readonly type: 'apply' }
  /** A command that was applied before: it gets the answer that it got then. */
  | { readonly type: 'repeat' }
  | { readonly type: 'done'; readonly answer: Uint8Array }
  | { readonly type: 'refused'; readonly error: NodeError }

const APPLY: Fate = { type: 'apply' }
const REPEAT: Fate = { type: 'repeat' }
const DONE: Fate = { type: 'done', answer: EMPTY }
const NONE: readonly SessionId[] = []

export class SessionTable {
  private time = 0
  private readonly sessions = new Map<SessionId, SessionRow>()
  /** No session expires before this: saves looking at all of them at every entry. */
  private quietUntil = Number.POSITIVE_INFINITY

  /** The highest stamp so far, in ms. */
  get logTime(): number {
    return this.time
  }

  /** A log time up to which none expires; Infinity when there is none. May be too early, never too late. */
  get earliestExpiry(): number {
    return this.quietUntil
  }

  /** In ascending order of their ids. */
  rows(): IterableIterator<Readonly<SessionRow>> {
    return this.sessions.values()
  }

  /** The entry at `index` takes effect: first time passes, then what it asks for happens. */
  admit({ logTime, operation }: StampedOperation, index: Index): Verdict {
    this.time = Math.max(this.time, logTime)
    const ended = this.time > this.quietUntil ? this.expire() : NONE
    if (operation.type !== 'close') return { ended, fate: this.decide(operation, index) }
    if (!this.sessions.delete(operation.session)) return { ended, fate: DONE }
    return { ended: [...ended, operation.session].sort((one, other) => one - other), fate: DONE }
  }

  /** Takes the place of what is there. */
  restore(logTime: number, rows: Iterable<SessionRow>): void {
    this.time = logTime
    this.sessions.clear()
    for (const row of rows) this.sessions.set(row.id, row)
    this.findEarliestExpiry()
  }

  /** Looks at every session. */
  findEarliestExpiry(): void {
    this.quietUntil = Number.POSITIVE_INFINITY
    for (const { activeAt, ttlMs } of this.sessions.values()) {
      this.quietUntil = Math.min(this.quietUntil, activeAt + ttlMs)
    }
  }

  private expire(): SessionId[] {
    const ended: SessionId[] = []
    for (const { id, activeAt, ttlMs } of this.sessions.values()) if (this.time > activeAt + ttlMs) ended.push(id)
    for (const id of ended) this.sessions.delete(id)
    this.findEarliestExpiry()
    return ended
  }

  private decide(operation: Exclude<SessionOperation, { type: 'close' }>, index: Index): Fate {
    if (operation.type === 'tick') return DONE
    if (operation.type === 'open') return this.open(operation.ttlMs, index)
    const row = this.sessions.get(operation.session)
    if (row === undefined) return { type: 'refused', error: sessionExpired(operation.session) }
    row.activeAt = this.time
    this.complete(row, operation.completed)
    if (operation.type === 'keepAlive') return { type: 'done', answer: standing(row) }
    return this.decideCommand(row, operation.serial)
  }

  private open(ttlMs: number, id: SessionId): Fate {
    if (this.sessions.size >= MAX_SESSIONS) {
      const message = `${MAX_SESSIONS} sessions are open already: close those that are done with`
      return { type: 'refused', error: new NodeError('ERR_QUORATE_TOO_MANY_SESSIONS', message, 'no') }
    }
    const row = {
      id,
      ttlMs: Math.min(Math.max(ttlMs, MIN_TTL_MS), MAX_TTL_MS),
      activeAt: this.time,
      completed: 0,
      applied: new Set<number>(),
    }
    this.sessions.set(id, row)
    this.quietUntil = Math.min(this.quietUntil, row.activeAt + row.ttlMs)
    return { type: 'done', answer: standing(row) }
  }

  /**
   * Commands of one session may be under way together and come in any order, 3 before 1; so it is each serial that
   * counts, and not the highest one.
   */
  private decideCommand(row: SessionRow, serial: number): Fate {
    if (row.applied.has(serial)) return REPEAT
    if (serial <= row.completed) return { type: 'refused', error: completedBefore(row, serial) }
    if (serial > row.completed + MAX_SERIALS_AHEAD) return { type: 'refused', error: tooFarAhead(row, serial) }
    row.applied.add(serial)
    return APPLY
  }

  private complete(row: SessionRow, completed: number): void {
    if (completed <= row.completed) return
    for (const serial of serialsUpTo(completed, row.completed, row.applied)) row.applied.delete(serial)
    row.completed = completed
  }
}

function standing({ id, ttlMs, completed }: SessionRow): Uint8Array {
  return encodeStanding({ session: id, ttlMs, completed })
}

function sessionExpired(session: SessionId): NodeError {
  const message = `session ${session} has expired, or was closed: open a new one`
  return new NodeError('ERR_QUORATE_SESSION_EXPIRED', message, 'no')
}

/** A copy that was late: nobody waits for it, unless two clients share a session, and whether it was applied is forgotten. */
function completedBefore({ id, completed }: SessionRow, serial: number): NodeError {
  return outcomeUnknown(`command ${serial} of session ${id} came again after ${completed} were completed`, null)
}

function tooFarAhead({ id, completed }: SessionRow, serial: number): NodeError {
  const message = `command ${serial} of session ${id} is more than ${MAX_SERIALS_AHEAD} ahead of ${completed}`
  return new NodeError('ERR_QUORATE_OVERLOADED', `${message}: wait for the commands before it`, 'no')
}

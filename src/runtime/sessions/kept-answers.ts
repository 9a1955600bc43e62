/**
 * The answers that sessions may ask for again, as a part of the replicated state: kept from the moment when a command
 * is applied until its client says that it has the answer, or its session ends. What is kept is bounded in bytes; an
 * answer for which there is no room is not kept, and a retry then learns only that the command was applied.
 *
 * Every change comes in the order of the log, so that every server keeps the same answers, whatever the batches are
 * that entries are applied in. Only a durable state machine, which is not asked again after a restart, leaves gaps here;
 * nothing is decided by what is kept.
 */

import { serialsUpTo } from './serials.ts'
import type { SessionId } from './session-entry.ts'

/** For the same reason as those of the table, these limits are no options. */
export const MAX_KEPT_BYTES_PER_SESSION: number = 1024 * 1024
export const MAX_KEPT_BYTES: number = 16 * 1024 * 1024

/** What an answer takes in memory besides its bytes. */
const OVERHEAD_BYTES = 64

interface Shelf {
  readonly answers: Map<number, Uint8Array>
  bytes: number
  /** Nothing is kept up to this serial. */
  released: number
}

export class KeptAnswers {
  private readonly shelves = new Map<SessionId, Shelf>()
  private total = 0

  /** Of all sessions, in bytes. */
  get bytes(): number {
    return this.total
  }

  /** A copy, since the state machine may use its buffer again. @returns false when there is no room */
  keep(session: SessionId, serial: number, answer: Uint8Array): boolean {
    const cost = answer.length + OVERHEAD_BYTES
    const shelf = this.shelves.get(session) ?? newShelf()
    if (shelf.bytes + cost > MAX_KEPT_BYTES_PER_SESSION || this.total + cost > MAX_KEPT_BYTES) return false
    this.shelves.set(session, shelf)
    shelf.answers.set(serial, answer.slice())
    shelf.bytes += cost
    this.total += cost
    return true
  }

  /** @returns null when it is not kept */
  find(session: SessionId, serial: number): Uint8Array | null {
    return this.shelves.get(session)?.answers.get(serial) ?? null
  }

  /** The client has its answers up to `completed`. */
  release(session: SessionId, completed: number): void {
    const shelf = this.shelves.get(session)
    if (shelf === undefined) return
    for (const serial of serialsUpTo(completed, shelf.released, shelf.answers)) this.remove(shelf, serial)
    shelf.released = Math.max(shelf.released, completed)
    if (shelf.answers.size === 0) this.shelves.delete(session)
  }

  /** The session has ended. */
  forget(session: SessionId): void {
    this.total -= this.shelves.get(session)?.bytes ?? 0
    this.shelves.delete(session)
  }

  clear(): void {
    this.shelves.clear()
    this.total = 0
  }

  private remove(shelf: Shelf, serial: number): void {
    const cost = (shelf.answers.get(serial)?.length ?? 0) + OVERHEAD_BYTES
    if (!shelf.answers.delete(serial)) return
    shelf.bytes -= cost
    this.total -= cost
  }
}

function newShelf(): Shelf {
  return { answers: new Map(), bytes: 0, released: 0 }
}

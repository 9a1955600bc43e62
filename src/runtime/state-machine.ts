/** The StateMachine port: what the cluster keeps the same on every server (Paper §2). */
import type { Index, Term } from '../raft/entry.ts'

/** A committed entry of the log with the command in it, as it was proposed. */
export interface CommittedEntry {
  readonly index: Index
  readonly term: Term
  /**
   * A view into the log: copy what you keep for long, or you keep a whole batch of the log alive with it. Each reading
   * makes a new view, so read it once.
   */
  readonly command: Uint8Array
  /** The session that it came through; null for a plain proposal. What hangs on a session, a lock, is kept under this. */
  readonly session: number | null
}

/** A place in the log. */
export interface EntryPlace {
  readonly index: Index
  readonly term: Term
}

/**
 * Deterministic: the same commands in the same order must give the same state and the same answers on every server,
 * so no clock, no randomness, no order that the language leaves open. It lives in memory; after a restart it is
 * restored from the newest snapshot and given the commands behind it again.
 *
 * What it throws or rejects stops the node: one server's state would differ from the others' otherwise. A command that
 * cannot be carried out gets an answer that says so.
 */
export interface StateMachine {
  /**
   * Applies committed commands, each once, in order; retries within a session have been sorted out. Calls do not overlap. Answer synchronously if you can: a promise
   * costs a turn.
   *
   * @returns one answer for each command; the proposer gets it, perhaps over the network
   */
  apply(entries: readonly CommittedEntry[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]>

  /**
   * These sessions were closed, or have expired, with the entry at this place: locks that they hold can go. Called in
   * the order of the log, between two calls of `apply`, and as deterministic as those.
   */
  sessionsClosed?(ids: readonly number[], entry: EntryPlace): void

  /**
   * The whole state as bytes. Called between two calls of `apply`, and must capture its view before it returns: the
   * pieces are read later, while `apply` goes on.
   */
  snapshot(): AsyncIterable<Uint8Array>

  /** Replaces the whole state by what `snapshot` gave, here or on another server. */
  restore(source: AsyncIterable<Uint8Array>): Promise<void>
}

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
 * so no clock, no randomness, no order that the language leaves open.
 *
 * A **volatile** machine lives in memory; after a restart it is restored from the newest snapshot and given the commands
 * behind it again. A **durable** one, which has an `appliedIndex`, keeps its state on a disk and is given only what it
 * lacks. It owes one thing in return: the state and its index change together, or not at all.
 *
 * What it throws or rejects stops the node: one server's state would differ from the others' otherwise. A command that
 * cannot be carried out gets an answer that says so.
 */
export interface StateMachine {
  /**
   * Of a durable machine only, and there from the start: the index up to which its store holds what the log did to it; 0
   * when it is empty, and it is empty when it says 0: what an interrupted `restore` has left is dropped when the store is
   * opened. A volatile machine has none.
   */
  readonly appliedIndex?: Index | undefined

  /**
   * Applies committed commands, each once, in order; retries within a session have been sorted out. Calls do not overlap.
   * Answer synchronously if you can: a promise costs a turn.
   *
   * A durable machine makes one transaction of a call: what `sessionsClosed` has said since the last one, these commands,
   * and as the new index that of the last of them. A crash may take the newest transactions back; it must not leave a part
   * of one. Where sessions end and no command follows, `entries` is empty, and the index is the one that `sessionsClosed`
   * gave.
   *
   * @returns one answer for each command; the proposer gets it, perhaps over the network
   */
  apply(entries: readonly CommittedEntry[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]>

  /**
   * These sessions were closed, or have expired, with the entry at this place: locks that they hold can go. Called in
   * the order of the log, between two calls of `apply`, and as deterministic as those.
   *
   * A durable machine keeps them for the call of `apply` that follows at once, and stores nothing before: its own command
   * of this very entry may still come. After a crash in between, both come again.
   */
  sessionsClosed?(ids: readonly number[], entry: EntryPlace): void

  /**
   * The whole state as bytes. Called between two calls of `apply`, and must capture its view before it returns: the
   * pieces are read later, while `apply` goes on.
   */
  snapshot(): AsyncIterable<Uint8Array>

  /**
   * Replaces the whole state by what `snapshot` gave, here or on another server, after entry `index`. A durable machine
   * stores the index with it: in one transaction, or with an index of 0 from before the first change to after the last. So
   * a crash leaves the old state with its index, or index 0, and the snapshot is restored once more.
   */
  restore(source: AsyncIterable<Uint8Array>, index: Index): Promise<void>
}

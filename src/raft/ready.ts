/**
 * Ready: everything that one turn wants done, as values. The driver carries it out in this order:
 *
 * 1. hand `persist` to the log store; when it is durable, say so with `persisted(seq)`. Batches go in order of `seq`,
 *    and the confirmations come back in that order (cumulative).
 * 2. send each message whose `after` is already durable; hold the others until it is. A held message is still sent
 *    when the server has changed its role since: that looks like a slow network.
 * 3. apply `apply`, or restore `restore`, one at a time, in order; then say `applied(index)` or `restored(index)`.
 * 4. fetch, send snapshots, serve reads, compact.
 *
 * What may leave before the local fsync: a leader's AppendEntries (Thesis §10.2.1), refusals, and answers that claim
 * nothing new. What may not: RequestVote, a granted vote, a successful reply that claims entries, the acknowledgement of
 * a snapshot.
 */
import type { Configuration } from './configuration.ts'
import type { Entry, Index, ServerId, Term } from './entry.ts'
import type { Message } from './message.ts'

/** Counts the batches handed to the log store since the server started: 1, 2, 3 …; 0 is "nothing to wait for". */
export type Seq = number

/** What must survive a crash besides the log (Paper Figure 2, "Persistent state on all servers"). */
export interface HardState {
  readonly term: Term
  readonly votedFor: ServerId | null
}

/** A snapshot's place in the log, and who was a member there. */
export interface SnapshotMeta {
  readonly index: Index
  readonly term: Term
  readonly configuration: Configuration
}

/** Written as one, in this order: hard state, then `snapshot`, then `truncateFrom`, then entries. */
export interface PersistBatch {
  readonly seq: Seq
  readonly hardState: HardState | null
  /** The log is replaced: it now starts behind this snapshot, which is already durable; nothing before it counts. */
  readonly snapshot: SnapshotMeta | null
  /** Entries from here on are dropped before the new ones are appended; null when nothing is cut. */
  readonly truncateFrom: Index | null
  readonly entries: readonly Entry[]
}

/** A message, and what must have happened on the own disk before it may leave: step 2 above. */
export interface Outgoing {
  readonly message: Message
  /** Leaves only when the batch with this number is durable; 0: at once. */
  readonly after: Seq
}

/** Entries older than what the core keeps in memory are asked for, and come back through `fetched`. */
export interface Fetch {
  readonly id: number
  readonly from: Index
  /** Inclusive. */
  readonly to: Index
  /** Stop when this is exceeded, but bring at least one entry. */
  readonly maxBytes: number
}

/** Bring the latest snapshot to a follower; then step InstallSnapshot there. */
export interface SendSnapshot {
  readonly to: ServerId
  readonly term: Term
  readonly session: number
  readonly meta: SnapshotMeta
}

/** The answer to a `read`. */
export interface ReadState {
  /** As given to `read`. */
  readonly token: number
  /** Serve once the state machine has applied this; null: refused, ask again. */
  readonly index: Index | null
}

/**
 * What a server is at the moment (Paper Figure 4); a pre-candidate asks whether an election would succeed (Thesis
 * §9.6).
 */
export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader'

/** What happened in the core, for an operator's log and for listeners. Nothing has to be done about it. */
export type RaftEvent =
  | { readonly type: 'role'; readonly role: Role; readonly term: Term }
  | { readonly type: 'leader'; readonly leaderId: ServerId | null; readonly term: Term }
  /** It holds from now on; it may still be cut off. */
  | { readonly type: 'configuration'; readonly index: Index; readonly configuration: Configuration }
  /** It stays. A server that is among its `retired` has left the cluster. */
  | { readonly type: 'configurationCommitted'; readonly index: Index; readonly configuration: Configuration }
  /** The leader has no more to say to a server that was removed. */
  | { readonly type: 'departed'; readonly id: ServerId }
  /** A message that no correct server can have sent was refused; somebody should look into it. */
  | { readonly type: 'contradiction'; readonly from: ServerId; readonly index: Index; readonly detail: string }
  | { readonly type: 'transfer'; readonly to: ServerId; readonly outcome: 'done' | 'aborted'; readonly reason: string }

/** Everything that is to be done by now. The order in which it may be done: see the head of `ready.ts`. */
export interface Ready {
  readonly persist: PersistBatch | null
  readonly messages: readonly Outgoing[]
  /** Committed, consecutive, each handed out once. */
  readonly apply: readonly Entry[]
  /**
   * Replace the state machine by this very snapshot, after what was handed out to apply and before what will be. A newer
   * one must not take its place in the store before that is done: `restored` is expected for this index.
   */
  readonly restore: SnapshotMeta | null
  readonly fetches: readonly Fetch[]
  readonly snapshots: readonly SendSnapshot[]
  readonly reads: readonly ReadState[]
  /** The store may drop the log up to and including this index; null: nothing new. */
  readonly compactTo: Index | null
  readonly events: readonly RaftEvent[]
}

/** What a server finds on its disk when it starts. */
export interface BootState {
  readonly hardState: HardState
  /** The newest durable snapshot; index 0 with the cluster's first configuration when there is none. */
  readonly snapshot: SnapshotMeta
  /** The log's entry before the first that is still there: at most the snapshot's index. */
  readonly base: { readonly index: Index; readonly term: Term }
  readonly lastIndex: Index
  /** For each change of term in the log, in ascending order: the first index of that term. */
  readonly terms: readonly { readonly index: Index; readonly term: Term }[]
  /** Configuration entries in the log behind the snapshot, in ascending order. */
  readonly configurations: readonly { readonly index: Index; readonly configuration: Configuration }[]
  /** A consecutive piece that ends at lastIndex: what fits into memory. Older entries are fetched. */
  readonly tail: readonly Entry[]
}

/**
 * The messages as the specification sees them: the fields that the dissertation gives a meaning to, as plain values. An
 * implementation whose messages have at least these fields hands its own over as they are.
 *
 * Nothing here is taken from an implementation but the spelling of the fields: the specification imports nothing.
 */

/** Names a server. */
export type ServerId = string

/** An entry of a log; what it carries is known to the observer alone. */
export interface LogEntry {
  readonly index: number
  readonly term: number
}

/** Who votes (Thesis §4). Outside of a joint phase `votersOutgoing` is empty. */
export interface Configuration {
  readonly voters: readonly ServerId[]
  /** C_old while C_old,new holds (Thesis §4.3). */
  readonly votersOutgoing: readonly ServerId[]
  /** Non-voting members (Thesis §4.2.1). */
  readonly learners: readonly ServerId[]
}

interface Envelope {
  readonly from: ServerId
  readonly to: ServerId
  /** The sender's current term. */
  readonly term: number
}

/** Thesis §9.6. */
export interface PreVote extends Envelope {
  readonly type: 'PreVote'
  readonly campaignTerm: number
  readonly lastLogIndex: number
  readonly lastLogTerm: number
}

/** Thesis §9.6. */
export interface PreVoteReply extends Envelope {
  readonly type: 'PreVoteReply'
  readonly campaignTerm: number
  readonly granted: boolean
}

/** Paper Figure 2. */
export interface RequestVote extends Envelope {
  readonly type: 'RequestVote'
  readonly lastLogIndex: number
  readonly lastLogTerm: number
  /** Asked for by the leader itself (Thesis §3.10, §4.2.3). */
  readonly transfer: boolean
}

/** Paper Figure 2. */
export interface RequestVoteReply extends Envelope {
  readonly type: 'RequestVoteReply'
  readonly granted: boolean
}

/** Paper Figure 2. */
export interface AppendEntries extends Envelope {
  readonly type: 'AppendEntries'
  readonly prevLogIndex: number
  readonly prevLogTerm: number
  readonly entries: readonly LogEntry[]
  readonly leaderCommit: number
  /** Which of the leader's records of this follower the answer is for. */
  readonly session: number
  /** The latest round of read confirmation (Thesis §6.4), ascending within a term. */
  readonly readRound: number
}

/** Paper Figure 2; on success, `index` is how far the log agrees with the leader's. */
export interface AppendEntriesReply extends Envelope {
  readonly type: 'AppendEntriesReply'
  readonly session: number
  readonly readRound: number
  readonly success: boolean
  readonly index: number
}

/** Paper Figure 13, without the bytes. */
export interface InstallSnapshot extends Envelope {
  readonly type: 'InstallSnapshot'
  readonly lastIncludedIndex: number
  readonly lastIncludedTerm: number
  readonly configuration: Configuration
  readonly session: number
}

/** Paper Figure 13. */
export interface InstallSnapshotReply extends Envelope {
  readonly type: 'InstallSnapshotReply'
  readonly session: number
  readonly index: number
}

/** Thesis §3.10. */
export interface TimeoutNow extends Envelope {
  readonly type: 'TimeoutNow'
}

/** Thesis §6.4, last paragraph: a follower asks for a read index. */
export interface ReadIndex extends Envelope {
  readonly type: 'ReadIndex'
  readonly requestId: number
}

/** The answer; null: refused. */
export interface ReadIndexReply extends Envelope {
  readonly type: 'ReadIndexReply'
  readonly requestId: number
  readonly index: number | null
}

/** Everything that servers say to each other. */
export type Message =
  | PreVote
  | PreVoteReply
  | RequestVote
  | RequestVoteReply
  | AppendEntries
  | AppendEntriesReply
  | InstallSnapshot
  | InstallSnapshotReply
  | TimeoutNow
  | ReadIndex
  | ReadIndexReply

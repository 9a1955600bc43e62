/**
 * What servers say to each other: the paper's RPCs, as one-way messages and their replies. Each kind has only its own
 * fields, and a switch over `type` is exhaustive. The transport may lose, repeat and reorder them.
 *
 * `term` is always the sender's current term (Paper §5.1).
 */
import type { Configuration } from './configuration.ts'
import type { Entry, Index, ServerId, Term } from './entry.ts'

interface Envelope {
  readonly from: ServerId
  readonly to: ServerId
  readonly term: Term
}

/** "Would you vote for me in `campaignTerm`?" Asked before the term is raised, so that asking disturbs nobody (Thesis §9.6). */
export interface PreVote extends Envelope {
  readonly type: 'PreVote'
  /** The sender's term plus one. */
  readonly campaignTerm: Term
  readonly lastLogIndex: Index
  readonly lastLogTerm: Term
}

/** Whether its sender would vote for whoever asked (Thesis §9.6). */
export interface PreVoteReply extends Envelope {
  readonly type: 'PreVoteReply'
  /** Echoed, so that an answer to an earlier question is known as such. */
  readonly campaignTerm: Term
  readonly granted: boolean
}

/** Paper Figure 2, RequestVote RPC. */
export interface RequestVote extends Envelope {
  readonly type: 'RequestVote'
  readonly lastLogIndex: Index
  readonly lastLogTerm: Term
  /** The leader itself asked for this election: those who still hear it vote all the same (Thesis §4.2.3). */
  readonly transfer: boolean
}

/** Whether its sender has voted for whoever asked (Paper §5.2). */
export interface RequestVoteReply extends Envelope {
  readonly type: 'RequestVoteReply'
  readonly granted: boolean
}

/** Paper Figure 2, AppendEntries RPC; without entries it is a heartbeat. */
export interface AppendEntries extends Envelope {
  readonly type: 'AppendEntries'
  readonly prevLogIndex: Index
  readonly prevLogTerm: Term
  /** Consecutive, from prevLogIndex + 1. */
  readonly entries: readonly Entry[]
  readonly leaderCommit: Index
  /**
   * Names the leader's record of this follower. A server that was removed and added again within one term gets a new
   * one, so that an old acknowledgement does not speak for its emptied log.
   */
  readonly session: number
  /** The latest round of ReadIndex confirmation, 0 before the first (Thesis §6.4). */
  readonly readRound: number
  /** Whole milliseconds: "I have nothing more to say, and you will hear from me within so long"; 0: as usual. */
  readonly restMs: number
}

/** What became of an AppendEntries at a follower, and where to try next if it did not fit (Paper §5.3). */
export interface AppendEntriesReply extends Envelope {
  readonly type: 'AppendEntriesReply'
  readonly session: number
  readonly readRound: number
  readonly success: boolean
  /**
   * On success: the log agrees with the leader's up to here, durably.
   * On refusal: the largest index, at most prevLogIndex, whose term is at most prevLogTerm: where to try next (Paper §5.3).
   */
  readonly index: Index
  /** On refusal: the term of the entry at `index`; 0 on success. */
  readonly hintTerm: Term
  /** The request's prevLogIndex, echoed: a late refusal must not move nextIndex. */
  readonly prevLogIndex: Index
}

/**
 * Paper Figure 13. The snapshot's bytes do not travel in here: the driver brings them over on its own way and steps
 * this message when they are complete, durable and checked.
 */
export interface InstallSnapshot extends Envelope {
  readonly type: 'InstallSnapshot'
  readonly lastIncludedIndex: Index
  readonly lastIncludedTerm: Term
  /** The configuration as of lastIncludedIndex, not the latest. */
  readonly configuration: Configuration
  readonly session: number
}

/** How far a follower is after an InstallSnapshot (Paper §7). */
export interface InstallSnapshotReply extends Envelope {
  readonly type: 'InstallSnapshotReply'
  readonly session: number
  /** The follower's log is durable up to here and agrees with the leader's. */
  readonly index: Index
}

/** "Start an election now": the last step of a leadership transfer (Thesis §3.10). */
export interface TimeoutNow extends Envelope {
  readonly type: 'TimeoutNow'
}

/** A follower asks the leader from which index on a linearizable read may be served (Thesis §6.4). */
export interface ReadIndex extends Envelope {
  readonly type: 'ReadIndex'
  /** Chosen by the asking follower, unique in its life. */
  readonly requestId: number
}

/** The leader's answer to a ReadIndex. */
export interface ReadIndexReply extends Envelope {
  readonly type: 'ReadIndexReply'
  readonly requestId: number
  /** The read index, or null: not the leader, or not able to confirm that it still is. */
  readonly index: Index | null
}

/** Everything that servers say to each other, told apart by `type`. */
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

/** The name of a message. */
export type MessageType = Message['type']

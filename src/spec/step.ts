/**
 * What an observer reports of one step of one server: what went in, what the server looks like now, what it said.
 *
 * A step is one input and everything that the server does because of it. The view is a window, not a copy: it is read
 * during the call that it is handed to and never after, so an observer may keep one object a server and hand it over
 * again and again. What a step did not change is not asked for: a step costs what its message costs.
 */
import type { Configuration, Message, ServerId } from './message.ts'

/** Paper Figure 4; a pre-candidate asks whether an election could be won (Thesis §9.6). */
export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader'

/** What went in. An implementation may do nothing about it at all. */
export type Input =
  /** The server starts, for the first time or again, with what its disk holds: the view shows that. */
  | { readonly type: 'boot' }
  /** A message arrived. */
  | { readonly type: 'receive'; readonly message: Message }
  /** Time has passed: a time-out, a heartbeat that is due. */
  | { readonly type: 'tick' }
  /** A client's command or commands came to this server. */
  | { readonly type: 'propose' }
  /** Somebody asks for a change of members. */
  | { readonly type: 'change' }
  /** Everything up to the write of this number is durable. Numbers ascend, and start anew with each boot. */
  | { readonly type: 'durable'; readonly write: number }
  /** The state machine has made a snapshot, and it is durable. */
  | { readonly type: 'snapshot' }
  /** Somebody asks the leader to hand its office over. */
  | { readonly type: 'transfer' }
  /** A client asks for a linearizable read; `token` names it in `Step.reads`, and ascends within a life. */
  | { readonly type: 'read'; readonly token: number }
  /** Whatever else may make a server act: entries were applied, a connection broke, effects are collected. */
  | { readonly type: 'other' }

/** A message, and the number of the write that must be durable before it leaves; 0: it leaves at once. */
export interface Said {
  readonly message: Message
  readonly after: number
}

/** The answer to a `read`: serve once this index has been applied; null: refused. */
export interface ReadAnswer {
  readonly token: number
  readonly index: number | null
}

/** A write that the disk has not confirmed; asked for only when a specification begins in the middle of a life. */
export interface PendingWrite {
  readonly number: number
  /** Once it is durable, the log as it is now is so up to here. */
  readonly lastIndex: number
}

/** A write that has not reached the disk, as whoever keeps the disk knows it. */
export interface WriteUnderWay {
  readonly number: number
  /** The term and the vote that it leaves behind. */
  readonly term: number
  readonly votedFor: ServerId | null
  /** The snapshot that takes the log's place with it; 0 for none. */
  readonly snapshotIndex: number
  /** Entries that it cuts off: until it is durable, they may be there after a crash. */
  readonly cut: readonly { readonly index: number; readonly term: number }[]
}

/**
 * What the disk of a server in the middle of its life holds for certain, and what is on its way there. Without it term,
 * vote and snapshot are believed to be durable, so that a crash with writes under way could not be judged.
 */
export interface DiskInView {
  readonly term: number
  readonly votedFor: ServerId | null
  readonly snapshotIndex: number
  /** In order of their numbers: the same as `View.pendingWrites`. */
  readonly writes: readonly WriteUnderWay[]
}

/** A server as it is after the step. Indexes and terms count from 1; 0 is "none". */
export interface View {
  readonly currentTerm: number
  readonly votedFor: ServerId | null
  readonly role: Role
  readonly leaderId: ServerId | null
  readonly commitIndex: number
  readonly lastApplied: number
  /** The newest snapshot; index 0 when there is none. */
  readonly snapshotIndex: number
  readonly snapshotTerm: number
  /** The entry before the log's first: at most the snapshot's index. */
  readonly baseIndex: number
  readonly lastIndex: number
  /** For baseIndex … lastIndex. */
  termAt(index: number): number
  /** A number that two entries share only if they are the same, as a checksum is; 0: not known any more. */
  identityAt(index: number): number
  /** The configuration that the entry at this index carries; null when it carries something else. */
  configurationAt(index: number): Configuration | null
  /** What the server takes for the configuration in force, and the index of its entry or snapshot. */
  readonly configuration: Configuration
  readonly configurationIndex: number
  /**
   * The configuration as of the newest snapshot, and the index of its entry, or the snapshot's when that is not known any
   * more. Read at boot, and when a snapshot is installed.
   */
  readonly snapshotConfiguration: Configuration
  readonly snapshotConfigurationIndex: number
  /** The number of the write that holds, or will hold, what this step has changed of term, vote and log. */
  readonly write: number
  /** What the server itself takes for durable. */
  readonly durableIndex: number
  /** As leader: how far this follower's log is known to agree, durably. 0 for who is unknown. */
  matchIndex(id: ServerId): number
  /** As candidate or pre-candidate: who has granted, itself among them. */
  votes(): Iterable<ServerId>
  /** In order of their numbers. Read only when a specification begins in the middle of a life. */
  pendingWrites(): readonly PendingWrite[]
}

/** One step of one server. */
export interface Step {
  readonly server: ServerId
  readonly input: Input
  readonly after: View
  /** In the order in which they were said, those included which still wait for the disk. */
  readonly said: readonly Said[]
  readonly reads: readonly ReadAnswer[]
}

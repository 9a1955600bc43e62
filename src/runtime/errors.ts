/**
 * How a request to a node can fail. A proposal has three honest outcomes: it is committed (the promise resolves), it
 * certainly is not and never will be (`applied: 'no'`: safe to propose again), or nobody can tell (`applied: 'unknown'`:
 * it may still be applied, so proposing it again may apply it twice).
 */
import type { ServerId } from '../raft/entry.ts'

export type NodeErrorCode =
  /** No leader could be reached within the time-out. */
  | 'ERR_QUORATE_NO_LEADER'
  /** Accepted, but not known to be committed within the time-out; or the leader was lost meanwhile. */
  | 'ERR_QUORATE_OUTCOME_UNKNOWN'
  /** Another leader's entry took its place in the log. */
  | 'ERR_QUORATE_SUPERSEDED'
  /** Too much is waiting already; try again later, with less at a time. */
  | 'ERR_QUORATE_OVERLOADED'
  /** Larger than an entry may be. */
  | 'ERR_QUORATE_TOO_LARGE'
  /**
   * Applied, but the answer does not fit into a message from the leader, or is not kept for a session's retry: it was too
   * much, or the leader has started again and its state machine, which is durable, had applied the command before.
   */
  | 'ERR_QUORATE_ANSWER_LOST'
  /** The leader's disk is full. */
  | 'ERR_QUORATE_DISK_FULL'
  /** The session has expired, or was closed: open a new one. */
  | 'ERR_QUORATE_SESSION_EXPIRED'
  /** As many sessions as there may be are open. */
  | 'ERR_QUORATE_TOO_MANY_SESSIONS'
  /** The caller's AbortSignal. */
  | 'ERR_QUORATE_ABORTED'
  /** The members stay as they are, for the reason that the message gives. */
  | 'ERR_QUORATE_CHANGE_REFUSED'
  /** Leadership stays where it was, or went elsewhere. */
  | 'ERR_QUORATE_NOT_TRANSFERRED'
  /** What was waited for did not come about in time. */
  | 'ERR_QUORATE_TIMEOUT'
  /** There is nothing new to take a snapshot of, or none came about. */
  | 'ERR_QUORATE_NO_SNAPSHOT'
  /** The node was stopped, or has stopped itself: see its `failed`. */
  | 'ERR_QUORATE_STOPPED'

/** Why a request came to nothing. */
export class NodeError extends Error {
  override readonly name = 'NodeError'
  readonly code: NodeErrorCode
  /** Whether the command may have been applied, or may still be. */
  readonly applied: 'no' | 'unknown'
  /** Who leads, as far as is known: where to turn next. */
  readonly leaderId: ServerId | null

  constructor(code: NodeErrorCode, message: string, applied: 'no' | 'unknown', leaderId: ServerId | null = null) {
    super(message)
    this.code = code
    this.applied = applied
    this.leaderId = leaderId
  }
}

/** Somebody took the command, and what became of it cannot be told. */
export function outcomeUnknown(what: string, leaderId: ServerId | null): NodeError {
  return new NodeError('ERR_QUORATE_OUTCOME_UNKNOWN', `${what}: it may still be applied`, 'unknown', leaderId)
}

/** Whatever was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

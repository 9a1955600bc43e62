/**
 * What a node counts of itself, from its start: plain fields that whoever passes by raises. Nothing here is ever asked
 * on the path of a command, so counting costs an addition.
 */
import type { MessageType } from '../../raft/message.ts'
import type { NodeError, NodeErrorCode } from '../errors.ts'
import type { SnapshotEvent, StallCause } from '../events.ts'
import { DURATION_BOUNDS_MS, ENTRY_BOUNDS, Histogram } from './histogram.ts'

export type PerMessage = { [Type in MessageType]: number }

/** How often, how much and for how long, of one kind. */
export interface Amount {
  count: number
  bytes: number
  ms: number
}

export class Counters {
  electionsStarted = 0
  electionsWon = 0
  leaderChanges = 0
  contradictions = 0
  readonly requests: RequestTally = new RequestTally()
  entriesAppended = 0
  bytesAppended = 0
  bytesApplied = 0
  snapshotsFailed = 0
  readonly snapshots: Record<SnapshotEvent['action'], Amount> = {
    taken: noAmount(),
    sent: noAmount(),
    received: noAmount(),
    restored: noAmount(),
  }
  readonly stalls: Record<StallCause, { count: number; ms: number }> = {
    loop: { count: 0, ms: 0 },
    disk: { count: 0, ms: 0 },
    apply: { count: 0, ms: 0 },
  }
  readonly messagesSent: PerMessage = noMessages()
  readonly messagesReceived: PerMessage = noMessages()
  entryBytesSent = 0
  entryBytesReceived = 0
  forwardsSent = 0
  forwardsReceived = 0
  connectionsLost = 0
  /** From a batch's entry into the leader's log to its commit. */
  readonly commitMs: Histogram = new Histogram(DURATION_BOUNDS_MS)
  /** From handing a batch to the log to its being durable: a sync, and the wait for the one before it. */
  readonly logWriteMs: Histogram = new Histogram(DURATION_BOUNDS_MS)
  /** Entries in one write to the log. */
  readonly logWriteEntries: Histogram = new Histogram(ENTRY_BOUNDS)
}

/** What became of the requests that were made on this server; those of others are counted there. */
export class RequestTally {
  proposalsCommitted = 0
  proposalsNotApplied = 0
  proposalsUnknown = 0
  readsServed = 0
  readsFailed = 0
  /** By the error's code, of proposals and reads alike. */
  readonly failures: { [Code in NodeErrorCode]?: number } = {}

  proposalFailed(error: NodeError): void {
    if (error.applied === 'no') this.proposalsNotApplied++
    else this.proposalsUnknown++
    this.noteFailure(error.code)
  }

  readFailed(error: NodeError): void {
    this.readsFailed++
    this.noteFailure(error.code)
  }

  private noteFailure(code: NodeErrorCode): void {
    this.failures[code] = (this.failures[code] ?? 0) + 1
  }
}

function noAmount(): Amount {
  return { count: 0, bytes: 0, ms: 0 }
}

function noMessages(): PerMessage {
  return {
    PreVote: 0,
    PreVoteReply: 0,
    RequestVote: 0,
    RequestVoteReply: 0,
    AppendEntries: 0,
    AppendEntriesReply: 0,
    InstallSnapshot: 0,
    InstallSnapshotReply: 0,
    TimeoutNow: 0,
    ReadIndex: 0,
    ReadIndexReply: 0,
  }
}

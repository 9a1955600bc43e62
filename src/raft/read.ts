/**
 * Linearizable reads without a log entry (Thesis §6.4): the leader notes its commitIndex, makes sure with one round of
 * heartbeats that it still leads, and then the read may be served from any state machine that has applied that far.
 * All reads of a turn share a round; a follower asks the leader for the index.
 */
import type { ServerId } from './entry.ts'
import { holdsLease, renewLease } from './lease.ts'
import type { ReadIndex, ReadIndexReply } from './message.ts'
import { quorumIndex } from './quorum.ts'
import { sendEmpty } from './replication.ts'
import { doubtLeader } from './rest.ts'
import type { PendingRead, RaftState } from './state.ts'

/** The caller is answered through Ready.reads, under its token. `underLease`: without a round, if there is a lease. */
export function handleRead(state: RaftState, token: number, underLease: boolean): void {
  if (underLease && holdsLease(state)) {
    state.outbox.reads.push({ token, index: state.commitIndex })
  } else if (state.role === 'leader') {
    acceptRead(state, { token, from: null, requestId: 0, index: null, round: 0 })
  } else if (state.leaderId === null) {
    state.outbox.reads.push({ token, index: null })
  } else {
    const requestId = state.nextRequestId++
    state.forwardedReads.set(requestId, { token, expiresAt: state.now + state.options.electionTimeoutMaxMs })
    const { id: from, currentTerm: term, leaderId: to } = state
    state.outbox.send({ type: 'ReadIndex', from, to, term, requestId }, 0)
  }
}

/** A follower asks. It hears the index when a round has confirmed that we lead, or at once null when we do not. */
export function handleReadIndex(state: RaftState, message: ReadIndex): void {
  const { from, requestId } = message
  if (state.role === 'leader') acceptRead(state, { token: null, from, requestId, index: null, round: 0 })
  else replyToReadIndex(state, from, requestId, null)
}

/**
 * The leader's answer to a read of ours goes to the caller, null for a refusal. One that comes after the read has
 * expired is dropped: the caller has been told to ask again.
 */
export function handleReadIndexReply(state: RaftState, message: ReadIndexReply): void {
  const read = state.forwardedReads.get(message.requestId)
  if (read === undefined) return
  state.forwardedReads.delete(message.requestId)
  state.outbox.reads.push({ token: read.token, index: message.index })
}

/** Reads whose question or answer was lost on the way: the caller may ask again. */
export function expireForwardedReads(state: RaftState): void {
  for (const [requestId, { token, expiresAt }] of state.forwardedReads) {
    if (state.now < expiresAt) return // In the order of asking.
    state.forwardedReads.delete(requestId)
    state.outbox.reads.push({ token, index: null })
    // A resting leader that was asked would have woken, and we would hear it: it is not there for us.
    doubtLeader(state)
  }
}

/** When the first of them expires; Infinity when there is none. */
export function forwardedReadDeadline(state: RaftState): number {
  for (const { expiresAt } of state.forwardedReads.values()) return expiresAt
  return Number.POSITIVE_INFINITY
}

function acceptRead(state: RaftState, read: PendingRead): void {
  state.pendingReads.push(read)
}

/**
 * At the end of a turn, before appends are sent: starts one round for all reads that came in it. A round must begin
 * after the read arrived, and its number is never used again: an answer that was on its way already proves nothing.
 */
export function startReadRound(state: RaftState): void {
  if (state.role !== 'leader' || !state.hasCommittedInTerm) return
  let isNeeded = false
  for (const read of state.pendingReads) {
    if (read.round !== 0) continue
    // Before the first commit of its term a leader does not know how far its predecessors committed (Paper §8).
    read.index = state.commitIndex
    read.round = state.readRound + 1
    isNeeded = true
  }
  if (isNeeded) state.readRound++
}

/** After appends were sent: followers to which none went get a heartbeat that carries the round. */
export function sendReadRound(state: RaftState): void {
  if (state.role !== 'leader' || (state.pendingReads.length === 0 && !state.options.leaseReads)) return
  for (const progress of state.progress.values()) {
    if (progress.readRoundSent < state.readRound) sendEmpty(state, progress)
  }
  releaseReads(state)
}

/** Serves the reads whose round a quorum has confirmed. */
export function releaseReads(state: RaftState): void {
  renewLease(state)
  if (state.pendingReads.length === 0) return
  const confirmed = quorumIndex(state.configuration, (id) =>
    id === state.id ? state.readRound : (state.progress.get(id)?.readRound ?? 0),
  )
  const waiting: PendingRead[] = []
  for (const read of state.pendingReads) {
    if (read.round === 0 || read.round > confirmed) waiting.push(read)
    else if (read.token !== null) state.outbox.reads.push({ token: read.token, index: read.index })
    else if (read.from !== null) replyToReadIndex(state, read.from, read.requestId, read.index)
  }
  state.pendingReads = waiting
}

function replyToReadIndex(state: RaftState, to: ServerId, requestId: number, index: number | null): void {
  const { id: from, currentTerm: term } = state
  state.outbox.send({ type: 'ReadIndexReply', from, to, term, requestId, index }, 0)
}

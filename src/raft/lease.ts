/**
 * The leader's lease (Thesis §6.4.1): a quorum has answered a round of messages that began at a time t, and none of them
 * votes within the shortest election time-out of hearing the leader. So nobody else can have been elected until then, and
 * the leader may answer reads by itself. It rests on clocks that run alike, which is why it is off by default.
 *
 * What would break it: a transfer, whose election nobody refuses, ends the leases of the whole term; a server that has
 * restarted has forgotten its promise, so it neither votes nor campaigns for the longest time-out; a broken connection is
 * no reason to vote early; and a leader that was held up is told so by its driver and begins anew.
 */
import { quorumIndex } from './quorum.ts'
import type { RaftState } from './state.ts'

/** The part of the shortest election time-out for which a lease holds: clocks may run apart by a tenth. */
const TRUST = 0.9

/** At each heartbeat: a round of its own, so that the lease is renewed without reads. */
export function startLeaseRound(state: RaftState): void {
  if (!state.options.leaseReads || state.leaseIsVoid) return
  const last = state.leaseRounds[state.leaseRounds.length - 1]
  if (last !== undefined && state.now < last.startedAt + state.options.heartbeatIntervalMs) return
  state.readRound++
  state.leaseRounds.push({ round: state.readRound, startedAt: state.now })
}

/** A round may have been confirmed by a quorum: counted from when it began, not from when the answers came. */
export function renewLease(state: RaftState): void {
  if (state.leaseRounds.length === 0) return
  const confirmed = quorumIndex(state.configuration, (id) =>
    id === state.id ? state.readRound : (state.progress.get(id)?.readRound ?? 0),
  )
  while ((state.leaseRounds[0]?.round ?? Number.POSITIVE_INFINITY) <= confirmed) {
    const { startedAt } = state.leaseRounds.shift() as { startedAt: number }
    state.leaseUntil = Math.max(state.leaseUntil, startedAt + TRUST * state.options.electionTimeoutMinMs)
  }
}

/** True while this server is certain to be the only leader, and knows what has committed. */
export function holdsLease(state: RaftState): boolean {
  return state.role === 'leader' && state.hasCommittedInTerm && state.now < state.leaseUntil
}

/** Somebody may be elected at any moment, with our own help: no lease in this term any more. */
export function voidLease(state: RaftState): void {
  state.leaseIsVoid = true
  dropLease(state)
}

/** Time may have passed that nobody has counted: what was promised before it counts no more. */
export function dropLease(state: RaftState): void {
  state.leaseUntil = Number.NEGATIVE_INFINITY
  state.leaseRounds = []
}

/** A new term of office. */
export function resetLease(state: RaftState): void {
  dropLease(state)
  state.leaseIsVoid = false
}

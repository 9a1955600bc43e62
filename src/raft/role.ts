/**
 * The transitions of Paper Figure 4. They change state and report it; they never send: that is for the chapter which
 * asked for the transition.
 */
import { assert } from '../util/assert.ts'
import { membersOf } from './configuration.ts'
import type { Index, ServerId, Term } from './entry.ts'
import { dropLease, resetLease } from './lease.ts'
import { Progress } from './progress.ts'
import type { Role } from './ready.ts'
import { noteActivity, type RaftState, recordHardState, resetElectionTimer } from './state.ts'

/** A newer term, or a leader of ours, was seen (Paper §5.1). In a newer term nobody has our vote yet. */
export function becomeFollower(state: RaftState, term: Term, leaderId: ServerId | null): void {
  assert(term >= state.currentTerm, `${state.id}: term would fall from ${state.currentTerm} to ${term}`)
  const isNewTerm = term > state.currentTerm
  const changed = state.role !== 'follower' || isNewTerm
  if (isNewTerm) {
    state.currentTerm = term
    // Only a newer term clears the vote: stepping down within one must not allow a second vote in it.
    state.votedFor = null
    recordHardState(state)
  }
  leaveOffice(state, isNewTerm)
  setRole(state, 'follower')
  setLeader(state, leaderId)
  if (changed) resetElectionTimer(state)
}

/** Asks first whether an election would be won; the term stays as it is (Thesis §9.6). */
export function becomePreCandidate(state: RaftState): void {
  assert(state.role !== 'leader', `${state.id}: a leader does not campaign`)
  setRole(state, 'preCandidate')
  setLeader(state, null)
  state.votes = new Map([[state.id, true]])
  resetElectionTimer(state)
}

/** Raises the term and votes for itself (Paper §5.2). The own vote counts once it is durable. */
export function becomeCandidate(state: RaftState, isTransfer: boolean): void {
  assert(state.role !== 'leader', `${state.id}: a leader does not campaign`)
  state.currentTerm++
  state.votedFor = state.id
  recordHardState(state)
  setRole(state, 'candidate')
  setLeader(state, null)
  state.votes = new Map()
  state.ownVoteSeq = state.durability.pendingSeq
  state.campaignIsTransfer = isTransfer
  resetElectionTimer(state)
}

/** Won: a quorum has voted for us in this term (Paper §5.2). */
export function becomeLeader(state: RaftState): void {
  assert(state.role === 'candidate', `${state.id}: ${state.role} cannot become leader`)
  setRole(state, 'leader')
  setLeader(state, state.id)
  state.termStartIndex = state.log.lastIndex + 1
  state.uncommittedBytes = 0
  state.appendPending = false
  state.commitPushAt = null
  state.readRound = 0
  resetLease(state)
  state.wokenAt = Number.NEGATIVE_INFINITY
  noteActivity(state)
  state.progress = new Map()
  reconcileProgress(state, state.log.lastIndex + 1)
}

/**
 * A new configuration holds: followers that joined get a record. Those that left keep theirs until they know it, see
 * `reconfiguration.ts`; they do not count, because majorities go by the configuration.
 *
 * @param nextIndex what a follower that is new is sent first
 */
export function reconcileProgress(state: RaftState, nextIndex: Index): void {
  if (state.role !== 'leader') return
  for (const id of membersOf(state.configuration)) {
    const progress = state.progress.get(id)
    if (progress !== undefined) progress.departsAt = null
    else if (id !== state.id) {
      state.progress.set(id, new Progress(id, state.nextSession++, nextIndex, state.now))
    }
  }
}

/** What belongs to a leader ends with its office: reads are refused, a transfer is over. */
function leaveOffice(state: RaftState, isNewTerm: boolean): void {
  for (const read of state.pendingReads) {
    if (read.token !== null) state.outbox.reads.push({ token: read.token, index: null })
  }
  state.pendingReads = []
  dropLease(state)
  state.rest = null
  state.progress = new Map()
  state.votes = new Map()
  state.appendPending = false
  state.commitPushAt = null
  if (isNewTerm && state.transfer?.timeoutNowSent) endTransfer(state, 'done', 'its election has begun')
  else endTransfer(state, 'aborted', 'the leader stepped down')
}

/** The one place where a transfer ends; `state.transfer` being null is "none". */
export function endTransfer(state: RaftState, outcome: 'done' | 'aborted', reason: string): void {
  if (state.transfer === null) return
  state.outbox.events.push({ type: 'transfer', to: state.transfer.to, outcome, reason })
  state.transfer = null
}

function setRole(state: RaftState, role: Role): void {
  if (state.role === role && role !== 'candidate') return
  state.role = role
  state.outbox.events.push({ type: 'role', role, term: state.currentTerm })
}

/** Also for a follower that learns who leads. Reads that were forwarded to another leader get no answer any more. */
export function setLeader(state: RaftState, leaderId: ServerId | null): void {
  if (state.leaderId === leaderId) return
  state.leaderId = leaderId
  for (const { token } of state.forwardedReads.values()) state.outbox.reads.push({ token, index: null })
  state.forwardedReads.clear()
  state.outbox.events.push({ type: 'leader', leaderId, term: state.currentTerm })
}

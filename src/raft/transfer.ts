/**
 * Leadership transfer (Thesis §3.10): the leader stops accepting commands, brings the target up to date, and tells it
 * to campaign at once. If nothing comes of it within an election time-out, the leader simply goes on.
 */

import { isVoter } from './configuration.ts'
import { startElection } from './election.ts'
import type { ServerId } from './entry.ts'
import { voidLease } from './lease.ts'
import type { TimeoutNow } from './message.ts'
import { sendEntries } from './replication.ts'
import { becomeFollower, endTransfer } from './role.ts'
import type { RaftState } from './state.ts'

/** Why a transfer was not even begun; null when it was. */
export type TransferRefusal = 'notLeader' | 'notVoter' | 'alreadyLeader' | 'transferring' | null

export function handleTransfer(state: RaftState, to: ServerId): TransferRefusal {
  if (state.role !== 'leader') return 'notLeader'
  if (to === state.id) return 'alreadyLeader'
  if (!state.configuration.voters.includes(to)) return 'notVoter'
  if (state.transfer !== null) return 'transferring'
  state.transfer = { to, deadline: state.now + state.options.electionTimeoutMaxMs, timeoutNowSent: false }
  advanceTransfer(state)
  return null
}

/** Called whenever the target may have come closer: its acknowledgement covers durable entries only. */
export function advanceTransfer(state: RaftState): void {
  const { transfer } = state
  if (transfer === null || transfer.timeoutNowSent) return
  const progress = state.progress.get(transfer.to)
  if (progress === undefined) {
    endTransfer(state, 'aborted', `${transfer.to} is no longer a member`)
  } else if (progress.matchIndex === state.log.lastIndex) {
    transfer.timeoutNowSent = true
    voidLease(state)
    state.outbox.send({ type: 'TimeoutNow', from: state.id, to: transfer.to, term: state.currentTerm }, 0)
  } else {
    sendEntries(state, progress, false)
  }
}

/** A transfer must not keep the cluster waiting for a server that does not answer. */
export function checkTransferDeadline(state: RaftState): void {
  if (state.transfer === null || state.now < state.transfer.deadline) return
  endTransfer(state, 'aborted', `${state.transfer.to} did not take over within an election time-out`)
  // A leader that was removed has done its part: the others elect whom they like (Thesis §4.2.2).
  if (!isVoter(state.configuration, state.id)) becomeFollower(state, state.currentTerm, null)
}

/** The leader wants us to succeed it: no PreVote, which those who hear the leader would refuse. */
export function handleTimeoutNow(state: RaftState, message: TimeoutNow): void {
  if (state.role === 'leader' || !state.canCampaign || message.from !== state.leaderId) return
  startElection(state, true)
}

/**
 * The leader gives up its office in its own term, because it knows that it is of little use: its disk stands still, say.
 * Unlike after check-quorum, the others have heard it to the last moment, and our own time-out may well be the shortest
 * of all. So it waits for two of the longest: whoever is better off comes first.
 */
export function handleStepDown(state: RaftState): void {
  if (state.role !== 'leader') return
  becomeFollower(state, state.currentTerm, null)
  state.electionDeadline = state.now + 2 * state.options.electionTimeoutMaxMs
}

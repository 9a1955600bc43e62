/**
 * Leader election (Paper §5.2, §5.4.1; Thesis §9.6 for PreVote, §4.2.3 for stickiness, §6.2 for check-quorum).
 * Assumes that the term was settled by the dispatch: a message that arrives here has our term, or is a PreVote.
 */
import { membersOf } from './configuration.ts'
import type { ServerId } from './entry.ts'
import type { PreVote, PreVoteReply, RequestVote, RequestVoteReply } from './message.ts'
import { quorumIndex, tallyVotes } from './quorum.ts'
import { startTerm } from './replication.ts'
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from './role.ts'
import { type RaftState, recordHardState, resetElectionTimer } from './state.ts'

/** The election timer has run out: nobody leads, as far as we can see. */
export function handleElectionTimeout(state: RaftState): void {
  if (!state.canCampaign) {
    resetElectionTimer(state)
    return
  }
  // In term 0 there is no leader that a needless election could depose: the very first one saves a round trip.
  if (state.options.preVote && state.currentTerm > 0) startPreVote(state)
  else startElection(state, false)
}

function startPreVote(state: RaftState): void {
  becomePreCandidate(state)
  for (const to of otherMembers(state)) {
    const { id: from, currentTerm: term, log } = state
    const { lastIndex: lastLogIndex, lastTerm: lastLogTerm } = log
    state.outbox.send({ type: 'PreVote', from, to, term, campaignTerm: term + 1, lastLogIndex, lastLogTerm }, 0)
  }
  advancePreVote(state)
}

/** Raises the term and asks for votes; `isTransfer` when the leader itself asked for it. */
export function startElection(state: RaftState, isTransfer: boolean): void {
  becomeCandidate(state, isTransfer)
  // The own term and vote must be durable before the request leaves. Suppose they were not: a voter grants term 5 on
  // the strength of a log that we hold in memory; we crash, lose both, campaign in term 5 again with the shorter log,
  // and the late grant is counted for it.
  const after = state.durability.pendingSeq
  for (const to of otherMembers(state)) {
    const { id: from, currentTerm: term, log } = state
    const { lastIndex: lastLogIndex, lastTerm: lastLogTerm } = log
    state.outbox.send({ type: 'RequestVote', from, to, term, lastLogIndex, lastLogTerm, transfer: isTransfer }, after)
  }
}

/** Whether we would vote so, without promising it: nothing changes here, not even the timer. */
export function handlePreVote(state: RaftState, message: PreVote): void {
  const granted =
    message.campaignTerm > state.currentTerm &&
    !hearsLeader(state) &&
    state.log.isUpToDate(message.lastLogIndex, message.lastLogTerm)
  const { id: from, currentTerm: term } = state
  const { from: to, campaignTerm } = message
  // A refusal tells our term: a server that fell behind while it was alone would otherwise ask for ever in vain.
  state.outbox.send({ type: 'PreVoteReply', from, to, term, campaignTerm, granted }, 0)
}

export function handlePreVoteReply(state: RaftState, message: PreVoteReply): void {
  if (state.role !== 'preCandidate' || message.campaignTerm !== state.currentTerm + 1) return
  recordVote(state, message.from, message.granted)
  advancePreVote(state)
}

function advancePreVote(state: RaftState): void {
  const result = tallyVotes(state.configuration, state.votes)
  if (result === 'won') startElection(state, false)
  if (result === 'lost') becomeFollower(state, state.currentTerm, null)
}

/** Paper Figure 2, RequestVote RPC, receiver's steps. Step 1 (an old term) and stickiness were settled before. */
export function handleRequestVote(state: RaftState, message: RequestVote): void {
  const mayVote = state.votedFor === null || state.votedFor === message.from
  const granted = mayVote && state.log.isUpToDate(message.lastLogIndex, message.lastLogTerm)
  if (granted && state.votedFor === null) {
    state.votedFor = message.from
    recordHardState(state)
  }
  // Only a granted vote postpones our own campaign: refusing must not keep a better candidate waiting.
  if (granted) resetElectionTimer(state)
  replyToRequestVote(state, message.from, granted)
}

/** A vote leaves when it is durable: never two in one term, whatever crashes. */
export function replyToRequestVote(state: RaftState, to: ServerId, granted: boolean): void {
  const { id: from, currentTerm: term } = state
  state.outbox.send({ type: 'RequestVoteReply', from, to, term, granted }, state.durability.pendingSeq)
}

export function handleRequestVoteReply(state: RaftState, message: RequestVoteReply): void {
  if (state.role !== 'candidate') return
  recordVote(state, message.from, message.granted)
  advanceElection(state)
}

/** Called when batches have become durable: the own vote may be among them. */
export function countOwnVote(state: RaftState): void {
  if (state.role !== 'candidate' || state.votes.has(state.id)) return
  if (state.durability.durableSeq < state.ownVoteSeq) return
  recordVote(state, state.id, true)
  advanceElection(state)
}

function advanceElection(state: RaftState): void {
  const result = tallyVotes(state.configuration, state.votes)
  if (result === 'won') {
    becomeLeader(state)
    startTerm(state)
  }
  // Refused by a majority: wait for a leader, or for the next time-out. The term and our vote in it stay.
  if (result === 'lost') becomeFollower(state, state.currentTerm, null)
}

/** A server's first answer stands: a repeated message cannot turn a refusal into a vote, or count twice. */
function recordVote(state: RaftState, id: ServerId, granted: boolean): void {
  if (!state.votes.has(id)) state.votes.set(id, granted)
}

/**
 * Stickiness: we hear a leader, so nobody needs to be elected (Thesis §4.2.3). It protects a working cluster from a
 * server that cannot hear the leader, or that was removed and does not know it.
 */
export function hearsLeader(state: RaftState): boolean {
  if (!state.options.stickiness) return false
  if (state.role === 'leader' || state.now < state.noVoteBefore) return true
  // A resting leader has said until when it may be silent.
  const heardAt = Math.max(state.leaderHeardAt, state.leaderRestsUntil)
  return state.leaderId !== null && state.now - heardAt < state.options.electionTimeoutMinMs
}

/**
 * A leader that has not heard a quorum for two of the shortest election time-outs cannot commit, and may be the last to
 * know that another leads: it steps down (Thesis §6.2). After one it only takes no commands, see `isCutOff`: on a
 * network that delays most answers by more than a time-out, stepping down at once left a cluster of five without a
 * leader for ten seconds.
 */
export function checkQuorum(state: RaftState): void {
  if (state.options.checkQuorum && state.now >= quorumDeadline(state)) becomeFollower(state, state.currentTerm, null)
}

/** When the leader must step down unless it hears more. */
export function quorumDeadline(state: RaftState): number {
  return quorumHeardAt(state) + 2 * state.options.electionTimeoutMinMs
}

/** The others may be electing a successor by now, so a command that we took would probably be lost. */
export function isCutOff(state: RaftState): boolean {
  return state.options.checkQuorum && state.now >= quorumHeardAt(state) + state.options.electionTimeoutMinMs
}

function quorumHeardAt(state: RaftState): number {
  const heardAt = quorumIndex(state.configuration, (id) =>
    id === state.id ? Number.POSITIVE_INFINITY : (state.progress.get(id)?.lastHeardAt ?? 0),
  )
  // Nobody was asked while the leader rested. The lease does not count so: no lease outlives a rest, nor begins in one.
  return Math.max(heardAt, state.wokenAt)
}

/** The voters that are left campaign one after the other, so far apart: an election is over by then. */
const TURNS_IN_A_TIMEOUT = 12

/**
 * The connection to the leader broke: most likely it died. Campaign soon, not after a whole time-out. If the leader
 * lives, the others hear it and refuse.
 *
 * Each in its turn, by name: drawn by lot from 30 ms, the turns of two servers collided in 3 of 10 kills, the votes were
 * split, and the cluster waited for a whole time-out after all. Whoever comes first still waits a little, because the
 * others may notice a moment later, and refuse until then.
 */
export function handleConnectionLost(state: RaftState, id: ServerId): void {
  if (state.role === 'leader' || state.leaderId !== id) return
  // Under a lease we have promised the leader not to vote, and it counts on that, connected or not. A leader that rests
  // keeps no lease.
  if (state.options.leaseReads && !state.resting) return
  state.leaderHeardAt = Number.NEGATIVE_INFINITY
  state.leaderRestsUntil = Number.NEGATIVE_INFINITY
  const { voters } = state.configuration
  const turn = voters.filter((voter) => voter !== id && voter < state.id).length
  const turnMs = state.options.electionTimeoutMinMs / TURNS_IN_A_TIMEOUT
  const soon = state.now + turnMs * (turn + 0.25 + 0.25 * state.random.fraction())
  state.electionDeadline = Math.min(state.electionDeadline, soon)
}

/** Learners are asked as well: one may already be a voter without having heard of it. */
function otherMembers(state: RaftState): ServerId[] {
  return membersOf(state.configuration).filter((id) => id !== state.id)
}

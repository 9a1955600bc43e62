/** What candidates and voters say: Paper §5.2, §5.4.1; Thesis §9.6. */
import type { PreVote, PreVoteReply, RequestVote, RequestVoteReply } from './message.ts'
import type { Turn } from './turn.ts'

/** The question before the term is raised (Thesis §9.6). */
export function checkPreVote(turn: Turn, message: PreVote): void {
  const { role, currentTerm } = turn.view
  const { term, campaignTerm } = message
  checkOwnLog(turn, message, 'PreVoteSaid')
  // Whose own word is enough asks the others all the same, and campaigns in the same step.
  const asks = (role === 'preCandidate' && term === currentTerm) || (turn.campaigns && term === currentTerm - 1)
  if (asks && campaignTerm === term + 1) return
  turn.refuse('PreVoteSaid', `a ${role} of term ${currentTerm} asks about term ${campaignTerm}`)
}

/** The log at the beginning of the step, or at its end: an election may be asked for and won in one step. */
function checkOwnLog(turn: Turn, message: PreVote | RequestVote, rule: 'PreVoteSaid' | 'RequestVoteSaid'): void {
  const { lastIndex, lastTerm } = turn.server.log
  const { lastLogIndex: index, lastLogTerm: term } = message
  if (index === turn.lastIndex && term === turn.lastTerm) return
  if (index === lastIndex && term === lastTerm) return
  turn.refuse(rule, `it claims a log up to ${index} of term ${term}, and has ${lastIndex} of term ${lastTerm}`)
}

/** Would it vote, if this were RequestVote? Nothing is promised, so nothing need be durable. */
export function checkPreVoteGrant(turn: Turn, { to, campaignTerm }: PreVoteReply): void {
  const { server, view, message } = turn
  if (message?.type !== 'PreVote' || message.from !== to || message.campaignTerm !== campaignTerm) {
    turn.refuse('PreVoteGrant', `it tells ${to} yes for term ${campaignTerm}, and was not asked`)
    return
  }
  const isFree = view.votedFor === null || view.votedFor === to
  const isNew = campaignTerm > view.currentTerm || (campaignTerm === view.currentTerm && isFree)
  const { lastLogIndex, lastLogTerm } = message
  if (isNew && server.isUpToDate(lastLogIndex, lastLogTerm)) return
  const asks = `${to} asks about term ${campaignTerm} with ${lastLogIndex} of term ${lastLogTerm}`
  turn.refuse('PreVoteGrant', `${asks}; its own are ${view.currentTerm} and ${turn.lastIndex} of term ${turn.lastTerm}`)
}

/** From a candidate that will not come back without the term it asks in (Paper §5.2, Figure 2). */
export function checkRequestVote(turn: Turn, message: RequestVote, after: number): void {
  const { server, view } = turn
  // One that wins in the step in which it campaigns still asks those whose votes it did not need.
  const isCandidate = view.role === 'candidate' || (view.role === 'leader' && turn.campaigns)
  if (!isCandidate || message.term !== view.currentTerm) {
    turn.refuse('RequestVoteSaid', `a ${view.role} of term ${view.currentTerm} asks for votes in term ${message.term}`)
  }
  checkOwnLog(turn, message, 'RequestVoteSaid')
  turn.checkWait('RequestVoteDurable', message, after, server.disk.writeOfVote)
  if (message.transfer && server.byTransfer === false) {
    turn.refuse('TransferSaid', `it says that the leader sent it to campaign in term ${message.term}; none has`)
  }
}

/** The vote is given, and will not be forgotten (Paper §5.2, Figure 2). */
export function checkVoteGrant(turn: Turn, message: RequestVoteReply, after: number): void {
  const { server, view } = turn
  const { to, term } = message
  if (view.votedFor !== to || term !== view.currentTerm) {
    turn.refuse('VoteSaid', `it tells ${to} that it votes for it in term ${term}, but votes for ${view.votedFor}`)
  }
  turn.checkWait('VoteDurable', message, after, server.disk.writeOfVote)
}

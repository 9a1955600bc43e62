/** Terms, votes and offices: Paper §5.1, §5.2, §5.4.1; pre-votes Thesis §9.6. */
import { isQuorum } from './quorum.ts'
import type { Turn } from './turn.ts'

/** Judges term, vote, role and known leader. Afterwards what belonged to an older term is forgotten. */
export function checkElection(turn: Turn): void {
  hearPreVote(turn)
  checkTerm(turn)
  if (turn.view.currentTerm !== turn.server.term) turn.server.forgetTerm()
  checkVote(turn)
  checkRole(turn)
  checkLeaderId(turn)
}

/** Grants count while the server asks, and only for the term that it asks about. */
function hearPreVote({ server, message }: Turn): void {
  if (message?.type !== 'PreVoteReply' || server.role !== 'preCandidate') return
  if (message.granted && message.campaignTerm === server.term + 1) server.preVotes.add(message.from)
}

function checkTerm(turn: Turn): void {
  const { server, view, message } = turn
  const now = view.currentTerm
  if (now === server.term) return
  if (now < server.term) {
    turn.refuse('TermMonotonic', `the term falls from ${server.term} to ${now}`)
    return
  }
  const campaigns = view.role === 'candidate' || view.role === 'leader'
  if (!campaigns) {
    if (message?.term !== now) {
      turn.refuse('UpdateTerm', `the term rises from ${server.term} to ${now}, which no message has brought`)
    }
    return
  }
  turn.campaigns = true
  // A message may first bring a newer term, in which the time-out comes at once: TimeoutNow does.
  const hasAdopted = message !== null && message.term > server.term && message.term === now - 1
  if (now !== server.term + 1 && !hasAdopted) {
    turn.refuse('UpdateTerm', `a candidate's term rises from ${server.term} to ${now}, not by one`)
  }
  if (!mayCampaign(turn)) {
    const { configuration } = turn.configurationBefore
    const asked = `${server.preVotes.size} of ${configuration.voters.length} voters have said that they would vote`
    turn.refuse('PreVoteFirst', `it campaigns in term ${now}; ${asked}`)
  }
}

/** PERMITTED: no question before the very first term, none when the leader itself says so, none to be asked. */
function mayCampaign({ server, view, message, options, configurationBefore }: Turn): boolean {
  if (options.preVote === false || view.currentTerm === 1) return true
  if (message?.type === 'TimeoutNow' && message.term === view.currentTerm - 1) return true
  const { configuration } = configurationBefore
  if (isQuorum(configuration, (id) => id === server.id)) return true
  return server.role === 'preCandidate' && isQuorum(configuration, (id) => id === server.id || server.preVotes.has(id))
}

function checkVote(turn: Turn): void {
  const { server, view, message } = turn
  if (turn.campaigns) {
    if (view.votedFor !== server.id)
      turn.refuse('Timeout', `a candidate of term ${view.currentTerm} votes for ${view.votedFor}`)
    return
  }
  const before = view.currentTerm === server.term ? server.votedFor : null
  const now = view.votedFor
  if (now === before) return
  if (before !== null) {
    turn.refuse('VoteOnce', `in term ${view.currentTerm} its vote changes from ${before} to ${now}`)
    return
  }
  if (message?.type !== 'RequestVote' || message.from !== now || message.term !== view.currentTerm) {
    turn.refuse('VoteAsked', `it votes for ${now}, who has not asked in term ${view.currentTerm}`)
    return
  }
  const { lastLogIndex, lastLogTerm } = message
  if (server.isUpToDate(lastLogIndex, lastLogTerm)) return
  const its = `its own with ${turn.lastIndex} of term ${turn.lastTerm}`
  turn.refuse('VoteUpToDate', `it votes for a log that ends with ${lastLogIndex} of term ${lastLogTerm}; ${its}`)
}

function checkRole(turn: Turn): void {
  const { server, view, message } = turn
  const before = view.currentTerm === server.term ? server.role : 'follower'
  countVotes(turn)
  switch (view.role) {
    case 'leader':
      if (before !== 'leader') checkVictory(turn)
      return
    case 'candidate':
      if (before !== 'candidate' && !turn.campaigns)
        turn.refuse('Timeout', `a ${before} campaigns and stays in term ${server.term}`)
      return
    case 'preCandidate':
      // PERMITTED: an election that comes to nothing begins anew with the question (Thesis §9.6).
      if (before !== 'preCandidate') server.preVotes.clear()
      server.preVotes.add(server.id)
      return
    case 'follower':
      // PERMITTED: a leader steps down within its term, for want of a quorum (Thesis §6.2) or of membership (§4.2.2).
      if (before !== 'candidate' || turn.fromLeader) return
      // PERMITTED: a candidate gives up when it is refused; it may campaign again at its next time-out.
      if (message?.type === 'RequestVoteReply' && !message.granted) return
      turn.refuse(
        'RoleChange',
        `a candidate gives up in term ${server.term} on ${message?.type ?? turn.step.input.type}`,
      )
  }
}

/** One's own vote, and those that came in for this very term; each voter once. */
function countVotes({ server, view, message, campaigns }: Turn): void {
  if (campaigns) {
    server.votes.clear()
    server.votes.add(server.id)
    server.byTransfer = message?.type === 'TimeoutNow'
  } else if (server.role === 'candidate' && message?.type === 'RequestVoteReply') {
    if (message.granted && message.term === view.currentTerm) server.votes.add(message.from)
  }
}

function checkVictory(turn: Turn): void {
  const { server, view, history } = turn
  const { configuration } = turn.configurationBefore
  const isCandidate = turn.campaigns || (server.role === 'candidate' && server.term === view.currentTerm)
  if (!isCandidate || !isQuorum(configuration, (id) => server.votes.has(id))) {
    const { voters, votersOutgoing } = configuration
    const of = votersOutgoing.length === 0 ? voters.join(' ') : `${voters.join(' ')} and ${votersOutgoing.join(' ')}`
    const votes = `votes of ${[...server.votes].join(' ')}, of ${of}`
    turn.refuse('BecomeLeader', `a ${server.role} leads in term ${view.currentTerm} with ${votes}`)
  }
  // Alone in its cluster, it could be elected in this term, crash, and be elected in it again.
  const isDurable = !turn.campaigns && server.disk.writeOfVote === 0
  if (!isDurable && !isQuorum(configuration, (id) => id !== server.id && server.votes.has(id))) {
    turn.refuse('OwnVoteDurable', `it leads in term ${view.currentTerm} by its own vote, which is not durable`)
  }
  history?.elect(turn)
}

function checkLeaderId(turn: Turn): void {
  const { server, view, message } = turn
  const { leaderId } = view
  if (view.role === 'leader' && leaderId !== server.id)
    turn.refuse('LeaderKnown', `a leader takes ${leaderId} for the leader`)
  if (leaderId === null || view.role === 'leader') return
  if (leaderId === server.leaderId && view.currentTerm === server.term && leaderId !== server.id) return
  if (turn.fromLeader && message?.from === leaderId) return
  turn.refuse('LeaderKnown', `it takes ${leaderId} for the leader of term ${view.currentTerm}, and has not heard it`)
}

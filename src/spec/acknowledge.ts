/** What a leader hears from its followers, and what servers take for known: Paper §5.3, Figure 2. */
import { membersOf } from './quorum.ts'
import type { Turn } from './turn.ts'

/** A reply counts for the leader that it answers, in the term and under the record of which it was asked. */
export function hearReply({ server, message, led }: Turn): void {
  if (message === null || !led || message.term !== server.term) return
  if (message.type !== 'AppendEntriesReply' && message.type !== 'InstallSnapshotReply') return
  const follower = server.follower(message.from)
  if (follower.session !== message.session && !server.isAdopted) return
  // PERMITTED: a refusal confirms the round as well: it is of this term.
  if (message.type === 'AppendEntriesReply') follower.round = Math.max(follower.round, message.readRound)
  if (message.type === 'AppendEntriesReply' && !message.success) return
  follower.acknowledged = Math.max(follower.acknowledged, message.index)
}

/** What the step has changed will be on the disk with the write that the server names. */
export function noteWrite(turn: Turn): void {
  const { server, view, changedFrom, removed } = turn
  const { log, disk } = server
  const isUnchanged = view.currentTerm === server.term && view.votedFor === server.votedFor
  if (isUnchanged && changedFrom > turn.lastIndex && log.lastIndex === turn.lastIndex) return
  if (view.write <= disk.confirmed) {
    turn.refuse(
      'DurableClaim',
      `what it has just changed is to be in write ${view.write}; ${disk.confirmed} is durable`,
    )
  }
  const write = disk.record(view.write, view.currentTerm, view.votedFor, changedFrom, log.lastIndex)
  write.cut.push(...removed)
  if (log.base > server.snapshotIndex) write.snapshotIndex = log.base
}

/** What the server believes of its disk, its followers and its voters must have come in. */
export function checkClaims(turn: Turn): void {
  const { server, view, message } = turn
  const { durableIndex } = server.disk
  if (view.durableIndex > durableIndex) {
    turn.refuse('DurableClaim', `it takes ${view.durableIndex} for durable; its disk has confirmed ${durableIndex}`)
  }
  if (view.role === 'leader') {
    if (message?.type === 'AppendEntriesReply' || message?.type === 'InstallSnapshotReply')
      checkMatch(turn, message.from)
    else if (server.role !== 'leader') checkAllMatches(turn)
  }
  if (message?.type === 'RequestVoteReply' && view.role === 'candidate') checkVotes(turn, server.votes)
  if (message?.type === 'PreVoteReply' && view.role === 'preCandidate') checkVotes(turn, server.preVotes)
}

function checkAllMatches(turn: Turn): void {
  for (const id of membersOf(turn.view.configuration)) if (id !== turn.server.id) checkMatch(turn, id)
}

function checkMatch(turn: Turn, id: string): void {
  const { server, view } = turn
  const matchIndex = view.matchIndex(id)
  // Who was removed has a place in no quorum.
  if (!membersOf(view.configuration).includes(id)) return
  if (matchIndex > server.holds(id))
    turn.refuse('MatchClaim', `${id} matches up to ${matchIndex}; it has acknowledged ${server.holds(id)}`)
}

function checkVotes(turn: Turn, heard: ReadonlySet<string>): void {
  for (const id of turn.view.votes()) {
    if (!heard.has(id)) turn.refuse('VotesClaim', `it counts the vote of ${id}; it has heard ${[...heard].join(' ')}`)
  }
}

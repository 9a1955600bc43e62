/** What leaders and followers say about logs: Paper §5.3, §7; Thesis §3.10, §6.4. */
import type {
  AppendEntries,
  AppendEntriesReply,
  InstallSnapshot,
  InstallSnapshotReply,
  LogEntry,
  TimeoutNow,
} from './message.ts'
import { isVoter, sameVoters } from './quorum.ts'
import type { Turn } from './turn.ts'

/** From the leader alone, out of its own log, behind what it has (Paper §5.3). */
export function checkAppendEntries(turn: Turn, message: AppendEntries): void {
  const { server, view } = turn
  const { to, leaderCommit, entries, readRound } = message
  checkLeads(turn, message)
  checkOwnEntry(turn, to, message.prevLogIndex, message.prevLogTerm)
  for (let i = 0; i < entries.length; i++) checkSentEntry(turn, message, i)
  if (leaderCommit > view.commitIndex) {
    turn.refuse('AppendCommit', `${to} is told that ${leaderCommit} is committed; it is ${view.commitIndex}`)
  }
  noteSession(turn, message)
  if (message.term !== view.currentTerm) return
  // PERMITTED: nothing need be durable (Thesis §10.2.1). The term is, or the election was not won.
  server.roundSaid = Math.max(server.roundSaid, readRound)
}

function checkSentEntry(turn: Turn, { to, prevLogIndex, entries }: AppendEntries, i: number): void {
  const entry = entries[i] as LogEntry
  const { index, term } = entry
  checkOwnEntry(turn, to, index, term)
  if (index === prevLogIndex + 1 + i && !turn.isOther(entry, turn.server.log.identityAt(index))) return
  turn.refuse('AppendOwnLog', `${to} is sent as ${prevLogIndex + 1 + i} an entry ${index} that is not in its log`)
}

function checkOwnEntry(turn: Turn, to: string, index: number, term: number): void {
  const { log } = turn.server
  if (index > log.lastIndex || !log.has(index, term)) {
    turn.refuse('AppendOwnLog', `${to} is sent ${index} of term ${term}; its log ends with ${log.lastIndex}`)
  }
}

/** A leader of the message's term, before the step or after it. */
function checkLeads(turn: Turn, message: AppendEntries | InstallSnapshot | TimeoutNow): void {
  const { server, view } = turn
  const { type, to, term } = message
  if (view.role === 'leader' && term === view.currentTerm) return
  if (server.role === 'leader' && term === server.term) return
  turn.refuse('AppendSaid', `${type} to ${to} in term ${term} from a ${view.role} of term ${view.currentTerm}`)
}

/** PERMITTED: a follower that left and came back within a term gets a new record; old answers do not count for it. */
function noteSession({ server, view }: Turn, { to, session, term }: AppendEntries | InstallSnapshot): void {
  if (term !== view.currentTerm) return
  const follower = server.follower(to)
  if (follower.session === session) return
  if (follower.session !== null) follower.acknowledged = 0
  follower.session = session
}

/** PERMITTED: a reply is a message that names what it answers, and may come as often and as late as it likes. */
export function checkRound(turn: Turn, { session, readRound: round }: AppendEntriesReply): void {
  const { server, view, message } = turn
  if (message?.type === 'AppendEntries' && message.term < view.currentTerm) return
  if (round <= server.roundHeard && (session === server.sessionHeard || server.isAdopted)) return
  const heard = `${server.roundHeard} of ${server.sessionHeard}`
  turn.refuse('AckRound', `it answers round ${round} of session ${session}; it has heard ${heard}`)
}

/** A claim that the leader will count: it must agree, and be durable (Paper §5.3, Figure 2). */
export function checkAcknowledgement(
  turn: Turn,
  message: AppendEntriesReply | InstallSnapshotReply,
  after: number,
): void {
  const { server, view } = turn
  // What is committed agrees with every leader of this term (Paper Figure 3, Leader Completeness).
  const agreed = Math.max(server.agreed, view.commitIndex)
  if (message.index > agreed || message.term !== view.currentTerm) {
    turn.refuse('AckAgrees', `it acknowledges ${message.index} to ${message.to}; what agrees ends at ${agreed}`)
  }
  // PERMITTED: a success that claims nothing new leaves at once, although the term may not be durable: entries of a
  // term are never durable before it.
  turn.checkWait('AckDurable', message, after, server.disk.writeOfEntry(message.index))
}

/** What it stands for is committed, and its members are those of then (Paper §7). */
export function checkInstallSnapshot(turn: Turn, message: InstallSnapshot): void {
  const { log } = turn.server
  const { commitIndex } = turn.view
  const { lastIncludedIndex: index, lastIncludedTerm: term, configuration } = message
  checkLeads(turn, message)
  noteSession(turn, message)
  if (index > commitIndex || !log.has(index, term)) {
    turn.refuse('SnapshotSaid', `a snapshot at ${index} of term ${term}; committed is ${commitIndex}`)
  }
  const asOf = log.configurationAsOf(index)
  if (asOf.index <= index && !sameVoters(asOf.configuration, configuration)) {
    turn.refuse('SnapshotSaid', `a snapshot at ${index} has other members than configuration ${asOf.index}`)
  }
}

/** The last step of a transfer: only to who can win (Thesis §3.10). */
export function checkTimeoutNow(turn: Turn, message: TimeoutNow): void {
  const { server } = turn
  const { to, term } = message
  checkLeads(turn, message)
  // It may have been said before the leader appended something else in the same step: C_new, once C_old,new is committed.
  if (isVoter(turn.configurationBefore.configuration, to) && server.holds(to) >= turn.lastIndex) return
  turn.refuse(
    'TransferCaughtUp',
    `${to} is to take over in term ${term}; it holds ${server.holds(to)} of ${turn.lastIndex}`,
  )
}

/** How a log changes: Paper Figure 2, "AppendEntries RPC", and Figure 13. The specification's copy is moved along. */
import { checkChange } from './membership.ts'
import type { AppendEntries, InstallSnapshot } from './message.ts'
import type { RuleName } from './rules.ts'
import type { Turn } from './turn.ts'

/** Judges what has become of the log's entries. */
export function checkLog(turn: Turn): void {
  const { view, message } = turn
  if (view.role === 'leader' || turn.led) checkLeaderLog(turn)
  else if (message?.type === 'AppendEntries' && turn.fromLeader) handleAppendEntries(turn, message)
  else if (message?.type === 'InstallSnapshot' && turn.fromLeader) handleInstallSnapshot(turn, message)
  else checkUnchanged(turn, 'FollowerLog')
}

/** Client requests, the entry of a new term, changes of members: all at the end, all of its term (Paper §5.3). */
function checkLeaderLog(turn: Turn): void {
  const { server, view, lastIndex } = turn
  if (view.lastIndex < lastIndex || hasOtherTail(turn)) {
    const became = `${view.lastIndex} of term ${view.termAt(view.lastIndex)}`
    turn.refuse('LeaderAppendOnly', `its log ended with ${lastIndex} of term ${turn.lastTerm}, and with ${became} now`)
  }
  for (let index = lastIndex + 1; index <= view.lastIndex; index++) {
    const term = view.termAt(index)
    if (term !== view.currentTerm)
      turn.refuse('LeaderTerm', `it appends ${index} of term ${term} in term ${view.currentTerm}`)
    const configuration = view.configurationAt(index)
    if (configuration !== null) checkChange(turn, index, configuration)
    server.log.append(term, view.identityAt(index), configuration)
  }
}

/** Figure 2, receiver steps 2 to 5. The message may be ignored; what is taken of it is taken whole. */
function handleAppendEntries(turn: Turn, message: AppendEntries): void {
  const { server } = turn
  const { prevLogIndex, entries, leaderCommit } = message
  server.roundHeard = Math.max(server.roundHeard, message.readRound)
  server.sessionHeard = message.session
  if (!takeEntries(turn, message)) return
  const end = prevLogIndex + entries.length
  server.agreed = Math.max(server.agreed, end)
  turn.mayCommit = Math.max(turn.mayCommit, Math.min(leaderCommit, end))
}

/** Whether the log now has what the message holds. */
function takeEntries(turn: Turn, message: AppendEntries): boolean {
  const { server, view } = turn
  const { log } = server
  if (!log.has(message.prevLogIndex, message.prevLogTerm)) return stays(turn, 'Consistency')
  const first = message.entries.find(({ index, term }) => !log.has(index, term))?.index
  if (first === undefined) {
    checkUnchanged(turn, 'Conflict')
    return true
  }
  if (first <= server.commitIndex) return stays(turn, 'CommittedStays')
  const isIgnored = view.lastIndex === turn.lastIndex && view.termAt(first) === log.termAt(first)
  if (isIgnored) return stays(turn, 'AppendsWhatCame')
  appendFrom(turn, message, first)
  return true
}

/** From the first conflict or the end on, the log is the message's. */
function appendFrom(turn: Turn, { from, prevLogIndex, entries }: AppendEntries, first: number): void {
  const { server, view } = turn
  const end = prevLogIndex + entries.length
  if (view.lastIndex !== end) {
    turn.refuse('AppendsWhatCame', `its log ends with ${view.lastIndex}, what ${from} sent with ${end}`)
  }
  turn.cut(first)
  for (let index = first; index <= end; index++) {
    const entry = entries[index - prevLogIndex - 1]
    const term = view.termAt(index)
    const identity = view.identityAt(index)
    if (entry === undefined || entry.index !== index || entry.term !== term || turn.isOther(entry, identity)) {
      turn.refuse('AppendsWhatCame', `${index} of term ${term} is not what ${from} sent, of term ${entry?.term}`)
    }
    server.log.append(term, identity, view.configurationAt(index))
  }
}

/** Figure 13, steps 6 to 8: entries behind the snapshot stay if its last entry is in the log, otherwise all go. */
function handleInstallSnapshot(turn: Turn, message: InstallSnapshot): void {
  const { server } = turn
  const { lastIncludedIndex: index, session } = message
  server.sessionHeard = session
  if (!takeSnapshot(turn, message)) return
  server.agreed = Math.max(server.agreed, index)
  turn.mayCommit = Math.max(turn.mayCommit, index)
}

/** Whether the log now goes at least as far as the snapshot. */
function takeSnapshot(turn: Turn, message: InstallSnapshot): boolean {
  const { server, view } = turn
  const { log } = server
  const { lastIncludedIndex: index, lastIncludedTerm: term, configuration } = message
  if (log.has(index, term)) {
    checkUnchanged(turn, 'SnapshotRetains')
    return true
  }
  const isIgnored = view.baseIndex === log.base && view.lastIndex === turn.lastIndex
  if (isIgnored || index <= server.commitIndex) return stays(turn, 'CommittedStays')
  if (view.baseIndex !== index || view.lastIndex !== index || view.termAt(index) !== term) {
    const range = `${view.baseIndex} to ${view.lastIndex}`
    turn.refuse('SnapshotRetains', `its log is ${range} behind a snapshot at ${index} of term ${term}`)
  }
  turn.cut(server.commitIndex + 1)
  log.reset(index, term, { index: view.snapshotConfigurationIndex, configuration })
  return true
}

/** The message does not apply, and the log is as it was. */
function stays(turn: Turn, rule: RuleName): false {
  checkUnchanged(turn, rule)
  return false
}

/** Nothing may have happened to the log, and the rule says why. */
function checkUnchanged(turn: Turn, rule: RuleName): void {
  const { view, lastIndex, lastTerm } = turn
  if (view.lastIndex === lastIndex && !hasOtherTail(turn)) return
  const became = `${view.lastIndex} of term ${view.termAt(view.lastIndex)}`
  const why = turn.message?.type ?? turn.step.input.type
  turn.refuse(rule, `on ${why} its log, which ended with ${lastIndex} of term ${lastTerm}, ends with ${became}`)
}

/** Looks at what was the last entry, and at one more: a whole log each time would be too much. */
function hasOtherTail({ server, view, lastIndex, lastTerm }: Turn): boolean {
  const { log } = server
  if (lastIndex >= view.baseIndex && view.termAt(lastIndex) !== lastTerm) return true
  const probe = Math.max(view.baseIndex, log.base, server.commitIndex)
  return probe <= lastIndex && view.termAt(probe) !== log.termAt(probe)
}

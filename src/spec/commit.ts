/** What is committed: Paper §5.3, §5.4.2, and Figure 2; what may be left to a snapshot: Paper §7. */
import { isQuorum } from './quorum.ts'
import type { Turn } from './turn.ts'

/** Judges commitIndex, lastApplied, the snapshot and the log's beginning. */
export function checkCommit(turn: Turn): void {
  const { server, view, history } = turn
  if (view.commitIndex < server.commitIndex) {
    turn.refuse('CommitMonotonic', `commitIndex falls from ${server.commitIndex} to ${view.commitIndex}`)
  }
  if (view.commitIndex > server.commitIndex) {
    if (view.role === 'leader' || turn.led) checkLeaderCommit(turn)
    else if (view.commitIndex > turn.mayCommit) {
      turn.refuse('CommitFollower', `it commits up to ${view.commitIndex}, and may up to ${turn.mayCommit}`)
    }
    history?.commit(turn)
  }
  if (view.lastApplied < server.lastApplied || view.lastApplied > view.commitIndex) {
    turn.refuse(
      'ApplyCommitted',
      `applied is ${view.lastApplied}, was ${server.lastApplied}; committed is ${view.commitIndex}`,
    )
  }
  checkSnapshot(turn)
}

/** Entries were appended before or after the count: the configuration of either moment may be the one that counts. */
function checkLeaderCommit(turn: Turn): void {
  const { server, view, configurationBefore } = turn
  const { log } = server
  const to = view.commitIndex
  if (log.termAt(to) !== view.currentTerm) {
    turn.refuse('CommitOwnTerm', `it commits ${to} of term ${log.termAt(to)} by counting in term ${view.currentTerm}`)
  }
  const holds = (id: string) => server.holds(id) >= to
  if (isQuorum(log.configuration.configuration, holds)) return
  if (log.configuration.index > to && isQuorum(configurationBefore.configuration, holds)) return
  const { voters, votersOutgoing } = log.configuration.configuration
  const held = [...voters, ...votersOutgoing].map((id) => `${id} ${server.holds(id)}`).join(', ')
  turn.refuse('CommitQuorum', `it commits ${to}; durable and acknowledged are ${held}`)
}

function checkSnapshot(turn: Turn): void {
  const { server, view } = turn
  const { log } = server
  if (view.snapshotIndex !== server.snapshotIndex) {
    const { snapshotIndex: index, snapshotTerm: term } = view
    const isOfLog = index >= log.base && index <= log.lastIndex && log.termAt(index) === term
    if (index < server.snapshotIndex || index > view.commitIndex || !isOfLog) {
      turn.refuse('SnapshotOfCommitted', `a snapshot at ${index} of term ${term}; committed is ${view.commitIndex}`)
    }
    if (index > server.snapshotIndex) log.forgetConfigurations(index)
    if (turn.step.input.type === 'snapshot') server.disk.snapshotIndex = index
  }
  if (view.baseIndex === log.base) return
  if (view.baseIndex < log.base || view.baseIndex > view.snapshotIndex) {
    turn.refuse(
      'SnapshotOfCommitted',
      `the log begins behind ${view.baseIndex}, the snapshot is at ${view.snapshotIndex}`,
    )
  }
  if (view.baseIndex > log.base) log.compact(view.baseIndex)
}

/** A life begins: Paper Figure 2, "Persistent state on all servers"; Thesis §3.8. */
import type { Turn } from './turn.ts'

/** Judges a server that has been seen before against what its disk must and may hold. The log is read as a whole. */
export function checkRestart(turn: Turn): void {
  const { server, view } = turn
  const { disk, log } = server
  const { currentTerm: term, votedFor, baseIndex, lastIndex } = view
  // PERMITTED: a snapshot may be durable before the term of its last entry is. Nobody has this server's vote in it.
  const isOfSnapshot = term === view.snapshotTerm && term > disk.term && votedFor === null
  if (!isOfSnapshot && !disk.mayHoldVote(term, votedFor)) {
    const durable = `${disk.votedFor} in term ${disk.term}`
    turn.refuse('RestartKeeps', `it starts in term ${term} with its vote for ${votedFor}; durable was ${durable}`)
  }
  if (view.durableIndex > lastIndex) {
    turn.refuse('DurableClaim', `it takes ${view.durableIndex} for durable; its disk holds ${lastIndex}`)
  }
  const covered = Math.max(lastIndex, view.snapshotIndex)
  if (covered < disk.durableIndex || view.snapshotIndex < disk.snapshotIndex) {
    const durable = `${disk.durableIndex}, and a snapshot at ${disk.snapshotIndex}`
    turn.refuse(
      'RestartKeeps',
      `it starts with entries up to ${lastIndex} and snapshot ${view.snapshotIndex}; durable were ${durable}`,
    )
  }
  for (let index = Math.max(baseIndex, log.base) + 1; index <= lastIndex; index++) checkEntry(turn, index)
}

function checkEntry(turn: Turn, index: number): void {
  const { server, view } = turn
  const { disk, log } = server
  const term = view.termAt(index)
  const wasThere = index <= log.lastIndex && log.termAt(index) === term
  if (wasThere) {
    const [before, now] = [log.identityAt(index), view.identityAt(index)]
    if (before !== 0 && now !== 0 && before !== now)
      turn.refuse('RestartInvents', `entry ${index} of term ${term} is another`)
    return
  }
  // What the snapshot stands for does not matter any more, whatever the log says there.
  if (index <= view.snapshotIndex) return
  if (index <= disk.durableIndex)
    turn.refuse('RestartKeeps', `entry ${index} is of term ${term} after a restart, and was of ${log.termAt(index)}`)
  if (!disk.mayBringBack(index, term)) turn.refuse('RestartInvents', `entry ${index} of term ${term} was never written`)
}

/** Whether seen before or not: nothing of office or commitment survives. */
export function checkBeginning(turn: Turn): void {
  const { view } = turn
  const { role, leaderId, commitIndex, lastApplied, snapshotIndex } = view
  if (role === 'follower' && leaderId === null && commitIndex <= snapshotIndex && lastApplied <= snapshotIndex) return
  turn.refuse(
    'RestartForgets',
    `it starts as a ${role} under ${leaderId} with ${commitIndex} committed; its snapshot is at ${snapshotIndex}`,
  )
}

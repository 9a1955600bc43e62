/** Which configuration holds, and which may follow it: Thesis §4.1 to §4.3, and the correction of 2015. */
import type { Configuration } from './message.ts'
import { isSingleChange, sameServers, sameVoters } from './quorum.ts'
import type { Turn } from './turn.ts'

/** A leader appends a configuration: judges whether it may now, and whether it may be this one. */
export function checkChange(turn: Turn, index: number, next: Configuration): void {
  const { server, view } = turn
  const { log } = server
  const before = log.configuration
  if (before.index > view.commitIndex) {
    turn.refuse(
      'OneChange',
      `configuration ${index} is appended; ${before.index} is not committed, but ${view.commitIndex}`,
    )
  }
  // https://groups.google.com/g/raft-dev/c/t4xj6dJTP6E: otherwise two leaders change from one configuration to two.
  const committedTerm = log.termAt(Math.min(view.commitIndex, log.lastIndex))
  if (committedTerm !== view.currentTerm) {
    const committed = `committed is ${view.commitIndex} of term ${committedTerm}`
    turn.refuse('ChangeOwnTerm', `configuration ${index} is appended in term ${view.currentTerm}; ${committed}`)
  }
  if (!mayFollow(before.configuration, next)) {
    turn.refuse('ChangeShape', `configuration ${index} is ${show(next)}, behind ${show(before.configuration)}`)
  }
}

/** Quorums of neighbours have a server in common: one voter of difference, or both majorities in between. */
function mayFollow(before: Configuration, next: Configuration): boolean {
  if (next.voters.length === 0) return false
  if (sameVoters(before, next)) return true
  const [wasJoint, isJoint] = [before.votersOutgoing.length > 0, next.votersOutgoing.length > 0]
  if (wasJoint) return !isJoint && sameServers(before.voters, next.voters)
  if (isJoint) return sameServers(before.voters, next.votersOutgoing)
  return isSingleChange(before.voters, next.voters)
}

/** The newest in the log holds from the moment it is there, and not a moment longer (Thesis §4.1). */
export function checkConfiguration(turn: Turn): void {
  const { server, view } = turn
  const { index, configuration } = server.log.configuration
  if (view.configurationIndex === index && sameVoters(view.configuration, configuration)) return
  const claims = `${show(view.configuration)} of ${view.configurationIndex}`
  turn.refuse(
    'ConfigurationInForce',
    `it goes by ${claims}; the newest in its log is ${show(configuration)} of ${index}`,
  )
}

function show({ voters, votersOutgoing }: Configuration): string {
  return votersOutgoing.length === 0
    ? `[${voters.join(' ')}]`
    : `[${voters.join(' ')}] with [${votersOutgoing.join(' ')}]`
}

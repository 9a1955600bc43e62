// What `quorate recover` says: what a folder holds, what recovery would lose, and what was made.

import { type Configuration, membersOf } from '../raft/configuration.ts'
import type { RecoveredCluster, SurvivorReport } from '../storage/survivor.ts'

/** What is there, in a few lines. */
export function describeSurvivor(report: SurvivorReport): string {
  const { folder, serverId, clusterId, term, firstIndex, lastIndex, lastTerm, snapshotIndex, configuration } = report
  const log =
    lastIndex < firstIndex ? 'empty' : `entries ${firstIndex} to ${lastIndex}, the last one of term ${lastTerm}`
  return [
    `${folder} holds server ${serverId} of cluster ${clusterId}:`,
    `  term      ${term}`,
    `  log       ${log}`,
    `  snapshot  ${snapshotIndex === 0 ? 'none' : `up to entry ${snapshotIndex}`}`,
    `  members   ${configuration === null ? 'not written down here: they are in the configuration' : describeMembers(configuration, serverId)}`,
  ].join('\n')
}

function describeMembers(configuration: Configuration, self: string): string {
  const { addresses, learners, voters } = configuration
  const members = membersOf(configuration).map((id) => {
    const marks = [id === self ? 'this one' : '', learners.includes(id) ? 'learner' : ''].filter((mark) => mark !== '')
    return `${id} at ${addresses[id] ?? 'an unknown address'}${marks.length === 0 ? '' : ` (${marks.join(', ')})`}`
  })
  const needed = Math.floor(voters.length / 2) + 1
  return `${members.join(', ')}; ${needed} of ${voters.length} voters are a majority`
}

/** What is lost, what becomes true, and what can never happen again. */
export function describeConsequences(report: SurvivorReport, cluster: string): string {
  const { serverId, clusterId, interrupted, lastIndex, snapshotIndex, configuration } = report
  const isVoter = configuration === null || configuration.voters.includes(serverId)
  const range = lastIndex > snapshotIndex ? `entries ${snapshotIndex + 1} to ${lastIndex}` : 'what is in the snapshot'
  return [
    '',
    `Recovery makes a new cluster, ${cluster}, with ${serverId} as its only voter:`,
    '  - Commands that were acknowledged, and that only the lost servers had, are lost for good.',
    `  - All that is here counts as committed from then on: ${range}, also what no majority ever had.`,
    '    Clients may have been told that such a command failed, or that its outcome is unknown.',
    `  - The other servers of ${clusterId} are refused for ever. Destroy their folders; do not start them again.`,
    '  - If a majority can still be brought back, or a more recent survivor, do that instead.',
    ...(isVoter ? [] : [`  - ${serverId} has no vote in ${clusterId}: it may be far behind. Prefer a voter.`]),
    ...(interrupted === null
      ? []
      : [`  - Recovery to ${interrupted} was begun here and interrupted: this finishes it.`]),
  ].join('\n')
}

/** What was done, and what to do now. */
export function describeRecovered({ clusterId, serverId, address, index, term, copy }: RecoveredCluster): string {
  return [
    '',
    `Cluster ${clusterId} begins with server ${serverId} at ${address}: entry ${index} of term ${term} says so.`,
    `What was replaced is in ${copy}.`,
    `Start ${serverId} with cluster ${clusterId} and itself as the only member. Then add servers with new ids and empty folders.`,
  ].join('\n')
}

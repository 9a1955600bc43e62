/**
 * Majorities, of one configuration or of both halves of a joint one (Paper §6). Always counted by member, never with a
 * number that was worked out once: the set of voters may change between two acknowledgements of one entry.
 */
import type { Configuration } from './configuration.ts'
import type { Index, ServerId } from './entry.ts'

export type VoteResult = 'won' | 'lost' | 'pending'

/** True when a majority of the voters, in a joint configuration of both sets, satisfy `test`. */
export function hasQuorum(configuration: Configuration, test: (id: ServerId) => boolean): boolean {
  return (
    isMajority(configuration.voters, test) &&
    (configuration.votersOutgoing.length === 0 || isMajority(configuration.votersOutgoing, test))
  )
}

function isMajority(voters: readonly ServerId[], test: (id: ServerId) => boolean): boolean {
  let count = 0
  for (const id of voters) if (test(id)) count++
  return count > voters.length / 2
}

/** How an election stands: `lost` when no majority is possible any more. */
export function tallyVotes(configuration: Configuration, votes: ReadonlyMap<ServerId, boolean>): VoteResult {
  if (hasQuorum(configuration, (id) => votes.get(id) === true)) return 'won'
  return hasQuorum(configuration, (id) => votes.get(id) !== false) ? 'pending' : 'lost'
}

/** The highest number that a quorum has reached (an index, a round, a time), where `reachedBy` says how far each voter is. */
export function quorumIndex(configuration: Configuration, reachedBy: (id: ServerId) => Index): Index {
  const index = majorityIndex(configuration.voters, reachedBy)
  if (configuration.votersOutgoing.length === 0) return index
  return Math.min(index, majorityIndex(configuration.votersOutgoing, reachedBy))
}

function majorityIndex(voters: readonly ServerId[], reachedBy: (id: ServerId) => Index): Index {
  if (voters.length === 0) return 0
  const indexes = voters.map(reachedBy).sort(descending)
  // Of five, the third highest has been reached by three.
  return indexes[Math.floor(voters.length / 2)] as Index
}

/** Not a subtraction: two infinities would give no number. */
function descending(a: number, b: number): number {
  return a === b ? 0 : a > b ? -1 : 1
}

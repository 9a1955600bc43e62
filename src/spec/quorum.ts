/** Majorities, counted by hand: of the voters, and in a joint phase of the outgoing voters as well (Thesis §4.3). */
import type { Configuration, ServerId } from './message.ts'

/** Whether those who satisfy `has` are a quorum of the configuration. No voters: nobody is. */
export function isQuorum(configuration: Configuration, has: (id: ServerId) => boolean): boolean {
  const { voters, votersOutgoing } = configuration
  if (!isMajority(voters, has)) return false
  return votersOutgoing.length === 0 || isMajority(votersOutgoing, has)
}

function isMajority(voters: readonly ServerId[], has: (id: ServerId) => boolean): boolean {
  let count = 0
  for (const id of voters) if (has(id)) count++
  return 2 * count > voters.length
}

/** Whether the server votes under this configuration, old or new half. */
export function isVoter({ voters, votersOutgoing }: Configuration, id: ServerId): boolean {
  return voters.includes(id) || votersOutgoing.includes(id)
}

/** Whether two lists have the same servers; no server occurs twice in one. */
export function sameServers(a: readonly ServerId[], b: readonly ServerId[]): boolean {
  return a === b || (a.length === b.length && a.every((id) => b.includes(id)))
}

/** Whether quorums of the two configurations are the same. */
export function sameVoters(a: Configuration, b: Configuration): boolean {
  return a === b || (sameServers(a.voters, b.voters) && sameServers(a.votersOutgoing, b.votersOutgoing))
}

/** Whether one server more, or one less, or none is the whole difference. */
export function isSingleChange(before: readonly ServerId[], next: readonly ServerId[]): boolean {
  const added = next.filter((id) => !before.includes(id)).length
  const removed = before.filter((id) => !next.includes(id)).length
  return added + removed <= 1
}

/** All that take part, some perhaps twice. */
export function membersOf({ voters, votersOutgoing, learners }: Configuration): readonly ServerId[] {
  return votersOutgoing.length + learners.length === 0 ? voters : [...voters, ...votersOutgoing, ...learners]
}

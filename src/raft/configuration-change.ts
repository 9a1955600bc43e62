/**
 * From one configuration to the next (Paper §6, Thesis Ch. 4). One voter at a time needs no joint configuration, because
 * any majority of the old voters and any of the new ones share a server; a whole set of voters goes through a joint one.
 * Functions of values only: whether now is the time for a change is `reconfiguration.ts`' business.
 */
import { type Configuration, isVoter, membersOf } from './configuration.ts'
import type { ServerId } from './entry.ts'

/** What can be asked of a cluster's leader. Ids are those of members, unless it says otherwise. */
export type ConfigurationChange =
  /** A new server, which receives the log without counting; `id` was never a member before. */
  | {
      readonly type: 'addLearner'
      readonly id: ServerId
      readonly address: string
      /** The random name of its disk; empty when it has none. */
      readonly incarnation: string
      /** It is to become a voter by itself when it has caught up. */
      readonly promote: boolean
    }
  /** A learner becomes a voter, once it has caught up. */
  | { readonly type: 'promote'; readonly id: ServerId }
  /** A voter becomes a learner. */
  | { readonly type: 'demote'; readonly id: ServerId }
  /** A member leaves for ever. */
  | { readonly type: 'remove'; readonly id: ServerId }
  /** These are the voters from now on, by way of a joint configuration; other voters leave for ever. */
  | { readonly type: 'replaceVoters'; readonly voters: readonly ServerId[] }
  /** A member listens elsewhere. */
  | { readonly type: 'setAddress'; readonly id: ServerId; readonly address: string }

/** Why a change makes no sense, whoever leads and whenever it is asked for. */
export interface ImpossibleChange {
  /** `idUsed`: of a member, present or former. `invalid`: anything else, `detail` says what. */
  readonly reason: 'idUsed' | 'invalid'
  readonly detail: string
}

/** The configuration that the change leads to; for `replaceVoters`, the joint one. */
export function changed(current: Configuration, change: ConfigurationChange): Configuration | ImpossibleChange {
  switch (change.type) {
    case 'addLearner':
      return addLearner(current, change)
    case 'promote':
      return promote(current, change.id)
    case 'demote':
      return demote(current, change.id)
    case 'remove':
      return remove(current, change.id)
    case 'replaceVoters':
      return replaceVoters(current, change.voters)
    case 'setAddress':
      return setAddress(current, change.id, change.address)
  }
}

/** Tells the two results of `changed` apart. */
export function isImpossible(result: Configuration | ImpossibleChange): result is ImpossibleChange {
  return 'reason' in result
}

/** The end of a joint configuration: its new voters alone. Those who voted only before it are gone for ever. */
export function leaveJoint(joint: Configuration): Configuration {
  const leaving = joint.votersOutgoing.filter((id) => !joint.voters.includes(id) && !joint.learners.includes(id))
  return leaving.reduce(without, { ...joint, votersOutgoing: [] })
}

/** True when the change touches voters: then majorities shift, and it must be safe to do so. */
export function changesVoters(current: Configuration, next: Configuration): boolean {
  const before = current.voters
  return (
    next.votersOutgoing.length > 0 || next.voters.length !== before.length || !next.voters.every(includedIn(before))
  )
}

function addLearner(
  current: Configuration,
  { id, address, incarnation, promote: isPromotable }: Extract<ConfigurationChange, { type: 'addLearner' }>,
): Configuration | ImpossibleChange {
  if (id === '') return invalid('the new server has an empty id')
  if (membersOf(current).includes(id)) return used(`${id} is a member already`)
  if (current.retired.includes(id)) return used(`${id} was a member before: give the new server another id`)
  const taken = Object.entries(current.addresses).find(([, where]) => where === address)
  if (taken !== undefined) return invalid(`${taken[0]} listens at ${address}`)
  return {
    ...current,
    learners: sorted([...current.learners, id]),
    promotable: isPromotable ? sorted([...current.promotable, id]) : current.promotable,
    addresses: { ...current.addresses, [id]: address },
    incarnations: incarnation === '' ? current.incarnations : { ...current.incarnations, [id]: incarnation },
  }
}

function promote(current: Configuration, id: ServerId): Configuration | ImpossibleChange {
  if (current.voters.includes(id)) return invalid(`${id} is a voter already`)
  if (!current.learners.includes(id)) return unknown(current, id)
  return {
    ...current,
    voters: sorted([...current.voters, id]),
    learners: current.learners.filter(not(id)),
    promotable: current.promotable.filter(not(id)),
  }
}

function demote(current: Configuration, id: ServerId): Configuration | ImpossibleChange {
  if (current.learners.includes(id)) return invalid(`${id} is a learner already`)
  if (!current.voters.includes(id)) return unknown(current, id)
  if (current.voters.length === 1) return invalid(`${id} is the only voter`)
  return { ...current, voters: current.voters.filter(not(id)), learners: sorted([...current.learners, id]) }
}

function remove(current: Configuration, id: ServerId): Configuration | ImpossibleChange {
  if (!membersOf(current).includes(id)) return unknown(current, id)
  if (current.voters.length === 1 && current.voters[0] === id) return invalid(`${id} is the only voter`)
  return without(current, id)
}

function replaceVoters(current: Configuration, ids: readonly ServerId[]): Configuration | ImpossibleChange {
  const voters = sorted([...new Set(ids)])
  if (voters.length === 0) return invalid('a cluster without voters cannot decide anything')
  const stranger = voters.find((id) => !isVoter(current, id) && !current.learners.includes(id))
  if (stranger !== undefined) return unknown(current, stranger)
  if (voters.length === current.voters.length && voters.every(includedIn(current.voters)))
    return invalid(`${voters.join(', ')} are the voters already`)
  return {
    ...current,
    voters,
    votersOutgoing: current.voters,
    learners: current.learners.filter((id) => !voters.includes(id)),
    promotable: current.promotable.filter((id) => !voters.includes(id)),
  }
}

function setAddress(current: Configuration, id: ServerId, address: string): Configuration | ImpossibleChange {
  if (!membersOf(current).includes(id)) return unknown(current, id)
  const taken = Object.entries(current.addresses).find(([, where]) => where === address)
  if (taken !== undefined) return invalid(`${taken[0]} listens at ${address}${taken[0] === id ? ' already' : ''}`)
  return { ...current, addresses: { ...current.addresses, [id]: address } }
}

/** Without a trace of it but its name, which stays taken. */
function without(current: Configuration, id: ServerId): Configuration {
  const { [id]: _address, ...addresses } = current.addresses
  const { [id]: _incarnation, ...incarnations } = current.incarnations
  return {
    voters: current.voters.filter(not(id)),
    votersOutgoing: current.votersOutgoing,
    learners: current.learners.filter(not(id)),
    promotable: current.promotable.filter(not(id)),
    retired: sorted([...current.retired, id]),
    addresses,
    incarnations,
  }
}

function invalid(detail: string): ImpossibleChange {
  return { reason: 'invalid', detail }
}

function used(detail: string): ImpossibleChange {
  return { reason: 'idUsed', detail }
}

function unknown(current: Configuration, id: ServerId): ImpossibleChange {
  return invalid(`${id} is no member: there are ${membersOf(current).join(', ')}`)
}

/** In one order everywhere, so that equal configurations have equal bytes. */
function sorted(ids: readonly ServerId[]): ServerId[] {
  return [...ids].sort()
}

function not(id: ServerId): (other: ServerId) => boolean {
  return (other) => other !== id
}

function includedIn(ids: readonly ServerId[]): (id: ServerId) => boolean {
  return (id) => ids.includes(id)
}

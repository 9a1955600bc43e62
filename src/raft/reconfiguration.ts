/**
 * Cluster membership changes (Paper §6, Thesis Ch. 4): when the leader may change the configuration, and what it does by
 * itself afterwards: promote learners that have caught up, leave a joint configuration, hand over when it is no longer a
 * voter. A configuration holds from the moment it is appended (`membership.ts`).
 *
 * A change is begun only when the one before it and an entry of the leader's own term have committed. Without the second
 * condition two leaders of different terms could each change one voter, and end up with majorities that share nobody
 * (Ongaro's correction of July 2015 to the Thesis).
 */
import { type Configuration, encodeConfiguration, isVoter, membersOf } from './configuration.ts'
import {
  type ConfigurationChange,
  changed,
  changesVoters,
  type ImpossibleChange,
  isImpossible,
  leaveJoint,
} from './configuration-change.ts'
import { isCutOff } from './election.ts'
import type { Index, ServerId, Term } from './entry.ts'
import type { Progress } from './progress.ts'
import { hasQuorum } from './quorum.ts'
import { appendAsLeader } from './replication.ts'
import { heardAt } from './rest.ts'
import { becomeFollower } from './role.ts'
import type { RaftState } from './state.ts'
import { handleTransfer } from './transfer.ts'

/** What became of a change at the door. Accepted is not committed: watch for the entry (index, term) to be applied. */
export type ChangeResult =
  | { readonly accepted: true; readonly index: Index; readonly term: Term }
  | { readonly accepted: false; readonly reason: ChangeRefusal; readonly detail: string }

/**
 * Nothing was changed. `notLeader`: ask the leader. `changePending`, `notReady`, `transferring`, `noQuorum`,
 * `notCaughtUp`: ask again later. `unsafe`: as long as those servers are down, it would leave no majority. `idUsed`,
 * `invalid`: ask for something else.
 */
export type ChangeRefusal =
  | 'notLeader'
  | 'noQuorum'
  | 'transferring'
  | 'changePending'
  | 'notReady'
  | 'notCaughtUp'
  | 'unsafe'
  | ImpossibleChange['reason']

/** The leader is asked for a change. */
export function handleChange(state: RaftState, change: ConfigurationChange): ChangeResult {
  if (state.role !== 'leader') return refused('notLeader', `${state.id} does not lead`)
  const objection = objectionToAnyChange(state)
  if (objection !== null) return objection
  const next = changed(state.configuration, change)
  if (isImpossible(next)) return { accepted: false, ...next }
  return objectionToVoters(state, next) ?? append(state, next)
}

/** Whether it is the time for a change at all. */
function objectionToAnyChange(state: RaftState): ChangeResult | null {
  if (isCutOff(state)) return refused('noQuorum', 'the leader has not heard a majority of late')
  if (state.transfer !== null) return refused('transferring', `leadership goes to ${state.transfer.to}`)
  if (!state.hasCommittedInTerm) return refused('notReady', `nothing has committed in term ${state.currentTerm} yet`)
  const { currentIndex } = state.configurations
  if (currentIndex > state.commitIndex)
    return refused('changePending', `the configuration of entry ${currentIndex} has not committed yet`)
  if (state.configuration.votersOutgoing.length > 0)
    return refused('changePending', 'a joint configuration has not been left yet')
  return null
}

/**
 * A majority of the new voters must be there, now: whoever adds a server that does not answer, or removes one of those
 * that do, would stop the cluster with the very change that was to help it.
 */
function objectionToVoters(state: RaftState, next: Configuration): ChangeResult | null {
  if (!changesVoters(state.configuration, next)) return null
  for (const id of next.voters.filter((id) => !state.configuration.voters.includes(id))) {
    const progress = state.progress.get(id)
    if (progress === undefined || !hasCaughtUp(state, progress)) {
      const behind = state.log.lastIndex - (progress?.matchIndex ?? 0)
      return refused('notCaughtUp', `${id} has not caught up: ${behind} entries behind at the last word of it`)
    }
  }
  if (hasQuorum(next, (id) => isHeard(state, id))) return null
  const silent = next.voters.filter((id) => !isHeard(state, id))
  return refused('unsafe', `${silent.join(', ')} cannot be heard: the new voters would have no majority`)
}

function isHeard(state: RaftState, id: ServerId): boolean {
  if (id === state.id) return true
  const progress = state.progress.get(id)
  return progress !== undefined && state.now - heardAt(state, progress) < state.options.electionTimeoutMinMs
}

function append(state: RaftState, next: Configuration): ChangeResult {
  const [entry] = appendAsLeader(state, [encodeConfiguration(next)], 'configuration')
  return { accepted: true, index: entry?.index ?? 0, term: state.currentTerm }
}

function refused(reason: ChangeRefusal, detail: string): ChangeResult {
  return { accepted: false, reason, detail }
}

// ── Catching up ─────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Rounds of catching up (Thesis §4.2.1): each round ends when the follower has what the log held as the round began.
 * When one has taken less than an election time-out, making the follower a voter stops nobody for longer than that.
 */
export function advanceRound(state: RaftState, progress: Progress): void {
  if (progress.matchIndex < progress.roundEnd) return
  progress.lastRoundMs = state.now - progress.roundStartedAt
  progress.roundStartedAt = state.now
  progress.roundEnd = state.log.lastIndex
}

function hasCaughtUp(state: RaftState, progress: Progress): boolean {
  if (progress.state !== 'replicate' || !isHeard(state, progress.id)) return false
  if (progress.matchIndex === state.log.lastIndex) return true
  const limit = state.options.electionTimeoutMinMs
  return progress.lastRoundMs < limit && state.now - progress.roundStartedAt < limit
}

// ── What the leader does by itself ──────────────────────────────────────────────────────────────────────────────────

/** Called when something has committed or a follower has come closer: the next step of what was begun, if it is due. */
export function advanceReconfiguration(state: RaftState): void {
  if (state.role !== 'leader' || state.configurations.currentIndex > state.commitIndex) return
  forgetDeparted(state)
  if (state.configuration.votersOutgoing.length > 0) {
    if (state.hasCommittedInTerm) append(state, leaveJoint(state.configuration))
  } else if (isVoter(state.configuration, state.id)) {
    promoteNext(state)
  } else {
    handOver(state)
  }
}

function promoteNext(state: RaftState): void {
  if (state.configuration.promotable.length === 0 || objectionToAnyChange(state) !== null) return
  for (const id of state.configuration.promotable) {
    if (handleChange(state, { type: 'promote', id }).accepted) return
  }
}

/**
 * The leader has led the change that removed it to its end (Thesis §4.2.2): now the follower that has most of the log
 * takes over, without waiting for a time-out.
 */
function handOver(state: RaftState): void {
  if (state.transfer !== null) return
  let best: Progress | null = null
  for (const id of state.configuration.voters) {
    const progress = state.progress.get(id)
    if (progress !== undefined && progress.matchIndex > (best?.matchIndex ?? -1)) best = progress
  }
  if (best === null || handleTransfer(state, best.id) !== null) becomeFollower(state, state.currentTerm, null)
}

/** A removed follower is heard out until it knows that it was removed; then it is forgotten. */
function forgetDeparted(state: RaftState): void {
  const members = membersOf(state.configuration)
  const { currentIndex } = state.configurations
  for (const [id, progress] of state.progress) {
    if (members.includes(id)) continue
    progress.departsAt ??= state.now + state.options.electionTimeoutMaxMs
    const knows = progress.matchIndex >= currentIndex && progress.commitSent >= currentIndex
    if (!knows && state.now < progress.departsAt) continue
    state.progress.delete(id)
    state.outbox.events.push({ type: 'departed', id })
  }
}

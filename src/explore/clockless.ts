/**
 * A server's state without its clock, and without numbers that only grow. The core measures time; an explorer that kept
 * the milliseconds would see every state a thousand times. So between two steps any time passes, on each server's own
 * clock: every time-out may run out next, and none has to.
 *
 * What a field becomes, and why that loses nothing, or what it loses, is in decision record 0025.
 */
import type { Progress } from '../raft/progress.ts'
import type { RaftState } from '../raft/state.ts'

/** Every input but those below happens now. */
export const NOW = 0
/** A leader's next heartbeat. */
export const HEARTBEAT_AT = 0
/** A leader's deadlines that take longer: a snapshot is sent again, a transfer given up, a removed server forgotten. */
export const LATE_AT = 10
/** An election time-out, and a leader's that has heard no quorum. */
export const TIMEOUT_AT = 10_000

const ALWAYS_ARMED = 1_000
const PINNED = [0, 0, 0, 1] as const
const HEARTBEAT_INTERVAL_MS = 50

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** Makes `state` the one that stands for all that differ from it only in time. `hasChanges`: members may change. */
export function forgetTime(state: RaftState, hasChanges: boolean): void {
  state.now = NOW
  // Who drew which time-out is not asked: any may be the next to campaign.
  state.random.restore(PINNED)
  state.electionDeadline = ALWAYS_ARMED
  // Long ago: whether a follower hears its leader must not depend on a clock that is not there.
  state.leaderHeardAt = Number.NEGATIVE_INFINITY
  state.leaderRestsUntil = Number.NEGATIVE_INFINITY
  state.noVoteBefore = Number.NEGATIVE_INFINITY
  state.quietSince = Number.NEGATIVE_INFINITY
  state.wokenAt = Number.NEGATIVE_INFINITY
  // Reads are not explored, so their counters stand still.
  state.nextRequestId = 1
  state.nextFetchId = 1
  state.campaignIsTransfer = false
  state.uncommittedBytes = 0
  state.nextSession = 1
  if (state.role !== 'leader') state.termStartIndex = 0
  if (state.role !== 'candidate') state.ownVoteSeq = 0
  // A leader has no use for the votes that made it one.
  if (state.role === 'leader' || state.role === 'follower') state.votes = new Map()
  if (state.transfer !== null) state.transfer = { ...state.transfer, deadline: LATE_AT }
  for (const progress of state.progress.values()) forgetTimeOf(progress, hasChanges)
}

function forgetTimeOf(progress: Writable<Progress>, hasChanges: boolean): void {
  // Within one term each follower has one session, because a removed server's name is never given again.
  progress.session = 1
  progress.lastHeardAt = NOW
  progress.lastSentAt = HEARTBEAT_AT - HEARTBEAT_INTERVAL_MS
  progress.snapshotRetryAt = progress.state === 'snapshot' ? LATE_AT : 0
  progress.roundStartedAt = NOW
  progress.readRound = 0
  progress.readRoundSent = 0
  progress.lastRoundMs = Number.isFinite(progress.lastRoundMs) && hasChanges ? 0 : Number.POSITIVE_INFINITY
  if (!hasChanges) progress.roundEnd = 0
  if (progress.departsAt !== null) progress.departsAt = LATE_AT
  // The window holds more than a bounded log has entries.
  progress.importFlights([])
}

/** Batches are counted from the last durable one. @returns by how much all numbers became smaller */
export function renumberBatches(state: RaftState): number {
  const { durability } = state
  const [issued = 0, durable = 0, ...claims] = durability.exportClaims()
  const shifted = claims.map((number, place) => (place % 2 === 0 ? number - durable : number))
  durability.importClaims([issued - durable, 0, ...shifted])
  state.ownVoteSeq = Math.max(state.ownVoteSeq - durable, 0)
  return durable
}

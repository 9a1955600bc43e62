/**
 * Rest: an idle group sends no messages and needs no timers. Beyond the Paper, which keeps idle followers quiet with
 * heartbeats (Paper §5.2): a process that holds 1,000 groups would send 40,000 of them a second to say that nothing has
 * happened.
 *
 * A leader that has had nothing to do for `restAfterMs`, and whose followers know all that it knows, says so in one
 * AppendEntries each, with `restMs`, and falls silent. It is heard again after `restIntervalMs`. Whatever is asked of it
 * wakes it: heartbeats go out at once, and everything is as before.
 *
 * **Safety rests on nothing here.** What a leader may commit, who may be elected and what a read may be served from
 * depend on terms, logs and rounds of messages as ever. A resting leader that was deposed finds that out with the first
 * round after it wakes, as one that was held up does. A lease is the exception, because it lives by its rounds: with
 * `leaseReads` nobody rests.
 *
 * **Liveness** needs that somebody notices:
 *
 * - The leader dies at rest: its connections break, or the transport finds them silent, and `connectionLost` makes the
 *   followers campaign; one that is told is enough, for its question ends the rest of the others. If nobody is told, they
 *   campaign after 2 × `restMs`.
 * - The leader is cut off from everybody: it wakes when a connection is lost or when its word at the renewal is not
 *   answered, and steps down by check-quorum. Whoever reaches it with a command before that wakes it sooner.
 * - A follower restarts, or the announcement to it was lost: its time-out runs out as ever, it asks for votes, those who
 *   rest refuse, and the leader wakes by the question.
 * - The leader cannot reach a follower that reaches it: the same question, again and again. It stays awake.
 * - The leader reaches followers but does not hear them: it needs their answers to go to rest, and again at each renewal.
 * - A leader gives up its office: it wakes first, because those who believe it at rest would refuse every candidate.
 * - A late copy of an announcement puts a follower to rest under a leader that is awake: its next heartbeat ends that.
 */
import { isVoter, membersOf } from './configuration.ts'
import type { ServerId } from './entry.ts'
import type { AppendEntries, Message } from './message.ts'
import { MAX_REST_MS } from './options.ts'
import type { Progress } from './progress.ts'
import { hasQuorum } from './quorum.ts'
import { sendEmpty } from './replication.ts'
import { noteActivity, type RaftState, resetElectionTimer } from './state.ts'

// ── The leader goes to rest ─────────────────────────────────────────────────────────────────────────────────────────

/** Called where heartbeats are due: announces a rest instead if there is nothing left to do. @returns whether it did */
export function considerRest(state: RaftState): boolean {
  if (!mayRest(state)) return false
  announceRest(state)
  return true
}

function mayRest(state: RaftState): boolean {
  const { restAfterMs, leaseReads } = state.options
  if (restAfterMs === 0 || leaseReads || state.role !== 'leader' || state.progress.size === 0) return false
  if (state.now < state.quietSince + restAfterMs || !hasNothingToDo(state)) return false
  for (const progress of state.progress.values()) {
    // Removed, and not yet heard out.
    if (progress.departsAt !== null) return false
    // Who is down must not keep a group awake for days; it asks for votes, or answers the renewal, when it is back.
    if (state.connected.has(progress.id) && !isSettled(state, progress)) return false
  }
  return hasQuorum(state.configuration, (id) => id === state.id || state.connected.has(id))
}

/** All is committed and on our own disk, and nobody waits for anything. What is still to be applied needs no messages. */
function hasNothingToDo(state: RaftState): boolean {
  const { configuration, log, commitIndex } = state
  return (
    state.hasCommittedInTerm &&
    commitIndex === log.lastIndex &&
    log.durableIndex === log.lastIndex &&
    isVoter(configuration, state.id) &&
    configuration.votersOutgoing.length === 0 &&
    configuration.promotable.length === 0 &&
    state.transfer === null &&
    state.pendingReads.length === 0 &&
    state.commitPushAt === null &&
    !state.appendPending
  )
}

/** This follower has everything, was told that it is committed, and has answered since. */
function isSettled({ log, quietSince }: RaftState, progress: Progress): boolean {
  return (
    progress.state === 'replicate' &&
    progress.matchIndex === log.lastIndex &&
    progress.commitSent === log.lastIndex &&
    progress.inFlightMessages === 0 &&
    progress.fetchId === 0 &&
    progress.lastHeardAt > quietSince
  )
}

/**
 * Each announcement begins a round of its own, so that an answer to an earlier heartbeat does not confirm it. It goes to
 * those without a connection as well: a learner that restarts never asks for votes, and would wait for ever to be told
 * what is committed.
 */
function announceRest(state: RaftState): void {
  const { restIntervalMs } = state.options
  state.readRound++
  state.rest = { round: state.readRound, renewAt: state.now + restIntervalMs }
  for (const progress of state.progress.values()) sendEmpty(state, progress, restIntervalMs)
}

// ── The leader rests, and wakes ─────────────────────────────────────────────────────────────────────────────────────

/** The resting leader's only timer: it says the same again, or wakes when a quorum has not confirmed what it said. */
export function tickRest(state: RaftState): void {
  const { rest } = state
  if (rest === null || state.now < rest.renewAt) return
  const isConfirmed = hasQuorum(
    state.configuration,
    (id) => id === state.id || (state.progress.get(id)?.readRound ?? 0) >= rest.round,
  )
  if (isConfirmed) announceRest(state)
  else stir(state)
}

/** The leader is asked for something, or hears news: if it rests it wakes, and all are told at once. */
export function stir(state: RaftState): void {
  if (state.role !== 'leader') return
  noteActivity(state)
  if (state.rest === null) return
  state.rest = null
  state.wokenAt = state.now
  for (const progress of state.progress.values()) sendEmpty(state, progress)
}

/**
 * Before a message is handled, and before its term is settled: a leader that it deposes must have woken in its own term.
 * Left at rest, the others would go on refusing every candidate for its sake.
 */
export function noteMessage(state: RaftState, message: Message): void {
  if (isAskingForVotes(message) && membersOf(state.configuration).includes(message.from)) doubtLeader(state)
  if (state.options.restAfterMs === 0) return
  const isBack = !state.connected.has(message.from)
  if (isBack) state.connected.add(message.from)
  if ((isBack && isMember(state, message.from)) || !isOldNews(state, message)) stir(state)
}

/** What a leader can hear without having to say anything. */
function isOldNews(state: RaftState, message: Message): boolean {
  // A server that was removed and has not heard of it asks for votes as long as it lives.
  if (message.type === 'PreVote') return !isMember(state, message.from)
  if (message.type !== 'AppendEntriesReply' || !message.success || message.term !== state.currentTerm) return false
  const progress = state.progress.get(message.from)
  return progress?.session === message.session && message.index <= progress.matchIndex
}

function isMember({ progress }: RaftState, id: ServerId): boolean {
  return progress.has(id)
}

/** A connection broke. A leader that rests wakes, once: a server that stays away is not worth a second look. */
export function noteConnectionLost(state: RaftState, id: ServerId): void {
  if (state.connected.delete(id) && isMember(state, id)) stir(state)
}

/** The transport knows that this announcement was lost: its receiver would soon ask for votes. */
export function noteSendFailed(state: RaftState, message: AppendEntries): void {
  if (message.restMs > 0 && state.rest !== null && state.connected.has(message.to)) stir(state)
}

/**
 * When a follower was last known to be there. A leader that has just woken has asked nobody for long: whoever was
 * connected all the while counts as heard then, or the first change of members after a rest would be refused as unsafe.
 */
export function heardAt({ connected, wokenAt }: RaftState, { id, lastHeardAt }: Progress): number {
  return connected.has(id) ? Math.max(lastHeardAt, wokenAt) : lastHeardAt
}

// ── The follower rests along ────────────────────────────────────────────────────────────────────────────────────────

/**
 * After an AppendEntries was handled: if the leader rests and we have all that it has, we need not hear it for a while.
 * Twice as long as it said, so that one lost renewal starts no election.
 */
export function restAlong(state: RaftState, message: AppendEntries): void {
  const { log, commitIndex } = state
  const { prevLogIndex, prevLogTerm, leaderCommit } = message
  if (message.restMs === 0 || state.role !== 'follower' || state.leaderId !== message.from) return
  // A late copy, or one that a follower behind could not use, says nothing of what our log ends with.
  const hasAll = log.lastIndex === prevLogIndex && log.matches(prevLogIndex, prevLogTerm)
  if (!hasAll || commitIndex !== prevLogIndex || leaderCommit !== prevLogIndex) return
  const silentMs = 2 * Math.min(message.restMs, MAX_REST_MS)
  state.leaderRestsUntil = state.now + silentMs
  // The time-out that was just drawn begins where the leader's silence ends.
  state.electionDeadline += silentMs
}

/**
 * Somebody misses the leader that we believe at rest. One who lives was asked, too, and wakes; so it must be heard within
 * an ordinary time-out. Until then nobody is voted for: the question may have come a moment before the leader's word.
 */
export function doubtLeader(state: RaftState): void {
  if (state.role === 'leader' || !state.resting) return
  state.leaderHeardAt = state.now
  resetElectionTimer(state)
}

function isAskingForVotes({ type }: Message): boolean {
  return type === 'PreVote' || type === 'RequestVote'
}

/**
 * Log replication (Paper §5.3, §5.4.2, Figure 2 "AppendEntries RPC"; Thesis §10.2 for pipelining): the leader's
 * proposals, both sides of AppendEntries, and the commit rule.
 */
import { assert } from '../util/assert.ts'
import { EMPTY } from '../util/bytes.ts'
import { advanceCommitIndex, announceCommit, commitTo, isCommitPushDue } from './commit.ts'
import { type Entry, type EntryKind, encodeEntries, type Index, sizeOf, type Term } from './entry.ts'
import type { AppendEntries, AppendEntriesReply } from './message.ts'
import type { Progress } from './progress.ts'
import { reconcileProgress } from './role.ts'
import { sendSnapshot } from './snapshot.ts'
import { noteActivity, type RaftState } from './state.ts'

// ── The leader appends ──────────────────────────────────────────────────────────────────────────────────────────────

/** A leader's first words in its term: they tell everybody who leads, and find out how far the followers are. */
export function startTerm(state: RaftState): void {
  if (state.options.noopAtTermStart) appendAsLeader(state, [EMPTY], 'noop')
  for (const progress of state.progress.values()) sendEntries(state, progress, true)
}

/** Appends to the leader's own log; the followers hear of it at the end of the turn, all of a turn's entries at once. */
export function appendAsLeader(state: RaftState, commands: readonly Uint8Array[], kind: EntryKind): Entry[] {
  assert(state.role === 'leader', `${state.id}: a ${state.role} does not append entries of its own`)
  const entries = encodeEntries(commands, kind, state.currentTerm, state.log.lastIndex + 1)
  appendToLog(state, entries)
  state.uncommittedBytes += sizeOf(entries)
  state.appendPending = true
  return entries
}

function appendToLog(state: RaftState, entries: readonly Entry[]): void {
  state.log.append(entries)
  state.durability.recordEntries(entries)
  for (const entry of entries) if (state.configurations.append(entry)) announceConfiguration(state)
}

// ── The leader sends ────────────────────────────────────────────────────────────────────────────────────────────────

/** At the end of a turn: what was proposed in it, and news of what has committed, one message a follower if possible. */
export function flushAppends(state: RaftState): void {
  if (state.role !== 'leader') return
  if (state.appendPending) for (const progress of state.progress.values()) sendEntries(state, progress, false)
  state.appendPending = false
  if (!isCommitPushDue(state)) return
  for (const progress of state.progress.values()) pushCommit(state, progress)
  state.commitPushAt = null
}

/** A follower that holds a committed entry without knowing that it is committed is told now. */
function pushCommit(state: RaftState, progress: Progress): void {
  if (Math.min(state.commitIndex, progress.matchIndex) > progress.commitSent) sendEmpty(state, progress)
}

/**
 * Sends what the follower lacks, as far as its window allows; `evenIfEmpty` sends one message in any case, which probes
 * or announces.
 */
export function sendEntries(state: RaftState, progress: Progress, evenIfEmpty: boolean): void {
  const { log, options } = state
  let sent = false
  while (
    progress.nextIndex <= log.lastIndex &&
    !progress.isPaused(options.maxInflightMessages, options.maxInflightBytes)
  ) {
    const from = progress.nextIndex
    if (from <= log.baseIndex) {
      sendSnapshot(state, progress)
      return
    }
    if (!log.isInMemory(from)) {
      fetchFor(state, progress, from)
      break
    }
    sendAppend(state, progress, log.slice(from, log.lastIndex, options.maxAppendBytes))
    sent = true
  }
  // What is being fetched will be the probe; if that takes long, the next heartbeat asks.
  if (!sent && evenIfEmpty && progress.fetchId === 0) sendEmpty(state, progress)
}

/**
 * A heartbeat: it keeps the follower from campaigning, carries commitIndex, and finds out what was lost on the way.
 * `restMs`: for how long no other follows, see `rest.ts`.
 */
export function sendEmpty(state: RaftState, progress: Progress, restMs = 0): void {
  if (progress.state !== 'snapshot' && progress.nextIndex <= state.log.baseIndex) sendSnapshot(state, progress)
  sendAppend(state, progress, [], restMs)
}

function sendAppend(state: RaftState, progress: Progress, entries: readonly Entry[], restMs = 0): void {
  const prevLogIndex = prevIndexFor(state, progress)
  const prevLogTerm = state.log.termAt(prevLogIndex)
  assert(prevLogTerm !== null, `${progress.id}: no entry ${prevLogIndex} in ${state.log.range()}`)
  assert(entries.length === 0 || entries[0]?.index === prevLogIndex + 1, `entries do not follow ${prevLogIndex}`)
  const { id: from, currentTerm: term, commitIndex: leaderCommit, readRound } = state
  const { id: to, session } = progress
  // May leave before our own disk has the entries: our copy counts only once it is durable (Thesis §10.2.1).
  const place = { prevLogIndex, prevLogTerm, entries, leaderCommit }
  state.outbox.send({ type: 'AppendEntries', from, to, term, ...place, session, readRound, restMs }, 0)
  const lastIndex = prevLogIndex + entries.length
  if (entries.length > 0) progress.sentEntries(lastIndex, sizeOf(entries))
  else if (progress.state === 'probe') progress.probeSent = true
  const commitSent = Math.min(leaderCommit, lastIndex)
  if (commitSent > progress.commitSent) {
    progress.commitSent = commitSent
    noteActivity(state)
  }
  progress.readRoundSent = readRound
  progress.lastSentAt = state.now
}

/** While a snapshot is on its way, heartbeats ask whether it has arrived. */
function prevIndexFor(state: RaftState, progress: Progress): Index {
  if (progress.state === 'snapshot') return Math.max(progress.snapshotIndex, state.log.baseIndex)
  return progress.nextIndex - 1
}

function fetchFor(state: RaftState, progress: Progress, from: Index): void {
  const id = state.nextFetchId++
  progress.fetchId = id
  state.outbox.fetches.push({ id, from, to: state.log.lastIndex, maxBytes: state.options.maxAppendBytes })
}

/** Entries came from the disk for a follower. Empty: they were compacted away meanwhile, so it needs a snapshot. */
export function handleFetched(state: RaftState, id: number, entries: readonly Entry[]): void {
  for (const progress of state.progress.values()) {
    if (progress.fetchId !== id) continue
    progress.fetchId = 0
    const wanted = entries[0]?.index === progress.nextIndex
    // Fetched for a probe, they are the probe, even if a heartbeat went out meanwhile.
    const free =
      progress.state === 'probe' ||
      !progress.isPaused(state.options.maxInflightMessages, state.options.maxInflightBytes)
    if (wanted && free && progress.nextIndex > state.log.baseIndex) sendAppend(state, progress, entries)
    sendEntries(state, progress, false)
  }
}

/** The transport knows that this message was lost: do not wait for the next heartbeat to find out. */
export function handleSendFailed(state: RaftState, message: AppendEntries): void {
  const progress = state.progress.get(message.to)
  if (state.role !== 'leader' || message.term !== state.currentTerm) return
  if (progress === undefined || progress.session !== message.session || message.entries.length === 0) return
  if (message.prevLogIndex + message.entries.length <= progress.matchIndex || progress.state === 'snapshot') return
  // A server that has long been silent is asked at the heartbeats' pace: a loss is nothing new.
  const isAlive = state.now - progress.lastHeardAt < state.options.electionTimeoutMinMs
  progress.becomeProbe()
  if (isAlive) sendEntries(state, progress, false)
}

// ── The follower answers ────────────────────────────────────────────────────────────────────────────────────────────

/** Paper Figure 2, AppendEntries RPC, receiver's steps 2 to 5. Step 1, an old term, was settled by the dispatch. */
export function handleAppendEntries(state: RaftState, message: AppendEntries): void {
  const { log } = state
  const { prevLogIndex, prevLogTerm } = message
  const lastNewIndex = prevLogIndex + message.entries.length
  if (!isWellFormed(message)) {
    const detail = `AppendEntries from ${message.from} in term ${message.term}: entries behind ${prevLogIndex} are out of order`
    state.outbox.events.push({ type: 'contradiction', from: message.from, index: prevLogIndex, detail })
    return
  }

  // 2. Refuse if the log does not contain prevLogTerm at prevLogIndex. What our snapshot covers is committed, and so
  //    agrees with every leader of a later term.
  if (prevLogIndex >= log.baseIndex && !log.matches(prevLogIndex, prevLogTerm)) {
    refuse(state, message)
    return
  }

  // 3. and 4. Cut off at the first conflict, append what is new. Never cut where there is none: the leader sends 4,
  //    then 5; 4 arrives a second time, late; cutting behind it would lose 5, which we may have acknowledged.
  const firstNew = message.entries.findIndex(({ index, term }) => index > log.baseIndex && log.termAt(index) !== term)
  if (firstNew >= 0) {
    const news = message.entries.slice(firstNew)
    const conflict = (news[0] as Entry).index
    if (conflict <= state.commitIndex) {
      // No correct leader can send this. Ours stays as it is, and the operator hears of it.
      const detail = `AppendEntries from ${message.from} in term ${message.term} contradicts committed entry ${conflict}`
      state.outbox.events.push({ type: 'contradiction', from: message.from, index: conflict, detail })
      return
    }
    if (conflict <= log.lastIndex) truncateLog(state, conflict)
    appendToLog(state, news)
  }

  // 5. Not further than this message vouches for: behind it our log may hold another leader's entries.
  commitTo(state, Math.min(message.leaderCommit, lastNewIndex))
  acknowledge(state, message, Math.max(lastNewIndex, state.commitIndex))
}

/** Consecutive from prevLogIndex, in terms that never fall and are not newer than the leader's. */
function isWellFormed(message: AppendEntries): boolean {
  let { prevLogIndex: index, prevLogTerm: term } = message
  for (const entry of message.entries) {
    if (entry.index !== index + 1 || entry.term < term) return false
    index = entry.index
    term = entry.term
  }
  return term <= message.term
}

function truncateLog(state: RaftState, index: Index): void {
  state.log.truncateFrom(index)
  state.durability.recordTruncation(index)
  if (state.configurations.truncateFrom(index)) announceConfiguration(state)
}

/** An acknowledgement promises that entries are durable, so one for new entries waits for the disk. */
function acknowledge(state: RaftState, message: AppendEntries, agreedIndex: Index): void {
  const { durableIndex } = state.log
  // A heartbeat's answer claims only what is durable already, so that a slow disk does not look like a dead server.
  const mayWait = message.entries.length > 0 && agreedIndex > durableIndex
  const index = mayWait ? agreedIndex : Math.min(agreedIndex, durableIndex)
  reply(state, message, true, index, 0, mayWait ? state.durability.pendingSeq : 0)
}

function refuse(state: RaftState, message: AppendEntries): void {
  const index = state.log.lastIndexOfTermAtMost(message.prevLogIndex, message.prevLogTerm)
  // The base's term is known as well as any, so there is always one.
  reply(state, message, false, index, state.log.termAt(index) as Term, 0)
}

/** Paper Figure 2, step 1: an AppendEntries of an old term. The newer term in the answer deposes its sender. */
export function refuseOldTerm(state: RaftState, message: AppendEntries): void {
  // Nothing of the request is echoed: its session and round may, by chance, be in use again in the newer term, and an
  // answer that names them would confirm a read that nobody asked us about.
  reply(
    state,
    { from: message.from, session: 0, readRound: 0, prevLogIndex: 0 },
    false,
    0,
    0,
    state.durability.pendingSeq,
  )
}

function reply(
  state: RaftState,
  message: Pick<AppendEntries, 'from' | 'session' | 'readRound' | 'prevLogIndex'>,
  success: boolean,
  index: Index,
  hintTerm: Term,
  after: number,
): void {
  const { id: from, currentTerm: term } = state
  const { from: to, session, readRound, prevLogIndex } = message
  state.outbox.send(
    { type: 'AppendEntriesReply', from, to, term, session, readRound, success, index, hintTerm, prevLogIndex },
    after,
  )
}

// ── The leader hears back ───────────────────────────────────────────────────────────────────────────────────────────

/** Paper Figure 2, "Leaders": success raises matchIndex, a refusal lowers nextIndex. */
export function handleAppendEntriesReply(state: RaftState, progress: Progress, message: AppendEntriesReply): void {
  if (message.success) handleSuccess(state, progress, message)
  else handleRefusal(state, progress, message)
}

function handleSuccess(state: RaftState, progress: Progress, message: AppendEntriesReply): void {
  if (message.index > state.log.lastIndex) return // Nothing of ours: only a broken peer claims it.
  const isNews = progress.acknowledged(message.index)
  if (progress.state === 'probe') {
    progress.becomeReplicate(Math.max(progress.matchIndex, Math.min(message.prevLogIndex, state.log.lastIndex)) + 1)
  } else if (progress.state === 'snapshot' && progress.matchIndex >= progress.snapshotIndex) {
    progress.becomeReplicate(progress.matchIndex + 1)
  }
  if (isNews) {
    advanceCommitIndex(state)
    if (Math.min(state.commitIndex, progress.matchIndex) > progress.commitSent) announceCommit(state)
  }
  if (progress.nextIndex <= state.log.lastIndex) sendEntries(state, progress, false)
}

function handleRefusal(state: RaftState, progress: Progress, message: AppendEntriesReply): void {
  if (progress.state === 'snapshot') {
    handleRefusalAfterSnapshot(state, progress, message)
    return
  }
  // A late refusal, of a message before the one that counts, must move nothing.
  const isStale =
    progress.state === 'probe'
      ? message.prevLogIndex !== progress.nextIndex - 1
      : message.prevLogIndex <= progress.matchIndex
  if (isStale) return
  // The follower has skipped its conflicting terms; now skip ours (Paper §5.3).
  const agreed = state.log.lastIndexOfTermAtMost(Math.min(message.index, message.prevLogIndex - 1), message.hintTerm)
  progress.becomeProbe()
  progress.nextIndex = Math.max(agreed, progress.matchIndex) + 1
  sendEntries(state, progress, true)
}

/**
 * The follower reaches as far as the snapshot that was on its way, but the answer to that was lost, and meanwhile our log
 * begins later: the heartbeats that ask for more than the snapshot are refused. Left alone it was sent the snapshot again
 * after a minute; so it is asked where it stands.
 */
function handleRefusalAfterSnapshot(state: RaftState, progress: Progress, message: AppendEntriesReply): void {
  if (message.index < progress.snapshotIndex || message.index >= message.prevLogIndex) return
  progress.becomeProbe()
  progress.nextIndex = message.index + 1
  sendEntries(state, progress, true)
}

function announceConfiguration(state: RaftState): void {
  const { currentIndex: index, current: configuration } = state.configurations
  state.outbox.events.push({ type: 'configuration', index, configuration })
  // Whoever joins is sent the very entry that made it a member: its refusal says where it stands.
  reconcileProgress(state, Math.max(index, 1))
}

/**
 * Log compaction and InstallSnapshot (Paper §7, Figure 13; Thesis Ch. 5). The bytes are the driver's business: the core
 * says which snapshot a follower needs, and decides what to do with one that has arrived.
 */
import { commitTo } from './commit.ts'
import type { Index, ServerId } from './entry.ts'
import type { InstallSnapshot, InstallSnapshotReply } from './message.ts'
import type { Progress } from './progress.ts'
import type { SnapshotMeta } from './ready.ts'
import type { RaftState } from './state.ts'

/** What a snapshot of the state machine as of `index` must carry; null when the log no longer or not yet knows. */
export function describeSnapshot(state: RaftState, index: Index): SnapshotMeta | null {
  const term = state.log.termAt(index)
  if (term === null || index > state.lastApplied) return null
  // As of its own index: the latest configuration may still be cut off, or be another one by the time it is used.
  const configuration = state.configurations.at(index)
  // A server that joins has the entries from the first one on, but who the first members were it learns with the entry
  // that takes it in. A snapshot of what lies before would tell others that there are no members.
  if (configuration.voters.length === 0) return null
  return { index, term, configuration }
}

/** A snapshot of our own is durable: the log before it can go, less what late followers may still want. */
export function handleSnapshotTaken(state: RaftState, meta: SnapshotMeta): void {
  if (meta.index <= state.snapshot.index || meta.index > state.lastApplied) return
  state.snapshot = meta
  // Never further than the disk has come: what it has not written yet it cannot drop.
  compactBehind(state, Math.min(meta.index - state.options.retainEntries, state.log.durableIndex))
}

function compactBehind(state: RaftState, index: Index): void {
  if (index <= state.log.baseIndex) return
  state.log.compactTo(index)
  state.configurations.compactTo(index)
  state.outbox.compactTo = index
}

/** The entries that the follower needs are gone: it gets the newest snapshot. */
export function sendSnapshot(state: RaftState, progress: Progress): void {
  progress.becomeSnapshot(state.snapshot.index, state.now + state.options.snapshotRetryMs)
  const { id: to, session } = progress
  state.outbox.snapshots.push({ to, term: state.currentTerm, session, meta: state.snapshot })
}

/** Paper Figure 13, receiver's steps 6 to 8; the bytes are here, complete, checked and durable. */
export function handleInstallSnapshot(state: RaftState, message: InstallSnapshot): void {
  const { lastIncludedIndex: index, lastIncludedTerm: term, configuration } = message
  const { log } = state
  if (term > message.term) {
    const detail = `InstallSnapshot from ${message.from} in term ${message.term} ends in a later term, ${term}`
    state.outbox.events.push({ type: 'contradiction', from: message.from, index, detail })
    return
  }
  if (index > state.commitIndex) {
    if (log.matches(index, term)) {
      // 6. The log has that entry: nothing is missing, and the entries behind it may have been acknowledged.
      commitTo(state, index)
    } else {
      // 7. and 8. Discard the log and the configurations in it; the state machine starts anew from the snapshot.
      installSnapshot(state, { index, term, configuration })
    }
  }
  const claimed = Math.max(index, state.commitIndex)
  reply(state, message, claimed, claimed > log.durableIndex ? state.durability.pendingSeq : 0)
}

function installSnapshot(state: RaftState, meta: SnapshotMeta): void {
  state.log.resetTo(meta.index, meta.term)
  state.configurations.resetTo(meta.index, meta.configuration)
  state.snapshot = meta
  state.commitIndex = meta.index
  state.applyingTo = meta.index
  state.applyFetchId = 0
  state.fetchedToApply = []
  state.restoring = true
  state.durability.recordSnapshot(meta)
  state.outbox.restore = meta
  state.outbox.events.push({ type: 'configuration', index: meta.index, configuration: meta.configuration })
}

/** The state machine now stands where the snapshot was taken. */
export function handleRestored(state: RaftState, index: Index): void {
  if (!state.restoring || index !== state.snapshot.index) return
  state.restoring = false
  state.lastApplied = index
}

/** A snapshot of an old term: the newer term in the answer deposes its sender. */
export function refuseOldSnapshot(state: RaftState, message: InstallSnapshot): void {
  // Nothing is echoed, as in `refuseOldTerm`.
  reply(state, { from: message.from, session: 0 }, 0, state.durability.pendingSeq)
}

function reply(
  state: RaftState,
  message: Pick<InstallSnapshot, 'from' | 'session'>,
  index: Index,
  after: number,
): void {
  const { id: from, currentTerm: term } = state
  state.outbox.send(
    { type: 'InstallSnapshotReply', from, to: message.from, term, session: message.session, index },
    after,
  )
}

/** The follower has the snapshot, or something newer: go on from there. */
export function handleInstallSnapshotReply(state: RaftState, progress: Progress, message: InstallSnapshotReply): void {
  if (message.index > state.log.lastIndex) return // Nothing of ours: only a broken peer claims it.
  progress.acknowledged(message.index)
  // It may be an older one than we have offered by now; what follows it may still be in the log.
  const suffices = progress.matchIndex >= Math.min(progress.snapshotIndex, state.log.baseIndex)
  if (progress.state === 'snapshot' && suffices) progress.becomeReplicate(progress.matchIndex + 1)
}

/** True while the follower, in this session, waits for a snapshot that ends behind `index`. */
export function needsNewerSnapshot(
  { progress }: Readonly<RaftState>,
  id: ServerId,
  session: number,
  index: Index,
): boolean {
  const one = progress.get(id)
  return one?.session === session && one.state === 'snapshot' && one.snapshotIndex > index
}

/** The driver could not bring it over. The next heartbeat's refusal says what the follower needs by then. */
export function handleSnapshotFailed(progress: Progress, session: number): void {
  if (progress.session === session && progress.state === 'snapshot') progress.becomeProbe()
}

/**
 * The same server under other names. Servers differ in nothing but their names, so a state and the one with two names
 * exchanged lead to the same states with the names exchanged: exploring one of the two is enough.
 */

import { exportState, importState } from '../raft/canonical.ts'
import {
  type Configuration,
  type ConfigurationAt,
  decodeConfiguration,
  encodeConfiguration,
} from '../raft/configuration.ts'
import type { ConfigurationChange } from '../raft/configuration-change.ts'
import { type Entry, encodeEntries, type ServerId } from '../raft/entry.ts'
import type { Message } from '../raft/message.ts'
import { resolveOptions } from '../raft/options.ts'
import { Progress } from '../raft/progress.ts'
import type { BootState, PersistBatch, SnapshotMeta } from '../raft/ready.ts'
import { RaftState } from '../raft/state.ts'
import { assert } from '../util/assert.ts'
import { Random } from '../util/random.ts'
import { type Bounds, coreOptions } from './bounds.ts'
import { NOW } from './clockless.ts'
import type { DiskImage } from './disk-image.ts'
import { inOrder, type LocalServer } from './local-server.ts'

/** Says what each server is called. */
export type Rename = (id: ServerId) => ServerId

/** Its state, its disk, and what it has not sent yet. */
export function renamedServer(server: LocalServer, bounds: Bounds, rename: Rename): LocalServer {
  const { pending, waiting } = server
  return {
    id: rename(server.id),
    core: renamedCore(server, bounds, rename),
    disk: renamedDisk(server.disk, rename),
    pending: pending.map((batch) => renamedBatch(batch, rename)),
    waiting: inOrder(waiting.map(({ message, after }) => ({ message: renamedMessage(message, rename), after }))),
  }
}

/** From and to others, and with other names in it. */
export function renamedMessage(message: Message, rename: Rename): Message {
  const envelope = { from: rename(message.from), to: rename(message.to) }
  switch (message.type) {
    case 'AppendEntries':
      return { ...message, ...envelope, entries: renamedEntries(message.entries, rename) }
    case 'InstallSnapshot':
      return { ...message, ...envelope, configuration: renamedConfiguration(message.configuration, rename) }
    default:
      return { ...message, ...envelope }
  }
}

/** Only configurations name servers. */
export function renamedEntries(entries: readonly Entry[], rename: Rename): readonly Entry[] {
  return entries.some(({ kind }) => kind === 'configuration')
    ? entries.map((one) => renamedEntry(one, rename))
    : entries
}

function renamedEntry(entry: Entry, rename: Rename): Entry {
  const configuration = entry.kind === 'configuration' ? decodeConfiguration(entry.command) : null
  if (configuration === null) return entry
  const command = encodeConfiguration(renamedConfiguration(configuration, rename))
  return encodeEntries([command], 'configuration', entry.term, entry.index)[0] as Entry
}

/** The same change of others. */
export function renamedChange(change: ConfigurationChange, rename: Rename): ConfigurationChange {
  if (change.type === 'replaceVoters') return { ...change, voters: change.voters.map(rename).sort() }
  return change.type === 'addLearner'
    ? { ...change, id: rename(change.id), address: rename(change.address) }
    : { ...change, id: rename(change.id) }
}

function renamedConfiguration(configuration: Configuration, rename: Rename): Configuration {
  const list = (ids: readonly ServerId[]): ServerId[] => ids.map(rename).sort()
  const { voters, votersOutgoing, learners, promotable, retired, addresses } = configuration
  // Here a server listens at its own name.
  const names = Object.keys(addresses).map(rename).sort()
  return {
    voters: list(voters),
    votersOutgoing: list(votersOutgoing),
    learners: list(learners),
    promotable: list(promotable),
    retired: list(retired),
    addresses: Object.fromEntries(names.map((name) => [name, name])),
    incarnations: {},
  }
}

function renamedMeta({ index, term, configuration }: SnapshotMeta, rename: Rename): SnapshotMeta {
  return { index, term, configuration: renamedConfiguration(configuration, rename) }
}

function renamedOrNull(id: ServerId | null, rename: Rename): ServerId | null {
  return id === null ? null : rename(id)
}

function renamedDisk({ hardState, snapshot, base, entries }: DiskImage, rename: Rename): DiskImage {
  const votedFor = renamedOrNull(hardState.votedFor, rename)
  return {
    hardState: { term: hardState.term, votedFor },
    snapshot: renamedMeta(snapshot, rename),
    base,
    entries: renamedEntries(entries, rename),
  }
}

function renamedBatch(batch: PersistBatch, rename: Rename): PersistBatch {
  const { hardState, snapshot } = batch
  return {
    ...batch,
    hardState: hardState && { term: hardState.term, votedFor: renamedOrNull(hardState.votedFor, rename) },
    snapshot: snapshot && renamedMeta(snapshot, rename),
    entries: renamedEntries(batch.entries, rename),
  }
}

function renamedCore({ id, core }: LocalServer, bounds: Bounds, rename: Rename): number[] {
  const options = (name: ServerId): RaftState['options'] => resolveOptions({ ...coreOptions(bounds), id: name })
  const from = importState(options(id), core, NOW)
  const to = new RaftState(options(rename(id)), bootOf(from, rename), new Random(0), NOW)
  to.log.durableIndex = from.log.durableIndex
  to.durability.importClaims(from.durability.exportClaims())
  copyVolatile(from, to, rename)
  to.progress = new Map([...from.progress.values()].map((one) => [rename(one.id), renamedProgress(one, rename)]))
  assert(from.pendingReads.length === 0 && from.forwardedReads.size === 0, 'reads are not explored')
  return exportState(to)
}

function bootOf({ currentTerm, votedFor, snapshot, log, configurations }: RaftState, rename: Rename): BootState {
  const entries =
    log.lastIndex > log.baseIndex ? log.slice(log.baseIndex + 1, log.lastIndex, Number.MAX_SAFE_INTEGER) : []
  return {
    hardState: { term: currentTerm, votedFor: renamedOrNull(votedFor, rename) },
    snapshot: renamedMeta(snapshot, rename),
    base: { index: log.baseIndex, term: log.baseTerm },
    lastIndex: log.lastIndex,
    terms: log.terms(),
    configurations: renamedHistory(configurations.list(), rename),
    tail: renamedEntries(entries, rename),
  }
}

function renamedHistory(history: readonly ConfigurationAt[], rename: Rename): ConfigurationAt[] {
  return history.map(({ index, configuration }) => ({
    index,
    configuration: renamedConfiguration(configuration, rename),
  }))
}

function copyVolatile(from: RaftState, to: RaftState, rename: Rename): void {
  to.configurations.importList(renamedHistory(from.configurations.list(), rename))
  to.role = from.role
  to.commitIndex = from.commitIndex
  to.lastApplied = from.lastApplied
  to.applyingTo = from.applyingTo
  to.restoring = from.restoring
  to.leaderId = renamedOrNull(from.leaderId, rename)
  to.electionDeadline = from.electionDeadline
  to.leaderHeardAt = from.leaderHeardAt
  to.commitPushAt = from.commitPushAt
  to.ownVoteSeq = from.ownVoteSeq
  to.campaignIsTransfer = from.campaignIsTransfer
  to.termStartIndex = from.termStartIndex
  to.uncommittedBytes = from.uncommittedBytes
  to.readRound = from.readRound
  to.nextSession = from.nextSession
  to.nextFetchId = from.nextFetchId
  to.applyFetchId = from.applyFetchId
  to.nextRequestId = from.nextRequestId
  to.votes = new Map([...from.votes].map(([voter, granted]) => [rename(voter), granted]))
  to.leaseIsVoid = from.leaseIsVoid
  to.transfer = from.transfer && { ...from.transfer, to: rename(from.transfer.to) }
  to.random.restore(from.random.save())
}

function renamedProgress(from: Progress, rename: Rename): Progress {
  const to = new Progress(rename(from.id), from.session, from.nextIndex, NOW)
  to.state = from.state
  to.matchIndex = from.matchIndex
  to.probeSent = from.probeSent
  to.snapshotIndex = from.snapshotIndex
  to.snapshotRetryAt = from.snapshotRetryAt
  to.commitSent = from.commitSent
  to.lastSentAt = from.lastSentAt
  to.lastHeardAt = from.lastHeardAt
  to.readRound = from.readRound
  to.readRoundSent = from.readRoundSent
  to.fetchId = from.fetchId
  to.roundEnd = from.roundEnd
  to.roundStartedAt = from.roundStartedAt
  to.lastRoundMs = from.lastRoundMs
  to.departsAt = from.departsAt
  return to
}

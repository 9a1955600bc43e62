/**
 * One server, put together from its surroundings: a disk, a network, a clock and chance. `startNode` puts Node's own
 * behind them, the simulator its simulated ones; everything in between is this.
 */
import { NOBODY, votersOnly } from '../raft/configuration.ts'
import type { ServerId } from '../raft/entry.ts'
import { type DiskStorage, type DiskStorageOptions, openDiskStorage } from '../storage/disk-storage.ts'
import type { FileSystem } from '../storage/file-system.ts'
import type { TransportCounters } from '../transport/counters.ts'
import type { Identity } from '../transport/handshake.ts'
import type { Transport } from '../transport/transport.ts'
import type { Clock } from '../util/clock.ts'
import type { Random } from '../util/random.ts'
import { harmless, type Logger, SILENT } from './logger.ts'
import type { FormationOptions, JoinOptions, RaftNodeOptions } from './node-options.ts'
import { RaftNode } from './raft-node.ts'

/** What one server of a cluster is told. */
export interface NodeSettings
  extends Pick<
    RaftNodeOptions,
    | 'id'
    | 'stateMachine'
    | 'raft'
    | 'snapshotEveryBytes'
    | 'requestTimeoutMs'
    | 'maxQueuedBytes'
    | 'diskStallMs'
    | 'slowPeerMs'
    | 'logger'
    | 'makeRaft'
  > {
  readonly cluster: string
  /** Where the others find it. */
  readonly address: string
  /** The cluster's first members; or, for a server that joins, members that may be asked. */
  readonly members: { readonly [id: ServerId]: string }
  /** For a server that is new in a cluster which exists. */
  readonly join?: { readonly promote: boolean } | null
  /** How the log lies on the disk. */
  readonly storage?: NonNullable<DiskStorageOptions['log']>
}

/** What the server stands on. */
export interface NodeSurroundings {
  readonly fileSystem: FileSystem
  readonly clock: Clock
  readonly random: Random
  /** The way to the other servers, for whom the disk says that it is of. */
  readonly transport: (self: Identity, random: Random) => Transport & { readonly counters?: TransportCounters }
  /** Stands between the server and its log and snapshots, where somebody wants to look on. */
  readonly storage?: (storage: DiskStorage) => DiskStorage
  readonly reloadCertificates?: () => Promise<void>
}

/**
 * Reads the disk, restores the state machine, listens, and joins the others.
 *
 * @throws OptionsError, StorageError or TransportError; nothing is left open then
 */
export async function openNode(settings: NodeSettings, surroundings: NodeSurroundings): Promise<RaftNode> {
  const { id, cluster, members, join = null, storage: log, address: _address, ...others } = settings
  const logger = harmless(settings.logger ?? SILENT)
  const { fileSystem, clock, random, storage: watch = (opened) => opened, reloadCertificates } = surroundings
  const opened = await openDiskStorage({
    fileSystem,
    clusterId: cluster,
    serverId: id,
    initialConfiguration: join === null ? votersOnly(members) : NOBODY,
    random: random.split(),
    ...(log === undefined ? {} : { log }),
  })
  reportRecovery(logger, fileSystem.folder, opened)
  const storage = watch(opened)
  const { incarnation } = storage.identity
  const transport = surroundings.transport({ cluster, id, incarnation }, random.split())
  return RaftNode.open({
    ...others,
    ...howItBegins(settings, storage),
    id,
    logger,
    boot: storage.boot,
    log: storage.log,
    snapshots: storage.snapshots,
    transport,
    clock,
    random: random.split(),
    connectionCounters: () => transport.counters ?? null,
    closeStorage: () => storage.close(),
    ...(reloadCertificates === undefined ? {} : { reloadCertificates }),
  })
}

function howItBegins(
  { members, address, join = null }: NodeSettings,
  { identity: { incarnation }, founders: known, keepFounders: keep }: DiskStorage,
): { readonly join: JoinOptions } | { readonly formation: FormationOptions } {
  return join === null
    ? { formation: { founders: Object.keys(members), incarnation, known, keep } }
    : { join: { members, address, incarnation, promote: join.promote } }
}

function reportRecovery(
  logger: Logger,
  directory: string,
  { boot, recovery, damagedSnapshots }: Pick<DiskStorage, 'boot' | 'recovery' | 'damagedSnapshots'>,
): void {
  const { lastIndex, snapshot, hardState } = boot
  const { segments, bytes, tornTail } = recovery
  logger.info('log read', { directory, term: hardState.term, lastIndex, snapshot: snapshot.index, segments, bytes })
  if (tornTail !== null)
    logger.warn('a write that a crash interrupted was cut off; nobody had been told of it', tornTail)
  for (const { file, reason } of damagedSnapshots) logger.warn('a damaged snapshot is left aside', { file, reason })
}

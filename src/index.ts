/**
 * The default face, and all that most services need: `startNode` puts a node on this machine's disk, network and clock,
 * and gives back a `RaftNode`. Everything below is pure; the outside world is wired in here and nowhere else.
 *
 * @module quorate
 */
import { randomBytes } from 'node:crypto'
import type { CertificateFiles, CertificateSource } from './io/certificates.ts'
import { publishEvents } from './io/diagnostics.ts'
import { NodeFileSystem } from './io/node-file-system.ts'
import { systemClock } from './io/system-clock.ts'
import { type TcpOptions, tcpNetwork } from './io/tcp-transport.ts'
import { TlsNetwork } from './io/tls-transport.ts'
import { NOBODY, votersOnly } from './raft/configuration.ts'
import type { ServerId } from './raft/entry.ts'
import { OptionsError } from './raft/errors.ts'
import { type RaftOptions, resolveOptions } from './raft/options.ts'
import {
  areMembers,
  type Checks,
  checkEach,
  checkLimits,
  hasMethods,
  isAddress,
  isBoolean,
  isDuration,
  isJoin,
  isName,
  isSize,
  isText,
  requireAll,
} from './runtime/check-options.ts'
import { asError } from './runtime/errors.ts'
import { harmless, type Logger, SILENT } from './runtime/logger.ts'
import type { NodeEvents, RaftNodeOptions } from './runtime/node-options.ts'
import { RaftNode } from './runtime/raft-node.ts'
import type { StateMachine } from './runtime/state-machine.ts'
import { type DiskStorageOptions, openDiskStorage } from './storage/disk-storage.ts'
import { type RecoveredCluster, recoverFolder } from './storage/survivor.ts'
import { memberName } from './transport/member-name.ts'
import { StreamTransport } from './transport/stream-transport.ts'
import { Random } from './util/random.ts'

export type { CertificateFiles, CertificateSource, Certificates } from './io/certificates.ts'
export { type Configuration, decodeConfiguration } from './raft/configuration.ts'
export type { ConfigurationChange } from './raft/configuration-change.ts'
export type { Index, ServerId, Term } from './raft/entry.ts'
export { OptionsError } from './raft/errors.ts'
export type { RaftOptions } from './raft/options.ts'
export type { ProgressState } from './raft/progress.ts'
export type { RaftEvent, Role } from './raft/ready.ts'
export { NodeError, type NodeErrorCode } from './runtime/errors.ts'
export type { DiskFullEvent, SlowPeerEvent, SnapshotEvent, StallCause, StallEvent } from './runtime/events.ts'
export type { Logger } from './runtime/logger.ts'
export type {
  FormationOptions,
  JoinOptions,
  NodeEvents,
  RaftNodeOptions,
  ReadOptions,
  RequestOptions,
  StopOptions,
  WaitOptions,
} from './runtime/node-options.ts'
export type { HistogramReading, NodeMetrics, PeerMetrics } from './runtime/operations/metrics.ts'
export { type MetricLabels, prometheusText } from './runtime/operations/prometheus.ts'
export type { TakenSnapshot } from './runtime/operations/snapshot-requests.ts'
export type { NodeStatus, PeerStatus } from './runtime/operations/status.ts'
export type { AbortSignalLike } from './runtime/pending.ts'
export { RaftNode } from './runtime/raft-node.ts'
export type { Session } from './runtime/sessions/session.ts'
export type { SessionOptions } from './runtime/sessions/sessions.ts'
export type { CommittedEntry, EntryPlace, StateMachine } from './runtime/state-machine.ts'
export type { Amount, PerMessage } from './runtime/watch/counters.ts'
export { DamageError, StorageError, type StorageErrorCode } from './storage/errors.ts'
export type { Cancel, Clock } from './util/clock.ts'

import { DEFAULT_LIMITS } from './transport/limits.ts'

export type { RecoveredCluster } from './storage/survivor.ts'
export { TransportError, type TransportErrorCode } from './transport/transport.ts'
export { InvariantError } from './util/assert.ts'

/**
 * What `startNode` needs of one server: `id`, `cluster`, `directory`, `members` and `stateMachine` are yours to say,
 * the rest has defaults. The folder remembers `id` and `cluster` from the first start, and refuses others later.
 */
export interface NodeOptions
  extends TcpOptions,
    Pick<RaftNodeOptions, 'snapshotEveryBytes' | 'requestTimeoutMs' | 'maxQueuedBytes' | 'diskStallMs' | 'slowPeerMs'> {
  /** This server's name, for ever: one of `members`. */
  readonly id: ServerId
  /** The cluster's name: servers of another cluster are refused. */
  readonly cluster: string
  /** Where the log and the snapshots lie; made if it is not there. One server each. */
  readonly directory: string
  /** Where to listen for the other servers, `host:port`; by default this server's address in `members`. */
  readonly listen?: string
  /**
   * The cluster's first members and where they listen, the same on every server; with `join`, members that are there
   * already, one or more. Counts at the first start only: from then on the log says who belongs to the cluster.
   */
  readonly members: { readonly [id: ServerId]: string }
  /**
   * This server is new in a cluster that exists: any of `members` is asked to take it in. It receives the log as a
   * learner and becomes a voter when it has caught up, unless `promote` is false. It needs `listen`.
   */
  readonly join?: boolean | { readonly promote: boolean }
  /**
   * What the commands do. It is empty, and is restored from the disk before `startNode` returns; or it is durable and as
   * its own disk has it, and is given what it lacks.
   */
  readonly stateMachine: StateMachine
  /**
   * This server's certificate and whom it believes: all that servers say to each other then goes over TLS 1.3, and each
   * proves its id by the name in its certificate, `URI:quorate://<cluster>/<id>`. Without it they speak plain TCP, and only
   * within one machine, unless `allowPlaintext` is set.
   */
  readonly tls?: CertificateSource
  /** Where the node says what happens to it; by default nowhere. */
  readonly logger?: Logger
  /** Elections, heartbeats, sizes: the defaults suit a local network. */
  readonly raft?: Partial<RaftOptions>
  /** How the log lies on the disk. */
  readonly storage?: NonNullable<DiskStorageOptions['log']>
}

const CERTIFICATE_FILES: Checks<CertificateFiles> = { caFile: isText, certificateFile: isText, keyFile: isText }

function isCertificateSource(value: unknown): string | null {
  if (typeof value === 'function') return null
  const names = Object.keys(CERTIFICATE_FILES) as (keyof CertificateFiles)[]
  const isComplete = typeof value === 'object' && value !== null && names.every((name) => Object.hasOwn(value, name))
  if (!isComplete) return 'it must be { caFile, certificateFile, keyFile }, or a function that gives the texts'
  checkEach(value as CertificateFiles, CERTIFICATE_FILES, 'tls')
  return null
}

/** One check for each option; the core looks at its own, `raft`, and the storage at its sizes. */
const CHECKS: Checks<NodeOptions> = {
  id: isName,
  cluster: isName,
  directory: isText,
  listen: isAddress,
  members: areMembers,
  join: isJoin,
  stateMachine: hasMethods('apply', 'snapshot', 'restore'),
  logger: hasMethods('info', 'warn', 'error'),
  tls: isCertificateSource,
  allowPlaintext: isBoolean,
  snapshotEveryBytes: isSize,
  requestTimeoutMs: isDuration,
  maxQueuedBytes: isSize,
  diskStallMs: isDuration,
  slowPeerMs: isDuration,
  raft: () => null,
  storage: () => null,
}

const STORAGE_CHECKS: Checks<NonNullable<NodeOptions['storage']>> = {
  firstSegmentBytes: isSize,
  maxSegmentBytes: isSize,
  maxTailBytes: isSize,
}

/** Only their names: the core knows the rest. */
const RAFT_CHECKS: Checks<object> = Object.fromEntries(
  Object.keys(resolveOptions({ id: 'a' })).flatMap((name) => (name === 'id' ? [] : [[name, () => null]])),
)

/** All that a node tells, in the order of its type: each is published on a channel, too. */
const EVENTS: { readonly [Name in keyof NodeEvents]: true } = {
  role: true,
  leader: true,
  configuration: true,
  configurationCommitted: true,
  departed: true,
  contradiction: true,
  transfer: true,
  snapshot: true,
  slowPeer: true,
  stall: true,
  diskFull: true,
  proposals: true,
  failure: true,
}

function checkOptions(options: NodeOptions): void {
  checkEach(options, CHECKS)
  requireAll({ ...options }, ['id', 'cluster', 'directory', 'members', 'stateMachine'])
  const { id, members, storage, raft, listen } = options
  const isMember = Object.hasOwn(members, id)
  if (isJoining(options) && listen === undefined && !isMember) {
    throw new OptionsError('to join, a server needs `listen`: the address at which the others will find it')
  }
  if (!isJoining(options) && !isMember) {
    const names = Object.keys(members).join(', ')
    throw new OptionsError(`id '${id}' is not among the members ${names}: add it, or set \`join\` for a new server`)
  }
  if (storage !== undefined) checkEach(storage, STORAGE_CHECKS, 'storage')
  if (raft !== undefined) checkEach(raft, RAFT_CHECKS, 'raft')
  checkLimits(options, resolveOptions({ ...raft, id }), DEFAULT_LIMITS.maxFrameBytes)
}

/**
 * Starts one server of a cluster: reads its disk, restores the state machine, listens, and joins the others.
 *
 * @throws OptionsError for options that contradict each other; StorageError when the folder is in use, damaged or
 *   somebody else's; TransportError when the address cannot be listened on, or the certificates are not good. Nothing is
 *   left open then.
 */
export async function startNode(options: NodeOptions): Promise<RaftNode> {
  checkOptions(options)
  const { id, cluster: clusterId, directory, members, stateMachine, storage: logOptions } = options
  const address = options.listen ?? (members[id] as string)
  const logger = harmless(options.logger ?? SILENT)
  const tls = await openTls(options, logger)
  const clock = systemClock()
  const random = entropy()
  const storage = await openDiskStorage({
    fileSystem: new NodeFileSystem(directory),
    clusterId,
    serverId: id,
    initialConfiguration: isJoining(options) ? NOBODY : votersOnly(members),
    random: random.split(),
    ...(logOptions === undefined ? {} : { log: logOptions }),
  })
  reportRecovery(logger, directory, storage)
  const { boot, log, snapshots, founders: known } = storage
  const founders = Object.keys(members)
  const { incarnation } = storage.identity
  const transport = new StreamTransport(
    { cluster: clusterId, id, incarnation, address, clock, random: random.split() },
    tls ?? tcpNetwork(options),
  )
  const { join, ...others } = options
  const promote = typeof join !== 'object' || join.promote
  const node = await RaftNode.open({
    ...others,
    ...(isJoining(options)
      ? { join: { members, address, incarnation, promote } }
      : { formation: { founders, incarnation, known, keep: (met) => storage.keepFounders(met) } }),
    boot,
    log,
    snapshots,
    transport,
    clock,
    random: random.split(),
    stateMachine,
    closeStorage: () => storage.close(),
    ...(tls === null ? {} : { reloadCertificates: () => reload(tls, logger) }),
  })
  publishEvents(id, Object.keys(EVENTS) as (keyof NodeEvents)[], (name, listener) => node.on(name, listener))
  return node
}

/** What `recoverCluster` needs to know. */
export interface RecoverOptions {
  /** The survivor's own folder; no server may run on it. */
  readonly directory: string
  /** The survivor's id, which it keeps. */
  readonly id: ServerId
  /** The name of the new cluster: none that these servers ever had. */
  readonly cluster: string
  /** Where the survivor listens, if not where it did. */
  readonly address?: string
}

/**
 * The last resort: the majority is lost for good, and the folder of one survivor becomes a new cluster, of which it is
 * the only voter. **What the lost servers had acknowledged and this one never received is lost, and what it received
 * without a majority becomes committed.** The servers of the old cluster are refused from then on. `quorate recover`
 * does the same, and says first what is there.
 *
 * @throws StorageError: locked, damaged, somebody else's, or under a name that it has already; OptionsError
 */
export async function recoverCluster(options: RecoverOptions): Promise<RecoveredCluster> {
  checkEach<RecoverOptions>(options, { directory: isText, id: isName, cluster: isName, address: isAddress })
  requireAll({ ...options }, ['directory', 'id', 'cluster'])
  const { directory, id: serverId, cluster: clusterId, address } = options
  return recoverFolder(new NodeFileSystem(directory), entropy(), { clusterId, serverId, address })
}

function entropy(): Random {
  return new Random(randomBytes(6).readUIntBE(0, 6))
}

function isJoining({ join }: NodeOptions): boolean {
  return join !== undefined && join !== false
}

async function openTls({ tls, allowPlaintext, cluster, id }: NodeOptions, logger: Logger): Promise<TlsNetwork | null> {
  if (tls === undefined) return null
  if (allowPlaintext === true) throw new OptionsError('tls and allowPlaintext contradict each other: leave one out')
  const network = await TlsNetwork.open(tls, memberName(cluster, id))
  logger.info('certificate read', { validUntil: dayOf(network) })
  return network
}

async function reload(network: TlsNetwork, logger: Logger): Promise<void> {
  try {
    await network.reload()
  } catch (error) {
    logger.error('the certificates were not reloaded, the old ones stay', { reason: asError(error).message })
    throw error
  }
  logger.info('certificates reloaded', { validUntil: dayOf(network) })
}

function dayOf({ validUntilMs }: TlsNetwork): string {
  return new Date(validUntilMs).toISOString()
}

function reportRecovery(
  logger: Logger,
  directory: string,
  { boot, recovery, damagedSnapshots }: Awaited<ReturnType<typeof openDiskStorage>>,
): void {
  const { lastIndex, snapshot, hardState } = boot
  const { segments, bytes, tornTail } = recovery
  logger.info('log read', { directory, term: hardState.term, lastIndex, snapshot: snapshot.index, segments, bytes })
  if (tornTail !== null)
    logger.warn('a write that a crash interrupted was cut off; nobody had been told of it', tornTail)
  for (const { file, reason } of damagedSnapshots) logger.warn('a damaged snapshot is left aside', { file, reason })
}

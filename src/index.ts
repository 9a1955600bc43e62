/**
 * The default face, and all that most services need: `startNode` puts a node on this machine's disk, network and clock,
 * and gives back a `RaftNode`. Everything below is pure; the outside world is wired in here and nowhere else.
 *
 * @module quorate
 */
import { randomBytes } from 'node:crypto'
import { NodeFileSystem } from './io/node-file-system.ts'
import { systemClock } from './io/system-clock.ts'
import { type TcpOptions, tcpTransport } from './io/tcp-transport.ts'
import { NOBODY, votersOnly } from './raft/configuration.ts'
import type { ServerId } from './raft/entry.ts'
import { OptionsError } from './raft/errors.ts'
import type { RaftOptions } from './raft/options.ts'
import { harmless, type Logger, SILENT } from './runtime/logger.ts'
import type { RaftNodeOptions } from './runtime/node-options.ts'
import { RaftNode } from './runtime/raft-node.ts'
import type { StateMachine } from './runtime/state-machine.ts'
import { type DiskStorageOptions, openDiskStorage } from './storage/disk-storage.ts'
import { Random } from './util/random.ts'

export { type Configuration, decodeConfiguration } from './raft/configuration.ts'
export type { ConfigurationChange } from './raft/configuration-change.ts'
export type { Index, ServerId, Term } from './raft/entry.ts'
export { OptionsError } from './raft/errors.ts'
export type { RaftOptions } from './raft/options.ts'
export type { ProgressState } from './raft/progress.ts'
export type { RaftEvent, Role } from './raft/ready.ts'
export type { Cancel, Clock } from './runtime/clock.ts'
export { NodeError, type NodeErrorCode } from './runtime/errors.ts'
export type { Logger } from './runtime/logger.ts'
export type {
  FormationOptions,
  JoinOptions,
  NodeEvents,
  RaftNodeOptions,
  RequestOptions,
} from './runtime/node-options.ts'
export type { AbortSignalLike } from './runtime/pending.ts'
export { RaftNode } from './runtime/raft-node.ts'
export type { Session } from './runtime/sessions/session.ts'
export type { SessionOptions } from './runtime/sessions/sessions.ts'
export type { CommittedEntry, EntryPlace, StateMachine } from './runtime/state-machine.ts'
export type { NodeStatus, PeerStatus } from './runtime/status.ts'
export { DamageError, StorageError, type StorageErrorCode } from './storage/errors.ts'
export { TransportError, type TransportErrorCode } from './transport/transport.ts'
export { InvariantError } from './util/assert.ts'

/**
 * What `startNode` needs of one server: `id`, `cluster`, `directory`, `members` and `stateMachine` are yours to say,
 * the rest has defaults. The folder remembers `id` and `cluster` from the first start, and refuses others later.
 */
export interface NodeOptions
  extends TcpOptions,
    Pick<RaftNodeOptions, 'snapshotEveryBytes' | 'requestTimeoutMs' | 'maxQueuedBytes'> {
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
  /** What the commands do. It is empty, and is restored from the disk before `startNode` returns. */
  readonly stateMachine: StateMachine
  /** Where the node says what happens to it; by default nowhere. */
  readonly logger?: Logger
  /** Elections, heartbeats, sizes: the defaults suit a local network. */
  readonly raft?: Partial<RaftOptions>
  /** How the log lies on the disk. */
  readonly storage?: NonNullable<DiskStorageOptions['log']>
}

/**
 * Starts one server of a cluster: reads its disk, restores the state machine, listens, and joins the others.
 *
 * @throws OptionsError for options that contradict each other; StorageError when the folder is in use, damaged or
 *   somebody else's; TransportError when the address cannot be listened on. Nothing is left open then.
 */
export async function startNode(options: NodeOptions): Promise<RaftNode> {
  const { id, cluster: clusterId, directory, members, stateMachine, storage: logOptions } = options
  const isJoining = options.join !== undefined && options.join !== false
  const address = addressOf(options, isJoining)
  const clock = systemClock()
  const random = new Random(randomBytes(6).readUIntBE(0, 6))
  const storage = await openDiskStorage({
    fileSystem: new NodeFileSystem(directory),
    clusterId,
    serverId: id,
    initialConfiguration: isJoining ? NOBODY : votersOnly(members),
    random: random.split(),
    ...(logOptions === undefined ? {} : { log: logOptions }),
  })
  reportRecovery(harmless(options.logger ?? SILENT), directory, storage)
  const { boot, log, snapshots, founders: known } = storage
  const founders = Object.keys(members)
  const { incarnation } = storage.identity
  const transport = tcpTransport({
    cluster: clusterId,
    id,
    incarnation,
    address,
    timers: clock,
    random: random.split(),
    allowPlaintext: options.allowPlaintext ?? false,
  })
  const { join, ...others } = options
  const promote = typeof join !== 'object' || join.promote
  return RaftNode.open({
    ...others,
    ...(isJoining ? {} : { formation: { founders, incarnation, known, keep: (met) => storage.keepFounders(met) } }),
    ...(isJoining ? { join: { members, address, incarnation, promote } } : {}),
    boot,
    log,
    snapshots,
    transport,
    clock,
    random: random.split(),
    stateMachine,
    closeStorage: () => storage.close(),
  })
}

function addressOf({ id, listen, members }: NodeOptions, isJoining: boolean): string {
  const address = listen ?? members[id]
  if (isJoining && (address === undefined || Object.keys(members).length === 0)) {
    throw new OptionsError(
      'to join, a server needs `listen`, its own address, and in `members` at least one of a member',
    )
  }
  if (address === undefined || (!isJoining && members[id] === undefined)) {
    throw new OptionsError(`id '${id}' is not among the members ${Object.keys(members).join(', ')}`)
  }
  return address
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

/**
 * The default face: `startNode` puts a node on this machine's disk, network and clock. Everything below is pure; the
 * outside world is wired in here and nowhere else.
 */
import { randomBytes } from 'node:crypto'
import { NodeFileSystem } from './io/node-file-system.ts'
import { systemClock } from './io/system-clock.ts'
import { type TcpOptions, tcpTransport } from './io/tcp-transport.ts'
import { votersOnly } from './raft/configuration.ts'
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
export type { Index, ServerId, Term } from './raft/entry.ts'
export { OptionsError } from './raft/errors.ts'
export type { RaftOptions } from './raft/options.ts'
export type { RaftEvent, Role } from './raft/ready.ts'
export { NodeError, type NodeErrorCode } from './runtime/errors.ts'
export type { Logger } from './runtime/logger.ts'
export type { NodeEvents, RequestOptions } from './runtime/node-options.ts'
export { RaftNode } from './runtime/raft-node.ts'
export type { CommittedEntry, StateMachine } from './runtime/state-machine.ts'
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
  /** The cluster's first members and where they listen. The same on every server. */
  readonly members: { readonly [id: ServerId]: string }
  readonly stateMachine: StateMachine
  readonly logger?: Logger
  readonly raft?: Partial<RaftOptions>
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
  const address = options.listen ?? members[id]
  if (address === undefined || members[id] === undefined) {
    throw new OptionsError(`id '${id}' is not among the members ${Object.keys(members).join(', ')}`)
  }
  const clock = systemClock()
  const random = new Random(randomBytes(6).readUIntBE(0, 6))
  const storage = await openDiskStorage({
    fileSystem: new NodeFileSystem(directory),
    clusterId,
    serverId: id,
    initialConfiguration: votersOnly(members),
    random: random.split(),
    ...(logOptions === undefined ? {} : { log: logOptions }),
  })
  reportRecovery(harmless(options.logger ?? SILENT), directory, storage)
  const { boot, log, snapshots } = storage
  const { incarnation } = storage.identity
  const transport = tcpTransport({
    cluster: clusterId,
    id,
    incarnation,
    address,
    clock,
    random: random.split(),
    allowPlaintext: options.allowPlaintext ?? false,
  })
  return RaftNode.open({
    ...options,
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

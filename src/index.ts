/**
 * The default face: `startNode` puts a node on this machine's disk, network and clock. Everything below is pure; the
 * outside world is wired in here and nowhere else.
 */
import { randomBytes } from 'node:crypto'
import type { CertificateSource } from './io/certificates.ts'
import { NodeFileSystem } from './io/node-file-system.ts'
import { systemClock } from './io/system-clock.ts'
import { type TcpOptions, tcpNetwork } from './io/tcp-transport.ts'
import { TlsNetwork } from './io/tls-transport.ts'
import { votersOnly } from './raft/configuration.ts'
import type { ServerId } from './raft/entry.ts'
import { OptionsError } from './raft/errors.ts'
import type { RaftOptions } from './raft/options.ts'
import { asError } from './runtime/errors.ts'
import { harmless, type Logger, SILENT } from './runtime/logger.ts'
import type { RaftNodeOptions } from './runtime/node-options.ts'
import { RaftNode } from './runtime/raft-node.ts'
import type { StateMachine } from './runtime/state-machine.ts'
import { type DiskStorageOptions, openDiskStorage } from './storage/disk-storage.ts'
import { memberName } from './transport/member-name.ts'
import { StreamTransport } from './transport/stream-transport.ts'
import { Random } from './util/random.ts'

export type { CertificateFiles, CertificateSource, Certificates } from './io/certificates.ts'
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
  /**
   * This server's certificate and whom it believes: all that servers say to each other then goes over TLS 1.3, and each
   * proves its id by the name in its certificate, `URI:quorate://<cluster>/<id>`. Without it they speak plain TCP, and only
   * within one machine, unless `allowPlaintext` is set.
   */
  readonly tls?: CertificateSource
  readonly logger?: Logger
  readonly raft?: Partial<RaftOptions>
  readonly storage?: NonNullable<DiskStorageOptions['log']>
}

/**
 * Starts one server of a cluster: reads its disk, restores the state machine, listens, and joins the others.
 *
 * @throws OptionsError for options that contradict each other; StorageError when the folder is in use, damaged or
 *   somebody else's; TransportError when the address cannot be listened on, or the certificates are not good. Nothing is
 *   left open then.
 */
export async function startNode(options: NodeOptions): Promise<RaftNode> {
  const { id, cluster: clusterId, directory, members, stateMachine, storage: logOptions } = options
  const address = options.listen ?? members[id]
  if (address === undefined || members[id] === undefined) {
    throw new OptionsError(`id '${id}' is not among the members ${Object.keys(members).join(', ')}`)
  }
  const logger = harmless(options.logger ?? SILENT)
  const tls = await openTls(options, logger)
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
  reportRecovery(logger, directory, storage)
  const { boot, log, snapshots } = storage
  const { incarnation } = storage.identity
  const transport = new StreamTransport(
    { cluster: clusterId, id, incarnation, address, clock, random: random.split() },
    tls ?? tcpNetwork(options),
  )
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
    ...(tls === null ? {} : { reloadCertificates: () => reload(tls, logger) }),
  })
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

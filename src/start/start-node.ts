/** One server of one cluster, on this machine's disk, network and clock. */
import { NodeFileSystem } from '../io/node-file-system.ts'
import { systemClock } from '../io/system-clock.ts'
import { tcpNetwork } from '../io/tcp-transport.ts'
import { NOBODY, votersOnly } from '../raft/configuration.ts'
import { harmless, type Logger, SILENT } from '../runtime/logger.ts'
import { RaftNode } from '../runtime/raft-node.ts'
import { openDiskStorage } from '../storage/disk-storage.ts'
import { StreamTransport } from '../transport/stream-transport.ts'
import { entropy } from './entropy.ts'
import { publishNodeEvents } from './events.ts'
import { checkOptions, type NodeOptions } from './node-options.ts'
import { addressOf, isJoining, limitsOf } from './server-options.ts'
import { openTls, reload } from './tls.ts'

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
  const address = addressOf(options)
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
    { cluster: clusterId, id, incarnation, address, clock, random: random.split(), limits: limitsOf(options) },
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
    connectionCounters: () => transport.counters,
    closeStorage: () => storage.close(),
    ...(tls === null ? {} : { reloadCertificates: () => reload(tls, logger) }),
  })
  publishNodeEvents(node)
  return node
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

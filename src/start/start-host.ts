/** A host of many groups, on this machine's disk, network and clock. */
import { NodeFileSystem } from '../io/node-file-system.ts'
import { systemClock } from '../io/system-clock.ts'
import { tcpNetwork } from '../io/tcp-transport.ts'
import { RaftHost } from '../runtime/host/raft-host.ts'
import { harmless, SILENT } from '../runtime/logger.ts'
import { openHostStorage } from '../storage/host-storage.ts'
import { StreamTransport } from '../transport/stream-transport.ts'
import { entropy } from './entropy.ts'
import { publishGroupEvents } from './events.ts'
import { checkHostOptions, type HostOptions } from './host-options.ts'
import { addressOf, isJoining, limitsOf } from './server-options.ts'
import { openTls, reload } from './tls.ts'

/**
 * Groups that rest send nothing, so a host that froze shows only by the silence on its connections: a sign of life is
 * asked for often, and after so long without one the connection counts as lost, which wakes the groups that it led. Not
 * too soon: with 300 ms, a machine with more work than processors cut its connections over and over.
 */
const LIMITS = { keepAliveMs: 250, idleTimeoutMs: 1500 }

/**
 * Starts a host: reads its disk, listens, and meets the others. Its groups are started with `host.startGroup`.
 *
 * @throws OptionsError; StorageError when the folder is in use, damaged or somebody else's; TransportError when the
 *   address cannot be listened on, or the certificates are not good. Nothing is left open then.
 */
export async function startHost(options: HostOptions): Promise<RaftHost> {
  checkHostOptions(options)
  const { id, cluster, directory, members, raft, storage: log } = options
  const logger = harmless(options.logger ?? SILENT)
  const tls = await openTls(options, logger)
  const clock = systemClock()
  const random = entropy()
  const identity = { clusterId: cluster, serverId: id, fileSystem: new NodeFileSystem(directory) }
  const storage = await openHostStorage({ ...identity, random: random.split(), ...(log === undefined ? {} : { log }) })
  const { segments, bytes, tornTail } = storage.recovery
  logger.info('log read', { directory, groups: storage.groups().length, segments, bytes })
  if (tornTail !== null) {
    logger.warn('a write that a crash interrupted was cut off; nobody had been told of it', tornTail)
  }
  const { incarnation } = storage.identity
  const address = addressOf(options)
  const transport = new StreamTransport(
    { cluster, id, incarnation, address, clock, random: random.split(), limits: { ...LIMITS, ...limitsOf(options) } },
    tls ?? tcpNetwork(options),
  )
  const host = await RaftHost.open({
    ...{ id, storage, transport, clock, random: random.split(), members, address, logger },
    joins: isJoining(options),
    onGroup: (name, node) => publishGroupEvents(name, node),
    ...(raft === undefined ? {} : { raft }),
    ...(tls === null ? {} : { reloadCertificates: () => reload(tls, logger) }),
  })
  return host
}

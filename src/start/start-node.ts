/** One server of one cluster, on this machine's disk, network and clock. */
import { NodeFileSystem } from '../io/node-file-system.ts'
import { systemClock } from '../io/system-clock.ts'
import { tcpNetwork } from '../io/tcp-transport.ts'
import { harmless, SILENT } from '../runtime/logger.ts'
import { openNode } from '../runtime/open-node.ts'
import type { RaftNode } from '../runtime/raft-node.ts'
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
  const address = addressOf(options)
  const logger = harmless(options.logger ?? SILENT)
  const tls = await openTls(options, logger)
  const clock = systemClock()
  const limits = limitsOf(options)
  const { join, ...others } = options
  const promote = typeof join !== 'object' || join.promote
  const node = await openNode(
    { ...others, address, join: isJoining(options) ? { promote } : null },
    {
      fileSystem: new NodeFileSystem(options.directory),
      clock,
      random: entropy(),
      transport: (self, random) =>
        new StreamTransport({ ...self, address, clock, random, limits }, tls ?? tcpNetwork(options)),
      ...(tls === null ? {} : { reloadCertificates: () => reload(tls, logger) }),
    },
  )
  publishNodeEvents(node)
  return node
}

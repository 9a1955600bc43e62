/** One server of the cluster: the state machine, the node that replicates it, and the HTTP side, started and stopped together. */
import { type Logger, type RaftNode, startNode } from 'quorate'
import { KvStateMachine } from 'quorate/kv'
import type { ServeConfiguration } from './configuration.ts'
import { HttpServer } from './http-server.ts'
import { KvService } from './kv-service.ts'

export interface RunningServer {
  readonly node: RaftNode
  /** Where clients are served, `host:port`. */
  readonly clientAddress: string
  /** Answers what is under way, then lets go of everything. */
  stop(): Promise<void>
}

/**
 * Client port first, folder second: a start that fails leaves the data as it is.
 *
 * @throws UsageError, and what `startNode` throws; nothing is left open then
 */
export async function startServer(configuration: ServeConfiguration, logger: Logger): Promise<RunningServer> {
  const { id, cluster, clientListen, requestTimeoutMs } = configuration
  const http = new HttpServer(logger)
  const clientAddress = await http.listen(clientListen)
  try {
    const stateMachine = new KvStateMachine()
    const node = await startNode(nodeOptions(configuration, stateMachine, logger))
    http.open(new KvService(node, stateMachine, requestTimeoutMs), { cluster, id })
    return {
      node,
      clientAddress,
      stop: async () => {
        await Promise.all([http.close(), node.stop()])
      },
    }
  } catch (error) {
    await http.close()
    throw error
  }
}

function nodeOptions(configuration: ServeConfiguration, stateMachine: KvStateMachine, logger: Logger) {
  const { id, cluster, data: directory, members, requestTimeoutMs, allowPlaintext, raft, storage } = configuration
  const { listen, join, snapshotEveryBytes, peerTls } = configuration
  return {
    ...{ id, cluster, directory, members, stateMachine, logger, requestTimeoutMs, allowPlaintext, raft, storage },
    ...(listen === undefined ? {} : { listen }),
    ...(join === undefined ? {} : { join }),
    ...(peerTls === undefined ? {} : { tls: peerTls }),
    ...(snapshotEveryBytes === undefined ? {} : { snapshotEveryBytes }),
  }
}

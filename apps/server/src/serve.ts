/**
 * `quorate serve`: one server in this process, until a signal, or until it has to stop itself. Standard output says
 * what a person or a program that started it waits for; the log goes to standard error.
 */
import { OptionsError } from 'quorate'
import { readCommandLine } from './command-line.ts'
import { readConfiguration, SERVE_FLAGS, type ServeConfiguration } from './configuration.ts'
import { UsageError } from './errors.ts'
import { openLog } from './logging.ts'
import { type RunningServer, startServer } from './server.ts'

const SERVE_HELP = `quorate serve: run one server of a key/value cluster

  --id NAME               this server, one of the members
  --members a=HOST:PORT,b=HOST:PORT,c=HOST:PORT
                          all servers and where they listen for each other
  --join                  this server is new in a cluster that exists: any of the members is asked to take it in;
                          needs --listen
  --data FOLDER           this server's own folder
  --cluster NAME          the cluster's name (quorate)
  --listen HOST:PORT      where to listen for the others, if not at the member's address
  --client-listen HOST:PORT
                          where to serve clients over HTTP (127.0.0.1:2379)
  --config FILE           a JSON file with the same names in camelCase; flags win over it
  --request-timeout-ms N  how long a request may take (5000)
  --snapshot-every-bytes N
                          how much log between two snapshots (64 MiB)
  --heartbeat-interval-ms N, --election-timeout-min-ms N, --election-timeout-max-ms N
                          Raft's timing (50, 300, 600)
  --peer-ca FILE, --peer-certificate FILE, --peer-key FILE
                          PEM files for TLS between the servers; SIGHUP reads them anew. The certificate
                          names this server: subjectAltName = URI:quorate://CLUSTER/ID
  --allow-plaintext       speak to other machines without encryption
  --log-level LEVEL       debug, info, warn, error or silent (info); the log goes to standard error
  --json                  say what happens on standard output, one JSON object a line
  --stop-on-stdin-end     stop when standard input ends, as it does when the parent process is gone`

/** What happens, as `--json` prints it. */
export type ServeEvent =
  | {
      readonly event: 'ready'
      readonly id: string
      readonly clients: string
      readonly peers: string
      readonly data: string
    }
  | { readonly event: 'leader'; readonly leaderId: string | null; readonly term: number }
  | { readonly event: 'stopped' }
  | { readonly event: 'failed'; readonly code: string; readonly message: string }

type Report = (event: ServeEvent) => void

/**
 * @param onRunning is handed the server once it is ready, for whoever asks more of it than clients may
 * @returns the exit status: 0 after a clean stop, 1 after a failure
 * @throws UsageError
 */
export async function serve(
  args: readonly string[],
  onRunning: (server: RunningServer) => void = () => {},
): Promise<number> {
  const line = readCommandLine(args, { ...SERVE_FLAGS, ...OWN_FLAGS }, [])
  if (line.has('help')) {
    console.log(SERVE_HELP)
    return 0
  }
  const report = line.has('json') ? reportJson : reportText
  const stopRequested = stopRequest(line.has('stop-on-stdin-end'))
  try {
    return await run(readConfiguration(line), report, stopRequested, onRunning)
  } catch (error) {
    const { code = 'ERR_QUORATE_USAGE', message } = error as NodeJS.ErrnoException
    if (line.has('json')) reportJson({ event: 'failed', code, message })
    if (error instanceof OptionsError) throw new UsageError(message)
    if (error instanceof UsageError) throw error
    console.error(`quorate serve: ${message}`)
    return 1
  }
}

const OWN_FLAGS = {
  config: { type: 'string' },
  json: { type: 'boolean' },
  'stop-on-stdin-end': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

async function run(
  configuration: ServeConfiguration,
  report: Report,
  stopRequested: Promise<string>,
  onRunning: (server: RunningServer) => void,
): Promise<number> {
  const { id, data, members, listen } = configuration
  const logger = openLog(configuration.logLevel, id)
  const server = await startServer(configuration, logger)
  const peers = listen ?? members[id] ?? ''
  if (configuration.peerTls !== undefined) reloadOnHangUp(server)
  report({ event: 'ready', id, clients: `http://${server.clientAddress}`, peers, data })
  reportLeaders(server, report)
  onRunning(server)
  const end = await Promise.race([stopRequested, server.node.failed])
  if (end instanceof Error) {
    const { code = 'ERR_QUORATE_FAILED', message } = end as NodeJS.ErrnoException
    logger.error('the server stopped itself', { code, reason: message })
    report({ event: 'failed', code, message })
  } else {
    logger.info('stopping', { reason: end })
  }
  await server.stop()
  if (end instanceof Error) return 1
  report({ event: 'stopped' })
  return 0
}

/** What went well or wrong is in the log: the node says it. */
function reloadOnHangUp({ node }: RunningServer): void {
  process.on('SIGHUP', () => void node.reloadCertificates().catch(() => {}))
}

function reportLeaders({ node }: RunningServer, report: Report): void {
  // The node may have found its leader before anybody listened.
  const { leaderId, term } = node.status()
  if (leaderId !== null) report({ event: 'leader', leaderId, term })
  node.on('leader', (event) => report({ event: 'leader', ...event }))
}

/** Resolves at the first request to stop. A second one ends the process at once: whoever asks twice means it. */
function stopRequest(onStdinEnd: boolean): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        resolve(signal)
        process.once(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143))
      })
    }
    if (onStdinEnd) process.stdin.on('end', () => resolve('standard input ended')).resume()
  })
}

function reportJson(event: ServeEvent): void {
  console.log(JSON.stringify(event))
}

function reportText(event: ServeEvent): void {
  if (event.event === 'ready') {
    console.log(`${event.id} is ready: clients at ${event.clients}, peers at ${event.peers}, data in ${event.data}`)
  } else if (event.event === 'failed') {
    console.error(`quorate serve: ${event.message}`)
  }
}

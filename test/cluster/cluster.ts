/** Three servers on free ports of this machine, quick to elect, and what one does to them. */
import { join } from 'node:path'
import {
  type End,
  eventually,
  freePorts,
  QuorateProcess,
  readJson,
  temporaryFolder,
  writeJson,
} from './server-process.ts'

export const IDS = ['a', 'b', 'c'] as const

const RAFT = { heartbeatIntervalMs: 40, electionTimeoutMinMs: 200, electionTimeoutMaxMs: 400 }

export interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
}

export interface Pair {
  readonly key: string
  readonly value: string
  readonly modRevision: number
  readonly version: number
}

export class Cluster {
  readonly folder: string = temporaryFolder()
  private readonly running = new Map<string, QuorateProcess>()
  private readonly clientPorts = new Map<string, number>()

  /** Configures three servers and starts none. @param changes fields of every server's configuration file */
  static async configure(changes: object = {}): Promise<Cluster> {
    const cluster = new Cluster()
    const ports = await freePorts(2 * IDS.length)
    const members = Object.fromEntries(IDS.map((id, i) => [id, `127.0.0.1:${ports[i]}`]))
    IDS.forEach((id, i) => {
      const port = ports[IDS.length + i] as number
      cluster.clientPorts.set(id, port)
      const own = { id, data: cluster.dataOf(id), clientListen: `127.0.0.1:${port}` }
      const common = { cluster: 'test', members, requestTimeoutMs: 2000, raft: RAFT }
      writeJson(cluster.configOf(id), { ...common, ...own, ...changes })
    })
    return cluster
  }

  /** Three servers that have a leader. */
  static async start(changes: object = {}): Promise<Cluster> {
    const cluster = await Cluster.configure(changes)
    await cluster.startAll()
    return cluster
  }

  configOf(id: string): string {
    return join(this.folder, `${id}.json`)
  }

  /** Changes one server's configuration file, for its next start. */
  reconfigure(id: string, changes: object): void {
    writeJson(this.configOf(id), { ...readJson(this.configOf(id)), ...changes })
  }

  dataOf(id: string): string {
    return join(this.folder, id)
  }

  endpointOf(id: string): string {
    return `http://127.0.0.1:${this.clientPorts.get(id)}`
  }

  processOf(id: string): QuorateProcess {
    const found = this.running.get(id)
    if (found === undefined) throw new Error(`${id} was never started`)
    return found
  }

  /** Starts one server without waiting for anything. */
  launch(id: string, wrapper: readonly string[] = []): QuorateProcess {
    const server = new QuorateProcess(['serve', '--config', this.configOf(id), '--json'], wrapper)
    this.running.set(id, server)
    return server
  }

  async start(id: string): Promise<void> {
    await this.launch(id).untilReady()
  }

  async startAll(): Promise<void> {
    await Promise.all(IDS.map((id) => this.start(id)))
    await this.leader()
  }

  /** Ends it without a word, as `kill -9` and power cuts do. */
  async kill(id: string): Promise<void> {
    this.processOf(id).signal('SIGKILL')
    await this.processOf(id).ended
  }

  async stop(id: string): Promise<End> {
    this.processOf(id).signal('SIGTERM')
    return this.processOf(id).ended
  }

  /** The server that says itself that it leads; waits until there is one. @param among whom to ask */
  async leader(among: readonly string[] = IDS): Promise<string> {
    let leader = ''
    await eventually(`one of ${among} leads`, async () => {
      for (const id of among) if ((await this.status(id))['role'] === 'leader') leader = id
      return leader !== ''
    })
    return leader
  }

  /** Empty when the server does not answer. */
  async status(id: string): Promise<Record<string, unknown>> {
    return (await this.tryRequest(id, '/status'))?.body ?? {}
  }

  /** @throws when there is no answer at all */
  async request(id: string, path: string, body?: object | string, timeoutMs = 5000): Promise<Reply> {
    const text = typeof body === 'object' ? JSON.stringify(body) : body
    const response = await fetch(this.endpointOf(id) + path, {
      signal: AbortSignal.timeout(timeoutMs),
      ...(text === undefined ? {} : { method: 'POST', body: text, headers: { 'content-type': 'application/json' } }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  /** @returns null when there is no answer */
  async tryRequest(id: string, path: string, body?: object): Promise<Reply | null> {
    try {
      return await this.request(id, path, body)
    } catch {
      return null
    }
  }

  put(id: string, key: string, value: string): Promise<Reply> {
    return this.request(id, '/v3/kv/put', { key: btoa(key), value: btoa(value) })
  }

  /** @returns null when there is no answer */
  tryPut(id: string, key: string, value: string): Promise<Reply | null> {
    return this.tryRequest(id, '/v3/kv/put', { key: btoa(key), value: btoa(value) })
  }

  /** @returns the pairs whose key begins with `prefix` @throws Error when the server does not answer 200 */
  async list(id: string, prefix: string, serializable = false): Promise<Pair[]> {
    const range_end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
    const query = { key: btoa(prefix), range_end: btoa(range_end), serializable }
    const { status, body } = await this.request(id, '/v3/kv/range', query)
    if (status !== 200) throw new Error(`${id} answered ${status}: ${JSON.stringify(body)}`)
    return pairsIn(body)
  }
}

/** A header's revision. */
export function revisionOf({ body }: Reply): number {
  return Number((body['header'] as { readonly revision: string }).revision)
}

export function pairsIn(body: Record<string, unknown>): Pair[] {
  const kvs = (body['kvs'] ?? []) as { key: string; value?: string; mod_revision: string; version: string }[]
  return kvs.map(({ key, value = '', mod_revision, version }) => ({
    key: atob(key),
    value: atob(value),
    modRevision: Number(mod_revision),
    version: Number(version),
  }))
}

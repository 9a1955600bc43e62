/** The key/value store as a service: any server takes any request; writes and linearizable reads go through Raft. */
import { type NodeMetrics, type NodeStatus, prometheusText } from 'quorate'
import {
  type DeleteRangeCommand,
  type Done,
  decodeAnswer,
  encodeCommand,
  type KvCommand,
  type KvStateMachine,
  type PutCommand,
  type RangeQuery,
  type RangeResult,
} from 'quorate/kv'
import { badRequest, GRPC, RequestError } from './errors.ts'

/** What the service needs of a node; a RaftNode has it. */
export interface Consensus {
  propose(command: Uint8Array, options: { readonly timeoutMs: number }): Promise<Uint8Array>
  read<T>(query: () => T, options: { readonly timeoutMs: number }): Promise<T>
  status(): NodeStatus
  metrics(): NodeMetrics
}

const HEALTH_TIMEOUT_MS = 1000
const HEALTH_CACHE_MS = 1000

export class KvService {
  private readonly consensus: Consensus
  private readonly machine: KvStateMachine
  private readonly requestTimeoutMs: number
  private lastHealth: { readonly askedAt: number; readonly answer: Promise<boolean> } | null = null

  constructor(consensus: Consensus, machine: KvStateMachine, requestTimeoutMs: number) {
    this.consensus = consensus
    this.machine = machine
    this.requestTimeoutMs = requestTimeoutMs
  }

  /** @throws NodeError, RequestError */
  put(command: PutCommand): Promise<Done> {
    return this.change(command)
  }

  /** @throws NodeError, RequestError */
  deleteRange(command: DeleteRangeCommand): Promise<Done> {
    return this.change(command)
  }

  /**
   * @param serializable answer from this server's own state, which may be old, without asking anyone
   * @throws NodeError, RevisionError
   */
  async range(query: RangeQuery, serializable: boolean): Promise<RangeResult> {
    if (serializable) return this.machine.range(query)
    return this.consensus.read(() => this.machine.range(query), { timeoutMs: this.requestTimeoutMs })
  }

  /** Would a linearizable read succeed? Asked at most once a second, however many probes there are. */
  isHealthy(now: number): Promise<boolean> {
    if (this.lastHealth === null || now - this.lastHealth.askedAt >= HEALTH_CACHE_MS) {
      const read = this.consensus.read(() => true, { timeoutMs: HEALTH_TIMEOUT_MS })
      this.lastHealth = { askedAt: now, answer: read.catch(() => false) }
    }
    return this.lastHealth.answer
  }

  status(): NodeStatus & { readonly revision: number; readonly keys: number } {
    return { ...this.consensus.status(), revision: this.machine.revision, keys: this.machine.size }
  }

  /** For `GET /metrics`: the node's figures, the store's and the process's, in Prometheus' text format. */
  metricsText(cluster: string): string {
    const { id } = this.consensus.status()
    const labels = { cluster, server: id }
    const node = prometheusText(this.consensus.metrics(), labels)
    return node + ownMetrics({ ...labels }, this.machine)
  }

  /** Raft's term as this server knows it. */
  term(): number {
    return this.consensus.status().term
  }

  private async change(command: KvCommand): Promise<Done> {
    const bytes = await this.consensus.propose(encodeCommand(command), { timeoutMs: this.requestTimeoutMs })
    const answer = decodeAnswer(bytes)
    if (answer?.type === 'done') return answer
    if (answer?.type === 'refused') throw refusalOf(answer.code, answer.message)
    throw new Error(
      `the state machine's answer of ${bytes.length} bytes cannot be read: do all servers run one version?`,
    )
  }
}

function ownMetrics({ cluster, server }: { cluster: string; server: string }, machine: KvStateMachine): string {
  const { user, system } = process.cpuUsage()
  const figures: readonly [name: string, type: string, help: string, value: number][] = [
    ['quorate_kv_revision', 'gauge', "The store's revision.", machine.revision],
    ['quorate_kv_keys', 'gauge', 'Keys in the store.', machine.size],
    ['process_resident_memory_bytes', 'gauge', 'Resident memory of the process.', process.memoryUsage.rss()],
    ['process_cpu_seconds_total', 'counter', 'User and system time of the process.', (user + system) / 1e6],
  ]
  // Names of clusters and servers hold nothing that would have to be escaped.
  const labels = `{cluster="${cluster}",server="${server}"}`
  const lines = figures.flatMap(([name, type, help, value]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    `${name}${labels} ${value}`,
  ])
  return `${lines.join('\n')}\n`
}

function refusalOf(reason: string, message: string): RequestError {
  if (reason !== 'ERR_QUORATE_KV_ANSWER_TOO_LARGE') return badRequest(message)
  return new RequestError(429, GRPC.resourceExhausted, reason, message)
}

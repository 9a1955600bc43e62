/** Where clients work: what they share, and how an operation is carried out once it has come to a server. */
import { NodeError } from '../../runtime/errors.ts'
import type { RaftNode } from '../../runtime/raft-node.ts'
import type { Settings } from '../plan.ts'
import type { SimCluster } from '../sim-cluster.ts'
import type { SimServer } from '../sim-server.ts'
import type { Configurations } from '../watch/configurations.ts'
import type { Consensus } from '../watch/consensus.ts'
import { BrokenProperty } from '../watch/observer.ts'
import type { Answer, Operation, Workload } from '../workload.ts'
import type { World } from '../world.ts'
import type { History, Result } from './history.ts'
import type { Ledger } from './ledger.ts'

/** Whatever takes a command to the log: the node itself, or a session. */
export interface Proposer {
  propose(command: Uint8Array, options: { readonly timeoutMs: number }): Promise<Uint8Array>
}

/** What a bench is put together from. */
export interface BenchParts {
  readonly world: World
  readonly cluster: SimCluster
  readonly workload: Workload
  readonly history: History
  readonly ledger: Ledger
  readonly consensus: Consensus
  readonly configurations: Configurations
}

export class Bench {
  readonly world: World
  readonly cluster: SimCluster
  readonly workload: Workload
  readonly history: History
  readonly ledger: Ledger
  readonly configurations: Configurations
  /** While it is, clients begin new operations. */
  isOpen = true
  /** Clients that wait for what may never come: called when nobody waits any more. */
  readonly waiting: Set<() => void> = new Set()
  private readonly consensus: Consensus

  constructor(parts: BenchParts) {
    this.world = parts.world
    this.cluster = parts.cluster
    this.workload = parts.workload
    this.history = parts.history
    this.ledger = parts.ledger
    this.consensus = parts.consensus
    this.configurations = parts.configurations
  }

  get settings(): Settings {
    return this.cluster.settings
  }

  /** Nobody waits any more: what is not known by now never will be. */
  close(): void {
    this.isOpen = false
    for (const giveUp of [...this.waiting]) giveUp()
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.world.schedule(ms, resolve))
  }

  /** On this server. Resolves whatever happens, unless the server dies: what is left of it may have an answer, for nobody. */
  async perform(server: SimServer, node: RaftNode, proposer: Proposer, operation: Operation): Promise<Result> {
    const result = await this.attempt(server, node, proposer, operation)
    if (server.node !== node) return new Promise(() => {})
    if (result.why === undefined && operation.command !== null) this.ledger.acknowledge(operation.command)
    return result
  }

  private async attempt(server: SimServer, node: RaftNode, proposer: Proposer, operation: Operation): Promise<Result> {
    const { command } = operation
    try {
      const { type, value } = await (command === null
        ? this.read(server, node, operation)
        : this.propose(proposer, operation, command))
      return { outcome: type, value }
    } catch (error) {
      return this.judge(error, command)
    }
  }

  /** A read of nothing: only whether it is served from where all is that was committed when it was asked for. */
  async probe(server: SimServer, node: RaftNode): Promise<void> {
    const { patienceMs: timeoutMs } = this.settings
    const { committed } = this.consensus
    try {
      await node.read(() => (server.node === node ? this.ledger.checkRead(server, committed) : undefined), {
        timeoutMs,
        consistency: 'lease',
      })
    } catch (error) {
      this.judge(error, null)
    }
  }

  private async read(server: SimServer, node: RaftNode, operation: Operation): Promise<Answer & { value?: unknown }> {
    const { patienceMs: timeoutMs, raft } = this.settings
    const consistency = raft.leaseReads === true ? 'lease' : 'linearizable'
    const { committed } = this.consensus
    const machine = this.cluster.machineOf(server)
    const value = await node.read(
      () => {
        // What is left of a life that has ended may still run, and nobody hears of it.
        if (server.node === node) this.ledger.checkRead(server, committed)
        return machine === null ? null : this.workload.read(machine, operation)
      },
      { timeoutMs, consistency },
    )
    return { type: 'ok', value }
  }

  private async propose(
    proposer: Proposer,
    operation: Operation,
    command: Uint8Array,
  ): Promise<Answer & { value?: unknown }> {
    const answer = await proposer.propose(command, { timeoutMs: this.settings.patienceMs })
    return this.workload.answer(operation, answer)
  }

  private judge(error: unknown, command: Uint8Array | null): Result {
    if (!(error instanceof NodeError)) {
      this.world.fail(error instanceof BrokenProperty ? error : unexpected(error))
      return { outcome: 'info' }
    }
    const why = error.code
    if (command !== null && error.applied === 'unknown') return { outcome: 'info', why }
    return { outcome: 'fail', why }
  }
}

function unexpected(error: unknown): BrokenProperty {
  const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return new BrokenProperty('Honest Error', null, `a client got something else than a NodeError: ${words}`)
}

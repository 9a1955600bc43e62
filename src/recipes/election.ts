/**
 * A leader for a service's own work, the nightly job or the one consumer of a queue. It has nothing to do with who leads
 * the Raft cluster: any server may hold it, and keeps it while leaders of the cluster come and go.
 */
import type { RequestOptions } from '../runtime/node-options.ts'
import type { AbortSignalLike } from '../runtime/pending.ts'
import type { RaftNode } from '../runtime/raft-node.ts'
import { utf8Encode } from '../util/bytes.ts'
import { Hold, type TurnOptions, takeTurn } from './hold.ts'
import type { RecipeStateMachine } from './recipe-state-machine.ts'
import { untilAborted } from './waiting.ts'

/** Who leads an election. */
export interface Leader {
  /** The leader's session, a number that nobody else ever has. */
  readonly session: number
  /** What it said of itself when it campaigned, its address for instance. */
  readonly value: string
  /** Larger than that of every leader before. */
  readonly token: number
}

/** An election that was won. */
export class Leadership extends Hold {
  /** Lets the next candidate lead. @throws as `release` */
  resign(options: RequestOptions = {}): Promise<void> {
    return this.release(options)
  }
}

export class Election {
  readonly name: string
  private readonly node: RaftNode
  private readonly machine: RecipeStateMachine
  private readonly options: TurnOptions

  /** @param machine the one that the node was started with */
  constructor(node: RaftNode, machine: RecipeStateMachine, name: string, options: TurnOptions = {}) {
    this.node = node
    this.machine = machine
    this.name = name
    this.options = options
  }

  /**
   * Resolves when this candidate leads. Without `timeoutMs` it stands for as long as it takes.
   *
   * @param value what the others should know of this candidate
   * @throws NodeError when no leader of the cluster was there to ask, the time is up or the signal fired; RecipeError
   */
  async campaign(value = '', options: RequestOptions = {}): Promise<Leadership> {
    const request = { kind: 'election', name: this.name, ttlMs: this.options.ttlMs, value: utf8Encode(value) } as const
    const turn = await takeTurn(this.node, this.machine, request, options)
    if (turn === null) throw new Error(`election ${this.name}: an answer that no campaign is given`)
    return new Leadership(turn.session, turn.token)
  }

  /** Who leads, linearizably: whoever led before this call and no longer does is not named. @throws NodeError */
  leader(options: RequestOptions = {}): Promise<Leader | null> {
    return this.node.read(() => this.machine.holder('election', this.name), options)
  }

  /**
   * Who leads, now and whenever that changes, as this server learns of it; null for nobody. A slow reader misses those
   * that are past, never the newest. Ends when the signal fires.
   *
   * @throws NodeError ERR_QUORATE_STOPPED when the node stops
   */
  async *observe({ signal }: { readonly signal?: AbortSignalLike } = {}): AsyncGenerator<Leader | null, void> {
    const current = (): Leader | null => this.machine.holder('election', this.name)
    let seen: number | null | undefined
    const isNew = (): boolean => (current()?.token ?? null) !== seen
    while (await untilAborted(this.node, isNew, signal === undefined ? {} : { signal })) {
      const leader = current()
      seen = leader?.token ?? null
      yield leader
    }
  }
}

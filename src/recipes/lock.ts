/** A lock that the whole cluster agrees on: first come, first served; with a lease, and a token against late holders. */
import type { RequestOptions } from '../runtime/node-options.ts'
import type { RaftNode } from '../runtime/raft-node.ts'
import { Hold, type TurnOptions, takeTurn } from './hold.ts'
import type { RecipeStateMachine } from './recipe-state-machine.ts'

export class Lock {
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
   * Resolves when it is ours. Without `timeoutMs` it stands in the queue for as long as it takes.
   *
   * @throws NodeError when no leader was there to ask, the time is up or the signal fired; RecipeError
   */
  async acquire(options: RequestOptions = {}): Promise<Hold> {
    const hold = await this.take(false, options)
    if (hold === null) throw new Error(`lock ${this.name}: an answer that only tryAcquire is given`)
    return hold
  }

  /** Null when somebody else has it. @throws NodeError, RecipeError */
  tryAcquire(options: RequestOptions = {}): Promise<Hold | null> {
    return this.take(true, options)
  }

  private async take(onlyIfFree: boolean, options: RequestOptions): Promise<Hold | null> {
    const request = { kind: 'lock', name: this.name, ttlMs: this.options.ttlMs, onlyIfFree } as const
    const turn = await takeTurn(this.node, this.machine, request, options)
    return turn === null ? null : new Hold(turn.session, turn.token)
  }
}

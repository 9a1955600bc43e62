/** One number for a whole run: two runs with the same number went the same way, step by step. */
import type { Message } from '../../raft/message.ts'
import type { Raft } from '../../raft/raft.ts'
import type { PersistBatch } from '../../raft/ready.ts'
import { RollingHash } from '../../util/rolling-hash.ts'
import type { SimServer } from '../sim-server.ts'
import type { World } from '../world.ts'
import type { Observer, Outcome } from './observer.ts'

export class RunHash implements Observer {
  private readonly world: World
  private readonly hash = new RollingHash()

  constructor(world: World) {
    this.world = world
  }

  /** Sixteen hexadecimal digits. */
  get digest(): string {
    return this.hash.digest
  }

  told(server: SimServer, raft: Raft): void {
    const { currentTerm, commitIndex, log } = raft.inspect()
    this.fact(1, server.number, currentTerm, commitIndex, log.lastIndex)
  }

  sent(server: SimServer, message: Message): void {
    this.fact(2, server.number, message.type.length, message.term, message.to.length)
  }

  arrived(server: SimServer, message: Message): void {
    this.fact(3, server.number, message.type.length, message.term, message.from.length)
  }

  durable(server: SimServer, batches: readonly PersistBatch[]): void {
    this.fact(4, server.number, batches.length, batches[0]?.entries.length ?? 0, 0)
  }

  ended(server: SimServer, how: string): void {
    this.fact(5, server.number, how.length, 0, 0)
  }

  happened(what: string, server: SimServer | null, isEnd: boolean): void {
    this.fact(6, server?.number ?? 0, what.length, isEnd ? 1 : 0, 0)
  }

  returned(client: number, operation: number, outcome: Outcome): void {
    this.fact(7, client, operation, outcome.length, 0)
  }

  private fact(kind: number, who: number, a: number, b: number, c: number): void {
    const { hash } = this
    hash.mix(kind + 8 * who)
    hash.mixTime(this.world.now())
    hash.mix(a)
    hash.mix(b)
    hash.mix(c)
  }
}

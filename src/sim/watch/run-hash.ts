/** One number for a whole run: two runs with the same number went the same way, step by step. */
import type { Message } from '../../raft/message.ts'
import type { Raft } from '../../raft/raft.ts'
import type { PersistBatch } from '../../raft/ready.ts'
import type { SimServer } from '../sim-server.ts'
import type { World } from '../world.ts'
import type { Observer, Outcome } from './observer.ts'

export class RunHash implements Observer {
  private readonly world: World
  private low = 0x243f6a88
  private high = 0x85a308d3

  constructor(world: World) {
    this.world = world
  }

  /** Sixteen hexadecimal digits. */
  get digest(): string {
    return [this.high, this.low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
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

  /** Times to the nanosecond: what differs by less is the same moment. */
  private fact(kind: number, who: number, a: number, b: number, c: number): void {
    const nanoseconds = Math.round(this.world.now() * 1e6)
    this.mix(kind + 8 * who)
    this.mix(nanoseconds | 0)
    this.mix(Math.floor(nanoseconds / 2 ** 32))
    this.mix(a)
    this.mix(b)
    this.mix(c)
  }

  private mix(value: number): void {
    this.low = Math.imul(this.low ^ value, 0x85ebca6b)
    this.low = (this.low << 13) | (this.low >>> 19)
    this.high = Math.imul(this.high ^ this.low ^ value, 0xc2b2ae35)
    this.high ^= this.high >>> 16
  }
}

/** The way of a snapshot's pieces from one server to another, in memory. `Target` is whoever is there when one arrives. */
import type { ServerId } from '../raft/entry.ts'
import type { Group } from './groups.ts'
import { TransportError } from './transport.ts'

/** Lets `arrive` happen at the other end. False: it never will. */
type Carry<Target> = (arrive: (target: Target) => void) => boolean

/** One snapshot under way: each piece waits for `next`, which fails once the way is broken. */
export class Crossing<Target> {
  readonly to: ServerId
  /** Whose snapshot it is. */
  readonly group: Group
  private readonly carry: Carry<Target>
  private error: TransportError | null = null
  private fail: (error: TransportError) => void = () => {}

  constructor(to: ServerId, group: Group, carry: Carry<Target>) {
    this.to = to
    this.group = group
    this.carry = carry
  }

  /** Returns the other end when something that is sent now has arrived there. */
  next(): Promise<Target> {
    return new Promise((resolve, reject) => {
      this.fail = reject
      if (this.error !== null) reject(this.error)
      else if (!this.carry(resolve)) this.interrupt('a piece was lost')
    })
  }

  interrupt(reason: string): void {
    this.error ??= new TransportError('ERR_QUORATE_SNAPSHOT_INTERRUPTED', `snapshot to '${this.to}': ${reason}`)
    this.fail(this.error)
  }
}

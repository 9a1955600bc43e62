/** A leader that hands over takes no commands: its successor would never have all of them (Thesis §3.10, step 1). */
import type { Index } from '../../raft/entry.ts'
import type { Raft } from '../../raft/raft.ts'
import type { RaftInput } from '../../raft/watched-raft.ts'
import type { SimServer } from '../sim-server.ts'
import { BrokenProperty, type Observer } from './observer.ts'

/** See the property Handing Over. */
export class HandingOver implements Observer {
  /** Where each log ended after the last input. */
  private readonly ends = new WeakMap<Raft, Index>()

  booted(_server: SimServer, raft: Raft): void {
    this.ends.set(raft, raft.inspect().log.lastIndex)
  }

  told(server: SimServer, raft: Raft, input: RaftInput): void {
    const { transfer, log } = raft.inspect()
    const before = this.ends.get(raft) ?? 0
    this.ends.set(raft, log.lastIndex)
    if (input.type !== 'propose' || transfer === null || log.lastIndex === before) return
    throw new BrokenProperty(
      'Handing Over',
      server.id,
      `takes a command for entry ${log.lastIndex} while it hands over to ${transfer.to}`,
    )
  }
}

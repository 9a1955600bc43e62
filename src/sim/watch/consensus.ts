/** The core's own invariants, after every input of every server: Paper Figure 3 and what follows from it. */
import { InvariantChecker, InvariantViolation } from '../../raft/invariants.ts'
import type { Raft } from '../../raft/raft.ts'
import type { SimServer } from '../sim-server.ts'
import { BrokenProperty, type Observer } from './observer.ts'

export class Consensus implements Observer {
  private readonly checker = new InvariantChecker()
  private readonly disks = new Map<string, number>()

  /** How many entries are known to be committed: the index of the last of them. */
  get committed(): number {
    return Math.max(this.checker.committedCount - 1, 0)
  }

  /** In how many terms somebody has led. */
  get elections(): number {
    return this.checker.electionCount
  }

  booted(server: SimServer, raft: Raft): void {
    if ((this.disks.get(server.id) ?? server.diskNumber) !== server.diskNumber) this.checker.noteEmptied(server.id)
    this.disks.set(server.id, server.diskNumber)
    this.check(server, raft)
  }

  told(server: SimServer, raft: Raft): void {
    this.check(server, raft)
  }

  private check(server: SimServer, raft: Raft): void {
    try {
      this.checker.check(raft)
    } catch (error) {
      if (!(error instanceof InvariantViolation)) throw error
      throw new BrokenProperty(error.property, server.id, error.message.slice(error.property.length + 2))
    }
  }
}

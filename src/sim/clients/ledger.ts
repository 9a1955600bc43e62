/**
 * What clients were told, held against what happened: an answer means that the command was applied, and stays; a refusal
 * that it never is; a read sees all that was committed when it was asked.
 */
import type { SimServer } from '../sim-server.ts'
import type { Applied } from '../watch/applied.ts'
import { BrokenProperty } from '../watch/observer.ts'

export class Ledger {
  private readonly applied: Applied
  private readonly refused: Uint8Array[] = []
  /** The highest index of a command that a client knows to be applied. */
  lastAcknowledged = 0
  acknowledged = 0
  reads = 0

  constructor(applied: Applied) {
    this.applied = applied
  }

  acknowledge(command: Uint8Array): void {
    const index = this.applied.indexOfCommand(command)
    if (index === undefined)
      throw new BrokenProperty(
        'Acknowledged Means Applied',
        null,
        'a client has an answer to a command that nobody applied',
      )
    this.lastAcknowledged = Math.max(this.lastAcknowledged, index)
    this.acknowledged++
  }

  refuse(command: Uint8Array): void {
    this.refused.push(command)
  }

  /** @param committed what was committed anywhere when the read was asked for */
  checkRead(server: SimServer, committed: number): void {
    this.reads++
    const { lastApplied = 0 } = server.node?.status() ?? {}
    if (lastApplied < committed)
      throw new BrokenProperty(
        'Linearizable Read',
        server.id,
        `serves a read at entry ${lastApplied}, when ${committed} was committed before it was asked for`,
      )
  }

  /** At the end of a run. */
  checkRefusals(): void {
    for (const command of this.refused) {
      const index = this.applied.indexOfCommand(command)
      if (index !== undefined)
        throw new BrokenProperty(
          'Refused Means Never',
          null,
          `command ${index} was applied, and its client told that it never will be`,
        )
    }
  }
}

// Keeps what happens in a run until we know whether anybody wants to see it: only a failed run's log is written.

import type { LabEvent } from '../lab/event.ts'
import { describeEvent } from './describe-event.ts'
import type { LogLine } from './log-line.ts'

/** Far beyond what a good Raft needs; a storm of calls must not fill the memory. What came first is let go. */
const MAX_EVENTS = 400_000

export class Recorder {
  /** Events that were let go. */
  omitted = 0
  readonly warnings: string[] = []
  private readonly events: LabEvent[] = []

  add(event: LabEvent): void {
    if (event.kind === 'warning') this.warnings.push(event.text)
    this.events.push(event)
    if (this.events.length < MAX_EVENTS) return
    this.omitted += MAX_EVENTS / 2
    this.events.splice(0, MAX_EVENTS / 2)
  }

  lines(): LogLine[] {
    return this.events.map(describeEvent)
  }
}

// One line of a run's log, and the choice among lines.

import type { Topic } from '../lab/event.ts'

export interface LogLine {
  /** Milliseconds since the test was set up, on the run's own clock. */
  readonly time: number
  readonly topic: Topic
  /** The server in whose column it stands; null for what concerns the whole run. */
  readonly server: number | null
  readonly text: string
}

/** What is left out of a log. Every condition that is given must hold. */
export interface LineFilter {
  readonly only?: ReadonlySet<Topic>
  readonly except?: ReadonlySet<Topic>
  /** Lines that concern the whole run are kept. */
  readonly servers?: ReadonlySet<number>
  readonly fromMs?: number
  readonly toMs?: number
  readonly pattern?: RegExp
}

/** Whether the filter lets the line through. */
export function passes(line: LogLine, filter: LineFilter): boolean {
  const { only, except, servers, fromMs = 0, toMs = Number.POSITIVE_INFINITY, pattern } = filter
  return (
    only?.has(line.topic) !== false &&
    except?.has(line.topic) !== true &&
    (line.server === null || servers?.has(line.server) !== false) &&
    line.time >= fromMs &&
    line.time <= toMs &&
    pattern?.test(line.text) !== false
  )
}

/** What an observer says about the implementation that it watches. */
import type { LogEntry } from './message.ts'
import type { RuleName } from './rules.ts'

/** What an observer promises about the implementation, and which extensions are in use. */
export interface SpecOptions {
  /** Elections are preceded by a question (Thesis §9.6). Default: true. */
  readonly preVote?: boolean
  /** Leaders may answer reads from a lease, which only a clock can judge (Thesis §6.4.1). Default: false. */
  readonly leaseReads?: boolean
  /** A message arrives before so many others have been sent, or never; 0: nothing is asked about. Default: no limit. */
  readonly remember?: number
  /** The identity of an entry in a message, by the same numbers as the views'. Default: not known. */
  readonly identify?: (entry: LogEntry) => number
  /** Rules that are not asked for, to see that each is needed. */
  readonly without?: ReadonlySet<RuleName>
}

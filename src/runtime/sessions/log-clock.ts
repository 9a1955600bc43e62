/**
 * Log time, as the leader reads it: milliseconds for which leaders have been in office. It needs neither a wall clock
 * nor clocks that agree. A leader goes on from where the log has come to, by its own monotonic clock; between two
 * leaders time stands still. So log time never runs faster than real time, and what was granted for 10 s by log time
 * lasts 10 s or longer.
 */
import type { Term } from '../../raft/entry.ts'

export class LogClock {
  private term: Term = 0
  private base = 0
  private since = 0

  /** True when the time is known in this term of office. */
  isSet(term: Term): boolean {
    return this.term === term && term > 0
  }

  /**
   * This server leads in `term`, and an entry of that very term has been applied: so everything that leaders before it
   * have committed is applied, too, and `logTime` is as late as any of them can have stamped.
   */
  set(term: Term, logTime: number, now: number): void {
    this.term = term
    this.base = logTime
    this.since = now
  }

  /** In whole ms; 0, a stamp that moves nothing, until the time is known in this term. */
  read(term: Term, now: number): number {
    return this.isSet(term) ? Math.floor(this.base + now - this.since) : 0
  }
}

/** Something that lasts too long: counted, and told once when it is too long and once when it is over. */
import type { StallCause, StallEvent } from '../events.ts'

/** What begins so soon after the last one was told of is only counted: twenty stalls a second are one story, not twenty. */
const QUIET_MS = 1000

interface Current {
  readonly begunAt: number
  readonly isTold: boolean
  ms: number
}

export class Stall {
  private readonly cause: StallCause
  private readonly limitMs: number
  private readonly total: { count: number; ms: number }
  private readonly report: (event: StallEvent) => void
  private current: Current | null = null
  private toldAt = Number.NEGATIVE_INFINITY

  /**
   * @param limitMs from when on it is too long
   * @param total counts stalls that are over
   */
  constructor(
    cause: StallCause,
    limitMs: number,
    total: { count: number; ms: number },
    report: (event: StallEvent) => void,
  ) {
    this.cause = cause
    this.limitMs = limitMs
    this.total = total
    this.report = report
  }

  get isGoingOn(): boolean {
    return this.current !== null
  }

  /** For what can be looked at while it lasts. @param ageMs for how long it has; 0 when nothing is under way */
  look(ageMs: number, now: number): void {
    const begunAt = now - ageMs
    // A write that began later than the one we know of: that one is done. Half a millisecond is for rounding.
    if (this.current !== null && begunAt > this.current.begunAt + 0.5) this.end(this.current, now)
    if (ageMs < this.limitMs) return
    if (this.current === null) this.begin(begunAt, ageMs, now)
    else this.current.ms = ageMs
  }

  /** For what is known only afterwards. */
  happened(ms: number, now: number): void {
    if (ms >= this.limitMs) this.end({ begunAt: now - ms, isTold: this.mayTell(now), ms }, now)
  }

  private begin(begunAt: number, ms: number, now: number): void {
    this.current = { begunAt, isTold: this.mayTell(now), ms }
    if (this.current.isTold) this.tell(ms, false, now)
  }

  private end({ isTold, ms }: Current, now: number): void {
    this.current = null
    this.total.count++
    this.total.ms += ms
    if (isTold) this.tell(ms, true, now)
  }

  private mayTell(now: number): boolean {
    return now - this.toldAt >= QUIET_MS
  }

  private tell(durationMs: number, over: boolean, now: number): void {
    this.toldAt = now
    this.report({ cause: this.cause, durationMs, over })
  }
}

/**
 * A clock that is moved by hand: the twin in memory of the Clock port. What is due at the same moment runs in the order of
 * its scheduling.
 */
import type { Cancel, Clock } from '../util/clock.ts'

interface Due {
  readonly at: number
  readonly action: () => void
}

/** Enough for a write to pass through all the promises between the driver and the disk in memory. */
const PROMISE_HOPS = 60

/** See the head of this file: hours pass at once, and nothing happens until time is let pass. */
export class ManualClock implements Clock {
  private time = 0
  private counter = 0
  private readonly due = new Map<number, Due>()

  now(): number {
    return this.time
  }

  schedule(delayMs: number, action: () => void): Cancel {
    const id = ++this.counter
    this.due.set(id, { at: this.time + Math.max(delayMs, 0), action })
    return () => void this.due.delete(id)
  }

  soon(action: () => void): void {
    this.schedule(0, action)
  }

  /** How many actions wait: 0 when nothing would ever happen again. */
  get waiting(): number {
    return this.due.size
  }

  /** Time passes without anybody being able to do anything, as when a process is suspended. */
  stall(durationMs: number): void {
    this.time += durationMs
  }

  /** Lets this much time pass, and whatever promises do meanwhile. */
  async advance(durationMs: number): Promise<void> {
    await this.advanceUntil(() => false, durationMs)
  }

  /** Lets time pass until the condition holds. @returns false when it does not within `limitMs` */
  async advanceUntil(condition: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.time + limitMs
    await hop()
    for (let next = this.earliest(); !condition(); next = this.earliest()) {
      if (next === null || next.due.at > end) {
        this.time = end
        return condition()
      }
      this.due.delete(next.id)
      this.time = Math.max(this.time, next.due.at)
      next.due.action()
      await hop()
    }
    return true
  }

  private earliest(): { readonly id: number; readonly due: Due } | null {
    let first: { readonly id: number; readonly due: Due } | null = null
    for (const [id, due] of this.due) if (first === null || due.at < first.due.at) first = { id, due }
    return first
  }
}

async function hop(): Promise<void> {
  for (let i = 0; i < PROMISE_HOPS; i++) await Promise.resolve()
}

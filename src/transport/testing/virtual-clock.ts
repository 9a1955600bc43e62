import type { Clock } from '../../util/clock.ts'

/** A clock for tests that moves when it is told to. What is due at the same moment runs in the order of its scheduling. */
export class VirtualClock implements Clock {
  private time = 0
  private counter = 0
  private readonly due = new Map<number, { readonly at: number; readonly action: () => void }>()

  now(): number {
    return this.time
  }

  schedule(delayMs: number, action: () => void): () => void {
    const id = ++this.counter
    this.due.set(id, { at: this.time + Math.max(delayMs, 0), action })
    return () => void this.due.delete(id)
  }

  soon(action: () => void): void {
    this.schedule(0, action)
  }

  /** How many actions wait: 0 after everything was stopped. */
  get waiting(): number {
    return this.due.size
  }

  /** Time passes without anybody being able to do anything. */
  stall(durationMs: number): void {
    this.time += durationMs
  }

  /** Lets this much time pass, and whatever promises do meanwhile. */
  async advance(durationMs: number): Promise<void> {
    const end = this.time + durationMs
    await settle()
    for (let next = this.earliest(); next !== null && next.at <= end; next = this.earliest()) {
      this.due.delete(next.id)
      this.time = Math.max(this.time, next.at)
      next.action()
      await settle()
    }
    this.time = end
  }

  private earliest(): { readonly id: number; readonly at: number; readonly action: () => void } | null {
    let first: { readonly id: number; readonly at: number; readonly action: () => void } | null = null
    for (const [id, { at, action }] of this.due) {
      if (first === null || at < first.at) first = { id, at, action }
    }
    return first
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve()
}

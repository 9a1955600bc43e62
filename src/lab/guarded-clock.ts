// A clock for one run or one server: what its actions throw goes to `onError` instead of to the host, and nothing that
// it scheduled happens after it was closed. So a run ends cleanly on the system's clock too, and an error in a timer
// names the server whose timer it was.

import type { Cancel, Clock } from '../util/clock.ts'

export class GuardedClock implements Clock {
  private readonly clock: Clock
  private readonly onError: (error: unknown) => void
  private readonly pending = new Set<Cancel>()
  private readonly zero: number
  private closed = false

  /** @param zero the time on `clock` that is 0 here, in milliseconds */
  constructor(clock: Clock, onError: (error: unknown) => void, zero = 0) {
    this.clock = clock
    this.onError = onError
    this.zero = zero
  }

  now(): number {
    return this.clock.now() - this.zero
  }

  schedule(delayMs: number, action: () => void): Cancel {
    if (this.closed) return () => {}
    const cancelTimer = this.clock.schedule(delayMs, () => {
      this.pending.delete(cancel)
      this.perform(action)
    })
    const cancel = (): void => {
      this.pending.delete(cancel)
      cancelTimer()
    }
    this.pending.add(cancel)
    return cancel
  }

  soon(action: () => void): void {
    this.clock.soon(() => {
      if (!this.closed) this.perform(action)
    })
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.schedule(ms, resolve)
    })
  }

  /** Cancels what is pending. Whoever sleeps on this clock sleeps for ever. */
  close(): void {
    this.closed = true
    for (const cancel of this.pending) cancel()
  }

  /** An action may be an async function: what it rejects with counts as thrown. */
  private perform(action: () => unknown): void {
    try {
      const outcome = action()
      if (outcome instanceof Promise) outcome.catch(this.onError)
    } catch (error) {
      this.onError(error)
    }
  }
}

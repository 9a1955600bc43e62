/**
 * The clock of one server: monotonic, as the port wants it, but its own. It may run fast or slow by a rate, and leap
 * ahead, as when a virtual machine was suspended.
 */
import type { Cancel, Clock } from '../util/clock.ts'
import type { Host } from './host.ts'
import type { World } from './world.ts'

/**
 * A timer is never early (see the port), also not by what a division rounds off: whoever looks whether its moment has
 * come, and finds that it will in 10⁻¹³ ms, would look again at the very same instant, for ever.
 */
const ROUNDING_MS = 1e-6

export class SimClock implements Clock {
  private readonly world: World
  private readonly host: Host
  private rate = 1
  // At `since`, in the world's time, it read `base`.
  private base = 0
  private since = 0

  constructor(world: World, host: Host) {
    this.world = world
    this.host = host
  }

  now(): number {
    return this.base + (this.world.now() - this.since) * this.rate
  }

  schedule(delayMs: number, action: () => void): Cancel {
    return this.world.scheduleFor(delayMs / this.rate + ROUNDING_MS, this.host, true, action)
  }

  soon(action: () => void): void {
    this.world.scheduleFor(0, this.host, false, action)
  }

  /** From now on it runs at `rate` times the world's speed. Timers that are set already keep their moment. */
  drift(rate: number): void {
    this.base = this.now()
    this.since = this.world.now()
    this.rate = rate
  }

  /** It leaps ahead, and what was due meanwhile is due at once. */
  leap(ms: number): void {
    this.base += ms
    this.world.hasten(this.host, ms / this.rate)
  }

  /** Another machine's uptime is not ours: each server begins elsewhere. */
  setBack(to: number): void {
    this.base = to
    this.since = this.world.now()
  }
}

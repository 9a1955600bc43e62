/**
 * The clock of a host's groups: timers fall due on a common grid. A hundred groups that are awake send a hundred
 * heartbeats each 200 ms, at a hundred moments; on the grid they share a few, and what they say to one host leaves in one
 * write. A timer is late by one step of the grid at most, well within what the driver takes for a stall.
 */
import type { Cancel, Clock } from '../../util/clock.ts'

const GRID_MS = 10

interface Moment {
  readonly actions: Set<() => void>
  readonly cancel: Cancel
}

export class GatheredClock implements Clock {
  private readonly clock: Clock
  private readonly moments = new Map<number, Moment>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  now(): number {
    return this.clock.now()
  }

  soon(action: () => void): void {
    this.clock.soon(action)
  }

  schedule(delayMs: number, action: () => void): Cancel {
    const dueAt = Math.ceil((this.clock.now() + Math.max(delayMs, 0)) / GRID_MS) * GRID_MS
    // An action of its own: the same function may be scheduled twice.
    const own = (): void => action()
    const moment = this.momentAt(dueAt)
    moment.actions.add(own)
    return () => this.cancel(dueAt, moment, own)
  }

  private momentAt(dueAt: number): Moment {
    const known = this.moments.get(dueAt)
    if (known !== undefined) return known
    const cancel = this.clock.schedule(dueAt - this.clock.now(), () => this.run(dueAt))
    const moment = { actions: new Set<() => void>(), cancel }
    this.moments.set(dueAt, moment)
    return moment
  }

  private run(dueAt: number): void {
    const moment = this.moments.get(dueAt)
    this.moments.delete(dueAt)
    if (moment !== undefined) this.runAll(moment.actions)
  }

  /** One that throws must not take the timers of other groups with it: they run a moment later. */
  private runAll(actions: Set<() => void>): void {
    // One that is cancelled by another of the same moment is gone from the set before its turn.
    for (const action of actions) {
      actions.delete(action)
      try {
        action()
      } catch (error) {
        this.clock.soon(() => this.runAll(actions))
        throw error
      }
    }
  }

  private cancel(dueAt: number, moment: Moment, action: () => void): void {
    moment.actions.delete(action)
    if (moment.actions.size > 0 || this.moments.get(dueAt) !== moment) return
    moment.cancel()
    this.moments.delete(dueAt)
  }
}

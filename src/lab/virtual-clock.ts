// Time that passes only when nothing is left to do at the present instant: two minutes of a test take a fraction of a
// second, and the same seed gives the same run. Events wait in a heap ordered by time, then by the order in which they
// were scheduled. With `shuffle`, events due at one instant run in a random order, as threads would.

import type { Cancel, Clock } from '../util/clock.ts'
import { EventHeap, type ScheduledEvent } from '../util/event-heap.ts'
import { type Hop, takeTurns } from '../util/hop.ts'
import type { Random } from '../util/random.ts'

/** The run cannot go on: nothing is scheduled, time does not move, or far too much happens. */
export class ClockError extends Error {
  override readonly name = 'ClockError'
  readonly code = 'ERR_QUORATE_LAB_CLOCK'
}

/** A loop that never lets time pass, such as one that sleeps for 0 ms, is stopped after so many events. */
const MAX_EVENTS_AT_ONE_INSTANT = 200_000

/** Sixty times what the busiest test needs of a good Raft. */
const MAX_EVENTS = 5_000_000

export class VirtualClock implements Clock {
  /** How many events have run. */
  events = 0
  private readonly heap = new EventHeap()
  private readonly hop: Hop
  private readonly shuffle: Random | null
  private time = 0
  private order = 0
  private eventsAtThisInstant = 0

  /** @param shuffle draws the order of events that are due at the same instant; null keeps the order of scheduling */
  constructor(hop: Hop, shuffle: Random | null = null) {
    this.hop = hop
    this.shuffle = shuffle
  }

  now(): number {
    return this.time
  }

  schedule(delayMs: number, action: () => void): Cancel {
    const time = this.time + Math.max(0, delayMs)
    if (!Number.isFinite(time)) throw new RangeError(`a delay of ${delayMs} ms: give a finite number`)
    const event: ScheduledEvent = { time, tie: this.shuffle?.uint32() ?? 0, order: this.order++, action }
    this.heap.push(event)
    return () => {
      event.action = null
    }
  }

  soon(action: () => void): void {
    this.schedule(0, action)
  }

  /**
   * Lets time pass until `goal` settles, and passes its outcome on.
   *
   * @param limitMs the time on this clock beyond which no event runs
   * @throws ClockError when `goal` still waits at the limit, or waits and nothing is scheduled, when time stands still,
   *   and when there were more events than any good run has
   */
  run<T>(goal: Promise<T>, limitMs: number = Number.POSITIVE_INFINITY): Promise<T> {
    return takeTurns(this.hop, goal, () => this.runNext(limitMs))
  }

  private runNext(limitMs: number): void {
    const event = this.nextLive()
    if (event === undefined) throw new ClockError(deadlock(this.time))
    if (event.time > this.time) this.eventsAtThisInstant = 0
    this.time = Math.min(event.time, limitMs)
    if (event.time > limitMs) throw new ClockError(`expected an end within ${limitMs / 1000} s, saw none`)
    this.events++
    if (++this.eventsAtThisInstant > MAX_EVENTS_AT_ONE_INSTANT) throw new ClockError(standstill(this.time))
    if (this.events > MAX_EVENTS) throw new ClockError(storm(this.time))
    event.action?.()
  }

  private nextLive(): ScheduledEvent | undefined {
    let event = this.heap.pop()
    while (event !== undefined && event.action === null) event = this.heap.pop()
    return event
  }
}

function deadlock(time: number): string {
  return (
    `deadlock: at ${time.toFixed(1)} ms everybody waits and nothing is scheduled. Look for a send on applyCh inside ` +
    'something that the reader of applyCh waits for, and for waiting that does not go through env.sleep or env.clock'
  )
}

function standstill(time: number): string {
  return (
    `time stands still: ${MAX_EVENTS_AT_ONE_INSTANT} events ran at ${time.toFixed(1)} ms. ` +
    'Look for a loop without a sleep, or with a sleep of 0 ms; 10 ms is a good pause'
  )
}

function storm(time: number): string {
  return `${MAX_EVENTS} events by ${time.toFixed(1)} ms: look for loops with a sleep of a fraction of a millisecond`
}

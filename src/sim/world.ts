/**
 * The world of a run: one line of events on virtual time. Whatever happens, happens as an event, earliest first, those
 * of one instant in the order in which they were scheduled. So a run is a function of what was put into it.
 */
import type { Cancel } from '../util/clock.ts'
import { EventHeap } from '../util/event-heap.ts'
import { type Hop, takeTurns } from '../util/hop.ts'
import type { Due, Host } from './host.ts'

/** The run cannot go on: nothing is scheduled any more, or time does not move. */
export class WorldError extends Error {
  override readonly name = 'WorldError'
  readonly code = 'ERR_QUORATE_SIM_WORLD'
}

/** A server that never lets time pass is stopped after so many events at one instant. */
const MAX_EVENTS_AT_ONE_INSTANT = 50_000

export class World {
  /** How many events have happened. */
  events = 0
  private readonly hop: Hop
  private readonly heap = new EventHeap<Due>()
  private time = 0
  private order = 0
  private eventsAtThisInstant = 0
  private verdict: { readonly error: Error } | null = null
  /** No run is still going on by then. */
  limitMs: number = Number.POSITIVE_INFINITY

  constructor(hop: Hop) {
    this.hop = hop
  }

  /** Milliseconds since the run began. */
  now(): number {
    return this.time
  }

  /** Something of the world's own happens: it reaches everybody, whoever is up. */
  schedule(delayMs: number, action: () => void): Cancel {
    return this.push(delayMs, null, -1, false, action)
  }

  /** Something comes to a process from outside: it waits while the process stands still, and reaches its next life as well. */
  scheduleArrival(delayMs: number, host: Host, action: () => void): Cancel {
    return this.push(delayMs, host, -1, false, action)
  }

  /** Something that a process has asked for, and that dies with it. */
  scheduleFor(delayMs: number, host: Host, isTimer: boolean, action: () => void): Cancel {
    return this.push(delayMs, host, host.life, isTimer, action)
  }

  /** The process does nothing until `resume`, and does not notice. */
  pause(host: Host): void {
    host.heldBack ??= []
  }

  /** It finds everything that has come meanwhile. Its timers come first, as they do in Node, then the rest in order. */
  resume(host: Host): void {
    const { heldBack } = host
    if (heldBack === null) return
    host.heldBack = null
    for (const isTimer of [true, false]) {
      for (const due of heldBack) if (due.isTimer === isTimer) this.again(due, 0)
    }
  }

  /** The timers of a process are due so much earlier: its clock has leapt. */
  hasten(host: Host, byMs: number): void {
    const timers = this.heap.takeOut((due) => due.host === host && due.isTimer && due.life === host.life)
    for (const due of timers.sort((one, other) => one.time - other.time || one.order - other.order)) {
      this.again(due, Math.max(due.time - this.time - byMs, 0))
    }
  }

  /** Ends the run: `run` rejects with this. Only the first one counts. */
  fail(error: Error): void {
    this.verdict ??= { error }
  }

  get hasFailed(): boolean {
    return this.verdict !== null
  }

  /** Lets things happen until `goal` settles. @throws WorldError; what `fail` was given; what `goal` rejects with */
  run<T>(goal: Promise<T>): Promise<T> {
    return takeTurns(this.hop, goal, () => this.next())
  }

  private next(): void {
    if (this.verdict !== null) throw this.verdict.error
    let due = this.heap.pop()
    while (due?.action === null) due = this.heap.pop()
    if (due === undefined) throw new WorldError(`at ${this.time.toFixed(1)} ms nothing is left that could happen`)
    const { host } = due
    if (host !== null) {
      if (due.life !== -1 && (due.life !== host.life || !host.isUp)) return
      if (host.heldBack !== null) {
        host.heldBack.push(due)
        return
      }
    }
    this.happen(due)
  }

  private happen(due: Due): void {
    if (due.time > this.time) this.eventsAtThisInstant = 0
    this.time = Math.max(this.time, due.time)
    if (this.time > this.limitMs) throw new WorldError(`the run has not come to an end by ${this.limitMs} ms`)
    this.events++
    if (++this.eventsAtThisInstant > MAX_EVENTS_AT_ONE_INSTANT) {
      throw new WorldError(`time stands still at ${this.time} ms: ${MAX_EVENTS_AT_ONE_INSTANT} events at one instant`)
    }
    const { action } = due
    due.action = null
    action?.()
  }

  private push(delayMs: number, host: Host | null, life: number, isTimer: boolean, action: () => void): Cancel {
    const due: Due = {
      time: this.time + Math.max(delayMs, 0),
      tie: 0,
      order: this.order++,
      action,
      host,
      life,
      isTimer,
    }
    this.heap.push(due)
    return () => {
      due.action = null
    }
  }

  /** The same event later or earlier; cancelling it goes on to work, because its action is asked for when it happens. */
  private again(due: Due, delayMs: number): void {
    const { host, life, isTimer } = due
    this.push(delayMs, host, life, isTimer, () => {
      const { action } = due
      due.action = null
      action?.()
    })
  }
}

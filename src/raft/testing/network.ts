/**
 * The network as a list: every message that was sent stays in flight until the test delivers or drops it. Links can be
 * cut in one direction, which is what real networks do when they fail by half.
 */
import type { ServerId } from '../entry.ts'
import type { Message, MessageType } from '../message.ts'

/** A message on its way. */
export interface Flight {
  readonly message: Message
  /** Passed over by `settle` until it is named. */
  isHeld: boolean
}

/** Which messages are meant; null means any. */
export interface Selector {
  readonly from: ServerId | null
  readonly to: ServerId | null
  readonly type: MessageType | null
  /** Of those that fit, only one, counted from 1; −1 is the newest; null means all. */
  readonly place: number | null
}

/** Every message there is. */
export const ANY: Selector = { from: null, to: null, type: null, place: null }

export class TestNetwork {
  /** Messages that were sent, lost ones as well. */
  sentCount = 0
  private flights: Flight[] = []
  private readonly cuts = new Set<string>()

  get inFlight(): readonly Flight[] {
    return this.flights
  }

  /** @returns false when the link is cut, and the message lost */
  send(message: Message): boolean {
    this.sentCount++
    if (this.cuts.has(link(message.from, message.to))) return false
    this.flights.push({ message, isHeld: false })
    return true
  }

  select({ from, to, type, place }: Selector): Flight[] {
    const fitting = this.flights.filter(
      ({ message }) =>
        (from === null || message.from === from) &&
        (to === null || message.to === to) &&
        (type === null || message.type === type),
    )
    return place === null ? fitting : fitting.slice(place < 0 ? place : place - 1).slice(0, 1)
  }

  /** The oldest message that nobody holds. */
  next(): Flight | undefined {
    return this.flights.find(({ isHeld }) => !isHeld)
  }

  /** It has arrived, or is lost. */
  remove(flight: Flight): void {
    this.flights = this.flights.filter((other) => other !== flight)
  }

  /** A second copy, sent just now. */
  duplicate(flight: Flight): void {
    this.flights.push({ message: flight.message, isHeld: false })
  }

  /** From now on nothing that `from` sends reaches `to`; what is in flight still does. */
  cut(from: ServerId, to: ServerId): void {
    this.cuts.add(link(from, to))
  }

  heal(from: ServerId, to: ServerId): void {
    this.cuts.delete(link(from, to))
  }

  healAll(): void {
    this.cuts.clear()
  }
}

function link(from: ServerId, to: ServerId): string {
  return `${from}→${to}`
}

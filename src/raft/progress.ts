/**
 * How far the leader thinks a follower is (Paper Figure 2, "Volatile state on leaders"), and how fast to send.
 *
 * ```
 *               the log is too short or conflicts
 *      ┌────────────────────────────────────────────┐
 *      ▼                                            │
 *   probe ── an append succeeded ──────────────▶ replicate
 *   one message at a time,                       many in flight, nextIndex runs ahead
 *   until one succeeds
 *      │ ▲
 *      │ └── snapshot installed, failed, or no word for too long
 *      ▼
 *   snapshot
 *   the entries it needs are compacted away: heartbeats only
 * ```
 */
import { assert } from '../util/assert.ts'
import { Deque } from '../util/deque.ts'
import type { Index, ServerId } from './entry.ts'

/**
 * How the leader sends to a follower.
 *
 * - `probe`: one message at a time, until it is known how far their logs agree.
 * - `replicate`: many messages in flight.
 * - `snapshot`: the entries that it needs are gone from the log; it is sent a snapshot.
 */
export type ProgressState = 'probe' | 'replicate' | 'snapshot'

interface Flight {
  readonly lastIndex: Index
  readonly bytes: number
}

export class Progress {
  readonly id: ServerId
  /** Echoed in every acknowledgement; one of another session is dropped. */
  readonly session: number
  state: ProgressState = 'probe'
  /** The next entry to send: a guess, 0 ≤ matchIndex < nextIndex. */
  nextIndex: Index
  /** The follower's log is known to agree up to here, durably: never falls within a session. */
  matchIndex: Index = 0
  /** In probe: a message is on its way and no other goes out until it is answered or a heartbeat is due. */
  probeSent = false
  /** In snapshot: the index of the snapshot that is on its way. */
  snapshotIndex: Index = 0
  /** When the snapshot is sent again if nothing was heard of it. */
  snapshotRetryAt = 0
  /** The highest commitIndex that was sent. */
  commitSent: Index = 0
  /** When something was last sent: a heartbeat is due an interval later. */
  lastSentAt: number
  /** When the follower was last heard: check-quorum asks. */
  lastHeardAt: number
  /** The highest ReadIndex round that it has confirmed (Thesis §6.4). */
  readRound = 0
  /** The highest round that was sent to it. */
  readRoundSent = 0
  /** A fetch from the disk is under way for it: nothing is sent until it is there. 0 for none. */
  fetchId = 0
  /** The round of catching up that is under way (Thesis §4.2.1): it ends when the follower has this entry. */
  roundEnd: Index
  roundStartedAt: number
  /** How long the last whole round took; Infinity before the first has ended. */
  lastRoundMs: number = Number.POSITIVE_INFINITY
  /** When a follower that was removed is forgotten, whether it knows that or not; null for members. */
  departsAt: number | null = null
  private readonly flights = new Deque<Flight>()
  private flightBytes = 0

  constructor(id: ServerId, session: number, nextIndex: Index, now: number) {
    this.id = id
    this.session = session
    this.nextIndex = nextIndex
    this.lastSentAt = now
    this.lastHeardAt = now
    this.roundEnd = nextIndex - 1
    this.roundStartedAt = now
  }

  get inFlightBytes(): number {
    return this.flightBytes
  }

  get inFlightMessages(): number {
    return this.flights.length
  }

  becomeProbe(): void {
    this.state = 'probe'
    this.nextIndex = this.matchIndex + 1
    this.probeSent = false
    this.snapshotIndex = 0
    this.landAll()
  }

  /** An append succeeded: the logs agree up to `nextIndex` − 1. */
  becomeReplicate(nextIndex: Index): void {
    assert(nextIndex > this.matchIndex, `${this.id}: nextIndex ${nextIndex} ≤ matchIndex ${this.matchIndex}`)
    this.state = 'replicate'
    this.nextIndex = nextIndex
    this.snapshotIndex = 0
    this.landAll()
  }

  becomeSnapshot(snapshotIndex: Index, retryAt: number): void {
    this.state = 'snapshot'
    this.snapshotIndex = snapshotIndex
    this.snapshotRetryAt = retryAt
    this.landAll()
  }

  /** True while no more entries may be sent: the window is full, or an answer has to come first. */
  isPaused(maxMessages: number, maxBytes: number): boolean {
    if (this.fetchId !== 0) return true
    if (this.state === 'probe') return this.probeSent
    if (this.state === 'snapshot') return true
    return this.flights.length >= maxMessages || this.flightBytes >= maxBytes
  }

  /** Entries up to `lastIndex` have been sent. */
  sentEntries(lastIndex: Index, bytes: number): void {
    if (this.state === 'replicate') {
      this.nextIndex = lastIndex + 1
      this.flights.push({ lastIndex, bytes })
      this.flightBytes += bytes
    } else {
      this.probeSent = true
    }
  }

  /** The follower has everything up to `index`. @returns false when that was known already */
  acknowledged(index: Index): boolean {
    if (index <= this.matchIndex) return false
    this.matchIndex = index
    this.nextIndex = Math.max(this.nextIndex, index + 1)
    while (this.flights.length > 0 && (this.flights.first() as Flight).lastIndex <= index) {
      this.flightBytes -= (this.flights.shift() as Flight).bytes
    }
    assert(this.nextIndex > this.matchIndex, `${this.id}: nextIndex ${this.nextIndex} ≤ matchIndex ${this.matchIndex}`)
    return true
  }

  /** For the canonical state: last index and bytes of each message in flight. */
  exportFlights(): number[] {
    const numbers: number[] = []
    for (let i = 0; i < this.flights.length; i++) {
      const { lastIndex, bytes } = this.flights.at(i) as Flight
      numbers.push(lastIndex, bytes)
    }
    return numbers
  }

  importFlights(numbers: readonly number[]): void {
    this.landAll()
    for (let i = 0; i < numbers.length; i += 2) {
      const flight = { lastIndex: numbers[i] as number, bytes: numbers[i + 1] as number }
      this.flights.push(flight)
      this.flightBytes += flight.bytes
    }
  }

  private landAll(): void {
    this.flights.clear()
    this.flightBytes = 0
  }
}

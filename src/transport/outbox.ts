/**
 * What waits to be written to one connection, bounded in bytes and in frames. Each group has a lane of its own here, and
 * the lanes take turns: a heartbeat waits for one round, not behind the 4 MiB that another group has put in before it.
 * Within a lane the order is that of sending.
 *
 * When it is full, the newest is dropped, not the oldest: appends are sent one behind the other, and without the first of
 * them the later ones are of no use to the follower. The leader notices the gap by the follower's refusal and sends
 * again. It is the newest of whoever has most here. When sixteen groups catch up on one slow follower, 4 MiB each, the
 * box is full whenever the thousand others send their heartbeats: dropping these would cost a thousand elections, though
 * none of the thousand had anything to do with it.
 */
import { Deque } from '../util/deque.ts'
import type { Counters } from './counters.ts'
import type { OutgoingFrame } from './frame.ts'

/** Somebody who wants to know what becomes of a frame. */
export interface Fate {
  /** The frame is about to be written. False: it is no longer wanted, leave it out. */
  take(): boolean
  /** The frame was not written and never will be. */
  drop(): void
}

interface Waiting {
  readonly frame: OutgoingFrame
  readonly fate: Fate | null
}

/** How much of one lane leaves before it is the next one's turn. */
const TURN_BYTES = 64 * 1024

/** What waits of one group. */
class Lane {
  readonly waiting = new Deque<Waiting>(2)
  bytes = 0
  /** Waits for its turn, and may have lost meanwhile what it had. */
  isInLine = false
}

export class Outbox {
  private readonly maxBytes: number
  private readonly maxMessages: number
  private readonly counters: Counters
  /** By slot. */
  private readonly lanes: (Lane | undefined)[] = []
  /** Those that have something, the next one first. */
  private readonly line = new Deque<Lane>()
  private bytes = 0
  private count = 0
  /** The lane with most in it, as far as known; looked for again when it is no longer certain. */
  private largest = new Lane()
  private isLargestCertain = true

  constructor(maxBytes: number, maxMessages: number, counters: Counters) {
    this.maxBytes = maxBytes
    this.maxMessages = maxMessages
    this.counters = counters
  }

  get sizeBytes(): number {
    return this.bytes
  }

  get length(): number {
    return this.count
  }

  /** @returns false when there was no room: the frame is dropped, and its fate told so */
  push(frame: OutgoingFrame, fate: Fate | null = null): boolean {
    const lane = this.laneOf(frame.slot)
    // A frame of any size may pass an empty box: it was checked against the frame limit already.
    if (this.count > 0 && !this.makeRoom(lane, frame)) {
      this.counters.framesDropped++
      fate?.drop()
      return false
    }
    lane.waiting.push({ frame, fate })
    this.account(lane, frame.sizeBytes, 1)
    if (this.weight(lane) > this.weight(this.largest)) this.largest = lane
    if (!lane.isInLine) {
      lane.isInLine = true
      this.line.push(lane)
    }
    return true
  }

  /**
   * Takes out frames until `enoughBytes` is reached, of each lane the oldest first, and returns their pieces in order.
   * `announce` may give a frame that must come before the first one of a slot.
   */
  take(enoughBytes: number, announce: (slot: number) => OutgoingFrame | null = () => null): Uint8Array[] {
    const pieces: Uint8Array[] = []
    let left = enoughBytes
    while (left > 0) {
      const lane = this.line.shift()
      if (lane === undefined) break
      left -= this.takeTurn(lane, Math.min(left, TURN_BYTES), pieces, announce)
      lane.isInLine = lane.waiting.length > 0
      if (lane.isInLine) this.line.push(lane)
    }
    this.isLargestCertain = false
    return pieces
  }

  /** Drops everything: who comes back after a pause is not helped by the heartbeats of a minute ago. */
  clear(): void {
    for (let lane = this.line.shift(); lane !== undefined; lane = this.line.shift()) {
      lane.isInLine = false
      while (lane.waiting.length > 0) this.drop(lane, lane.waiting.shift())
    }
  }

  private laneOf(slot: number): Lane {
    const known = this.lanes[slot]
    if (known !== undefined) return known
    const lane = new Lane()
    this.lanes[slot] = lane
    return lane
  }

  /** @returns how many bytes it took */
  private takeTurn(
    lane: Lane,
    enoughBytes: number,
    pieces: Uint8Array[],
    announce: (slot: number) => OutgoingFrame | null,
  ): number {
    let taken = 0
    while (taken < enoughBytes) {
      const next = lane.waiting.shift()
      if (next === undefined) break
      this.account(lane, -next.frame.sizeBytes, -1)
      if (next.fate !== null && !next.fate.take()) continue
      this.counters.framesOut++
      const announcement = announce(next.frame.slot)
      if (announcement !== null) pieces.push(...announcement.pieces)
      for (const piece of next.frame.pieces) pieces.push(piece)
      taken += next.frame.sizeBytes
    }
    return taken
  }

  /** Drops of whoever would have more than this lane with the frame, until it fits; false when nobody would. */
  private makeRoom(lane: Lane, { sizeBytes }: OutgoingFrame): boolean {
    const weight = this.weight(lane) + this.share(sizeBytes, 1)
    while (this.bytes + sizeBytes > this.maxBytes || this.count >= this.maxMessages) {
      if (this.weight(this.largest) <= weight && !this.isLargestCertain) this.findLargest()
      if (this.weight(this.largest) <= weight) return false
      this.drop(this.largest, this.largest.waiting.pop())
      this.isLargestCertain = false
    }
    return true
  }

  private findLargest(): void {
    for (let place = 0; place < this.line.length; place++) {
      const lane = this.line.at(place) as Lane
      if (this.weight(lane) > this.weight(this.largest)) this.largest = lane
    }
    this.isLargestCertain = true
  }

  private drop(lane: Lane, dropped: Waiting | undefined): void {
    if (dropped === undefined) return
    this.account(lane, -dropped.frame.sizeBytes, -1)
    this.counters.framesDropped++
    dropped.fate?.drop()
  }

  private account(lane: Lane, bytes: number, frames: number): void {
    lane.bytes += bytes
    this.bytes += bytes
    this.count += frames
  }

  private weight(lane: Lane): number {
    return this.share(lane.bytes, lane.waiting.length)
  }

  /** Of the box, by whichever bound is nearer. */
  private share(bytes: number, frames: number): number {
    return bytes / this.maxBytes + frames / this.maxMessages
  }
}

/** Pieces below this size are copied together: a write of many small pieces costs more than the copy. */
const SMALL_PIECE_BYTES = 16 * 1024

/** The same bytes in fewer pieces: runs of small ones joined, large ones as they are. */
export function joinSmall(pieces: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = []
  let first = 0
  while (first < pieces.length) {
    let end = first
    let size = 0
    while (end < pieces.length && (pieces[end] as Uint8Array).length < SMALL_PIECE_BYTES) {
      size += (pieces[end] as Uint8Array).length
      end++
    }
    if (end - first <= 1) joined.push(pieces[first] as Uint8Array)
    else joined.push(join(pieces, first, end, size))
    first = Math.max(end, first + 1)
  }
  return joined
}

function join(pieces: readonly Uint8Array[], first: number, end: number, size: number): Uint8Array {
  const whole = new Uint8Array(size)
  let offset = 0
  for (let i = first; i < end; i++) {
    const piece = pieces[i] as Uint8Array
    whole.set(piece, offset)
    offset += piece.length
  }
  return whole
}

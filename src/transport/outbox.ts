/**
 * What waits to be written to one connection, bounded in bytes and in frames. When it is full, the newest is dropped,
 * not the oldest: appends are sent one behind the other, and without the first of them the later ones are of no use
 * to the follower. The leader notices the gap by the follower's refusal and sends again.
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

export class Outbox {
  private readonly maxBytes: number
  private readonly maxMessages: number
  private readonly counters: Counters
  private readonly waiting = new Deque<Waiting>()
  private bytes = 0

  constructor(maxBytes: number, maxMessages: number, counters: Counters) {
    this.maxBytes = maxBytes
    this.maxMessages = maxMessages
    this.counters = counters
  }

  get sizeBytes(): number {
    return this.bytes
  }

  get length(): number {
    return this.waiting.length
  }

  /** @returns false when there was no room: the frame is dropped, and its fate told so */
  push(frame: OutgoingFrame, fate: Fate | null = null): boolean {
    const fits = this.bytes + frame.sizeBytes <= this.maxBytes && this.waiting.length < this.maxMessages
    // A frame of any size may pass an empty box: it was checked against the frame limit already.
    if (fits || this.waiting.length === 0) {
      this.waiting.push({ frame, fate })
      this.bytes += frame.sizeBytes
      return true
    }
    this.counters.framesDropped++
    fate?.drop()
    return false
  }

  /** Takes out frames, oldest first, until `enoughBytes` is reached, and returns their pieces in order. */
  take(enoughBytes: number): Uint8Array[] {
    const pieces: Uint8Array[] = []
    let taken = 0
    while (taken < enoughBytes) {
      const next = this.waiting.shift()
      if (next === undefined) break
      this.bytes -= next.frame.sizeBytes
      if (next.fate !== null && !next.fate.take()) continue
      this.counters.framesOut++
      for (const piece of next.frame.pieces) pieces.push(piece)
      taken += next.frame.sizeBytes
    }
    return pieces
  }

  /** Drops everything: who comes back after a pause is not helped by the heartbeats of a minute ago. */
  clear(): void {
    this.counters.framesDropped += this.waiting.length
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) next.fate?.drop()
    this.bytes = 0
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

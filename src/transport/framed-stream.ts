/**
 * A stream of bytes as a stream of frames. Who may say what changes as a connection goes on (first a hello, then
 * messages or a snapshot), so what is done with a frame is a role, and `become` changes it between two frames.
 */
import { type CloseReason, type Counters, reasonOfLoss } from './counters.ts'
import { bodyLimit, type Frame, FrameReader, type FrameType, type OutgoingFrame } from './frame.ts'
import { FrameDeadline } from './frame-deadline.ts'
import type { ByteStream } from './network.ts'
import { Slots } from './slots.ts'
import { TransportError } from './transport.ts'
import type { Wiring } from './wiring.ts'

export interface Role {
  /** Frames of other types end the connection, before memory is taken for them. */
  readonly accepts: readonly FrameType[]
  /** Takes a frame whose slot is known; returns null, or in words why the connection must end. */
  onFrame(frame: Frame): string | null
  /** Bytes arrived, or left after the stream had been full: the other end is alive. */
  onSign(): void
  /** The stream takes more again, after `write` returned false. */
  onDrain(): void
  /** The connection is over, by the network or by a bad frame. Not called after our own `close`. */
  onClose(error: TransportError): void
}

export class FramedStream {
  readonly remote: string
  readonly slots: Slots
  private readonly stream: ByteStream
  private readonly counters: Counters
  private readonly deadline: FrameDeadline
  private readonly reader: FrameReader
  private role: Role
  private closed = false
  private sawBadSlot = false

  constructor({ limits, clock, counters, groups }: Wiring, stream: ByteStream, role: Role) {
    this.remote = stream.remote
    this.slots = new Slots(groups, limits.maxGroups)
    this.stream = stream
    this.counters = counters
    this.deadline = new FrameDeadline(clock, limits.frameTimeoutMs, (words) =>
      this.end(new TransportError('ERR_QUORATE_CONNECTION_LOST', words), 'frameTimeout'),
    )
    this.role = role
    this.reader = new FrameReader((type) =>
      this.role.accepts.includes(type) ? bodyLimit(type, limits.maxFrameBytes) : -1,
    )
    stream.open({
      onData: (chunk) => this.onData(chunk),
      onDrain: () => this.onDrain(),
      onClose: (error) => this.end(error, reasonOfLoss(error)),
    })
  }

  /** What the other end has proved to be; null where nothing is proved. Asked once a frame has arrived. */
  get peerNames(): readonly string[] | null {
    return this.stream.peerNames
  }

  /** From the next frame on, `role` is asked. */
  become(role: Role): void {
    this.role = role
  }

  /** @returns false when much is buffered already: wait for the role's `onDrain` */
  write(pieces: readonly Uint8Array[]): boolean {
    if (this.closed) return true
    for (const { length } of pieces) this.counters.bytesOut += length
    return this.stream.write(pieces)
  }

  send(frame: OutgoingFrame): boolean {
    const announcement = this.announcementFor(frame.slot)
    this.counters.framesOut++
    return this.write(announcement === null ? frame.pieces : [...announcement.pieces, ...frame.pieces])
  }

  /** What must be written before a frame with this slot; for whoever writes frames without `send`. */
  announcementFor(slot: number): OutgoingFrame | null {
    const announcement = this.slots.announcementFor(slot)
    if (announcement !== null) this.counters.framesOut++
    return announcement
  }

  /** Hangs up. Only the first reason counts. */
  close(reason: CloseReason): void {
    if (this.closed) return
    this.closed = true
    this.counters.closed[reason]++
    this.deadline.stop()
    this.stream.close()
  }

  private onData(chunk: Uint8Array): void {
    if (this.closed) return
    this.role.onSign()
    const framesBefore = this.counters.framesIn
    this.counters.bytesIn += chunk.length
    const trouble = this.reader.push(chunk, (frame) => this.onFrame(frame))
    if (trouble === null) {
      this.deadline.note(chunk.length, this.counters.framesIn > framesBefore, this.reader.isWithinFrame)
      return
    }
    const reason = this.reader.sawUnknownType ? 'unknownFrame' : this.sawBadSlot ? 'badSlot' : 'badFrame'
    this.end(new TransportError('ERR_QUORATE_BAD_FRAME', trouble), reason)
  }

  private onFrame(frame: Frame): string | null {
    if (this.closed) return 'closed'
    this.counters.framesIn++
    const badSlot = frame.type === 'Group' ? this.slots.hear(frame) : this.slots.check(frame)
    this.sawBadSlot = badSlot !== null
    if (badSlot !== null || frame.type === 'Group') return badSlot
    return this.role.onFrame(frame)
  }

  private onDrain(): void {
    if (this.closed) return
    this.role.onSign()
    this.role.onDrain()
  }

  private end(error: TransportError, reason: CloseReason): void {
    if (this.closed) return
    this.close(reason)
    this.role.onClose(error)
  }
}

/**
 * Takes one snapshot in. Pieces are written one at a time and acknowledged when the sink has them; what arrives faster
 * waits here, never more than the window that the sender may fill.
 */
import type { ServerId } from '../raft/entry.ts'
import { Deque } from '../util/deque.ts'
import { type Frame, type FrameType, SNAPSHOT_CHUNK_BYTES } from './frame.ts'
import type { FramedStream, Role } from './framed-stream.ts'
import type { Group } from './groups.ts'
import { KeepAlive } from './keep-alive.ts'
import {
  chunkOf,
  decodeOffer,
  encodeBare,
  encodeOffset,
  encodeSnapshotRefusal,
  type OfferedSnapshot,
  offsetOf,
} from './snapshot-frames.ts'
import { type SnapshotSink, TransportError } from './transport.ts'
import { reportTrouble, type Wiring } from './wiring.ts'

/** The largest window that a sender may be configured to use. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024

export class SnapshotReceiver implements Role {
  readonly accepts: readonly FrameType[] = ['Group', 'SnapshotOffer', 'SnapshotChunk', 'Ping']
  private readonly wiring: Wiring
  private readonly framed: FramedStream
  private readonly from: ServerId
  private readonly onEnd: () => void
  private readonly keepAlive: KeepAlive
  private readonly waiting = new Deque<Uint8Array>()
  private offered: OfferedSnapshot | null = null
  private group: Group | null = null
  private sink: SnapshotSink | null = null
  /** The end of what has arrived. */
  private received = 0
  /** The end of what the sink has. */
  private written = 0
  private writing = false
  /** We said no; the pieces that were on their way are of no interest. */
  private refused = false
  private over = false

  /** `onEnd` is called once, however it ends, unless `stop` was. */
  constructor(wiring: Wiring, framed: FramedStream, from: ServerId, onEnd: () => void) {
    this.wiring = wiring
    this.framed = framed
    this.from = from
    this.onEnd = onEnd
    this.keepAlive = new KeepAlive(wiring.clock, wiring.limits, null, (reason) => this.onSilence(reason))
    framed.become(this)
  }

  /** True when the snapshot is offered to this group. */
  isFor(group: Group): boolean {
    return this.group === group
  }

  /** Hangs up. A sink that is at work is told when it is done with its piece. */
  stop(): void {
    if (this.over) return
    this.over = true
    this.keepAlive.stop()
    this.framed.close('ended')
    this.waiting.clear()
    if (!this.writing) this.interruptSink()
  }

  onFrame(frame: Frame): string | null {
    if (frame.type === 'SnapshotOffer') return this.handleOffer(frame)
    if (frame.type === 'SnapshotChunk') return this.handleChunk(frame)
    this.framed.send(encodeBare('Pong'))
    return null
  }

  onSign(): void {
    this.keepAlive.sign()
  }

  onDrain(): void {}

  onClose(error: TransportError): void {
    if (this.over) return
    this.stop()
    if (error.code === 'ERR_QUORATE_BAD_FRAME') reportTrouble(this.wiring, this.from, error)
    this.onEnd()
  }

  private onSilence(words: string): void {
    this.framed.close('idle')
    this.onClose(new TransportError('ERR_QUORATE_CONNECTION_LOST', words))
  }

  private handleOffer(frame: Frame): string | null {
    if (this.offered !== null) return 'a second SnapshotOffer'
    const offered = decodeOffer(frame, { from: this.from, to: this.wiring.self.id })
    if (typeof offered === 'string') return offered
    this.offered = offered
    this.group = this.framed.slots.groupAt(frame.slot)
    const handlers = this.group?.handlers ?? null
    if (handlers === null) {
      this.wiring.counters.framesWithoutGroup++
      this.refuse(new Error(`group '${this.framed.slots.nameAt(frame.slot)}' does not run here`))
      return null
    }
    const { message, offer } = offered
    handlers.onSnapshot(message, offer).then(
      (sink) => this.begin(sink, offer.sizeBytes),
      (error: unknown) => this.refuse(error),
    )
    return null
  }

  private begin(sink: SnapshotSink, sizeBytes: number): void {
    if (this.over) {
      sink.interrupt()
      return
    }
    if (sink.offset < 0 || sink.offset > sizeBytes) {
      sink.interrupt()
      this.refuse(new Error(`${sink.offset} bytes are there of a snapshot of ${sizeBytes}`))
      return
    }
    this.sink = sink
    this.received = this.written = sink.offset
    this.framed.send(encodeOffset('SnapshotResume', sink.offset))
    void this.drain(sink, sizeBytes)
  }

  private handleChunk(frame: Frame): string | null {
    const offset = offsetOf(frame)
    const chunk = chunkOf(frame)
    if (this.refused) return null
    if (this.sink === null || this.offered === null) return 'SnapshotChunk before the SnapshotResume'
    const { sizeBytes } = this.offered.offer
    if (offset !== this.received || chunk.length === 0 || chunk.length > SNAPSHOT_CHUNK_BYTES)
      return `SnapshotChunk of ${chunk.length} bytes at ${offset}, expected at ${this.received}`
    if (this.received + chunk.length > sizeBytes) return `SnapshotChunk beyond the end at ${sizeBytes}`
    if (this.received - this.written > MAX_WAITING_BYTES)
      return `more than ${MAX_WAITING_BYTES} bytes ahead of the disk`
    this.received += chunk.length
    this.waiting.push(chunk)
    void this.drain(this.sink, sizeBytes)
    return null
  }

  /** Writes what waits, one piece at a time; after the last one, finishes. */
  private async drain(sink: SnapshotSink, sizeBytes: number): Promise<void> {
    if (this.writing) return
    this.writing = true
    try {
      for (let chunk = this.waiting.shift(); chunk !== undefined; chunk = this.waiting.shift()) {
        await sink.write(chunk)
        this.written += chunk.length
        if (!this.over) this.framed.send(encodeOffset('SnapshotAck', this.written))
      }
      if (this.written === sizeBytes && !this.over) await this.finish(sink)
    } catch (error) {
      this.sink = null
      this.refuse(error)
    }
    this.writing = false
    if (this.over) this.interruptSink()
  }

  private async finish(sink: SnapshotSink): Promise<void> {
    this.sink = null
    await sink.finish()
    if (!this.over) this.framed.send(encodeBare('SnapshotDone'))
  }

  /** The sender hears why and hangs up. */
  private refuse(error: unknown): void {
    this.refused = true
    this.waiting.clear()
    if (!this.over) this.framed.send(encodeSnapshotRefusal(error instanceof Error ? error.message : 'refused'))
  }

  private interruptSink(): void {
    this.sink?.interrupt()
    this.sink = null
  }
}

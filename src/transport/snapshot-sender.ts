/**
 * Brings one snapshot over, on a connection of its own, so that no heartbeat queues behind a gigabyte. At most a window
 * of bytes is under way unacknowledged: a receiver with a slow disk slows the reading of the snapshot, and nothing piles
 * up in between. A connection that breaks costs what was in the window; the next attempt starts behind the rest.
 */
import type { InstallSnapshot } from '../raft/message.ts'
import { type Frame, type FrameType, SNAPSHOT_CHUNK_BYTES } from './frame.ts'
import type { FramedStream, Role } from './framed-stream.ts'
import { greet } from './greeting.ts'
import { KeepAlive } from './keep-alive.ts'
import { encodeBare, encodeChunk, encodeOffer, offsetOf, reasonOf } from './snapshot-frames.ts'
import { type SnapshotSource, TransportError } from './transport.ts'
import type { Wiring } from './wiring.ts'

/** One attempt to bring a snapshot over; `done` settles when it ended, one way or the other. */
export class SnapshotSender implements Role {
  readonly accepts: readonly FrameType[] = ['SnapshotResume', 'SnapshotAck', 'SnapshotDone', 'SnapshotRefusal', 'Pong']
  private readonly wiring: Wiring
  private readonly message: InstallSnapshot
  private readonly source: SnapshotSource
  /** Our number for the group whose snapshot it is. */
  readonly slot: number
  private framed: FramedStream | null = null
  private keepAlive: KeepAlive | null = null
  private callOff: () => void = () => {}
  private error: TransportError | null = null
  /** Where the receiver wants us to begin; null until it said so. */
  private resumedAt: number | null = null
  private sent = 0
  private acknowledged = 0
  private finished = false
  /** Continues `send`, which waits for one of the fields above to change. */
  private wake: () => void = () => {}

  constructor(wiring: Wiring, message: InstallSnapshot, source: SnapshotSource, slot: number) {
    this.wiring = wiring
    this.message = message
    this.source = source
    this.slot = slot
  }

  /** @throws TransportError as `Transport.sendSnapshot` says */
  async send(address: string): Promise<void> {
    try {
      await this.connect(address)
      await this.until(() => this.resumedAt !== null)
      await this.sendChunks()
      await this.until(() => this.finished)
    } finally {
      this.keepAlive?.stop()
      this.callOff()
      this.framed?.close('ended')
    }
  }

  /** Gives up. */
  stop(error: TransportError): void {
    this.error ??= error
    this.wake()
  }

  onFrame(frame: Frame): string | null {
    const offset = offsetOf(frame)
    switch (frame.type) {
      case 'Pong':
        return null
      case 'SnapshotResume':
        if (offset === null || offset > this.source.sizeBytes || this.resumedAt !== null) return 'a bad SnapshotResume'
        this.resumedAt = this.sent = this.acknowledged = offset
        break
      case 'SnapshotAck':
        if (offset === null || offset < this.acknowledged || offset > this.sent) return 'a bad SnapshotAck'
        this.acknowledged = offset
        break
      case 'SnapshotDone':
        if (this.sent < this.source.sizeBytes || this.resumedAt === null) return 'SnapshotDone before the end'
        this.finished = true
        break
      default:
        this.error ??= new TransportError(
          'ERR_QUORATE_SNAPSHOT_REFUSED',
          `'${this.message.to}' refused the snapshot: ${reasonOf(frame)}`,
        )
    }
    this.wake()
    return null
  }

  onSign(): void {
    this.keepAlive?.sign()
  }

  onDrain(): void {}

  onClose(error: TransportError): void {
    this.stop(this.interrupted(error.message))
  }

  private async connect(address: string): Promise<void> {
    const { network, limits, counters } = this.wiring
    const to = this.message.to
    counters.dials++
    const stream = await network.connect(address, limits.connectTimeoutMs).catch((error: unknown) => {
      counters.dialsFailed++
      throw this.interrupted(error instanceof Error ? error.message : 'connecting failed')
    })
    if (this.error !== null) {
      stream.close()
      throw this.error
    }
    this.callOff = greet(this.wiring, stream, to, 'snapshot', {
      onGreeted: (framed) => this.open(framed),
      onFailed: (error) => this.stop(this.interrupted(error.message)),
    })
    await this.until(() => this.framed !== null)
  }

  private open(framed: FramedStream): void {
    const { clock, limits } = this.wiring
    this.framed = framed
    framed.become(this)
    const ping = (): void => void framed.send(encodeBare('Ping'))
    this.keepAlive = new KeepAlive(clock, limits, ping, (words) => {
      framed.close('idle')
      this.stop(this.interrupted(words))
    })
    framed.send(encodeOffer({ message: this.message, offer: this.source }, this.slot))
    this.wake()
  }

  private async sendChunks(): Promise<void> {
    const { clock, limits } = this.wiring
    const startedAt = clock.now()
    const firstByte = this.sent
    if (firstByte === this.source.sizeBytes) return
    for await (const piece of this.source.read(firstByte)) {
      for (let from = 0; from < piece.length; from += SNAPSHOT_CHUNK_BYTES) {
        const chunk = piece.subarray(from, from + SNAPSHOT_CHUNK_BYTES)
        await this.until(() => this.sent - this.acknowledged < limits.snapshotWindowBytes)
        this.sendChunk(chunk)
        const dueAt = startedAt + ((this.sent - firstByte) / limits.snapshotBytesPerSecond) * 1000
        if (dueAt > clock.now()) await this.sleep(dueAt - clock.now())
      }
    }
    if (this.sent !== this.source.sizeBytes)
      throw this.interrupted(`its source ended at ${this.sent} of ${this.source.sizeBytes} bytes`)
  }

  private sendChunk(chunk: Uint8Array): void {
    if (this.sent + chunk.length > this.source.sizeBytes)
      throw this.interrupted(`its source has more than the ${this.source.sizeBytes} bytes that it promised`)
    const frame = encodeChunk(this.sent, chunk)
    this.sent += chunk.length
    this.framed?.send(frame)
  }

  /** Returns when `condition` holds; throws when the attempt has failed. */
  private async until(condition: () => boolean): Promise<void> {
    while (this.error === null && !condition()) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    if (this.error !== null) throw this.error
  }

  private async sleep(delayMs: number): Promise<void> {
    let over = false
    const cancel = this.wiring.clock.schedule(delayMs, () => {
      over = true
      this.wake()
    })
    try {
      await this.until(() => over)
    } finally {
      cancel()
    }
  }

  private interrupted(reason: string): TransportError {
    const { to, lastIncludedIndex } = this.message
    const progress = `${this.acknowledged} of ${this.source.sizeBytes} bytes`
    const message = `snapshot ${lastIncludedIndex} to '${to}' ended after ${progress}: ${reason}`
    return new TransportError('ERR_QUORATE_SNAPSHOT_INTERRUPTED', message)
  }
}

/**
 * A stream of bytes as a stream of frames. Who may say what changes as a connection goes on (first a hello, then
 * messages or a snapshot), so what is done with a frame is a role, and `become` changes it between two frames.
 */
import { bodyLimit, type Frame, FrameReader, type FrameType, type OutgoingFrame } from './frame.ts'
import type { ByteStream } from './network.ts'
import { TransportError } from './transport.ts'

export interface Role {
  /** Frames of other types end the connection, before memory is taken for them. */
  readonly accepts: readonly FrameType[]
  /** Takes a frame; returns null, or in words why the connection must end. */
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
  private readonly stream: ByteStream
  private readonly reader: FrameReader
  private role: Role
  private closed = false

  constructor(stream: ByteStream, maxFrameBytes: number, role: Role) {
    this.remote = stream.remote
    this.stream = stream
    this.role = role
    this.reader = new FrameReader((type) => (this.role.accepts.includes(type) ? bodyLimit(type, maxFrameBytes) : -1))
    stream.open({
      onData: (chunk) => this.onData(chunk),
      onDrain: () => this.onDrain(),
      onClose: (reason) => this.end(new TransportError('ERR_QUORATE_CONNECTION_LOST', reason)),
    })
  }

  /** From the next frame on, `role` is asked. */
  become(role: Role): void {
    this.role = role
  }

  /** @returns false when much is buffered already: wait for the role's `onDrain` */
  write(pieces: readonly Uint8Array[]): boolean {
    return this.closed || this.stream.write(pieces)
  }

  send(frame: OutgoingFrame): boolean {
    return this.write(frame.pieces)
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.stream.close()
  }

  private onData(chunk: Uint8Array): void {
    if (this.closed) return
    this.role.onSign()
    const trouble = this.reader.push(chunk, (frame) => (this.closed ? 'closed' : this.role.onFrame(frame)))
    if (trouble !== null) this.end(new TransportError('ERR_QUORATE_BAD_FRAME', trouble))
  }

  private onDrain(): void {
    if (this.closed) return
    this.role.onSign()
    this.role.onDrain()
  }

  private end(error: TransportError): void {
    if (this.closed) return
    this.close()
    this.role.onClose(error)
  }
}

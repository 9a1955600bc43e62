/**
 * A ByteStream over one of Node's sockets, plain or TLS. The socket has its handlers from the moment it is wrapped, so
 * nothing that the other end does reaches the process as an uncaught error.
 */
import type { Socket } from 'node:net'
import type { ByteStream, ByteStreamHandlers } from '../transport/network.ts'
import type { TransportError } from '../transport/transport.ts'
import { formatAddress } from './socket-address.ts'

/** What Node may hold for a socket before the channel is asked to wait. */
export const HIGH_WATER_BYTES: number = 1024 * 1024

/** What differs between plain TCP and TLS. */
export interface SocketKind {
  /** What the other end has proved; null where nothing is proved. */
  readonly peerNames: readonly string[] | null
  /** In words, why the first bytes cannot be what we speak; null when they can. */
  faultOf(firstBytes: Uint8Array): string | null
  /** Why a socket ended. `error` is null when the other end just hung up; `isHeard` is false when it had said nothing at all. */
  explain(error: Error | null, isHeard: boolean): TransportError
}

export class SocketStream implements ByteStream {
  readonly remote: string
  readonly peerNames: readonly string[] | null
  private readonly socket: Socket
  private readonly kind: SocketKind
  private handlers: ByteStreamHandlers | null = null
  private error: Error | null = null
  private isHeard = false
  private closed = false

  constructor(socket: Socket, kind: SocketKind) {
    this.socket = socket
    this.kind = kind
    this.peerNames = kind.peerNames
    this.remote = formatAddress(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0)
    socket.on('error', (error) => {
      this.error ??= error
    })
    socket.on('close', () => this.onSocketClosed())
    // The other end has nothing more to say; a connection with one direction is of no use to us.
    socket.on('end', () => socket.destroy())
  }

  open(handlers: ByteStreamHandlers): void {
    this.handlers = handlers
    if (this.socket.destroyed) {
      setImmediate(() => this.onSocketClosed())
      return
    }
    this.socket.on('data', (chunk) => this.onData(chunk as Uint8Array, handlers))
    this.socket.on('drain', () => handlers.onDrain())
  }

  write(pieces: readonly Uint8Array[]): boolean {
    if (this.closed || this.socket.destroyed) return true
    this.socket.cork()
    for (const piece of pieces) this.socket.write(piece)
    this.socket.uncork()
    return !this.socket.writableNeedDrain
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    // A refusal that was just written should still arrive; but who does not read it must not keep the socket.
    this.socket.end()
    setImmediate(() => this.socket.destroy())
  }

  private onData(chunk: Uint8Array, handlers: ByteStreamHandlers): void {
    const fault = this.isHeard ? null : this.kind.faultOf(chunk)
    this.isHeard = true
    if (fault === null) handlers.onData(chunk)
    else this.socket.destroy(new Error(fault))
  }

  private onSocketClosed(): void {
    if (this.closed) return
    this.closed = true
    this.handlers?.onClose(this.kind.explain(this.error, this.isHeard))
  }
}

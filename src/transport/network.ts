/**
 * What the transport needs of the world below it: somebody who connects and listens, and streams of bytes. TCP stands
 * behind it in production, plain or under TLS (`io/`); tests put memory there. Nothing here knows of frames.
 */
import type { TransportError } from './transport.ts'

/** Makes streams of bytes: TCP behind `startNode`, memory in tests. */
export interface Network {
  /**
   * Rejects, with words for the operator, when nobody answers at `address` within `timeoutMs`. A TransportError's code
   * is kept; any other error counts as ERR_QUORATE_UNREACHABLE.
   */
  connect(address: string, timeoutMs: number): Promise<ByteStream>

  /**
   * Hands every caller over at once, before any handshake of the network's own: the hello's deadline and the limits on
   * callers hold from the first packet on.
   *
   * @throws TransportError ERR_QUORATE_ADDRESS_IN_USE, ERR_QUORATE_ADDRESS_INVALID or ERR_QUORATE_PLAINTEXT_REFUSED
   */
  listen(address: string, accept: (stream: ByteStream) => void): Promise<Listener>
}

/** Something that others can connect to. */
export interface Listener {
  /** Where it really listens: with port 0, the port that the system chose. */
  readonly address: string
  /** Accepts nobody any more. The streams that it accepted live on. */
  close(): Promise<void>
}

/** An ordered stream of bytes in both directions, which may break at any moment. */
export interface ByteStream {
  /** The other end, `host:port`, for messages to the operator; a host takes only so many places before its hellos. */
  readonly remote: string
  /**
   * The names that the other end has proved to own, in the form of `memberName`; null on a network that proves nothing.
   * Valid from the first byte that arrives, and at once on a stream that was dialled.
   */
  readonly peerNames: readonly string[] | null

  /** Called once, at once after the stream was handed over. Nothing arrives before it returns. */
  open(handlers: ByteStreamHandlers): void

  /**
   * Hands the pieces to the network in one go. They are not copied and must not change. On a closed stream it does
   * nothing.
   *
   * @returns false when much is buffered already: wait for `onDrain` before writing more
   */
  write(pieces: readonly Uint8Array[]): boolean

  /** Ends it in both directions. What was written is still sent if that can be done at once. `onClose` is not called. */
  close(): void
}

/** What the user of a stream is told. */
export interface ByteStreamHandlers {
  /** The bytes may be kept: nobody writes into them any more. */
  onData(chunk: Uint8Array): void
  /** What was written has left. */
  onDrain(): void
  /** The stream is gone, for this reason. Called at most once, and nothing after it. */
  onClose(error: TransportError): void
}

/**
 * What the transport needs of the world below it: somebody who connects and listens, streams of bytes, and timers. TCP
 * stands behind it in production (`io/tcp-transport.ts`), TLS would, and tests put memory there. Nothing here knows of frames.
 */

/** The part of the runtime's Clock that a connection needs; every Clock will do. */
export interface Timers {
  /** Milliseconds, never going back. */
  now(): number
  /** Runs `action` once, `delayMs` from now; the returned function calls it off. */
  schedule(delayMs: number, action: () => void): () => void
  /** Runs `action` once the input that has already arrived was handed over. */
  soon(action: () => void): void
}

/** Makes streams of bytes: TCP behind `startNode`, memory in tests. */
export interface Network {
  /** Rejects, with words for the operator, when nobody answers at `address` within `timeoutMs`. */
  connect(address: string, timeoutMs: number): Promise<ByteStream>

  /** @throws TransportError ERR_QUORATE_ADDRESS_IN_USE, ERR_QUORATE_ADDRESS_INVALID or ERR_QUORATE_PLAINTEXT_REFUSED */
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
  /** The other end, for messages to the operator. */
  readonly remote: string

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
  onClose(reason: string): void
}

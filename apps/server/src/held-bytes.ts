/** What clients make the server hold: requests that have arrived in part, and answers that nobody has taken yet. */
import { GRPC, RequestError } from './errors.ts'

/** In all. A client that is slow costs what it has asked for, and many such clients no more than this. */
const MAX_HELD_BYTES = 256 * 1024 * 1024
/**
 * Beyond this share of it no new request is looked at. What is under way has the rest: else each further request for
 * 3 MB would be worked out, at 15 ms, and then thrown away for want of room.
 */
const CROWDED = 0.75

export class HeldBytes {
  private readonly limit: number
  private held = 0

  constructor(limit: number = MAX_HELD_BYTES) {
    this.limit = limit
  }

  /** @throws RequestError when so much is held that nothing new should begin */
  requireQuiet(): void {
    if (this.held > this.limit * CROWDED) throw this.overloaded()
  }

  /** @throws RequestError when there is no room for so many more */
  requireRoom(bytes: number): void {
    if (this.held + bytes > this.limit) throw this.overloaded()
  }

  hold(bytes: number): void {
    this.held += bytes
  }

  release(bytes: number): void {
    this.held -= bytes
  }

  private overloaded(): RequestError {
    const message = `${this.held} bytes wait for slow clients, and at most ${this.limit} may: come again`
    return new RequestError(429, GRPC.resourceExhausted, 'ERR_QUORATE_OVERLOADED', message)
  }
}

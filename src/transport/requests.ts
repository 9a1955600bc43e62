/**
 * Questions with an answer, and what is known when the answer stays away. A request that was never handed to a
 * connection has certainly not been carried out; one that was may have been, whatever became of the connection.
 * Whoever forwards a proposal must not confuse the two: proposing again after the second is how a counter is raised twice.
 *
 * ```
 * Request    number (6), the question's bytes
 * Response   number (6), outcome (1): 0 answered, 1 failed, 2 refused; then the answer's bytes, or words
 * ```
 */
import type { ServerId } from '../raft/entry.ts'
import { readUint48, utf8Cut, utf8Decode, writeUint48 } from '../util/bytes.ts'
import type { Clock } from '../util/clock.ts'
import { FRAME_HEADER_BYTES, type Frame, type OutgoingFrame, sealFrame } from './frame.ts'
import type { Fate } from './outbox.ts'
import { TransportError } from './transport.ts'

const NUMBER_BYTES = 6
const MAX_REASON_BYTES = 512

/** What a Response says: the handler's answer, the handler's error, or that no handler was asked. */
export type Outcome = 'answered' | 'failed' | 'refused'

/** A place in this list is the outcome on the wire: add at the end only. */
const OUTCOMES: readonly Outcome[] = ['answered', 'failed', 'refused']

export function encodeRequest(number: number, body: Uint8Array, slot = 0): OutgoingFrame {
  const head = new Uint8Array(FRAME_HEADER_BYTES + NUMBER_BYTES + body.length)
  writeUint48(head, FRAME_HEADER_BYTES, number)
  head.set(body, FRAME_HEADER_BYTES + NUMBER_BYTES)
  return sealFrame('Request', head, [], slot)
}

export function encodeResponse(number: number, outcome: Outcome, body: Uint8Array, slot = 0): OutgoingFrame {
  const head = new Uint8Array(FRAME_HEADER_BYTES + NUMBER_BYTES + 1 + body.length)
  writeUint48(head, FRAME_HEADER_BYTES, number)
  head[FRAME_HEADER_BYTES + NUMBER_BYTES] = OUTCOMES.indexOf(outcome)
  head.set(body, FRAME_HEADER_BYTES + NUMBER_BYTES + 1)
  return sealFrame('Response', head, [], slot)
}

/** Words instead of an answer. */
export function encodeReason(reason: string): Uint8Array {
  return utf8Cut(reason, MAX_REASON_BYTES)
}

/** @returns the request's number and body, or in words why the frame is none */
export function decodeRequest(frame: Frame): { readonly number: number; readonly body: Uint8Array } | string {
  if (frame.body.length < NUMBER_BYTES) return `a Request of ${frame.body.length} bytes has no number`
  return { number: readUint48(frame.body, 0), body: frame.body.subarray(NUMBER_BYTES) }
}

/** @returns the response's parts, or in words why the frame is none */
export function decodeResponse(
  frame: Frame,
): { readonly number: number; readonly outcome: Outcome; readonly body: Uint8Array } | string {
  const outcome = OUTCOMES[frame.body[NUMBER_BYTES] ?? -1]
  if (outcome === undefined) return `a Response of ${frame.body.length} bytes without a known outcome`
  return { number: readUint48(frame.body, 0), outcome, body: frame.body.subarray(NUMBER_BYTES + 1) }
}

/** The requests to one server that have no answer yet. */
export class Requests {
  private readonly to: ServerId
  private readonly clock: Clock
  private readonly pending = new Map<number, PendingRequest>()
  private lastNumber = 0

  constructor(to: ServerId, clock: Clock) {
    this.to = to
    this.clock = clock
  }

  get length(): number {
    return this.pending.size
  }

  /** Opens a request and has `submit` put it, under its number, where it will be written or dropped. */
  ask(timeoutMs: number, submit: (number: number, fate: Fate) => void, slot = 0): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const number = ++this.lastNumber
      const request = new PendingRequest(this.to, slot, resolve, (error) => {
        this.pending.delete(number)
        reject(error)
      })
      request.cancelTimeout = this.clock.schedule(timeoutMs, () => request.timeOut(timeoutMs))
      this.pending.set(number, request)
      submit(number, request)
    })
  }

  /** An answer arrived; one that nobody waits for any more is ignored. */
  settle(number: number, outcome: Outcome, body: Uint8Array): void {
    const request = this.pending.get(number)
    if (request === undefined) return
    this.pending.delete(number)
    request.settle(outcome, body)
  }

  /** The connection is gone, and with it every answer that was to come over it. Those not written were dropped before. */
  connectionLost(reason: string): void {
    for (const request of this.pending.values()) request.connectionLost(reason)
  }

  /** The group of this slot, one of ours, has stopped: nobody waits for its answers any more. */
  groupEnded(slot: number): void {
    for (const request of this.pending.values()) if (request.slot === slot) request.stop()
  }
}

class PendingRequest implements Fate {
  readonly slot: number
  cancelTimeout: () => void = () => {}
  private readonly to: ServerId
  private readonly resolve: (answer: Uint8Array) => void
  private readonly reject: (error: TransportError) => void
  private written = false
  private over = false

  constructor(
    to: ServerId,
    slot: number,
    resolve: (answer: Uint8Array) => void,
    reject: (error: TransportError) => void,
  ) {
    this.to = to
    this.slot = slot
    this.resolve = resolve
    this.reject = reject
  }

  take(): boolean {
    this.written = !this.over
    return this.written
  }

  drop(): void {
    const message = `no connection to '${this.to}', or too much waits for it: the request was not sent`
    this.fail(new TransportError('ERR_QUORATE_UNREACHABLE', message))
  }

  settle(outcome: Outcome, body: Uint8Array): void {
    if (outcome === 'answered') {
      this.end()
      this.resolve(body)
      return
    }
    const reason = utf8Decode(body) ?? 'no readable reason'
    const delivery = outcome === 'refused' ? 'never' : 'unknown'
    this.fail(
      new TransportError('ERR_QUORATE_REQUEST_FAILED', `'${this.to}' ${outcome} the request: ${reason}`, delivery),
    )
  }

  timeOut(timeoutMs: number): void {
    const [words, delivery] = this.written
      ? (['it may have been carried out', 'unknown'] as const)
      : (['it was not sent', 'never'] as const)
    const message = `no answer from '${this.to}' to a request within ${timeoutMs} ms: ${words}`
    this.fail(new TransportError('ERR_QUORATE_REQUEST_TIMEOUT', message, delivery))
  }

  connectionLost(reason: string): void {
    const message = `lost '${this.to}' before its answer (${reason}): the request may have been carried out`
    this.fail(new TransportError('ERR_QUORATE_CONNECTION_LOST', message, 'unknown'))
  }

  stop(): void {
    const delivery = this.written ? 'unknown' : 'never'
    this.fail(new TransportError('ERR_QUORATE_STOPPED', `stopped before the answer from '${this.to}'`, delivery))
  }

  private fail(error: TransportError): void {
    if (this.over) return
    this.end()
    this.reject(error)
  }

  private end(): void {
    this.over = true
    this.cancelTimeout()
  }
}

/**
 * A connection for messages, once both ends know each other. What is sent in one turn leaves in one write. Both
 * directions carry everything: messages, requests and their responses, pings.
 */
import type { ServerId } from '../raft/entry.ts'
import type { Message } from '../raft/message.ts'
import { decodeMessage, frameWriter } from './codec.ts'
import type { CloseReason } from './counters.ts'
import { FRAME_HEADER_BYTES, FRAME_TYPES, type Frame, type FrameType, type OutgoingFrame, sealFrame } from './frame.ts'
import type { FramedStream, Role } from './framed-stream.ts'
import { encodeGroupEnded } from './groups.ts'
import { KeepAlive } from './keep-alive.ts'
import { type Fate, joinSmall, Outbox } from './outbox.ts'
import {
  decodeRequest,
  decodeResponse,
  encodeReason,
  encodeRequest,
  encodeResponse,
  type Outcome,
  Requests,
} from './requests.ts'
import { TransportError, type TransportHandlers } from './transport.ts'
import type { Wiring } from './wiring.ts'

/** How much is handed to the stream at a time; the rest stays in the outbox, where it is counted. */
const WRITE_BYTES = 1024 * 1024

const MESSAGE_FRAMES = (Object.keys(FRAME_TYPES) as FrameType[]).filter((type) => FRAME_TYPES[type] >= 16)

/** Whether the other end's limit, which is ours, lets the frame through. */
export function fitsFrame({ limits }: Wiring, frame: OutgoingFrame): boolean {
  return frame.sizeBytes - FRAME_HEADER_BYTES <= limits.maxFrameBytes
}

/** What waits for a connection, and what waits for answers from it. Outlives the channel that serves it. */
export class Outbound {
  readonly outbox: Outbox
  readonly requests: Requests

  constructor({ limits, clock, counters }: Wiring, to: ServerId) {
    this.outbox = new Outbox(limits.maxOutboxBytes, limits.maxOutboxMessages, counters)
    this.requests = new Requests(to, clock)
  }

  /** What was not written goes, what was written has no answer to come. */
  connectionLost(reason: string): void {
    this.outbox.clear()
    this.requests.connectionLost(reason)
  }
}

export class Channel implements Role {
  readonly accepts: readonly FrameType[] = [
    ...MESSAGE_FRAMES,
    'Request',
    'Response',
    'Ping',
    'Pong',
    'Group',
    'GroupEnded',
  ]
  readonly peer: ServerId
  readonly outbound: Outbound
  private readonly wiring: Wiring
  private readonly framed: FramedStream
  private readonly onLost: (error: TransportError) => void
  private readonly keepAlive: KeepAlive
  private flushScheduled = false
  /** The stream asked to wait for its drain. */
  private full = false
  private over = false
  /** Requests of the peer's that our handler works on. */
  private concurrentRequests = 0

  /** Takes over the stream. `onLost` is called once, unless `close` was. */
  constructor(
    wiring: Wiring,
    framed: FramedStream,
    side: { readonly peer: ServerId; readonly outbound: Outbound; readonly dialled: boolean },
    onLost: (error: TransportError) => void,
  ) {
    this.wiring = wiring
    this.framed = framed
    this.peer = side.peer
    this.outbound = side.outbound
    this.onLost = onLost
    const ping = side.dialled ? () => this.send(sealFrame('Ping', frameWriter().finish())) : null
    this.keepAlive = new KeepAlive(wiring.clock, wiring.limits, ping, (words) => this.onSilence(words))
    framed.become(this)
    if (this.outbound.outbox.length > 0) this.scheduleFlush()
  }

  send(frame: OutgoingFrame, fate: Fate | null = null): void {
    if (this.outbound.outbox.push(frame, fate)) this.scheduleFlush()
  }

  request(body: Uint8Array, timeoutMs: number, slot: number): Promise<Uint8Array> {
    const submit = (number: number, fate: Fate): void => this.send(encodeRequest(number, body, slot), fate)
    return this.outbound.requests.ask(timeoutMs, submit, slot)
  }

  /** The group of this slot has stopped here: whoever has heard of it on this connection is told so. */
  groupEnded(slot: number): void {
    this.outbound.requests.groupEnded(slot)
    if (this.framed.slots.hasAnnounced(slot)) this.send(encodeGroupEnded(slot))
  }

  /** Hangs up on purpose: `words` are for whoever waits for an answer. */
  close(reason: CloseReason, words: string): void {
    if (this.over) return
    this.over = true
    this.keepAlive.stop()
    this.framed.close(reason)
    this.outbound.connectionLost(words)
  }

  onFrame(frame: Frame): string | null {
    switch (frame.type) {
      case 'Ping':
        this.send(sealFrame('Pong', frameWriter().finish()))
        return null
      case 'Pong':
        return null
      case 'Request':
        return this.handleRequest(frame)
      case 'Response':
        return this.handleResponse(frame)
      case 'GroupEnded':
        return this.handleGroupEnded(frame)
      default:
        return this.handleMessage(frame)
    }
  }

  onSign(): void {
    this.keepAlive.sign()
  }

  onDrain(): void {
    this.full = false
    this.flush()
  }

  onClose(error: TransportError): void {
    if (this.over) return
    this.end('lost', error)
  }

  private end(reason: CloseReason, error: TransportError): void {
    this.close(reason, error.message)
    this.onLost(error)
  }

  private onSilence(words: string): void {
    if (!this.over) this.end('idle', new TransportError('ERR_QUORATE_CONNECTION_LOST', words))
  }

  private handleMessage(frame: Frame): string | null {
    const handlers = this.handlersFor(frame)
    if (handlers === null) return null
    const message: Message | string = decodeMessage(frame, { from: this.peer, to: this.wiring.self.id })
    if (typeof message === 'string') return message
    handlers.onMessage(message)
    return null
  }

  private handleRequest(frame: Frame): string | null {
    const request = decodeRequest(frame)
    if (typeof request === 'string') return request
    const { number } = request
    const group = this.framed.slots.groupAt(frame.slot)
    const slot = group?.slot ?? 0
    const handlers = this.handlersFor(frame)
    if (handlers === null) {
      const words = `group '${this.framed.slots.nameAt(frame.slot)}' does not run here`
      this.respond(slot, number, 'refused', encodeReason(words))
      return null
    }
    if (this.concurrentRequests >= this.wiring.limits.maxConcurrentRequests) {
      this.respond(slot, number, 'refused', encodeReason(`${this.concurrentRequests} requests are under way`))
      return null
    }
    this.concurrentRequests++
    handlers.onRequest(this.peer, request.body).then(
      (answer) => this.finishRequest(slot, number, 'answered', answer),
      (error: unknown) =>
        this.finishRequest(slot, number, 'failed', encodeReason(error instanceof Error ? error.message : 'unknown')),
    )
    return null
  }

  private finishRequest(slot: number, number: number, outcome: Outcome, body: Uint8Array): void {
    this.concurrentRequests--
    this.respond(slot, number, outcome, body)
  }

  private respond(slot: number, number: number, outcome: Outcome, body: Uint8Array): void {
    if (this.over) return
    const frame = encodeResponse(number, outcome, body, slot)
    if (fitsFrame(this.wiring, frame)) this.send(frame)
    else this.respond(slot, number, 'failed', encodeReason(`its answer of ${body.length} bytes exceeds maxFrameBytes`))
  }

  private handleResponse(frame: Frame): string | null {
    const response = decodeResponse(frame)
    if (typeof response === 'string') return response
    this.outbound.requests.settle(response.number, response.outcome, response.body)
    return null
  }

  private handleGroupEnded({ slot }: Frame): string | null {
    if (slot === 0) return 'GroupEnded for no group'
    this.framed.slots.groupAt(slot)?.handlers?.onConnectionLost(this.peer)
    return null
  }

  /** Null when the frame's group does not run here. */
  private handlersFor({ slot }: Frame): TransportHandlers | null {
    const handlers = this.framed.slots.groupAt(slot)?.handlers ?? null
    if (handlers === null) this.wiring.counters.framesWithoutGroup++
    return handlers
  }

  private scheduleFlush(): void {
    if (this.flushScheduled || this.full) return
    this.flushScheduled = true
    this.wiring.clock.soon(() => {
      this.flushScheduled = false
      this.flush()
    })
  }

  private flush(): void {
    const announce = (slot: number): OutgoingFrame | null => this.framed.announcementFor(slot)
    while (!this.over && !this.full) {
      const pieces = this.outbound.outbox.take(WRITE_BYTES, announce)
      if (pieces.length === 0) return
      this.full = !this.framed.write(joinSmall(pieces))
    }
  }
}

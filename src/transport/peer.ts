/**
 * The connection that we keep to one other server: dialled, greeted, and dialled again when it is lost. Attempts that
 * fail are spaced further and further apart, by lot, so that four servers do not all knock at the same moment on the
 * door of the one that restarts.
 *
 * ```
 *            ┌──────────── wait over, or the peer dialled us ───────────┐
 *            ▼                                                          │
 *         dialling ── failed, refused ─────────────────────────────► waiting
 *            │                                                          ▲
 *            └── greeted ──► open ── lost ──────────────────────────────┘
 * ```
 * While dialling, what is sent waits; while waiting, it is dropped at once, for when it could leave it would be old.
 */
import type { ServerId } from '../raft/entry.ts'
import { Channel, Outbound } from './channel.ts'
import type { OutgoingFrame } from './frame.ts'
import type { FramedStream } from './framed-stream.ts'
import { type CallOff, greet } from './greeting.ts'
import type { ByteStream } from './network.ts'
import type { Fate } from './outbox.ts'
import { encodeRequest } from './requests.ts'
import { TransportError, type TransportErrorCode } from './transport.ts'
import { reportTrouble, type Wiring } from './wiring.ts'

const REFUSALS: ReadonlySet<TransportErrorCode> = new Set([
  'ERR_QUORATE_HELLO_REFUSED',
  'ERR_QUORATE_CERTIFICATE_REFUSED',
  'ERR_QUORATE_TLS_FAILED',
])

type PeerState = 'dialling' | 'open' | 'waiting' | 'stopped'

export class Peer {
  readonly id: ServerId
  readonly address: string
  private readonly wiring: Wiring
  private readonly outbound: Outbound
  private state: PeerState = 'waiting'
  private channel: Channel | null = null
  private wasOpen = false
  private openedAt = 0
  /** The next wait, before lots are drawn. */
  private backOffMs: number
  /** Ends what the current state waits for. */
  private callOff: CallOff = () => {}
  /** Tells the current attempt from one that was given up and answers all the same. */
  private attempt = 0

  /** Dials at once. */
  constructor(wiring: Wiring, id: ServerId, address: string) {
    this.wiring = wiring
    this.id = id
    this.address = address
    this.outbound = new Outbound(wiring, id)
    this.backOffMs = wiring.limits.minBackOffMs
    this.dial()
  }

  /** True while there is a connection. */
  isOpen(): boolean {
    return this.state === 'open'
  }

  send(frame: OutgoingFrame): void {
    if (this.channel !== null) this.channel.send(frame)
    else if (this.state === 'dialling') this.outbound.outbox.push(frame)
    else this.wiring.counters.framesDropped++
  }

  request(body: Uint8Array, timeoutMs: number, slot: number): Promise<Uint8Array> {
    const submit = (number: number, fate: Fate): void => {
      const frame = encodeRequest(number, body, slot)
      if (this.channel !== null) this.channel.send(frame, fate)
      else if (this.state === 'dialling') this.outbound.outbox.push(frame, fate)
      else fate.drop()
    }
    return this.outbound.requests.ask(timeoutMs, submit, slot)
  }

  /** The group of this slot has stopped here. */
  groupEnded(slot: number): void {
    if (this.channel !== null) this.channel.groupEnded(slot)
    else this.outbound.requests.groupEnded(slot)
  }

  /** The peer has just reached us, so it is there: there is nothing to wait for. */
  retryNow(): void {
    this.backOffMs = this.wiring.limits.minBackOffMs
    if (this.state !== 'waiting') return
    this.callOff()
    this.dial()
  }

  stop(reason: string): void {
    this.state = 'stopped'
    this.attempt++
    this.callOff()
    this.channel?.close('ended', reason)
    this.channel = null
    this.outbound.connectionLost(reason)
  }

  private dial(): void {
    const { network, limits, counters } = this.wiring
    this.state = 'dialling'
    counters.dials++
    this.callOff = () => {}
    const attempt = ++this.attempt
    network.connect(this.address, limits.connectTimeoutMs).then(
      (stream) => {
        if (attempt === this.attempt) this.sayHello(stream)
        else stream.close()
      },
      (error: unknown) => {
        counters.dialsFailed++
        if (attempt === this.attempt) this.refusedOrFailed(unreachable(this, error))
      },
    )
  }

  private sayHello(stream: ByteStream): void {
    this.callOff = greet(this.wiring, stream, this.id, 'messages', {
      onGreeted: (framed) => this.opened(framed),
      onFailed: (error) => this.refusedOrFailed(error),
    })
  }

  private opened(framed: FramedStream): void {
    this.state = 'open'
    this.callOff = () => {}
    if (this.wasOpen) this.wiring.counters.reconnections++
    this.wasOpen = true
    this.openedAt = this.wiring.clock.now()
    const side = { peer: this.id, outbound: this.outbound, dialled: true }
    this.channel = new Channel(this.wiring, framed, side, (error) => this.lost(error))
  }

  private lost(error: TransportError): void {
    const { clock, limits, groups } = this.wiring
    this.channel = null
    // A peer that accepts and hangs up, over and over, must not be dialled fifty times a second.
    if (clock.now() - this.openedAt > limits.maxBackOffMs) this.backOffMs = limits.minBackOffMs
    this.failed(error)
    groups.connectionLost(this.id)
  }

  /** A refusal would be the same again a moment later: somebody has to change a setting or a certificate first. */
  private refusedOrFailed(error: TransportError): void {
    if (REFUSALS.has(error.code)) this.backOffMs = this.wiring.limits.maxBackOffMs
    this.failed(error)
  }

  private failed(error: TransportError): void {
    const { clock, limits, random } = this.wiring
    this.state = 'waiting'
    this.outbound.connectionLost(error.message)
    const waitMs = this.backOffMs * (0.5 + random.fraction() / 2)
    this.backOffMs = Math.min(this.backOffMs * 2, limits.maxBackOffMs)
    this.callOff = clock.schedule(waitMs, () => this.dial())
    reportTrouble(this.wiring, this.id, error)
  }
}

function unreachable({ id, address }: Peer, error: unknown): TransportError {
  const reason = error instanceof Error ? error.message : 'connecting failed'
  const code = error instanceof TransportError ? error.code : 'ERR_QUORATE_UNREACHABLE'
  return new TransportError(code, `cannot reach '${id}' at ${address}: ${reason}`)
}

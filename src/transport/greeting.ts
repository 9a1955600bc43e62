/**
 * The hello on a fresh stream, from either end, within `helloTimeoutMs`. Its outcome is told once, from within the very
 * frame that settles it, so that whoever takes over sees the frame that follows in the same chunk.
 */
import type { ServerId } from '../raft/entry.ts'
import type { Cancel, Clock } from '../util/clock.ts'
import type { CloseReason } from './counters.ts'
import type { Frame, FrameType } from './frame.ts'
import { FramedStream, type Role } from './framed-stream.ts'
import {
  answerHello,
  checkPeerNames,
  checkWelcome,
  decodeAnswer,
  decodeHello,
  encodeHello,
  encodeRefusal,
  encodeWelcome,
  type Hello,
  helloFor,
  isRefusal,
  type Purpose,
  type Refusal,
} from './handshake.ts'
import type { ByteStream } from './network.ts'
import { TransportError } from './transport.ts'
import type { Wiring } from './wiring.ts'

/** Both ends know each other: `become` something. Or an error, and the stream is closed. */
export interface GreetingOutcome<T> {
  onGreeted(framed: FramedStream, agreed: T): void
  onFailed(error: TransportError): void
}

/** Ends a greeting that is under way, without an outcome. */
export type CallOff = () => void

/** Says hello to `to`. */
export function greet(
  wiring: Wiring,
  stream: ByteStream,
  to: ServerId,
  purpose: Purpose,
  outcome: GreetingOutcome<ServerId>,
): CallOff {
  const hello = helloFor(wiring.self, to, purpose)
  const stranger = checkPeerNames(wiring.self, to, stream.peerNames)
  const greeting = new Greeting(wiring, stream, ['Welcome', 'Refusal'], outcome, (frame) => {
    if (stranger !== null) return stranger
    const answer = decodeAnswer(frame)
    if (typeof answer === 'string') return answer
    const refusal = isRefusal(answer) ? answer : checkWelcome(hello, answer, (peer) => admit(wiring, peer))
    if (refusal !== null) return refusal
    return () => to
  })
  if (stranger === null) greeting.framed.send(encodeHello(hello))
  else greeting.refuse(stranger)
  return () => greeting.callOff()
}

/**
 * Waits for the other end's hello and answers it. `room` may refuse a hello that is otherwise good. A caller to whom
 * our certificate proves nothing says Refusal instead of Hello, so that it is read in our log as well.
 */
export function receive(
  wiring: Wiring,
  stream: ByteStream,
  room: (hello: Hello) => Refusal | null,
  outcome: GreetingOutcome<Hello>,
): CallOff {
  const greeting = new Greeting(wiring, stream, ['Hello', 'Refusal'], outcome, (frame, framed) => {
    if (frame.type === 'Refusal') return decodeAnswer(frame) as Refusal | string
    const hello = decodeHello(frame)
    const answer =
      typeof hello === 'string'
        ? ({ code: 'malformed', reason: hello } as const)
        : (room(hello) ?? answerHello(wiring.self, hello, framed.peerNames, (peer) => admit(wiring, peer)))
    if (typeof hello === 'string' || isRefusal(answer)) {
      framed.send(encodeRefusal(answer as Refusal))
      return answer as Refusal
    }
    framed.send(encodeWelcome(answer))
    return () => hello
  })
  return () => greeting.callOff()
}

function admit({ handlers }: Wiring, peer: Parameters<NonNullable<Wiring['handlers']['admit']>>[0]): string | null {
  return handlers.admit?.(peer) ?? null
}

/** What the one frame of a greeting says: fault in words, a refusal, or (as a function) what was agreed. */
type Verdict<T> = string | Refusal | (() => T)

class Greeting<T> implements Role {
  readonly accepts: readonly FrameType[]
  readonly framed: FramedStream
  private readonly outcome: GreetingOutcome<T>
  private readonly judge: (frame: Frame, framed: FramedStream) => Verdict<T>
  private readonly clock: Clock
  /** Stands before what is told of a caller, of whom nothing else is known. */
  private readonly prefix: string
  private cancelDeadline: Cancel

  constructor(
    wiring: Wiring,
    stream: ByteStream,
    accepts: readonly FrameType[],
    outcome: GreetingOutcome<T>,
    judge: (frame: Frame, framed: FramedStream) => Verdict<T>,
  ) {
    const { limits, clock } = wiring
    this.clock = clock
    this.prefix = accepts.includes('Hello') ? `${stream.remote}: ` : ''
    this.accepts = accepts
    this.outcome = outcome
    this.judge = judge
    this.cancelDeadline = clock.schedule(limits.helloTimeoutMs, () => {
      const words = `no hello from ${stream.remote} within ${limits.helloTimeoutMs} ms`
      this.fail('helloTimeout', new TransportError('ERR_QUORATE_HELLO_REFUSED', words))
    })
    this.framed = new FramedStream(wiring, stream, this)
  }

  /** Says no instead of Hello. The outcome is told later: whoever began this greeting does not hold its CallOff yet. */
  refuse(refusal: Refusal): void {
    this.framed.send(encodeRefusal(refusal))
    this.cancelDeadline()
    this.cancelDeadline = this.clock.schedule(0, () => this.failAs(refusal))
  }

  onFrame(frame: Frame): string | null {
    const verdict = this.judge(frame, this.framed)
    if (typeof verdict === 'string') return verdict
    if (typeof verdict !== 'function') {
      this.failAs(verdict)
      return null
    }
    this.cancelDeadline()
    this.outcome.onGreeted(this.framed, verdict())
    return null
  }

  onSign(): void {}

  onDrain(): void {}

  onClose(error: TransportError): void {
    this.cancelDeadline()
    this.outcome.onFailed(new TransportError(error.code, `${this.prefix}${error.message}`))
  }

  callOff(): void {
    this.cancelDeadline()
    this.framed.close('ended')
  }

  private failAs({ code, reason }: Refusal): void {
    const words = `${this.prefix}${code}: ${reason}`
    if (code === 'wrongCertificate')
      this.fail('certificateRefused', new TransportError('ERR_QUORATE_CERTIFICATE_REFUSED', words))
    else this.fail('helloRefused', new TransportError('ERR_QUORATE_HELLO_REFUSED', words))
  }

  private fail(reason: CloseReason, error: TransportError): void {
    this.cancelDeadline()
    this.framed.close(reason)
    this.outcome.onFailed(error)
  }
}

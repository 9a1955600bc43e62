/**
 * A session as its client holds it (Paper §8, Thesis §6.3): numbers its commands, sends each until it is answered, and
 * keeps the session alive while there is nothing to send. The cluster applies each number once.
 */
import type { Cancel } from '../../util/clock.ts'
import { NodeError } from '../errors.ts'
import type { RequestOptions } from '../node-options.ts'
import { requireBytes } from '../requests/proposals.ts'
import { proposeUntilAnswered, type RetryOptions, type SessionPort } from './retry.ts'
import { encodeOperation, type SessionId, type SessionStanding } from './session-entry.ts'
import { MAX_SERIALS_AHEAD } from './session-table.ts'

/** One word in this part of the time to live: two may be lost before the third is too late. */
const KEEP_ALIVES_PER_TTL = 3

/** How a client has come to its session. */
export interface SessionOrigin {
  readonly standing: SessionStanding
  /** When it was asked for, on the node's clock: it lives at least `ttlMs` from then. */
  readonly askedAt: number
  /** Another client had it before: what it has sent, or not, is not known here. */
  readonly isResumed: boolean
  /** The session has ended, or its node has: nothing is to be done for it any more. */
  onEnd(session: Session): void
}

export class Session {
  /** Unique in the cluster, for ever; the state machine sees it at every command. */
  readonly id: SessionId
  readonly ttlMs: number
  /** Resolves when the cluster has let the session expire, and with it whatever hung on it. */
  readonly expired: Promise<void>
  private readonly port: SessionPort
  private readonly origin: SessionOrigin
  private reportExpiry: () => void = () => {}
  private next: number
  /** Every serial up to this one is settled: nobody asks for its answer again. */
  private completed: number
  /** Settled out of order; all are > completed. */
  private readonly settled = new Set<number>()
  private readonly underWay = new Set<Promise<unknown>>()
  /** When the last word that the cluster has answered was sent. */
  private activeAt: number
  private timer: Cancel | null = null
  private lapseTimer: Cancel | null = null
  private readonly onLapse: (() => void)[] = []
  private endedBecause: string | null = null
  private closing: Promise<void> | null = null

  constructor(port: SessionPort, origin: SessionOrigin) {
    const { session, ttlMs, completed } = origin.standing
    this.port = port
    this.origin = origin
    this.id = session
    this.ttlMs = ttlMs
    this.completed = completed
    this.next = completed + 1
    this.activeAt = origin.askedAt
    this.expired = new Promise((resolve) => {
      this.reportExpiry = resolve
    })
    this.keepAliveLater()
  }

  /**
   * The number that the next command gets. Whoever notes it down before proposing can take the session up again after
   * a crash, with `resumeSession`, and propose that very command once more.
   */
  get nextSerial(): number {
    return this.next
  }

  /** Closed, expired, or left alone by a node that has stopped. */
  get hasEnded(): boolean {
    return this.endedBecause !== null || this.timer === null
  }

  /**
   * Whether the session lives for certain: the cluster has answered a word that was sent less than `ttlMs` ago, and log
   * time never runs faster than ours. When false it may live all the same, and may be true again after the next answer.
   */
  get isHeld(): boolean {
    return !this.hasEnded && this.port.clock.now() < this.activeAt + this.ttlMs
  }

  /** Resolves as soon as `isHeld` is false: before the cluster lets the session expire, heard of or not. */
  lapsed(): Promise<void> {
    return new Promise((resolve) => {
      this.onLapse.push(resolve)
      this.watchLapse()
    })
  }

  /**
   * As `RaftNode.propose`, but the command is sent until it is answered, whatever becomes of leaders meanwhile, and
   * applied once. Commands that are under way together may be applied in any order: await one if the next depends on it.
   *
   * @throws NodeError whose `applied` says whether the command certainly has no effect or may have one;
   *   ERR_QUORATE_SESSION_EXPIRED when the session is lost
   */
  async propose(command: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    requireBytes(command)
    if (this.endedBecause !== null) throw new NodeError('ERR_QUORATE_SESSION_EXPIRED', this.endedBecause, 'no')
    if (this.next > this.completed + MAX_SERIALS_AHEAD) {
      const message = `${MAX_SERIALS_AHEAD} commands of session ${this.id} are under way: wait for the oldest`
      throw new NodeError('ERR_QUORATE_OVERLOADED', message, 'no')
    }
    const serial = this.next++
    const { id: session, completed } = this
    const payload = encodeOperation({ type: 'command', session, serial, completed, command })
    const answer = this.send(payload, { ...options, isRepeated: this.mayBeRepeated(serial) }).finally(() =>
      this.settle(serial),
    )
    this.underWay.add(answer)
    return answer.finally(() => this.underWay.delete(answer))
  }

  /**
   * Ends the session when the commands under way are settled: its answers are forgotten, and the state machine is told.
   *
   * @throws NodeError when no leader could be told in time; the session then expires by itself
   */
  close(options: RequestOptions = {}): Promise<void> {
    this.closing ??= this.closeNow(options)
    return this.closing
  }

  /** What could not be closed expires by itself. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close().catch(() => {})
  }

  /** The node stops: the session is left to whoever takes it up elsewhere, or expires. */
  abandon(): void {
    this.timer?.()
    this.timer = null
    this.watchLapse()
    this.origin.onEnd(this)
  }

  private async closeNow(options: RequestOptions): Promise<void> {
    const wasOpen = this.endedBecause === null
    this.endedBecause ??= `session ${this.id} was closed: open a new one`
    this.watchLapse()
    await Promise.allSettled(this.underWay)
    this.abandon()
    if (wasOpen) await this.send(encodeOperation({ type: 'close', session: this.id }), options)
  }

  private async send(payload: Uint8Array, options: RetryOptions): Promise<Uint8Array> {
    const sentAt = this.port.clock.now()
    try {
      const answer = await proposeUntilAnswered(this.port, payload, options)
      this.activeAt = Math.max(this.activeAt, sentAt)
      return answer
    } catch (error) {
      if (error instanceof NodeError && error.code === 'ERR_QUORATE_SESSION_EXPIRED') this.expire(error.message)
      throw error
    }
  }

  /**
   * Command 7 went into a log, and its client's server died. The client takes the session up elsewhere and sends 7 again,
   * to a leader whose disk is full: that attempt has no effect, but 7 may have one.
   */
  private mayBeRepeated(serial: number): boolean {
    const { isResumed, standing } = this.origin
    return isResumed && serial <= standing.completed + MAX_SERIALS_AHEAD
  }

  private settle(serial: number): void {
    this.settled.add(serial)
    while (this.settled.delete(this.completed + 1)) this.completed++
  }

  private expire(reason: string): void {
    this.endedBecause = reason
    this.abandon()
    this.reportExpiry()
  }

  private watchLapse(): void {
    this.lapseTimer?.()
    this.lapseTimer = null
    if (!this.isHeld) {
      for (const resolve of this.onLapse.splice(0)) resolve()
    } else if (this.onLapse.length > 0) {
      const leftMs = this.activeAt + this.ttlMs - this.port.clock.now()
      this.lapseTimer = this.port.clock.schedule(leftMs, () => this.watchLapse())
    }
  }

  /** If the last one failed, soon again: there may be no leader, but then log time stands still as well. */
  private keepAliveLater(): void {
    const intervalMs = this.ttlMs / KEEP_ALIVES_PER_TTL
    const delayMs = Math.max(this.activeAt + intervalMs - this.port.clock.now(), intervalMs / 10)
    this.timer = this.port.clock.schedule(delayMs, () => void this.keepAlive())
  }

  /** Commands keep it alive as well: a word of its own is needed only when none went through lately. */
  private async keepAlive(): Promise<void> {
    const intervalMs = this.ttlMs / KEEP_ALIVES_PER_TTL
    if (this.port.clock.now() >= this.activeAt + intervalMs) {
      const { id: session, completed } = this
      const payload = encodeOperation({ type: 'keepAlive', session, completed })
      await this.send(payload, { timeoutMs: intervalMs }).catch(() => {})
    }
    if (this.timer !== null) this.keepAliveLater()
  }
}

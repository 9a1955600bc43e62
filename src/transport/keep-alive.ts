/**
 * Finds out that the other end is silent. TCP tells of a peer that closed, not of one whose cable was pulled: without
 * this, a server would wait a quarter of an hour for a connection that leads nowhere. Whoever dialled sends a Ping every
 * `keepAliveMs`, the other end answers; both hang up after `idleTimeoutMs` without a sign of life.
 */

import type { Clock } from '../util/clock.ts'
import type { TransportLimits } from './limits.ts'

export class KeepAlive {
  private readonly clock: Clock
  private readonly limits: TransportLimits
  private readonly ping: (() => void) | null
  private readonly onSilence: (reason: string) => void
  private lastSign: number
  private cancel: () => void = () => {}
  private stopped = false

  /** `ping` asks for a sign of life; null on the side that only answers. */
  constructor(clock: Clock, limits: TransportLimits, ping: (() => void) | null, onSilence: (reason: string) => void) {
    this.clock = clock
    this.limits = limits
    this.ping = ping
    this.onSilence = onSilence
    this.lastSign = clock.now()
    this.scheduleNext()
  }

  /** Something arrived, or a full buffer drained, which takes somebody who reads. */
  sign(): void {
    this.lastSign = this.clock.now()
  }

  stop(): void {
    this.stopped = true
    this.cancel()
  }

  /**
   * Judges only after the input that is there was read: a process that was held up for ten seconds finds its timer due
   * and the other end's signs unread in the socket, and must not take its own absence for the other's.
   */
  private scheduleNext(): void {
    this.cancel = this.clock.schedule(this.limits.keepAliveMs, () => this.clock.soon(() => this.judge()))
  }

  private judge(): void {
    if (this.stopped) return
    const silentMs = this.clock.now() - this.lastSign
    if (silentMs > this.limits.idleTimeoutMs) {
      this.onSilence(`silent for ${Math.round(silentMs)} ms`)
      return
    }
    this.ping?.()
    this.scheduleNext()
  }
}

/**
 * Finds out that the other end is silent. TCP tells of a peer that closed, not of one whose cable was pulled or whose
 * process was frozen: without this, a server would wait a quarter of an hour for a connection that leads nowhere. Whoever
 * dialled sends a Ping every `keepAliveMs`, the other end answers; both hang up after `idleTimeoutMs` without a sign of
 * life, at that moment and not at the next ping.
 *
 * Our own pauses are not the other end's silence. While this process stands still for ten seconds it sends no pings, so a
 * well peer that only answers had nothing to say, and there is nothing in the socket to read. By how much a look comes
 * late, so much is taken off the silence.
 */
import type { Clock } from '../util/clock.ts'
import type { TransportLimits } from './limits.ts'

export class KeepAlive {
  private readonly clock: Clock
  private readonly limits: TransportLimits
  private readonly ping: (() => void) | null
  private readonly onSilence: (reason: string) => void
  /** Later than the sign itself by what this process has slept since. */
  private lastSign: number
  private pingDueAt: number
  private cancel: () => void = () => {}
  private stopped = false

  /** `ping` asks for a sign of life; null on the side that only answers. */
  constructor(clock: Clock, limits: TransportLimits, ping: (() => void) | null, onSilence: (reason: string) => void) {
    this.clock = clock
    this.limits = limits
    this.ping = ping
    this.onSilence = onSilence
    this.lastSign = clock.now()
    this.pingDueAt = this.lastSign + limits.keepAliveMs
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
    const dueAt = Math.min(this.pingDueAt, this.lastSign + this.limits.idleTimeoutMs)
    const delayMs = Math.max(dueAt - this.clock.now(), 0)
    this.cancel = this.clock.schedule(delayMs, () => this.clock.soon(() => this.judge(dueAt)))
  }

  private judge(dueAt: number): void {
    if (this.stopped) return
    const now = this.clock.now()
    // Asked of the same sum that the timer was set by: a difference may come out 10⁻¹³ short, again and again.
    const isSilent = this.lastSign + this.limits.idleTimeoutMs <= dueAt
    this.lastSign = Math.min(this.lastSign + Math.max(now - dueAt, 0), now)
    if (isSilent) {
      this.onSilence(`silent for ${Math.round(now - this.lastSign)} ms`)
      return
    }
    if (now >= this.pingDueAt) {
      this.ping?.()
      this.pingDueAt = now + this.limits.keepAliveMs
    }
    this.scheduleNext()
  }
}

/**
 * Finds out that a frame has begun and does not come on. One byte a second is a sign of life, so the keep-alive is
 * content with it; but a claim of 16 MiB at that pace would hold its buffer for half a year. A frame that has begun must be
 * complete, or 64 KiB further, within every `frameTimeoutMs`: enough for 16 MiB over a modem.
 */
import type { Cancel, Clock } from '../util/clock.ts'

/** Less than this within the time is no progress. */
const MIN_PROGRESS_BYTES = 64 * 1024

export class FrameDeadline {
  private readonly clock: Clock
  private readonly timeoutMs: number
  private readonly onLate: (words: string) => void
  private isWithinFrame = false
  /** When the frame began, or had last come 64 KiB further. */
  private progressAt = 0
  private bytesSince = 0
  /** One timer for many frames: it looks when it fires whether there is a frame that is late. */
  private timer: Cancel | null = null
  private stopped = false

  constructor(clock: Clock, timeoutMs: number, onLate: (words: string) => void) {
    this.clock = clock
    this.timeoutMs = timeoutMs
    this.onLate = onLate
  }

  /** A chunk was read. `completed`: a frame ended in it; `isWithinFrame`: it ends within a frame. */
  note(chunkBytes: number, completed: boolean, isWithinFrame: boolean): void {
    if (this.stopped) return
    const isSameFrame = this.isWithinFrame && !completed
    this.isWithinFrame = isWithinFrame
    if (!isWithinFrame) return
    this.bytesSince += chunkBytes
    if (!isSameFrame || this.bytesSince >= MIN_PROGRESS_BYTES) {
      this.progressAt = this.clock.now()
      this.bytesSince = 0
    }
    if (this.timer === null) this.scheduleIn(this.timeoutMs)
  }

  stop(): void {
    this.stopped = true
    this.timer?.()
  }

  /** As the keep-alive, it judges only after what lies in the socket was read: our own stall is not the other's. */
  private scheduleIn(delayMs: number): void {
    this.timer = this.clock.schedule(delayMs, () => this.clock.soon(() => this.judge()))
  }

  private judge(): void {
    this.timer = null
    if (this.stopped || !this.isWithinFrame) return
    const lateMs = this.clock.now() - this.progressAt
    if (lateMs < this.timeoutMs) this.scheduleIn(this.timeoutMs - lateMs)
    else this.onLate(`a frame has begun and not come on for ${Math.round(lateMs)} ms`)
  }
}

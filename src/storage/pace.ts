/**
 * How fast a spare segment is made: in step with what is appended to the active one. Zeros that are written at full
 * speed hold up the log's own small syncs: with three servers on one disk and 50,000 commands a second, the commands
 * waited 50 to 150 ms at each new segment.
 */

/** The spare is begun when the active segment is so full, and is to be ready when it is so full. */
const BEGIN_AT = 0.25
const READY_AT = 0.75

export class Pace {
  private progress = 0
  private isUrgent = false
  private isOver = false
  private wake: () => void = () => {}

  /** The active segment is filled to this fraction. */
  advance(progress: number): void {
    this.progress = progress
    this.wake()
  }

  /** True when it is time to begin. */
  static isDue(progress: number): boolean {
    return progress > BEGIN_AT
  }

  /** Somebody waits for the spare. */
  hurry(): void {
    this.isUrgent = true
    this.wake()
  }

  /** Nobody will need it: `mayGoOn` throws. */
  stop(): void {
    this.isOver = true
    this.wake()
  }

  /** Waits until this fraction of the spare may be there. @throws Error when the log is being closed */
  async mayGoOn(fraction: number): Promise<void> {
    const until = BEGIN_AT + fraction * (READY_AT - BEGIN_AT)
    while (!this.isOver && !this.isUrgent && this.progress < until) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    if (this.isOver) throw new Error('the log is being closed')
  }
}

// How long a check may take: by a clock that is handed in, by steps, which are the same on every machine, and by memory.

/** How much a check may cost; what has no verdict by then is "unknown". */
export interface Limits {
  /** Milliseconds on a monotonic clock. */
  readonly now?: () => number
  /** Needs `now`. */
  readonly timeLimitMs?: number
  /** Operations that are tried. By default 100 million when there is no time limit, else none. */
  readonly maxSteps?: number
  /** For the configurations that were seen; by default 512 MiB. */
  readonly maxBytes?: number
}

/** What ran out. */
export type Exhausted = 'time' | 'steps' | 'memory'

const DEFAULT_STEPS = 100_000_000
const DEFAULT_BYTES = 2 ** 29

/** Something that is done a slice at a time. */
export interface Work {
  readonly steps: number
  readonly bytes: number
  run(maxSteps: number): boolean | null
}

/** The account of one check. */
export class Budget {
  steps = 0
  private readonly maxBytes: number
  private readonly deadline: number
  private readonly maxSteps: number
  private readonly now: () => number
  /** What work that waits for its next turn holds of memory, each and all together. */
  private readonly held = new WeakMap<Work, number>()
  private bytes = 0

  /** @throws TypeError for a time limit without a clock */
  constructor({ now, timeLimitMs, maxSteps, maxBytes }: Limits) {
    if (timeLimitMs !== undefined && now === undefined) {
      throw new TypeError('timeLimitMs needs a clock: hand in now, such as () => performance.now()')
    }
    this.now = now ?? (() => 0)
    this.deadline = this.now() + (timeLimitMs ?? Number.POSITIVE_INFINITY)
    this.maxSteps = maxSteps ?? (timeLimitMs === undefined ? DEFAULT_STEPS : Number.POSITIVE_INFINITY)
    this.maxBytes = maxBytes ?? DEFAULT_BYTES
  }

  exhausted(): Exhausted | null {
    if (this.steps >= this.maxSteps) return 'steps'
    return this.now() >= this.deadline ? 'time' : null
  }

  /** Runs `work` for so many steps, or until it is done. @returns what it says, or what ran out */
  spend(work: Work, slice: number): boolean | Exhausted | null {
    this.bytes -= this.held.get(work) ?? 0
    const answer = this.runSlice(work, work.steps + slice)
    // What is done lets go of its memory; what waits for its next turn keeps it.
    const held = answer === null ? work.bytes : 0
    this.held.set(work, held)
    this.bytes += held
    return answer
  }

  private runSlice(work: Work, end: number): boolean | Exhausted | null {
    while (work.steps < end) {
      const out = this.exhausted()
      if (out !== null) return out
      const before = work.steps
      const answer = work.run(Math.min(STEPS_BETWEEN_LOOKS, end - before, this.maxSteps - this.steps))
      this.steps += work.steps - before
      if (answer !== null) return answer
      if (this.bytes + work.bytes > this.maxBytes) return 'memory'
    }
    return null
  }
}

/** A millisecond's worth or two: a look at the clock costs hardly anything beside it. */
const STEPS_BETWEEN_LOOKS = 50_000

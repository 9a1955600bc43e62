/**
 * A histogram with fixed bounds: observing a value costs a short search and three additions, and takes no memory. Made
 * for one observation a batch, not one an entry.
 */

/** Plain numbers; `counts[i]` belongs to values up to `bounds[i]`, and the last one to those above all bounds. */
export interface HistogramReading {
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
  readonly sum: number
  readonly count: number
}

/** In milliseconds: from what a page cache takes to what nobody waits for. */
export const DURATION_BOUNDS_MS: readonly number[] = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000,
]

/** How many entries: a batch of one shows that nothing could be gathered, one of thousands that the disk is the limit. */
export const ENTRY_BOUNDS: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]

export class Histogram {
  private readonly bounds: readonly number[]
  private readonly counts: number[]
  private sum = 0
  private count = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    const { bounds, counts } = this
    let place = 0
    while (place < bounds.length && value > (bounds[place] as number)) place++
    counts[place] = (counts[place] as number) + 1
    this.sum += value
    this.count++
  }

  /** A copy, as of now. */
  read(): HistogramReading {
    return { bounds: this.bounds, counts: [...this.counts], sum: this.sum, count: this.count }
  }
}

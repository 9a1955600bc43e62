/**
 * A seeded generator (sfc32: 128 bits of state, passes PractRand). The only source of randomness below `io/`, so that
 * a run can be repeated from its seed.
 */
export class Random {
  private a = 0
  private b = 0
  private c = 0
  private counter = 1

  constructor(seed: number) {
    this.a = seed | 0
    this.b = Math.floor(seed / 2 ** 32) | 0
    this.c = 0x9e3779b9 | 0
    for (let i = 0; i < 12; i++) this.uint32()
  }

  /** A whole number, 0 ≤ n < 2³². */
  uint32(): number {
    const sum = (this.a + this.b + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (this.c << 21) | (this.c >>> 11)
    this.c = (this.c + sum) | 0
    return sum >>> 0
  }

  /** A fraction, 0 ≤ x < 1. */
  fraction(): number {
    return this.uint32() / 2 ** 32
  }

  /** A whole number, 0 ≤ n < limit; limit at most 2³². */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit)
  }

  /** A whole number, low ≤ n ≤ high. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** A generator of its own, so that one part's draws do not shift another's. */
  split(): Random {
    return new Random(this.uint32() * 2 ** 21 + (this.uint32() >>> 11))
  }

  /** The whole state as four 32-bit integers; `restore` takes it back. */
  save(): [number, number, number, number] {
    return [this.a, this.b, this.c, this.counter]
  }

  restore(state: readonly [number, number, number, number]): void {
    ;[this.a, this.b, this.c, this.counter] = state
  }
}

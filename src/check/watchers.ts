// Who still has to see a value: reads that returned it, and those cas that started from it.

import { type Coded, isKnown, KIND } from './value-coding.ts'

const NOBODY = 0

/** Counts, by value, the operations without a place yet that see it. */
export class Watchers {
  /** By operation: the value that it sees, or NOBODY's, which is what nobody sees. */
  private readonly seenBy: Int32Array
  private readonly left: Int32Array

  constructor(coded: readonly Coded[]) {
    const isWatcher = (one: Coded): boolean => isKnown(one) && (one.kind === KIND.read || one.kind === KIND.cas)
    this.seenBy = Int32Array.from(coded, (one) => (isWatcher(one) ? one.input : NOBODY))
    this.left = new Int32Array(this.seenBy.reduce((most, value) => Math.max(most, value), 0) + 1)
    for (const value of this.seenBy) if (value !== NOBODY) addTo(this.left, value, 1)
  }

  /** How many wait for `value`, apart from `operation`. */
  besides(operation: number, value: number): number {
    // Values that came about on the way, by appending, are larger than all that anybody waits for.
    if (value >= this.left.length) return 0
    return (this.left[value] as number) - (this.seenBy[operation] === value && value !== NOBODY ? 1 : 0)
  }

  take(operation: number): void {
    const value = this.seenBy[operation] as number
    if (value !== NOBODY) addTo(this.left, value, -1)
  }

  giveBack(operation: number): void {
    const value = this.seenBy[operation] as number
    if (value !== NOBODY) addTo(this.left, value, 1)
  }
}

export function addTo(counts: Int32Array, index: number, by: number): void {
  counts[index] = (counts[index] as number) + by
}

// Which values somebody still has to see that nobody will make any more: the state must be such a value, or there is no
// hope. A read returned 5, its place is yet to come, and the only write of 5 has its place: nothing may be written until
// the read is placed. Without this the search finds out at the read's completion, after all orders of all that is
// written meanwhile.

/** Counts for each value, by a number of the caller's. */
export class Demands {
  private readonly watchers: Int32Array
  private readonly makers: Int32Array

  constructor(size: number) {
    this.watchers = new Int32Array(size)
    this.makers = new Int32Array(size)
  }

  /** @returns 1 when the value is one of those now, -1 when it is none any more, else 0 */
  watch(value: number, by: 1 | -1): number {
    const before = this.watchers[value] as number
    this.watchers[value] = before + by
    if (this.makers[value] !== 0) return 0
    return before === 0 ? 1 : before + by === 0 ? -1 : 0
  }

  /** @returns as `watch` */
  make(value: number, by: 1 | -1): number {
    const before = this.makers[value] as number
    this.makers[value] = before + by
    if (this.watchers[value] === 0) return 0
    return before === 0 ? -1 : before + by === 0 ? 1 : 0
  }

  /** Whether it is one of those: 1 or 0. */
  isOpen(value: number): number {
    return this.watchers[value] !== 0 && this.makers[value] === 0 ? 1 : 0
  }
}

/** Counts at positions, and their sum over a range, each in logarithmic time (Fenwick's tree). */
export class Tally {
  /** Of all positions. */
  total = 0
  private readonly sums: Int32Array

  constructor(size: number) {
    this.sums = new Int32Array(size + 1)
  }

  add(position: number, by: number): void {
    this.total += by
    for (let i = position + 1; i < this.sums.length; i += i & -i) this.sums[i] = (this.sums[i] as number) + by
  }

  /** Over positions from `start` up to but not including `end`. */
  sum(start: number, end: number): number {
    return this.sumBelow(end) - this.sumBelow(start)
  }

  private sumBelow(end: number): number {
    let sum = 0
    for (let i = end; i > 0; i -= i & -i) sum += this.sums[i] as number
    return sum
  }
}

/** Columns of numbers that grow: a table of ten million rows as objects would not fit, and would not be fast. */

/** Integers by number of row; what was never written is 0. */
export class Column {
  /** Read it directly: it is replaced when the column grows. */
  data: Int32Array

  constructor(rows = 1024) {
    this.data = new Int32Array(rows)
  }

  set(row: number, value: number): void {
    if (row >= this.data.length) this.growTo(row + 1)
    this.data[row] = value
  }

  /** Makes room for so many rows. */
  growTo(rows: number): void {
    if (rows <= this.data.length) return
    const larger = new Int32Array(Math.max(rows, 2 * this.data.length))
    larger.set(this.data)
    this.data = larger
  }
}

// The calls and returns of all operations in their order in time, as a list that links both ways: an operation that gets
// its place is taken out, and put back where it was when the search thinks better of it (Knuth's dancing links).

import type { Problem } from './problem.ts'

/** Entries are numbers: of n operations, operation i's call is i, its return n + i, and the list's end 2n. */
export class Timeline {
  private readonly size: number
  private readonly known: number
  private readonly next: Int32Array
  private readonly previous: Int32Array

  constructor({ operations, known, invoked, completed }: Problem) {
    this.size = operations.length
    this.known = known
    const end = 2 * this.size
    const entries = new Int32Array(this.size + known)
    for (let i = 0; i < this.size; i++) entries[i] = i
    for (let i = 0; i < known; i++) entries[this.size + i] = this.size + i
    const at = (entry: number): number => (entry < this.size ? invoked[entry] : completed[entry - this.size]) as number
    // At equal times calls come first, so that what touches overlaps.
    entries.sort((a, b) => at(a) - at(b) || a - b)
    this.next = new Int32Array(end + 1)
    this.previous = new Int32Array(end + 1)
    let last = end
    for (const entry of entries) {
      this.next[last] = entry
      this.previous[entry] = last
      last = entry
    }
    this.next[last] = end
    this.previous[end] = last
  }

  /** The first entry that is left. */
  first(): number {
    return this.next[2 * this.size] as number
  }

  after(entry: number): number {
    return this.next[entry] as number
  }

  before(entry: number): number {
    return this.previous[entry] as number
  }

  /** Of a call its operation is the same number; what is no call is a return, or the end. */
  isCall(entry: number): boolean {
    return entry < this.size
  }

  takeOut(operation: number): void {
    this.unlink(operation)
    if (operation < this.known) this.unlink(this.size + operation)
  }

  /** In the reverse order of taking out. */
  putBack(operation: number): void {
    if (operation < this.known) this.link(this.size + operation)
    this.link(operation)
  }

  private unlink(entry: number): void {
    const [before, after] = [this.previous[entry] as number, this.next[entry] as number]
    this.next[before] = after
    this.previous[after] = before
  }

  private link(entry: number): void {
    this.next[this.previous[entry] as number] = entry
    this.previous[this.next[entry] as number] = entry
  }
}

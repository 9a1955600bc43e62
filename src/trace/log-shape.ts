// A server's log as the picture of it needs it: which term each entry is of, and where the snapshot ends. Entries of one
// term stand next to each other, so a log of ten thousand entries is a handful of numbers, and copying it costs nothing.

export class LogShape {
  /** The last entry that the snapshot stands for; 0 when there is none. */
  baseIndex = 0
  baseTerm = 0
  lastIndex = 0
  /** Where each run of entries of one term begins, ascending, and its term. */
  private firsts: number[] = []
  private terms: number[] = []

  /** What stood at `first` and behind it goes. */
  append(first: number, count: number, term: number): void {
    if (first <= this.lastIndex) this.truncate(first)
    if (this.terms.at(-1) !== term) {
      this.firsts.push(first)
      this.terms.push(term)
    }
    this.lastIndex = first + count - 1
  }

  /** Cuts off the entry at `from` and all behind it; what is in the snapshot stays. */
  truncate(from: number): void {
    const keep = Math.max(from - 1, this.baseIndex)
    if (keep >= this.lastIndex) return
    while (this.firsts.length > 0 && (this.firsts.at(-1) ?? 0) > keep) {
      this.firsts.pop()
      this.terms.pop()
    }
    this.lastIndex = keep
  }

  compact(index: number, term: number): void {
    let gone = 0
    while (gone < this.firsts.length && this.endOf(gone) <= index) gone++
    this.firsts.splice(0, gone)
    this.terms.splice(0, gone)
    if ((this.firsts[0] ?? Number.POSITIVE_INFINITY) <= index) this.firsts[0] = index + 1
    this.baseIndex = index
    this.baseTerm = term
    this.lastIndex = Math.max(this.lastIndex, index)
  }

  /** Null where there is no entry, or only the snapshot. */
  termAt(index: number): number | null {
    if (index === this.baseIndex && index > 0) return this.baseTerm
    if (index <= this.baseIndex || index > this.lastIndex) return null
    let low = 0
    let high = this.firsts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.firsts[middle] ?? 0) <= index) low = middle + 1
      else high = middle
    }
    return this.terms[low - 1] ?? null
  }

  get lastTerm(): number {
    return this.terms.at(-1) ?? this.baseTerm
  }

  /** The runs of one term each, in order. */
  runs(): { readonly first: number; readonly last: number; readonly term: number }[] {
    return this.firsts.map((first, i) => ({ first, last: this.endOf(i), term: this.terms[i] ?? 0 }))
  }

  copy(): LogShape {
    const copy = new LogShape()
    copy.baseIndex = this.baseIndex
    copy.baseTerm = this.baseTerm
    copy.lastIndex = this.lastIndex
    copy.firsts = this.firsts.slice()
    copy.terms = this.terms.slice()
    return copy
  }

  private endOf(run: number): number {
    return (this.firsts[run + 1] ?? this.lastIndex + 1) - 1
  }
}

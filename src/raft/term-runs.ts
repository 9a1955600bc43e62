/**
 * The term of every entry, without the entries: the log's terms never fall, so one number pair for each change of term
 * is enough, even for a log of a billion entries that lies on a disk.
 */
import { broken } from '../util/assert.ts'
import type { Index, Term } from './entry.ts'

/** Entries of one term, one behind the other, up to where the next run begins or the log ends. */
export interface TermRun {
  /** The first index of this term … */
  readonly index: Index
  readonly term: Term
}

export class TermRuns {
  // Ascending in index and in term. The first run is the entry before the log's first: the base.
  private runs: TermRun[]

  constructor(baseIndex: Index, baseTerm: Term, runs: readonly TermRun[] = []) {
    this.runs = [{ index: baseIndex, term: baseTerm }]
    for (const run of runs) if (run.index > baseIndex) this.append(run.index, run.term)
  }

  /** The entry at `index` has this term; the caller appends in order and cuts first what it replaces. */
  append(index: Index, term: Term): void {
    const last = this.lastRun()
    if (term < last.term) broken(`term ${term} at index ${index} after term ${last.term} at ${last.index}`)
    if (term > last.term) this.runs.push({ index, term })
  }

  /** The term at an index that the log has (or at its base). */
  termAt(index: Index): Term {
    return (this.runs[this.runAt(index)] as TermRun).term
  }

  /** The first index of the run that `index` is in, never below the base. */
  runStart(index: Index): Index {
    return (this.runs[this.runAt(index)] as TermRun).index
  }

  truncateFrom(index: Index): void {
    while (this.runs.length > 1 && this.lastRun().index >= index) this.runs.pop()
  }

  /** The base moves up to `index`, which the log has. */
  compactTo(index: Index): void {
    const place = this.runAt(index)
    this.runs.splice(0, place + 1, { index, term: (this.runs[place] as TermRun).term })
  }

  /** For the canonical state and for the log store: every run behind the base. */
  list(): readonly TermRun[] {
    return this.runs.slice(1)
  }

  private lastRun(): TermRun {
    return this.runs[this.runs.length - 1] as TermRun
  }

  private runAt(index: Index): number {
    let low = 0
    let high = this.runs.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.runs[middle] as TermRun).index <= index) low = middle
      else high = middle - 1
    }
    return low
  }
}

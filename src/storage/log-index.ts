/**
 * Where each entry of one group's log lies on the disk, and what else must be known of the log without reading it: hard
 * state, base, last index, terms. Recovery builds it from the records it finds; writing keeps it up to date by the same
 * records, so that both have one meaning.
 *
 * The place of every single entry would cost more than small entries themselves. A run remembers the place of one
 * entry in about 64 KiB; reading starts there and walks.
 * Where groups share a log, a run ends where a neighbour's entries begin: then each write that is still needed costs a
 * run of about 100 bytes.
 */
import type { Entry, Index } from '../raft/entry.ts'
import type { HardState } from '../raft/ready.ts'
import { TermRuns } from '../raft/term-runs.ts'
import type { LogRecord, Mark } from './record.ts'

/** Entries first..last lie one behind the other in a segment, perhaps with batch headers in between. */
export interface Run {
  readonly segment: number
  /** Where the entry `first` lies. */
  readonly offset: number
  /** Where the entries of that entry's batch end; behind their seal the next batch's header follows. */
  readonly entriesEnd: number
  /** Where the run's last entry ends. */
  end: number
  readonly first: Index
  last: Index
}

/** Where the entries of a record lie. */
export interface EntriesPlace {
  readonly segment: number
  readonly offset: number
  /** The end of the batch's entries section. */
  readonly entriesEnd: number
  /** How many bytes of entries, of all groups, stand before them: what tells whether two lie one behind the other. */
  readonly position: number
}

/** What changes a log, besides the entries themselves and the names of groups. */
export type LogChange = Exclude<LogRecord, { readonly type: 'entries' | 'group' | 'named' | 'removed' }>

const RUN_BYTES = 64 * 1024

export class LogIndex {
  hardState: HardState = { term: 0, votedFor: null }
  base: Mark = { index: 0, term: 0 }
  lastIndex: Index = 0
  private terms = new TermRuns(0, 0)
  // Ascending and without gaps, from the first entry behind the base on (or before it) to lastIndex.
  private runs: Run[] = []
  // Where in the stream of all groups' entries the last run ends; null when something was cut off it.
  private position: number | null = null
  /** Counts the cuts: whoever reads across a wait learns from it that what was read may be gone. */
  cuts = 0
  /** What the runs take on the disk. */
  bytes = 0

  get lastMark(): Mark {
    return { index: this.lastIndex, term: this.terms.termAt(this.lastIndex) }
  }

  /** For an index between base and last. */
  markAt(index: Index): Mark {
    return { index, term: this.terms.termAt(index) }
  }

  termList(): readonly Mark[] {
    return this.terms.list()
  }

  /**
   * The run that holds `index`, and those behind it that can be read along with it: they lie near it in its segment,
   * begin with an entry up to `to`, and those before them have not enough. None when the log does not have `index`.
   */
  runsFrom(index: Index, to: Index, maxBytes: number): readonly Run[] {
    const place = this.placeOf(index)
    const first = place === null ? undefined : this.runs[place]
    if (place === null || first === undefined) return []
    let left = maxBytes - (first.end - first.offset)
    let end = place + 1
    for (let run = this.runs[end]; run !== undefined && left > 0 && run.first <= to; run = this.runs[++end]) {
      if (run.segment !== first.segment || run.end - first.offset > RUN_BYTES) break
      left -= run.end - run.offset
    }
    return this.runs.slice(place, end)
  }

  /** The first segment that holds an entry behind the base; Infinity when the log is empty. */
  get firstSegment(): number {
    return this.runs[0]?.segment ?? Number.POSITIVE_INFINITY
  }

  /** The first entry that should be there and has no place; null when all is well. */
  firstMissing(): Index | null {
    let expected = this.base.index + 1
    for (const run of this.runs) {
      if (run.first > expected) return expected
      expected = run.last + 1
    }
    return expected <= this.lastIndex ? expected : null
  }

  apply(record: LogChange): void {
    switch (record.type) {
      case 'hardState':
        this.hardState = record.hardState
        return
      case 'start':
        this.start(record.base, record.last)
        return
      case 'compact':
        this.compact(record.base)
        return
      case 'reset':
        this.reset(record.base)
        return
      case 'truncate':
        this.truncate(record.from)
        return
    }
  }

  /** @returns why the entries cannot follow what is there, or null */
  append(entries: readonly Entry[], place: EntriesPlace): string | null {
    let { offset } = place
    const shift = place.position - offset
    for (const entry of entries) {
      if (entry.index !== this.lastIndex + 1) return `entry ${entry.index} follows entry ${this.lastIndex}`
      const lastTerm = this.lastMark.term
      if (entry.term < lastTerm) return `entry ${entry.index} has term ${entry.term}, the one before it ${lastTerm}`
      this.terms.append(entry.index, entry.term)
      this.lastIndex = entry.index
      this.place(entry, offset, offset + shift, place)
      offset += entry.size
    }
    return null
  }

  private placeOf(index: Index): number | null {
    if (index <= this.base.index || index > this.lastIndex) return null
    let low = 0
    let high = this.runs.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.runs[middle] as Run).first <= index) low = middle
      else high = middle - 1
    }
    return low
  }

  private start(base: Mark, last: Mark): void {
    // Repeats what the earlier segments said, for the case that they are gone.
    if (this.lastIndex === last.index && this.base.index === base.index) return
    this.base = base
    this.lastIndex = last.index
    this.terms = new TermRuns(base.index, base.term, [last])
    this.clearRuns()
  }

  private compact(base: Mark): void {
    this.base = base
    this.lastIndex = Math.max(this.lastIndex, base.index)
    this.terms = new TermRuns(base.index, base.term, this.terms.list())
    const kept = this.runs.findIndex((run) => run.last > base.index)
    const dropped = this.runs.splice(0, kept === -1 ? this.runs.length : kept)
    for (const run of dropped) this.bytes -= run.end - run.offset
  }

  private reset(base: Mark): void {
    this.cuts++
    this.base = base
    this.lastIndex = base.index
    this.terms = new TermRuns(base.index, base.term)
    this.clearRuns()
  }

  private truncate(from: Index): void {
    this.cuts++
    this.lastIndex = Math.min(this.lastIndex, Math.max(from - 1, this.base.index))
    this.terms.truncateFrom(this.lastIndex + 1)
    for (let last = this.runs.at(-1); last !== undefined && last.first > this.lastIndex; last = this.runs.at(-1)) {
      this.bytes -= last.end - last.offset
      this.runs.pop()
    }
    const last = this.runs[this.runs.length - 1]
    if (last !== undefined) last.last = Math.min(last.last, this.lastIndex)
    this.position = null
  }

  private clearRuns(): void {
    this.runs = []
    this.bytes = 0
    this.position = null
  }

  private place(entry: Entry, offset: number, position: number, { segment, entriesEnd }: EntriesPlace): void {
    const end = offset + entry.size
    const last = this.runs[this.runs.length - 1]
    const continues = this.position === position && last !== undefined && last.segment === segment
    this.position = position + entry.size
    if (continues && end - last.offset <= RUN_BYTES) {
      this.bytes += end - last.end
      last.last = entry.index
      last.end = end
      return
    }
    this.bytes += entry.size
    this.runs.push({ segment, offset, entriesEnd, end, first: entry.index, last: entry.index })
  }
}

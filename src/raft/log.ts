/**
 * The log (Paper §5.3). Of its entries only the newest are in memory: a bounded tail. What lies before it is on the
 * disk and is fetched when a follower needs it; the terms of all entries are known throughout.
 *
 * ```
 *   base          tailStart             durableIndex      lastIndex
 *    │ on disk only  │ in memory and on disk │ in memory only │
 *    └ compacted up to here                                    └ appended, maybe not yet synced
 * ```
 * Always: base ≤ tailStart − 1 ≤ lastIndex, and base ≤ durableIndex ≤ lastIndex unless a snapshot is being installed.
 */
import { assert, broken } from '../util/assert.ts'
import type { Entry, Index, Term } from './entry.ts'
import type { BootState } from './ready.ts'
import { TermRuns } from './term-runs.ts'

export class RaftLog {
  /** The last entry that compaction dropped; 0 when it dropped none. */
  baseIndex: Index
  lastIndex: Index
  /** What the disk is known to hold; the leader counts itself only up to here (Thesis §10.2.1). */
  durableIndex: Index
  private runs: TermRuns
  private tail: Entry[]
  private tailStart: Index
  private tailBytes = 0

  constructor(boot: BootState) {
    this.baseIndex = boot.base.index
    this.lastIndex = boot.lastIndex
    this.durableIndex = boot.lastIndex
    this.runs = new TermRuns(boot.base.index, boot.base.term, boot.terms)
    this.tail = [...boot.tail]
    this.tailStart = boot.lastIndex + 1 - boot.tail.length
    for (const entry of boot.tail) this.tailBytes += entry.size
    assert(
      this.tail.length === 0 || (this.tail[0] as Entry).index === this.tailStart,
      `the boot state's tail starts at ${this.tail[0]?.index}, not at ${this.tailStart}`,
    )
  }

  get baseTerm(): Term {
    return this.runs.termAt(this.baseIndex)
  }

  get lastTerm(): Term {
    return this.runs.termAt(this.lastIndex)
  }

  /** Bytes of entries in memory. */
  get bytesInMemory(): number {
    return this.tailBytes
  }

  /** Null when the log does not have that entry: compacted away, or not there yet. */
  termAt(index: Index): Term | null {
    return index < this.baseIndex || index > this.lastIndex ? null : this.runs.termAt(index)
  }

  /** The consistency check of AppendEntries (Paper §5.3). */
  matches(index: Index, term: Term): boolean {
    return this.termAt(index) === term
  }

  /** The election restriction: is a candidate's log at least as up-to-date as ours? (Paper §5.4.1) */
  isUpToDate(lastLogIndex: Index, lastLogTerm: Term): boolean {
    return lastLogTerm > this.lastTerm || (lastLogTerm === this.lastTerm && lastLogIndex >= this.lastIndex)
  }

  /**
   * Where to try next after a conflict: the largest index, at most `index`, whose term is at most `term`. It skips a
   * whole term at a time, on the follower's side for its hint and on the leader's for its answer (Paper §5.3).
   */
  lastIndexOfTermAtMost(index: Index, term: Term): Index {
    let candidate = Math.min(index, this.lastIndex)
    while (candidate > this.baseIndex && this.runs.termAt(candidate) > term) {
      candidate = Math.max(this.runs.runStart(candidate) - 1, this.baseIndex)
    }
    return candidate
  }

  /** Appends behind the last entry; whoever must replace entries cuts them first. */
  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.index !== this.lastIndex + 1) broken(`entry ${entry.index} appended after ${this.lastIndex}`)
      this.runs.append(entry.index, entry.term)
      this.tail.push(entry)
      this.tailBytes += entry.size
      this.lastIndex = entry.index
    }
  }

  /** Drops the entries from `index` on: they conflict with the leader's (Paper Figure 2, AppendEntries step 3). */
  truncateFrom(index: Index): void {
    assert(index > this.baseIndex && index <= this.lastIndex, `cannot cut at ${index}: log is ${this.range()}`)
    const kept = Math.max(index - this.tailStart, 0)
    for (let i = kept; i < this.tail.length; i++) this.tailBytes -= (this.tail[i] as Entry).size
    this.tail.length = kept
    this.tailStart = Math.min(this.tailStart, index)
    this.runs.truncateFrom(index)
    this.lastIndex = index - 1
    this.durableIndex = Math.min(this.durableIndex, index - 1)
  }

  /** Forgets everything up to and including `index`, which a durable snapshot covers. */
  compactTo(index: Index): void {
    if (index <= this.baseIndex) return
    assert(index <= this.lastIndex, `cannot compact to ${index}: log is ${this.range()}`)
    this.runs.compactTo(index)
    this.baseIndex = index
    this.dropTailBefore(index + 1)
  }

  /** The log gives way to a snapshot: it is empty and starts behind `index`. */
  resetTo(index: Index, term: Term): void {
    this.runs = new TermRuns(index, term)
    this.baseIndex = index
    this.lastIndex = index
    this.tail = []
    this.tailStart = index + 1
    this.tailBytes = 0
    // Until the snapshot's batch is durable, what lies on the disk is the old log, which may contradict the leader's.
    this.durableIndex = 0
  }

  /** True when every entry from `index` on is in memory. */
  isInMemory(index: Index): boolean {
    return index >= this.tailStart
  }

  /**
   * Entries from..to, as many as fit into `maxBytes` but at least one; empty when `from` is behind `to`.
   * The caller has asked `isInMemory(from)`.
   */
  slice(from: Index, to: Index, maxBytes: number): readonly Entry[] {
    assert(from >= this.tailStart, `entry ${from} is not in memory (first is ${this.tailStart})`)
    const first = from - this.tailStart
    const last = Math.min(to, this.lastIndex) - this.tailStart
    let bytes = 0
    let end = first
    while (end <= last) {
      bytes += (this.tail[end] as Entry).size
      if (bytes > maxBytes && end > first) break
      end++
    }
    return first === 0 && end === this.tail.length ? this.tail.slice() : this.tail.slice(first, end)
  }

  /** The entry, when it is in memory. */
  entryAt(index: Index): Entry | undefined {
    return this.tail[index - this.tailStart]
  }

  /**
   * Gives memory back: drops the oldest entries of the tail until it is down to `maxBytes`, but none behind `upTo`.
   * Lets the tail first grow to twice that, so that the cost of dropping is shared by many entries.
   */
  evict(maxBytes: number, upTo: Index): void {
    if (this.tailBytes <= 2 * maxBytes) return
    let bytes = this.tailBytes
    let start = this.tailStart
    while (bytes > maxBytes && start <= upTo) {
      bytes -= (this.tail[start - this.tailStart] as Entry).size
      start++
    }
    this.dropTailBefore(start)
  }

  terms(): readonly { readonly index: Index; readonly term: Term }[] {
    return this.runs.list()
  }

  /** For messages: `(3, 9]`, base and last. */
  range(): string {
    return `(${this.baseIndex}, ${this.lastIndex}]`
  }

  private dropTailBefore(index: Index): void {
    const count = Math.min(index - this.tailStart, this.tail.length)
    if (count > 0) {
      for (const entry of this.tail.splice(0, count)) this.tailBytes -= entry.size
    }
    this.tailStart = Math.max(this.tailStart, index)
  }
}

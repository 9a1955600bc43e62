/**
 * What has been handed to the disk and what is known to have arrived there.
 *
 * The subtle part is a log that is cut while writes are under way. Batch 1 writes entry 5 of term 2; before it is
 * durable a new leader of term 3 cuts at 5 and batch 2 writes another entry 5. When batch 1 is confirmed, entry 5 of
 * term 2 has arrived, which nobody wants any more. So each batch remembers how far its claim reaches, and a cut lowers
 * the claims of all batches that are still on their way.
 */
import { assert } from '../util/assert.ts'
import { Deque } from '../util/deque.ts'
import type { Entry, Index } from './entry.ts'
import type { HardState, PersistBatch, Seq, SnapshotMeta } from './ready.ts'

interface Claim {
  readonly seq: Seq
  /** Once this batch is durable, the current log is durable up to here. */
  lastIndex: Index
}

export class Durability {
  /** The newest batch that was handed out. */
  issuedSeq: Seq = 0
  /** The newest batch that is durable; all before it are, too. */
  durableSeq: Seq = 0
  private readonly claims = new Deque<Claim>()
  // The batch that is being put together.
  private hardState: HardState | null = null
  private snapshot: SnapshotMeta | null = null
  private truncatedFrom: Index | null = null
  private entries: Entry[] = []

  /** The batch that carries what was recorded last; a message that depends on it waits for this number. */
  get pendingSeq(): Seq {
    return this.isDirty ? this.issuedSeq + 1 : this.issuedSeq
  }

  /** True when there is something that the disk does not know yet. */
  get isDirty(): boolean {
    return this.hardState !== null || this.snapshot !== null || this.truncatedFrom !== null || this.entries.length > 0
  }

  recordHardState(hardState: HardState): void {
    this.hardState = hardState
  }

  recordEntries(entries: readonly Entry[]): void {
    for (const entry of entries) this.entries.push(entry)
  }

  recordTruncation(index: Index): void {
    this.lowerClaims(index - 1)
    const firstRecorded = this.entries[0]?.index ?? Number.POSITIVE_INFINITY
    if (index >= firstRecorded) {
      // The disk has never heard of them: they are simply not written.
      this.entries.length = index - firstRecorded
      return
    }
    this.entries = []
    this.truncatedFrom = this.truncatedFrom === null ? index : Math.min(this.truncatedFrom, index)
  }

  recordSnapshot(meta: SnapshotMeta): void {
    this.lowerClaims(0)
    this.snapshot = meta
    this.truncatedFrom = null
    this.entries = []
  }

  /** Hands out what was recorded, as one batch; null when there is nothing. `lastIndex` is the log's. */
  takeBatch(lastIndex: Index): PersistBatch | null {
    if (!this.isDirty) return null
    this.issuedSeq++
    this.claims.push({ seq: this.issuedSeq, lastIndex })
    const batch: PersistBatch = {
      seq: this.issuedSeq,
      hardState: this.hardState,
      snapshot: this.snapshot,
      truncateFrom: this.truncatedFrom,
      entries: this.entries,
    }
    this.hardState = null
    this.snapshot = null
    this.truncatedFrom = null
    this.entries = []
    return batch
  }

  /**
   * Batches up to `seq` are durable.
   *
   * @returns how far the current log is durable by that, 0 when nothing new is known
   */
  persisted(seq: Seq): Index {
    assert(seq <= this.issuedSeq, `batch ${seq} is called durable, but only ${this.issuedSeq} were handed out`)
    let index = 0
    while (this.claims.length > 0 && (this.claims.first() as Claim).seq <= seq) {
      index = Math.max(index, (this.claims.shift() as Claim).lastIndex)
    }
    this.durableSeq = Math.max(this.durableSeq, seq)
    return index
  }

  /** For the canonical state: the two counters, then each claim under way. */
  exportClaims(): number[] {
    const numbers = [this.issuedSeq, this.durableSeq]
    for (let i = 0; i < this.claims.length; i++) {
      const { seq, lastIndex } = this.claims.at(i) as Claim
      numbers.push(seq, lastIndex)
    }
    return numbers
  }

  importClaims(numbers: readonly number[]): void {
    this.issuedSeq = numbers[0] as number
    this.durableSeq = numbers[1] as number
    this.claims.clear()
    for (let i = 2; i < numbers.length; i += 2) {
      this.claims.push({ seq: numbers[i] as number, lastIndex: numbers[i + 1] as number })
    }
  }

  private lowerClaims(index: Index): void {
    for (let i = 0; i < this.claims.length; i++) {
      const claim = this.claims.at(i) as Claim
      claim.lastIndex = Math.min(claim.lastIndex, index)
    }
  }
}

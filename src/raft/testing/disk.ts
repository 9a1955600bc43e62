/**
 * A server's disk, as the core sees it: batches are written in order, and are durable only when the test says so. What
 * is not durable is lost in a crash. It stands in for the log store and the snapshot store together.
 */
import { assert } from '../../util/assert.ts'
import { type ConfigurationAt, decodeConfiguration } from '../configuration.ts'
import type { Entry, Index, Term } from '../entry.ts'
import type { BootState, HardState, PersistBatch, Seq, SnapshotMeta } from '../ready.ts'

export class TestDisk {
  hardState: HardState = { term: 0, votedFor: null }
  snapshot: SnapshotMeta
  private base: { readonly index: Index; readonly term: Term }
  private entries: Entry[]
  private pending: PersistBatch[] = []

  constructor(snapshot: SnapshotMeta, entries: readonly Entry[] = []) {
    this.snapshot = snapshot
    this.base = { index: snapshot.index, term: snapshot.term }
    this.entries = [...entries]
  }

  /** Batches that were written and are not durable. */
  get pendingSeqs(): readonly Seq[] {
    return this.pending.map(({ seq }) => seq)
  }

  get lastIndex(): Index {
    return this.base.index + this.entries.length
  }

  write(batch: PersistBatch): void {
    this.pending.push(batch)
  }

  /** Batches up to `seq` become durable, in order. */
  sync(seq: Seq): void {
    while (this.pending.length > 0 && (this.pending[0] as PersistBatch).seq <= seq) {
      this.store(this.pending.shift() as PersistBatch)
    }
  }

  /** Everything that is not durable is gone. */
  crash(): void {
    this.pending = []
  }

  /** A snapshot of the server's own state machine is durable. */
  saveSnapshot(meta: SnapshotMeta): void {
    this.snapshot = meta
  }

  /** The log up to and including `index` may go; what is not written yet does not stop it. */
  compactTo(index: Index): void {
    const kept = this.entries.filter((entry) => entry.index > index)
    const last = this.entries[index - this.base.index - 1]
    if (last === undefined) return
    this.base = { index, term: last.term }
    this.entries = kept
  }

  /** Entries from..to that are durable; empty when the first is not there. */
  read(from: Index, to: Index): readonly Entry[] {
    return from <= this.base.index ? [] : this.entries.slice(from - this.base.index - 1, to - this.base.index)
  }

  /** What the server finds when it starts again. */
  boot(): BootState {
    // The log may end before the snapshot when its own entries were lost with a crash: the snapshot then stands alone.
    const isBehind = this.lastIndex < this.snapshot.index
    if (isBehind) {
      this.base = { index: this.snapshot.index, term: this.snapshot.term }
      this.entries = []
    }
    const { hardState, snapshot, base, lastIndex, entries } = this
    return {
      hardState,
      snapshot,
      base,
      lastIndex,
      terms: termChanges(base.term, entries),
      configurations: configurationsIn(entries.filter(({ index }) => index > snapshot.index)),
      tail: entries,
    }
  }

  private store(batch: PersistBatch): void {
    if (batch.hardState !== null) this.hardState = batch.hardState
    if (batch.snapshot !== null) {
      this.snapshot = batch.snapshot
      this.base = { index: batch.snapshot.index, term: batch.snapshot.term }
      this.entries = []
    }
    if (batch.truncateFrom !== null) this.entries.length = Math.max(batch.truncateFrom - this.base.index - 1, 0)
    for (const entry of batch.entries) {
      if (entry.index <= this.base.index) continue
      assert(entry.index === this.lastIndex + 1, `batch ${batch.seq} leaves a gap: ${this.lastIndex}, ${entry.index}`)
      this.entries.push(entry)
    }
  }
}

function termChanges(baseTerm: Term, entries: readonly Entry[]): { index: Index; term: Term }[] {
  let before = baseTerm
  const changes: { index: Index; term: Term }[] = []
  for (const { index, term } of entries) {
    if (term !== before) changes.push({ index, term })
    before = term
  }
  return changes
}

function configurationsIn(entries: readonly Entry[]): ConfigurationAt[] {
  const found: ConfigurationAt[] = []
  for (const entry of entries) {
    const configuration = entry.kind === 'configuration' ? decodeConfiguration(entry.command) : null
    if (configuration !== null) found.push({ index: entry.index, configuration })
  }
  return found
}

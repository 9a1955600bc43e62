/**
 * What a server's disk holds, as a value: a batch makes a new image of it. It stands in for the log store and the
 * snapshot store together, and does what `PersistBatch` demands of them, no more.
 */

import { type ConfigurationAt, decodeConfiguration } from '../raft/configuration.ts'
import type { Entry, Index, Term } from '../raft/entry.ts'
import type { BootState, HardState, PersistBatch, SnapshotMeta } from '../raft/ready.ts'
import type { DiskInView, WriteUnderWay } from '../spec/step.ts'
import { assert } from '../util/assert.ts'

/** Durable: it outlives a crash. */
export interface DiskImage {
  readonly hardState: HardState
  readonly snapshot: SnapshotMeta
  /** The log's entry before the first that is still there. */
  readonly base: { readonly index: Index; readonly term: Term }
  readonly entries: readonly Entry[]
}

/** The disk of a server that starts for the first time, with the first configuration in its snapshot at 0. */
export function emptyDisk(snapshot: SnapshotMeta): DiskImage {
  const base = { index: snapshot.index, term: snapshot.term }
  return { hardState: { term: 0, votedFor: null }, snapshot, base, entries: [] }
}

/** The batch is durable: hard state, then snapshot, then cut, then entries. */
export function withBatch(image: DiskImage, batch: PersistBatch): DiskImage {
  const hardState = batch.hardState ?? image.hardState
  const snapshot = batch.snapshot ?? image.snapshot
  const base = batch.snapshot === null ? image.base : { index: snapshot.index, term: snapshot.term }
  let entries = batch.snapshot === null ? image.entries : []
  if (batch.truncateFrom !== null) entries = entries.slice(0, Math.max(batch.truncateFrom - base.index - 1, 0))
  const news = batch.entries.filter(({ index }) => index > base.index)
  const last = base.index + entries.length
  assert(
    news.length === 0 || news[0]?.index === last + 1,
    `the disk ends at ${last}, entry ${news[0]?.index} comes next`,
  )
  return { hardState, snapshot, base, entries: news.length === 0 ? entries : [...entries, ...news] }
}

/** A snapshot of the server's own state machine is durable. */
export function withSnapshot(image: DiskImage, snapshot: SnapshotMeta): DiskImage {
  return { ...image, snapshot }
}

/** The log up to and including `index` may go; what is not written yet does not stop it. */
export function compacted(image: DiskImage, index: Index): DiskImage {
  const last = image.entries[index - image.base.index - 1]
  if (last === undefined) return image
  const entries = image.entries.slice(index - image.base.index)
  return { ...image, base: { index, term: last.term }, entries }
}

/** What a server finds when it starts again. */
export function bootFrom(image: DiskImage): { readonly boot: BootState; readonly image: DiskImage } {
  const found = startingBehindSnapshot(image)
  const { hardState, snapshot, base, entries } = found
  const lastIndex = base.index + entries.length
  const configurations = configurationsIn(entries.filter(({ index }) => index > snapshot.index))
  const terms = entries.map(({ index, term }) => ({ index, term }))
  return { boot: { hardState, snapshot, base, lastIndex, terms, configurations, tail: entries }, image: found }
}

/** The log may end before the snapshot, when its own entries were lost with a crash: the snapshot then stands alone. */
function startingBehindSnapshot(image: DiskImage): DiskImage {
  const { snapshot, base, entries } = image
  if (base.index + entries.length >= snapshot.index) return image
  return { ...image, base: { index: snapshot.index, term: snapshot.term }, entries: [] }
}

/** The disk and what is on its way there, as the specification asks for them. */
export function diskInView(image: DiskImage, pending: readonly PersistBatch[]): DiskInView {
  const writes: WriteUnderWay[] = []
  let before = image
  for (const batch of pending) {
    const after = withBatch(before, batch)
    const cut = before.entries.filter(({ index, term }) => termAt(after, index) !== term)
    writes.push({ number: batch.seq, ...after.hardState, snapshotIndex: batch.snapshot?.index ?? 0, cut })
    before = after
  }
  return { ...image.hardState, snapshotIndex: image.snapshot.index, writes }
}

function termAt({ base, entries }: DiskImage, index: Index): Term | null {
  return entries[index - base.index - 1]?.term ?? null
}

function configurationsIn(entries: readonly Entry[]): ConfigurationAt[] {
  const found: ConfigurationAt[] = []
  for (const { kind, command, index } of entries) {
    const configuration = kind === 'configuration' ? decodeConfiguration(command) : null
    if (configuration !== null) found.push({ index, configuration })
  }
  return found
}

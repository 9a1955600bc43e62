/** Snapshots in memory (SnapshotStore port): the twin of DiskSnapshots. They live as long as the object. */
import type { SnapshotMeta } from '../raft/ready.ts'
import { concat } from '../util/bytes.ts'
import { StorageError } from './errors.ts'
import type { OpenedSnapshots, SnapshotStore, SnapshotWriter, StoredSnapshot } from './snapshot-store.ts'

// What a piece of a read has at most, as on the disk.
const PIECE_BYTES = 65_536

/** Snapshots in memory: the twin of `DiskSnapshots`, for tests. */
export class MemorySnapshots implements SnapshotStore {
  private newest: { readonly snapshot: StoredSnapshot; readonly bytes: Uint8Array } | null = null
  private readonly contents = new WeakMap<StoredSnapshot, Uint8Array>()
  private created = 0
  private isOpen = false

  /** May follow `close`: then it is a restart that finds what was committed. */
  async open(): Promise<OpenedSnapshots> {
    this.isOpen = true
    return { latest: this.latest(), damaged: [] }
  }

  latest(): StoredSnapshot | null {
    return this.newest?.snapshot ?? null
  }

  async create(meta: SnapshotMeta, id?: string): Promise<SnapshotWriter> {
    this.requireOpen()
    this.created++
    return new MemorySnapshotWriter(this, id ?? `${meta.index}-${this.created}`, meta)
  }

  async *read(snapshot: StoredSnapshot, offset = 0): AsyncGenerator<Uint8Array> {
    this.requireOpen()
    const bytes = this.contents.get(snapshot)
    if (bytes === undefined) throw new StorageError('ERR_QUORATE_STORAGE_CLOSED', `snapshot ${snapshot.id} is gone`)
    for (let start = offset; start < bytes.length; start += PIECE_BYTES) {
      yield bytes.subarray(start, start + PIECE_BYTES)
    }
  }

  async close(): Promise<void> {
    this.isOpen = false
  }

  /** For the writer: it is complete. */
  adopt(snapshot: StoredSnapshot, bytes: Uint8Array): StoredSnapshot {
    this.requireOpen()
    if (this.newest !== null && this.newest.snapshot.meta.index >= snapshot.meta.index) return this.newest.snapshot
    this.newest = { snapshot, bytes }
    this.contents.set(snapshot, bytes)
    return snapshot
  }

  requireOpen(): void {
    if (!this.isOpen) throw new StorageError('ERR_QUORATE_STORAGE_CLOSED', 'the snapshot store is closed')
  }
}

class MemorySnapshotWriter implements SnapshotWriter {
  readonly id: string
  sizeBytes = 0
  private readonly store: MemorySnapshots
  private readonly meta: SnapshotMeta
  private pieces: Uint8Array[] = []
  private ended = false

  constructor(store: MemorySnapshots, id: string, meta: SnapshotMeta) {
    this.store = store
    this.id = id
    this.meta = meta
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.requireUnderWay()
    this.pieces.push(bytes.slice())
    this.sizeBytes += bytes.length
  }

  async commit(): Promise<StoredSnapshot> {
    this.requireUnderWay()
    this.ended = true
    const { id, meta, sizeBytes } = this
    return this.store.adopt({ id, meta, sizeBytes }, concat(this.pieces))
  }

  async abort(): Promise<void> {
    this.ended = true
    this.pieces = []
  }

  private requireUnderWay(): void {
    this.store.requireOpen()
    if (this.ended) throw new StorageError('ERR_QUORATE_STORAGE_CLOSED', 'this snapshot was committed or aborted')
  }
}

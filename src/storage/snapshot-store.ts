/**
 * The SnapshotStore port: snapshots of the state machine, own ones and those that a leader sends (Paper §7, Thesis §5.1).
 * `DiskSnapshots` keeps them in files, `MemorySnapshots` in memory; `snapshotStoreAcceptance` is what every implementation
 * passes.
 *
 * A snapshot is there as a whole or not at all: it counts from the moment that `commit` has returned.
 */
import type { SnapshotMeta } from '../raft/ready.ts'

/** Where snapshots are kept: the newest whole one counts. */
export interface SnapshotStore {
  /**
   * Finds the newest snapshot whose every byte is as it was written, and removes what unfinished writers left behind.
   * The first call, once.
   *
   * @returns null when there is none and there never was one
   * @throws StorageError ERR_QUORATE_STORAGE_DAMAGED when there are snapshots and none is whole; nothing is changed then
   */
  open(): Promise<OpenedSnapshots>

  /** The newest snapshot that is durable; null when there is none. */
  latest(): StoredSnapshot | null

  /**
   * Begins a snapshot. Several may be under way: the own one, and one from each of two leaders. An incoming one takes
   * the sender's `id`, so that it can be handed on under it; without one a new id is made up.
   *
   * @throws StorageError ERR_QUORATE_DISK_FULL: try again when there is room
   */
  create(meta: SnapshotMeta, id?: string): Promise<SnapshotWriter>

  /**
   * The bytes from `offset` on, checked, in pieces. One that was replaced meanwhile is read to its end all the same,
   * once begun.
   *
   * @throws StorageError ERR_QUORATE_STORAGE_DAMAGED when the bytes are not what was written,
   *   ERR_QUORATE_STORAGE_POISONED when they cannot be come at
   */
  read(snapshot: StoredSnapshot, offset?: number): AsyncIterable<Uint8Array>

  /** Aborts the writers under way. Every later call rejects. */
  close(): Promise<void>
}

/** A snapshot that is whole and durable; `read` brings its bytes. */
export interface StoredSnapshot {
  /** Names these very bytes: two servers' snapshots of one index may differ in them, and then have different ids. */
  readonly id: string
  readonly meta: SnapshotMeta
  readonly sizeBytes: number
}

/**
 * What a store found when it was opened: the snapshot to start from, if there is one, and what it passed over to get
 * there.
 */
export interface OpenedSnapshots {
  readonly latest: StoredSnapshot | null
  /** Snapshots newer than `latest` that turned out to be damaged, with the reason; for the operator's log. */
  readonly damaged: readonly { readonly file: string; readonly reason: string }[]
}

/** Calls come one at a time: wait for each promise. */
export interface SnapshotWriter {
  readonly id: string
  /** How many bytes were written so far: where an interrupted sender goes on. */
  readonly sizeBytes: number

  /**
   * Appends bytes, in pieces of any size; the caller may reuse them when it returns.
   *
   * @throws StorageError ERR_QUORATE_DISK_FULL or ERR_QUORATE_STORAGE_POISONED: abort this writer; the store goes on
   */
  write(bytes: Uint8Array): Promise<void>

  /**
   * Makes it durable and lets older ones go. When a newer or equal one is there already, this one is dropped instead.
   *
   * @returns the store's latest snapshot, which is this one or the newer one
   */
  commit(): Promise<StoredSnapshot>

  /** Drops it. After `commit` or `abort` it does nothing. */
  abort(): Promise<void>
}

/**
 * The LogStore port: where a server's term, vote and entries survive (Paper Figure 2, "Persistent state on all
 * servers"). `DiskLog` keeps them in files, `MemoryLog` in memory; `logStoreAcceptance` is what all pass.
 *
 * Hard state, cuts and entries share one order: a term is durable no later than the entries of that term.
 */
import type { ConfigurationAt } from '../raft/configuration.ts'
import type { Entry, Index, Term } from '../raft/entry.ts'
import type { HardState, PersistBatch } from '../raft/ready.ts'

/** The methods reject with a StorageError; its code says whether to wait, to stop, or to call an operator. */
export interface LogStore {
  /**
   * Reads what is there, checks every byte of it, and makes it ready for writing. The first call, once.
   *
   * @throws StorageError ERR_QUORATE_STORAGE_DAMAGED with file and offset; nothing on the disk is changed then
   */
  open(): Promise<OpenedLog>

  /**
   * Makes the batches durable, in order. The first bytes leave before the call returns, unless a sync is in flight:
   * then they gather with those of other calls and go out as one write and one sync. Calls may overlap; they resolve
   * in the order in which they were made. `seq` is the driver's business: it is neither stored nor checked.
   *
   * @throws StorageError ERR_QUORATE_DISK_FULL: nothing of these batches counts, nor of those of the calls after it
   *   that were waiting and are rejected too, as are those made before this promise's handlers have run. The same batches may be written again, in the same order, when there is
   *   room; everything else goes on meanwhile. (After a crash they may be found all the same, like any write whose
   *   confirmation was still on its way.)
   * @throws StorageError ERR_QUORATE_STORAGE_POISONED: final, as it is for every later call
   */
  write(batches: readonly PersistBatch[]): Promise<void>

  /**
   * Durable entries from..to in order, as many as `maxBytes` allow but at least one. Empty when the log no longer has
   * `from`, or not yet; short when it ends before `to`.
   */
  read(from: Index, to: Index, maxBytes: number): Promise<readonly Entry[]>

  /**
   * Forgets the entries up to and including `to` that were written, which a durable snapshot covers. First the base mark is made durable,
   * in order with the writes; then the files that hold nothing else are removed. Does nothing when `to` is forgotten
   * already. It works on a full disk too, and is a way out of it.
   */
  compact(to: Index): Promise<void>

  /** Waits for what was handed in, and lets go of the files. Every later call rejects. */
  close(): Promise<void>
}

/** What was on the disk: a BootState but for the snapshot. */
export interface OpenedLog {
  readonly hardState: HardState
  /** The entry before the first: (0, 0), or where compaction or a snapshot's installation left off. */
  readonly base: { readonly index: Index; readonly term: Term }
  readonly lastIndex: Index
  /** For each change of term behind the base, in ascending order: the first index of that term. */
  readonly terms: readonly { readonly index: Index; readonly term: Term }[]
  /** Every configuration entry behind the base, in ascending order. */
  readonly configurations: readonly ConfigurationAt[]
  /** The newest entries, ending at lastIndex: as many as the store's options let into memory. */
  readonly tail: readonly Entry[]
  readonly recovery: RecoveryReport
}

/** What opening found, for the operator's log. */
export interface RecoveryReport {
  readonly segments: number
  readonly batches: number
  /** Bytes of log that were read and checked. */
  readonly bytes: number
  /** The write that a crash interrupted, and that was never confirmed to anybody; null when there was none. */
  readonly tornTail: { readonly file: string; readonly offset: number; readonly reason: string } | null
}

/**
 * The log store, with a watch in its hand: how long writes take, which one has waited longest, and whether there is
 * room. What it hands back are the store's own promises: a caller that heard of a refusal a moment later than the store
 * expects would hand in batches out of order.
 */
import { type Entry, type Index, sizeOf } from '../../raft/entry.ts'
import type { PersistBatch } from '../../raft/ready.ts'
import type { LogStore, OpenedLog } from '../../storage/log-store.ts'
import type { Clock } from '../../util/clock.ts'
import { Deque } from '../../util/deque.ts'
import type { Report } from '../events.ts'
import type { Counters } from './counters.ts'

export class WatchedLog implements LogStore {
  private readonly store: LogStore
  private readonly clock: Clock
  private readonly counters: Counters
  private readonly report: Report
  /** When each write began that is not durable yet; they end in this order. */
  private readonly underWay = new Deque<number>()
  private full = false

  constructor(store: LogStore, clock: Clock, counters: Counters, report: Report) {
    this.store = store
    this.clock = clock
    this.counters = counters
    this.report = report
  }

  /** How long the oldest write has been under way; 0 when there is none. */
  oldestWriteMs(): number {
    const begunAt = this.underWay.first()
    return begunAt === undefined ? 0 : this.clock.now() - begunAt
  }

  write(batches: readonly PersistBatch[]): Promise<void> {
    // Before the call: the page cache takes the bytes in it, and may take its time when it is short of memory.
    this.underWay.push(this.clock.now())
    const written = this.store.write(batches)
    written.then(
      () => this.durable(batches),
      (error: unknown) => this.refused(error),
    )
    return written
  }

  open(): Promise<OpenedLog> {
    return this.store.open()
  }

  read(from: Index, to: Index, maxBytes: number): Promise<readonly Entry[]> {
    return this.store.read(from, to, maxBytes)
  }

  compact(to: Index): Promise<void> {
    return this.store.compact(to)
  }

  close(): Promise<void> {
    return this.store.close()
  }

  private durable(batches: readonly PersistBatch[]): void {
    const { counters } = this
    counters.logWriteMs.observe(this.clock.now() - (this.underWay.shift() ?? 0))
    let written = 0
    for (const { entries } of batches) {
      written += entries.length
      counters.bytesAppended += sizeOf(entries)
    }
    counters.entriesAppended += written
    if (written > 0) counters.logWriteEntries.observe(written)
    if (this.full) this.noteRoom(true)
  }

  private refused(error: unknown): void {
    this.underWay.shift()
    const { code } = error as { readonly code?: unknown }
    if (code === 'ERR_QUORATE_DISK_FULL' && !this.full) this.noteRoom(false)
  }

  private noteRoom(isThere: boolean): void {
    this.full = !isThere
    this.report('diskFull', { full: this.full })
  }
}

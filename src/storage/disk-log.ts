/**
 * The log on the disk (LogStore port). One queue, one batch under way, one sync at a time: what is handed in while a
 * sync is in flight gathers and goes out as the next batch, in one write.
 *
 * The bytes are written in the caller's own turn when the log is idle, because the page cache takes them in 2 µs; only
 * the sync is waited for. The next segment is made ready in the background, so that turning to it costs nothing.
 * See segment.ts, batch.ts and record.ts for the format.
 */
import { contiguous, type Entry, type Index, sizeOf } from '../raft/entry.ts'
import type { PersistBatch } from '../raft/ready.ts'
import { assert } from '../util/assert.ts'
import { Deque } from '../util/deque.ts'
import { type BatchHeader, batchEnd, type EncodedBatch, encodeBatch } from './batch.ts'
import { diskFull, poisoned, StorageError } from './errors.ts'
import { type FileSystem, isDiskFull } from './file-system.ts'
import { LogIndex } from './log-index.ts'
import type { LogStore, OpenedLog } from './log-store.ts'
import type { LogRecord } from './record.ts'
import { recoverLog } from './recovery.ts'
import { readRun } from './run-reader.ts'
import { createSegment } from './segment.ts'
import { MIN_SEGMENT_BYTES, SegmentRow } from './segment-row.ts'

/** One log's place and sizes. The sizes may differ from one start to the next; the log id is for ever. */
export interface DiskLogOptions {
  readonly fileSystem: FileSystem
  /** Eight bytes that no other log has: a segment of another log is recognised by them. */
  readonly logId: Uint8Array
  /** The first segment's size, 4 MiB when absent; the ones behind it double. */
  readonly firstSegmentBytes?: number
  /** 64 MiB when absent. */
  readonly maxSegmentBytes?: number
  /** How much of the newest entries `open` hands over, 16 MiB when absent. */
  readonly maxTailBytes?: number
}

/** What is under way or waits. */
interface Job {
  readonly batches: readonly PersistBatch[]
  /** For a compaction; null for a write. */
  readonly compactTo: Index | null
  readonly resolve: () => void
  readonly reject: (error: StorageError) => void
}

/** More than that does not go out in one batch, unless one call brings more. */
const MAX_GROUP_BYTES = 16 * 2 ** 20

/** Records and entries on their way into a batch. */
interface Body {
  readonly records: LogRecord[]
  readonly entries: Entry[]
  readonly pieces: Uint8Array[]
}

/** Makes the log's first segment. Once in a log's life; `open` then wants it to be there for ever. */
export async function createLog(options: DiskLogOptions): Promise<void> {
  const { fileSystem, logId, firstSegmentBytes = 4 * 2 ** 20 } = options
  const { file } = await createSegment(fileSystem, logId, 1, Math.max(firstSegmentBytes, MIN_SEGMENT_BYTES))
  await file.close()
}

export class DiskLog implements LogStore {
  private readonly options: DiskLogOptions
  private row: SegmentRow | null = null
  private index = new LogIndex()
  private last: BatchHeader | null = null
  private readonly queue = new Deque<Job>()
  private draining: Promise<void> | null = null
  // A write that ran out of room may have left something at the log's end: how far it may reach.
  private unclean: number | null = null
  private failure: StorageError | null = null
  // Writes were just rejected for want of room, and their callers do not know yet.
  private refusal: StorageError | null = null

  constructor(options: DiskLogOptions) {
    this.options = options
  }

  async open(): Promise<OpenedLog> {
    const { fileSystem, logId, maxSegmentBytes = 64 * 2 ** 20, maxTailBytes = 16 * 2 ** 20 } = this.options
    const { replay, segments, end, last, report } = await recoverLog(fileSystem, logId, maxTailBytes)
    this.row = new SegmentRow({ fileSystem, logId, maxSegmentBytes }, segments, end)
    this.index = replay.index
    this.last = last
    const { hardState, base, lastIndex } = this.index
    const terms = this.index.termList()
    const configurations = replay.configurationList()
    return { hardState, base, lastIndex, terms, configurations, tail: replay.tailEntries(), recovery: report }
  }

  write(batches: readonly PersistBatch[]): Promise<void> {
    return this.enqueue(batches, null)
  }

  compact(to: Index): Promise<void> {
    return this.enqueue([], to)
  }

  async read(from: Index, to: Index, maxBytes: number): Promise<readonly Entry[]> {
    if (this.failure !== null) throw this.failure
    const row = this.requireRow()
    const { cuts } = this.index
    const entries: Entry[] = []
    let left = maxBytes
    for (let next = from; next <= to && (left > 0 || entries.length === 0); ) {
      const run = this.index.runOf(next)
      if (run === undefined) break
      const found = await row.withSegment(run.segment, ({ file, name }) => {
        const path = `${this.options.fileSystem.folder}/${name}`
        return readRun({ file, path, run }, next, Math.min(to, run.last), left)
      })
      if (this.index.cuts !== cuts) return []
      for (const entry of found) {
        // `readRun` brings at least one entry: it may be one too many behind those of an earlier run.
        if (entry.size > left && entries.length > 0) return entries
        entries.push(entry)
        left -= entry.size
      }
      next += found.length
    }
    return entries
  }

  async close(): Promise<void> {
    this.failure ??= new StorageError('ERR_QUORATE_STORAGE_CLOSED', 'the log is closed')
    await this.draining
    await this.row?.close()
  }

  private enqueue(batches: readonly PersistBatch[], compactTo: Index | null): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure)
    if (this.refusal !== null && compactTo === null) return Promise.reject(this.refusal)
    this.requireRow()
    return new Promise((resolve, reject) => {
      this.queue.push({ batches, compactTo, resolve, reject })
      this.draining ??= this.drain()
    })
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0) {
      const group = this.takeGroup()
      try {
        if (group[0]?.compactTo === null) await this.carryOut(group)
        else await this.carryOutCompaction(group[0] as Job)
        for (const job of group) job.resolve()
      } catch (error) {
        this.giveUp(group, error)
      }
      // Those who were waiting may hand in more, which then goes along with the next group.
      await Promise.resolve()
    }
    this.draining = null
  }

  /** The writes that wait, up to the next compaction; or one compaction. */
  private takeGroup(): Job[] {
    const group = [this.queue.shift() as Job]
    let bytes = bytesOf(group[0] as Job)
    while (group[0]?.compactTo === null && this.queue.first()?.compactTo === null && bytes < MAX_GROUP_BYTES) {
      const job = this.queue.shift() as Job
      bytes += bytesOf(job)
      group.push(job)
    }
    return group
  }

  private async carryOut(group: readonly Job[]): Promise<void> {
    const body: Body = { records: [], entries: [], pieces: [] }
    for (const job of group) for (const batch of job.batches) addBatch(body, batch)
    if (body.records.length === 0) return
    await this.append(body, false)
    if (body.records.some(({ type }) => type === 'reset')) await this.dropSegments()
  }

  private async carryOutCompaction({ compactTo }: Job): Promise<void> {
    const to = Math.min(compactTo ?? 0, this.index.lastIndex)
    if (to <= this.index.base.index) return
    await this.append({ records: [{ type: 'compact', base: this.index.markAt(to) }], entries: [], pieces: [] }, true)
    await this.dropSegments()
  }

  /** One batch: written, synced, taken into the index. */
  private async append(body: Body, mayUseReserve: boolean): Promise<void> {
    const row = this.requireRow()
    const objection = this.index.objectionTo(body)
    assert(objection === null, `${objection}`)
    if (this.unclean !== null) await this.cleanEnd(this.unclean)
    let batch = this.encode(body)
    if (!row.hasRoom(batchEnd(batch.header), mayUseReserve)) {
      await row.turn(batchEnd(batch.header) - row.end + MAX_START_BYTES)
      batch = this.encode(body)
    }
    const end = batchEnd(batch.header)
    try {
      row.active.file.write(row.end, batch.pieces)
    } catch (error) {
      this.unclean = end
      throw error
    }
    await this.sync()
    const wrong = this.index.take(batch.header, { records: batch.records, entries: body.entries })
    assert(wrong === null, `a batch was written that cannot be read: ${wrong}`)
    this.last = batch.header
    row.advance(end)
  }

  private encode(body: Body): EncodedBatch & { readonly records: readonly LogRecord[] } {
    const row = this.requireRow()
    const { hardState, base, lastMark } = this.index
    const start: LogRecord[] = [
      { type: 'hardState', hardState },
      { type: 'start', base, last: lastMark },
    ]
    const records = row.isFresh ? [...start, ...body.records] : body.records
    const place = {
      logId: this.options.logId,
      segment: row.active.number,
      offset: row.end,
      number: (this.last?.number ?? 0) + 1,
      previous: this.last?.checksum ?? 0,
    }
    return { ...encodeBatch(place, records, body.entries, body.pieces), records }
  }

  /**
   * What a failed write left behind must be gone, durably, before another batch is written there: recovery takes wrong
   * bytes that are not zeros for damage.
   */
  private async cleanEnd(unclean: number): Promise<void> {
    const { active, end } = this.requireRow()
    active.file.write(end, [new Uint8Array(unclean - end)])
    await this.sync()
    this.unclean = null
  }

  private async sync(): Promise<void> {
    try {
      await this.requireRow().active.file.sync()
    } catch (error) {
      // Even for want of room: after a failed sync, nobody knows which bytes are on the disk.
      throw poisoned('sync the log', error)
    }
  }

  private dropSegments(): Promise<void> {
    return this.requireRow().dropBefore(this.index.firstSegment)
  }

  private giveUp(group: readonly Job[], error: unknown): void {
    if (isDiskFull(error)) {
      this.reject(group, diskFull('write to the log', error))
      return
    }
    this.failure = error instanceof StorageError ? error : poisoned('write to the log', error)
    for (const job of group) job.reject(this.failure)
    while (this.queue.length > 0) this.queue.shift()?.reject(this.failure)
  }

  /** No room: the writes that wait would follow one that does not count. Compactions still go ahead: they make room. */
  private reject(group: readonly Job[], error: StorageError): void {
    // Whoever writes before the news has reached it means to follow the rejected writes: it is rejected as well. This
    // ends just before the callers of those learn of it, who may then begin anew.
    this.refusal = error
    void Promise.resolve().then(() => {
      this.refusal = null
    })
    for (const job of group) job.reject(error)
    for (let waiting = this.queue.length; waiting > 0; waiting--) {
      const job = this.queue.shift() as Job
      if (job.compactTo === null) job.reject(error)
      else this.queue.push(job)
    }
  }

  private requireRow(): SegmentRow {
    assert(this.row !== null, 'the log is used before `open` has returned')
    return this.row
  }
}

/** The hard state and start records, with a vote for an id of a few hundred bytes. */
const MAX_START_BYTES = 1024

function bytesOf(job: Job): number {
  let bytes = 0
  for (const batch of job.batches) bytes += sizeOf(batch.entries)
  return bytes
}

/** In the order in which a PersistBatch counts (see raft/ready.ts). */
function addBatch(body: Body, { hardState, snapshot, truncateFrom, entries }: PersistBatch): void {
  if (hardState !== null) body.records.push({ type: 'hardState', hardState })
  if (snapshot !== null) {
    body.records.push({ type: 'reset', base: { index: snapshot.index, term: snapshot.term } })
  }
  if (truncateFrom !== null) body.records.push({ type: 'truncate', from: truncateFrom })
  if (entries.length === 0) return
  body.records.push({ type: 'entries', count: entries.length, bytes: sizeOf(entries) })
  for (const entry of entries) body.entries.push(entry)
  for (const piece of contiguous(entries)) body.pieces.push(piece)
}

/**
 * The log on the disk, of one Raft group or of many. One queue, one batch under way, one sync at a time: what is handed
 * in while a sync is in flight, by whichever group, gathers and goes out as the next batch, in one write.
 *
 * The bytes are written in the caller's own turn when the log is idle, because the page cache takes them in 2 µs; only
 * the sync is waited for. The next segment is made ready in the background, so that turning to it costs nothing.
 * See segment.ts, batch.ts and record.ts for the format. `DiskLog` and `SharedLog` are its faces.
 */
import { type Entry, type Index, sizeOf } from '../raft/entry.ts'
import type { PersistBatch } from '../raft/ready.ts'
import { assert } from '../util/assert.ts'
import { Deque } from '../util/deque.ts'
import { BATCH_ALIGNMENT_BYTES, type BatchHeader, batchEnd, type EncodedBatch, encodeBatch } from './batch.ts'
import type { CopyForward } from './copy-forward.ts'
import { Draft } from './draft.ts'
import { diskFull, poisoned, StorageError } from './errors.ts'
import { type FileSystem, isDiskFull } from './file-system.ts'
import { type LogGroup, LogGroups } from './log-groups.ts'
import type { LogReplay } from './log-replay.ts'
import type { RecoveryReport } from './log-store.ts'
import { encodeRecords, type LogRecord } from './record.ts'
import { recoverLog } from './recovery.ts'
import { readEntries } from './run-reader.ts'
import { createSegment } from './segment.ts'
import { MIN_SEGMENT_BYTES, SegmentRow } from './segment-row.ts'
import { wipe } from './wipe.ts'

/** One log's place and sizes. The sizes may differ from one start to the next; the log id is for ever. */
export interface DiskLogOptions {
  readonly fileSystem: FileSystem
  /** Eight bytes that no other log has: a segment of another log is recognised by them. */
  readonly logId: Uint8Array
  /** The first segment's size, 4 MiB when absent; the ones behind it double. */
  readonly firstSegmentBytes?: number
  /** 64 MiB when absent. */
  readonly maxSegmentBytes?: number
  /** How much of the newest entries `open` hands over, 16 MiB when absent; groups that share a log share it, too. */
  readonly maxTailBytes?: number
}

export const DEFAULT_MAX_SEGMENT_BYTES: number = 64 * 2 ** 20
export const DEFAULT_MAX_TAIL_BYTES: number = 16 * 2 ** 20

/** What somebody wants done. */
type Task =
  | { readonly type: 'write'; readonly group: LogGroup; readonly batches: readonly PersistBatch[] }
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'compact'; readonly group: LogGroup; readonly to: Index }
  | { readonly type: 'remove'; readonly group: LogGroup }

/** What is under way or waits. */
interface Job {
  readonly task: Task
  readonly resolve: () => void
  readonly reject: (error: StorageError) => void
}

/** More than that does not go out in one batch, unless one call brings more. */
const MAX_BATCH_BYTES = 16 * 2 ** 20
/** Nor more compactions than that: on a full disk they must do with the 4 KiB of a segment's reserve. */
const MAX_BATCH_COMPACTIONS = 64
/** Copying reads in pieces of this. */
const COPY_READ_BYTES = 2 ** 20

/** Makes the log's first segment. Once in a log's life; `open` then wants it to be there for ever. */
export async function createLog(options: DiskLogOptions): Promise<void> {
  const { fileSystem, logId, firstSegmentBytes = 4 * 2 ** 20 } = options
  const { file } = await createSegment(fileSystem, logId, 1, Math.max(firstSegmentBytes, MIN_SEGMENT_BYTES))
  await file.close()
}

export class WriteAheadLog {
  groups: LogGroups = new LogGroups()
  private readonly options: DiskLogOptions
  private readonly copying: CopyForward | null
  private row: SegmentRow | null = null
  private last: BatchHeader | null = null
  private readonly queue = new Deque<Job>()
  private draining: Promise<void> | null = null
  // A write that ran out of room may have left something at the log's end: how far it may reach.
  private unclean: number | null = null
  private failure: StorageError | null = null
  // Writes were just rejected for want of room, and their callers do not know yet.
  private refusal: StorageError | null = null

  /** @param copying null when nothing is ever copied forward */
  constructor(options: DiskLogOptions, copying: CopyForward | null) {
    this.options = options
    this.copying = copying
  }

  /**
   * @param accept looks at what was read, before anything is changed; what it throws leaves all as it is
   * @throws StorageError ERR_QUORATE_STORAGE_DAMAGED; nothing on the disk is changed then
   */
  async open(
    accept: (groups: LogGroups) => void = () => {},
  ): Promise<{ readonly replay: LogReplay; readonly report: RecoveryReport }> {
    const { fileSystem, logId } = this.options
    const { maxSegmentBytes = DEFAULT_MAX_SEGMENT_BYTES, maxTailBytes = DEFAULT_MAX_TAIL_BYTES } = this.options
    const { replay, segments, end, last, report } = await recoverLog(fileSystem, logId, {
      maxTailBytes,
      accept,
    })
    this.row = new SegmentRow({ fileSystem, logId, maxSegmentBytes }, segments, end)
    this.groups = replay.groups
    this.last = last
    return { replay, report }
  }

  /** See LogStore. */
  write(group: LogGroup, batches: readonly PersistBatch[]): Promise<void> {
    return this.enqueue({ type: 'write', group, batches })
  }

  /** See LogStore. */
  compact(group: LogGroup, to: Index): Promise<void> {
    return this.enqueue({ type: 'compact', group, to })
  }

  /** A new group is there, durably; rejects as a write does. */
  name(name: string): Promise<void> {
    return this.enqueue({ type: 'name', name })
  }

  /** It is gone, durably, and segments that only it needed are as well. Works on a full disk, as a compaction does. */
  remove(group: LogGroup): Promise<void> {
    return this.enqueue({ type: 'remove', group })
  }

  /** See LogStore. */
  async read(group: LogGroup, from: Index, to: Index, maxBytes: number): Promise<readonly Entry[]> {
    if (this.failure !== null) throw this.failure
    return readEntries(this.requireRow(), group.index, from, to, maxBytes)
  }

  async close(): Promise<void> {
    this.failure ??= new StorageError('ERR_QUORATE_STORAGE_CLOSED', 'the log is closed')
    await this.draining
    await this.row?.close()
  }

  private enqueue(task: Task): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure)
    if (this.refusal !== null && !makesRoom(task)) return Promise.reject(this.refusal)
    this.requireRow()
    return new Promise((resolve, reject) => {
      this.queue.push({ task, resolve, reject })
      this.draining ??= this.drain()
    })
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0 || this.mayCopy) {
      if (this.queue.length > 0) await this.serve(this.takeJobs())
      if (this.mayCopy) await this.copyStep()
      // Those who were waiting may hand in more, which then goes along with the next batch.
      await Promise.resolve()
    }
    this.draining = null
  }

  private async serve(jobs: readonly Job[]): Promise<void> {
    try {
      await this.carryOut(jobs)
      for (const job of jobs) job.resolve()
    } catch (error) {
      this.giveUp(jobs, error)
    }
  }

  /** What waits, as far as it is of one sort: what makes room may use room that writes may not. */
  private takeJobs(): Job[] {
    const first = this.queue.shift() as Job
    const jobs = [first]
    const frees = makesRoom(first.task)
    let bytes = bytesOf(first.task)
    for (let next = this.queue.first(); next !== undefined; next = this.queue.first()) {
      const isFull = frees ? jobs.length === MAX_BATCH_COMPACTIONS : bytes >= MAX_BATCH_BYTES
      if (isFull || makesRoom(next.task) !== frees) break
      bytes += bytesOf(next.task)
      jobs.push(this.queue.shift() as Job)
    }
    return jobs
  }

  private async carryOut(jobs: readonly Job[]): Promise<void> {
    const draft = this.draftOf(jobs)
    if (draft.records.length === 0) return
    const row = this.requireRow()
    const { newest } = row
    await this.append(draft, makesRoom((jobs[0] as Job).task))
    if (row.newest !== newest) this.copying?.begin(row)
    if (draft.frees) await this.dropSegments()
  }

  private draftOf(jobs: readonly Job[]): Draft {
    const draft = new Draft()
    for (const { task } of jobs) {
      if (task.type === 'write') for (const batch of task.batches) draft.write(task.group, batch)
      if (task.type === 'name') draft.name(this.groups.takeNumber(), task.name)
      if (task.type === 'remove') draft.remove(task.group)
    }
    if (makesRoom((jobs[0] as Job).task)) addCompactions(draft, jobs)
    return draft
  }

  /**
   * Copying fills a segment faster than the next one is made. It must not get where a write would wait for that: it rests
   * when the segment is half full, until the spare is there. Both come with the next writes, and without them nothing grows.
   */
  private get mayCopy(): boolean {
    if (this.copying?.isUnderWay !== true || this.failure !== null) return false
    const row = this.requireRow()
    return row.hasSpare || row.end < row.newestBytes / 2
  }

  /**
   * Nothing comes between reading the entries and writing them again, because nothing else is written meanwhile. A crash
   * leaves the copy whole, or the old entries, whose segments go only when the copy is durable.
   */
  private async copyStep(): Promise<void> {
    try {
      await this.dropSegments()
      const draft = new Draft()
      for (const group of this.copying?.next(this.requireRow(), this.groups) ?? []) {
        draft.copy(group, await this.readAll(group))
      }
      if (draft.records.length === 0) return
      await this.append(draft, false)
      await this.dropSegments()
    } catch (error) {
      this.copying?.stop()
      if (!isDiskFull(error)) this.giveUp([], error)
    }
  }

  private async readAll(group: LogGroup): Promise<Entry[]> {
    const { index } = group
    const { base, lastIndex } = index
    const entries: Entry[] = []
    while (base.index + entries.length < lastIndex) {
      const from = base.index + entries.length + 1
      const read = await readEntries(this.requireRow(), index, from, lastIndex, COPY_READ_BYTES)
      assert(read.length > 0, `group ${group.name} has lost entry ${from}`)
      for (const entry of read) entries.push(entry)
    }
    return entries
  }

  /** One batch: written, synced, taken into the indexes. */
  private async append(draft: Draft, mayUseReserve: boolean): Promise<void> {
    const row = this.requireRow()
    if (this.unclean !== null) await this.cleanEnd(this.unclean)
    let batch = this.encode(draft)
    if (!row.hasRoom(batchEnd(batch.header), mayUseReserve)) {
      await row.turn(batchEnd(batch.header) - row.end + this.startBytes())
      batch = this.encode(draft)
    }
    const end = batchEnd(batch.header)
    try {
      row.active.file.write(row.end, batch.pieces)
    } catch (error) {
      this.unclean = end
      throw error
    }
    await this.sync()
    const wrong = this.groups.take(batch.header, { records: batch.records, entries: draft.entries })
    assert(wrong === null, `a batch was written that cannot be read: ${wrong}`)
    this.last = batch.header
    row.advance(end)
  }

  private encode({ records, entries, pieces }: Draft): EncodedBatch & { readonly records: readonly LogRecord[] } {
    const row = this.requireRow()
    const all = row.isFresh ? [...this.groups.startRecords(), ...records] : records
    const place = {
      logId: this.options.logId,
      segment: row.active.number,
      offset: row.end,
      number: (this.last?.number ?? 0) + 1,
      previous: this.last?.checksum ?? 0,
    }
    return { ...encodeBatch(place, all, entries, pieces), records: all }
  }

  /** What a segment's first batch has more than others; as its seal may grow as well, at most. */
  private startBytes(): number {
    return encodeRecords(this.groups.startRecords()).length + BATCH_ALIGNMENT_BYTES
  }

  /**
   * What a failed write left behind must be gone, durably, before another batch is written there: recovery takes wrong
   * bytes that are not zeros for damage.
   */
  private async cleanEnd(unclean: number): Promise<void> {
    const { active, end } = this.requireRow()
    await wipe(active.file, () => this.sync(), end, unclean)
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
    return this.requireRow().dropBefore(this.groups.firstSegment)
  }

  private giveUp(jobs: readonly Job[], error: unknown): void {
    if (isDiskFull(error)) {
      this.reject(jobs, diskFull('write to the log', error))
      return
    }
    this.failure = error instanceof StorageError ? error : poisoned('write to the log', error)
    for (const job of jobs) job.reject(this.failure)
    while (this.queue.length > 0) this.queue.shift()?.reject(this.failure)
  }

  /** No room: the writes that wait would follow one that does not count. Compactions still go ahead: they make room. */
  private reject(jobs: readonly Job[], error: StorageError): void {
    this.copying?.stop()
    // Whoever writes before the news has reached it means to follow the rejected writes: it is rejected as well. This
    // ends just before the callers of those learn of it, who may then begin anew.
    this.refusal = error
    void Promise.resolve().then(() => {
      this.refusal = null
    })
    for (const job of jobs) job.reject(error)
    for (let waiting = this.queue.length; waiting > 0; waiting--) {
      const job = this.queue.shift() as Job
      if (!makesRoom(job.task)) job.reject(error)
      else this.queue.push(job)
    }
  }

  private requireRow(): SegmentRow {
    assert(this.row !== null, 'the log is used before `open` has returned')
    return this.row
  }
}

/** Of one group's compactions the furthest is enough. */
function addCompactions(draft: Draft, jobs: readonly Job[]): void {
  const furthest = new Map<LogGroup, Index>()
  for (const { task } of jobs) {
    if (task.type === 'compact') furthest.set(task.group, Math.max(furthest.get(task.group) ?? 0, task.to))
  }
  for (const [group, wanted] of furthest) {
    const to = Math.min(wanted, group.index.lastIndex)
    if (to > group.index.base.index) draft.compact(group, group.index.markAt(to))
  }
}

function makesRoom({ type }: Task): boolean {
  return type === 'compact' || type === 'remove'
}

function bytesOf(task: Task): number {
  if (task.type !== 'write') return 0
  let bytes = 0
  for (const batch of task.batches) bytes += sizeOf(batch.entries)
  return bytes
}

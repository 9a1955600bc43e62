/**
 * Opening a log: read every batch, decide where the log ends, and only then touch the disk.
 *
 * Batch n + 1 is written when batch n is durable, never earlier. So an intact batch with a higher number than the flaw's
 * proves that what has the flaw was once durable, and perhaps acknowledged: damage, and the server must not start.
 * Without such proof the shape of the flaw decides (tear.ts). A torn batch was never confirmed and is cut off.
 */
import { type BatchHeader, batchEnd } from './batch.ts'
import { DamageError } from './errors.ts'
import type { FileSystem } from './file-system.ts'
import type { LogGroups } from './log-groups.ts'
import { LogReplay } from './log-replay.ts'
import type { RecoveryReport } from './log-store.ts'
import {
  checkSegment,
  isUnfinishedSegment,
  SEGMENT_HEADER_BYTES,
  type Segment,
  segmentName,
  segmentNumber,
} from './segment.ts'
import { type Flaw, type ReadBatch, SegmentReader } from './segment-reader.ts'
import { wipe } from './wipe.ts'

/**
 * A log that is ready to be written on: a torn end was cut off, and there are zeros behind `end`. The caller closes the
 * segments.
 */
export interface RecoveredLog {
  readonly replay: LogReplay
  /** Ascending; the last one is where the log goes on. Open. */
  readonly segments: readonly Segment[]
  /** Where in the last segment the next batch goes. */
  readonly end: number
  /** The last batch; null when there is none yet. */
  readonly last: BatchHeader | null
  readonly report: RecoveryReport
}

/** How a log is recovered. */
export interface RecoveryOptions {
  readonly maxTailBytes: number
  /** Looks at what was read when all of it is in order, and may refuse by throwing. */
  readonly accept: (groups: LogGroups) => void
}

/** @throws DamageError, or what `accept` throws; nothing was changed then, and no file is left open */
export async function recoverLog(
  fileSystem: FileSystem,
  logId: Uint8Array,
  { maxTailBytes, accept }: RecoveryOptions,
): Promise<RecoveredLog> {
  const replay = new LogReplay(maxTailBytes)
  const recovery = new Recovery(fileSystem, logId, replay)
  try {
    await recovery.scan()
    accept(replay.groups)
    return await recovery.settle()
  } catch (error) {
    await recovery.close()
    throw error
  }
}

class Recovery {
  private readonly fileSystem: FileSystem
  private readonly logId: Uint8Array
  private readonly replay: LogReplay
  private segments: Segment[] = []
  private names: string[] = []
  private last: BatchHeader | null = null
  private bytes = 0
  private batches = 0
  private torn: RecoveryReport['tornTail'] = null

  constructor(fileSystem: FileSystem, logId: Uint8Array, replay: LogReplay) {
    this.fileSystem = fileSystem
    this.logId = logId
    this.replay = replay
  }

  /** Reads everything, changes nothing. */
  async scan(): Promise<void> {
    await this.openSegments()
    let flaw: Flaw | null = null
    let used = 0
    for (; used < this.segments.length; used++) {
      const reader = new SegmentReader(this.segments[used] as Segment)
      const first = await this.readNext(reader, SEGMENT_HEADER_BYTES)
      // The log ended in the segment before.
      if (first.type !== 'batch' && used > 0) break
      if (first.type !== 'batch') this.requireFront(reader.segment, first)
      flaw = await this.readSegment(reader, first)
    }
    if (flaw !== null) await this.judgeEnd(flaw, Math.max(used - 1, 0))
    this.requireWhole()
  }

  /** Makes the log's end fit for writing. */
  async settle(): Promise<RecoveredLog> {
    const place = this.segments.findIndex(({ number }) => number === this.last?.segment)
    const kept = this.segments.slice(0, Math.max(place, 0) + 1)
    const segment = kept[kept.length - 1] as Segment
    const end = this.last === null ? SEGMENT_HEADER_BYTES : batchEnd(this.last)
    await this.wipe(segment, end)
    await this.renewLastBatch(segment)
    await segment.file.sync()
    await this.removeOthers(kept)
    const { replay, last, batches, bytes } = this
    const report = { segments: kept.length, batches, bytes, tornTail: this.torn }
    return { replay, segments: kept, end, last, report }
  }

  async close(): Promise<void> {
    for (const { file } of this.segments) await file.close()
  }

  /**
   * Compaction removes from the front, and a crash may bring some of the removed files back but not others: what counts
   * is the longest unbroken row at the end.
   */
  private async openSegments(): Promise<void> {
    this.names = await this.fileSystem.list()
    const numbers = this.names.map(segmentNumber).filter((number) => number !== null)
    let first = numbers.length - 1
    while (first > 0 && numbers[first - 1] === (numbers[first] as number) - 1) first--
    for (const number of numbers.slice(Math.max(first, 0))) {
      const name = segmentName(number)
      const segment = { number, name, file: await this.fileSystem.open(name, 'existing') }
      this.segments.push(segment)
      const wrong = await checkSegment(segment, this.logId, this.path(segment))
      if (wrong !== null) throw new DamageError(this.path(segment), 0, wrong)
    }
    if (this.segments.length === 0) {
      throw new DamageError(`${this.fileSystem.folder}/${segmentName(1)}`, 0, 'the log was here and is gone')
    }
  }

  private readNext(reader: SegmentReader, offset: number): Promise<ReadBatch> {
    const { number: segment } = reader.segment
    const place = { logId: this.logId, segment, offset }
    if (this.last !== null) {
      return reader.readBatch({ ...place, number: this.last.number + 1, previous: this.last.checksum })
    }
    const isWhole = (this.segments[0] as Segment).number === 1
    return reader.readBatch(isWhole ? { ...place, number: 1, previous: 0 } : { ...place, number: null })
  }

  /** The first segment begins with batch 1, or with what compaction left, which was durable before anything went. */
  private requireFront(segment: Segment, { offset, reason }: Flaw): void {
    if (segment.number > 1) throw new DamageError(this.path(segment), offset, `${reason}, and nothing is before it`)
  }

  private async readSegment(reader: SegmentReader, first: ReadBatch): Promise<Flaw> {
    let batch = first
    while (batch.type === 'batch') {
      const { header } = batch
      const wrong = this.replay.replay(header, batch.body)
      if (wrong !== null) throw new DamageError(this.path(reader.segment), header.offset, wrong)
      this.last = header
      this.batches++
      this.bytes += batchEnd(header) - header.offset
      batch = await this.readNext(reader, batchEnd(header))
    }
    return batch
  }

  /** The log ends with `flaw` in segment `used`: is this its rightful end? */
  private async judgeEnd(flaw: Flaw, used: number): Promise<void> {
    await this.judge(this.segments[used] as Segment, flaw)
    for (const later of this.segments.slice(used + 1)) {
      const first = await this.readNext(new SegmentReader(later), SEGMENT_HEADER_BYTES)
      const { offset, reason } = flaw
      if (first.type === 'batch') throw new DamageError(this.path(this.segments[used] as Segment), offset, reason)
      await this.judge(later, first)
    }
  }

  private async judge(segment: Segment, flaw: Flaw): Promise<void> {
    const path = this.path(segment)
    const number = (this.last?.number ?? 0) + 1
    const place = { logId: this.logId, segment: segment.number, offset: flaw.offset, number, previous: 0 }
    const later = await new SegmentReader(segment).findLater(place)
    if (later !== null) {
      const proof = `batch ${later.number} at byte ${later.offset} proves that it was once in order`
      throw new DamageError(path, flaw.offset, `${flaw.reason}; ${proof}`)
    }
    if (flaw.type === 'damaged') throw new DamageError(path, flaw.offset, flaw.reason)
    if (flaw.type === 'torn') this.torn ??= { file: path, offset: flaw.offset, reason: flaw.reason }
  }

  private requireWhole(): void {
    for (const { name, index } of this.replay.groups.list()) {
      const missing = index.firstMissing()
      if (missing === null) continue
      const first = this.segments[0] as Segment
      const file = `${this.fileSystem.folder}/${segmentName(first.number - 1)}`
      const whose = name === null ? '' : ` of group ${name}`
      throw new DamageError(file, 0, `entry ${missing}${whose} is missing, and so is this file`)
    }
  }

  /** Behind the end there must be nothing but zeros, durably, before the next batch is written: see tear.ts. */
  private async wipe(segment: Segment, end: number): Promise<void> {
    const last = await new SegmentReader(segment).endOfBytes(end)
    if (last === end) return
    await wipe(segment.file, () => segment.file.sync(), end, last)
  }

  /**
   * The last batch may be here only because the system's cache still has it: the process was killed while its sync
   * was under way, or the sync failed, after which a new one succeeds without writing anything. Written again, it is
   * synced for certain.
   */
  private async renewLastBatch({ file }: Segment): Promise<void> {
    if (this.last === null) return
    const { offset } = this.last
    file.write(offset, [await file.read(offset, batchEnd(this.last) - offset)])
  }

  private async removeOthers(kept: readonly Segment[]): Promise<void> {
    for (const { file } of this.segments.slice(kept.length)) await file.close()
    this.segments = [...kept]
    const names = new Set(kept.map(({ name }) => name))
    for (const name of this.names) {
      const isOurs = segmentNumber(name) !== null || isUnfinishedSegment(name)
      if (isOurs && !names.has(name)) await this.fileSystem.remove(name)
    }
    await this.fileSystem.syncFolder()
  }

  private path({ name }: Segment): string {
    return `${this.fileSystem.folder}/${name}`
  }
}

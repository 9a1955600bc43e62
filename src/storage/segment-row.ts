/**
 * The segments of an open log in their order: the one that is written to, the spare one that is made ready for when it
 * is full, and the older ones, which are read until compaction drops them.
 */
import { assert } from '../util/assert.ts'
import { poisoned } from './errors.ts'
import type { FileSystem } from './file-system.ts'
import { Pace } from './pace.ts'
import { createSegment, SEGMENT_HEADER_BYTES, type Segment } from './segment.ts'

/** What the row makes new segments from. */
export interface SegmentRowOptions {
  readonly fileSystem: FileSystem
  readonly logId: Uint8Array
  /** Each segment has twice the size of the one before, up to this. */
  readonly maxSegmentBytes: number
}

/** What only a compaction's mark may use, in every segment: it must find room when the disk has none, to make some. */
const RESERVE_BYTES = 4096

/** Below that, the reserve would be most of a segment. */
export const MIN_SEGMENT_BYTES: number = 2 * RESERVE_BYTES

export class SegmentRow {
  /** Where in the active segment the next batch goes. */
  end: number
  private readonly options: SegmentRowOptions
  private readonly segments: Segment[]
  private spare: Segment | null = null
  private preparing: Promise<void> | null = null
  private pace = new Pace()
  // Making the spare has failed: not tried again in the background, where each write would fill the disk anew.
  private gaveUp = false
  // How many reads are under way in a segment; a dropped one is closed after the last of them.
  private readonly readers = new Map<Segment, number>()
  private readonly dropped = new Set<Segment>()

  constructor(options: SegmentRowOptions, segments: readonly Segment[], end: number) {
    this.options = options
    this.segments = [...segments]
    this.end = end
  }

  get active(): Segment {
    const active = this.segments[this.segments.length - 1]
    assert(active !== undefined, 'a log without a segment')
    return active
  }

  /** Where the segments are, for messages. */
  get folder(): string {
    return this.options.fileSystem.folder
  }

  /** The number of the oldest segment. */
  get oldest(): number {
    return (this.segments[0] ?? this.active).number
  }

  /** The number of the one that is written to. */
  get newest(): number {
    return this.active.number
  }

  /** Sizes of the files, the spare one's not counted. */
  get bytes(): number {
    let bytes = 0
    for (const { file } of this.segments) bytes += file.size
    return bytes
  }

  /** The size of the one that is written to. */
  get newestBytes(): number {
    return this.active.file.size
  }

  /** The next segment is ready: to turn to it takes no time. */
  get hasSpare(): boolean {
    return this.spare !== null
  }

  /** True when the active segment holds nothing yet: its first batch must tell how the log stood. */
  get isFresh(): boolean {
    return this.end === SEGMENT_HEADER_BYTES
  }

  /** May a batch end there? */
  hasRoom(end: number, mayUseReserve: boolean): boolean {
    return end <= this.active.file.size - (mayUseReserve ? 0 : RESERVE_BYTES)
  }

  /** A batch that ends at `end` is durable. */
  advance(end: number): void {
    this.end = end
    const progress = end / this.active.file.size
    this.pace.advance(progress)
    if (Pace.isDue(progress)) void this.prepareSpare()
  }

  /**
   * Turns to the next segment, which has room for a batch of `bytes`. One that holds nothing yet is lengthened instead:
   * recovery takes an empty segment for the log's end.
   *
   * @throws FileSystemError; the row is as it was then
   * @throws StorageError ERR_QUORATE_STORAGE_POISONED
   */
  async turn(bytes: number): Promise<void> {
    const wanted = SEGMENT_HEADER_BYTES + bytes + RESERVE_BYTES
    if (this.isFresh) return this.lengthenActive(wanted)
    this.pace.hurry()
    await this.preparing
    const spare = this.spare ?? (await this.createNext())
    this.spare = spare
    if (spare.file.size < wanted) await this.lengthenSpare(spare, wanted)
    this.segments.push(spare)
    this.spare = null
    this.gaveUp = false
    this.end = SEGMENT_HEADER_BYTES
  }

  /** Removes the segments before this number; the active one stays. What replaces them is durable. */
  async dropBefore(number: number): Promise<void> {
    const { fileSystem } = this.options
    const dropped: Segment[] = []
    while (this.segments.length > 1 && (this.segments[0] as Segment).number < number) {
      dropped.push(this.segments.shift() as Segment)
    }
    for (const segment of dropped) {
      this.dropped.add(segment)
      await this.closeUnlessRead(segment)
      await fileSystem.remove(segment.name)
    }
    if (dropped.length > 0) await fileSystem.syncFolder()
  }

  /** Calls `read` with the segment, which stays readable meanwhile even when it is dropped. */
  async withSegment<T>(number: number, read: (segment: Segment) => Promise<T>): Promise<T> {
    const segment = this.segments.find((candidate) => candidate.number === number)
    assert(segment !== undefined, `the log has no segment ${number}`)
    this.readers.set(segment, (this.readers.get(segment) ?? 0) + 1)
    try {
      return await read(segment)
    } finally {
      this.readers.set(segment, (this.readers.get(segment) ?? 1) - 1)
      if (this.dropped.has(segment)) await this.closeUnlessRead(segment)
    }
  }

  async close(): Promise<void> {
    this.pace.stop()
    await this.preparing
    if (this.spare !== null) await this.spare.file.close()
    for (const { file } of this.segments) await file.close()
  }

  /** A failure is no matter yet: `turn` tries again, and reports what it finds. */
  private async prepareSpare(): Promise<void> {
    if (this.spare !== null || this.preparing !== null || this.gaveUp) return
    this.pace = new Pace()
    this.preparing = this.createNext().then(
      (segment) => {
        this.spare = segment
      },
      () => {
        this.gaveUp = true
      },
    )
    await this.preparing
    this.preparing = null
  }

  private async lengthenActive(sizeBytes: number): Promise<void> {
    const { file } = this.active
    await file.resize(Math.max(file.size, sizeBytes))
    await file.sync().catch((error: unknown) => {
      throw poisoned('lengthen a segment of the log', error)
    })
  }

  private async lengthenSpare({ name, file }: Segment, sizeBytes: number): Promise<void> {
    try {
      await file.resize(sizeBytes)
      await file.sync()
    } catch (error) {
      // After a failed sync nobody knows whether its zeros are on the disk: make another one.
      this.spare = null
      await file.close()
      await this.options.fileSystem.remove(name)
      throw error
    }
  }

  private createNext(): Promise<Segment> {
    const { fileSystem, logId, maxSegmentBytes } = this.options
    const { number, file } = this.active
    return createSegment(
      fileSystem,
      logId,
      number + 1,
      Math.max(Math.min(file.size * 2, maxSegmentBytes), MIN_SEGMENT_BYTES),
      (fraction) => this.pace.mayGoOn(fraction),
    )
  }

  private async closeUnlessRead(segment: Segment): Promise<void> {
    if ((this.readers.get(segment) ?? 0) > 0) return
    this.readers.delete(segment)
    this.dropped.delete(segment)
    await segment.file.close()
  }
}

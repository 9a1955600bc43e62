/**
 * Keeps a shared log small. The segments must stay one unbroken row, so a group that rests would keep, by one entry in
 * the oldest, everything that its neighbours have written and compacted since: gigabytes. So when more than half of the
 * log is good for nothing, the entries of the groups that hold the oldest segment are written again at its end, and the
 * segment goes. It is a log-structured file system's cleaner, from the oldest segment on.
 *
 * A pass begins when a write turns to a new segment, and copies only what lies before that: each group at most once, so
 * it ends, however small the segments are. It goes in steps between the writes.
 */
import type { LogGroup, LogGroups } from './log-groups.ts'

/** What a step writes at most, unless a single group has more. Writes wait for it, at 500 MB/s some 10 ms. */
const MAX_STEP_BYTES = 4 * 2 ** 20
/** And no more of a segment than this, so that the next one can be made meanwhile. */
const MAX_STEP_SHARE = 1 / 8

/** What must be known of the row of segments. */
export interface CopiedRow {
  /** The numbers of the oldest segment and of the one that is written to. */
  readonly oldest: number
  readonly newest: number
  /** Sizes of the files: of all together, and of the one that is written to. */
  readonly bytes: number
  readonly newestBytes: number
}

export class CopyForward {
  private readonly maxGroupBytes: number
  // What lies in this segment or behind it is not copied in this pass; null when none is under way.
  private before: number | null = null

  /**
   * @param maxGroupBytes a group that needs more is not copied, as it is written in one batch, for which all others wait:
   *   it keeps its segments until it takes a snapshot, which so much log is enough for
   */
  constructor(maxGroupBytes: number) {
    this.maxGroupBytes = maxGroupBytes
  }

  get isUnderWay(): boolean {
    return this.before !== null
  }

  /** The log has turned to a new segment for a write. */
  begin({ newest }: CopiedRow): void {
    this.before = newest
  }

  stop(): void {
    this.before = null
  }

  /** The groups that are to be copied next, in one batch. None: the pass is over. */
  next(row: CopiedRow, groups: LogGroups): readonly LogGroup[] {
    const step =
      this.before !== null && row.oldest < this.before && isWasteful(row, groups) ? this.step(row, groups) : []
    if (step.length === 0) this.stop()
    return step
  }

  private step({ oldest, newestBytes }: CopiedRow, groups: LogGroups): readonly LogGroup[] {
    const holders = groups.list().filter(({ index }) => index.firstSegment === oldest)
    // To copy the others would not free the segment.
    if (holders.some(({ index }) => index.bytes > this.maxGroupBytes)) return []
    let left = Math.min(MAX_STEP_BYTES, newestBytes * MAX_STEP_SHARE)
    const fitting = holders.findIndex(({ index }) => {
      left -= index.bytes
      return left < 0
    })
    return fitting === -1 ? holders : holders.slice(0, Math.max(fitting, 1))
  }
}

/** Half of the log is good for nothing, the two segments that are always there aside. */
function isWasteful({ bytes, newestBytes }: CopiedRow, groups: LogGroups): boolean {
  return bytes > 2 * groups.bytes + 2 * newestBytes
}

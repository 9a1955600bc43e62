/** Reading entries back from where the log's index says they are, every byte checked once more. */
import { decodeEntry, type Entry, type Index } from '../raft/entry.ts'
import { decodeHeader, entriesEnd, entriesOffset, sealedEnd } from './batch.ts'
import { DamageError } from './errors.ts'
import type { LogIndex, Run } from './log-index.ts'
import type { SegmentRow } from './segment-row.ts'

/** The bytes of a segment in which runs lie. */
interface Stretch {
  readonly bytes: Uint8Array
  /** Where in the segment they begin. */
  readonly start: number
  /** The segment's, for messages. */
  readonly path: string
}

/**
 * Entries from..to in order, as LogStore.read brings them: none when some were cut off, or copied forward, while they
 * were being read.
 *
 * @throws DamageError when the bytes are no longer what was written
 */
export async function readEntries(
  row: SegmentRow,
  index: LogIndex,
  from: Index,
  to: Index,
  maxBytes: number,
): Promise<readonly Entry[]> {
  const { cuts } = index
  const entries: Entry[] = []
  let left = maxBytes
  for (let next = from; next <= to && (left > 0 || entries.length === 0); ) {
    // Their ends as they are now: the last run may grow while it is read.
    const runs = index.runsFrom(next, to, left).map((run) => ({ ...run }))
    if (runs.length === 0) break
    const stretch = await readStretch(row, runs)
    if (index.cuts !== cuts) return []
    for (const run of runs) {
      const last = Math.min(to, run.last)
      for (const entry of entriesOfRun(stretch, run, next, last, left)) {
        // A run brings at least one entry: it may be one too many behind those of an earlier run.
        if (entry.size > left && entries.length > 0) return entries
        entries.push(entry)
        left -= entry.size
        next++
      }
      if (next <= last) return entries
    }
  }
  return entries
}

function readStretch(row: SegmentRow, runs: readonly Run[]): Promise<Stretch> {
  const { segment, offset: start } = runs[0] as Run
  const { end } = runs[runs.length - 1] as Run
  return row.withSegment(segment, async ({ file, name }) => {
    const bytes = await file.read(start, end - start)
    return { bytes, start, path: `${row.folder}/${name}` }
  })
}

/** The run's entries from..to, as many as `maxBytes` allow but at least one; the run holds `to`, the stretch the run. */
function entriesOfRun({ bytes, start, path }: Stretch, run: Run, from: Index, to: Index, maxBytes: number): Entry[] {
  const bounded = bytes.subarray(0, run.end - start)
  const entries: Entry[] = []
  let left = maxBytes
  let offset = run.offset
  let end = run.entriesEnd
  for (let index = run.first; index <= to; index++) {
    while (offset === end) {
      const header = decodeHeader(bounded, sealedEnd(end) - start)
      if (header === null) throw new DamageError(path, sealedEnd(end), 'the batch that was here is gone')
      offset = entriesOffset(header)
      end = entriesEnd(header)
    }
    const entry = decodeEntry(bounded, offset - start)
    if (typeof entry === 'string') throw new DamageError(path, offset, entry)
    if (entry.index !== index) throw new DamageError(path, offset, `entry ${entry.index} is where ${index} was`)
    offset += entry.size
    if (index < from) continue
    if (entry.size > left && entries.length > 0) break
    entries.push(entry)
    left -= entry.size
  }
  return entries
}

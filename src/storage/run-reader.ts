/** Reading entries back from where the log's index says they are, every byte checked once more. */
import { decodeEntry, type Entry, type Index } from '../raft/entry.ts'
import { decodeHeader, entriesEnd, entriesOffset, sealedEnd } from './batch.ts'
import { DamageError } from './errors.ts'
import type { File } from './file-system.ts'
import type { Run } from './log-index.ts'

/** A run, and the open file of the segment that it is in; the file stays the caller's. */
export interface RunPlace {
  readonly file: File
  /** For messages. */
  readonly path: string
  readonly run: Run
}

/**
 * The run's entries from..to, as many as `maxBytes` allow but at least one; `to` is in the run.
 *
 * @throws DamageError when the bytes are no longer what was written
 */
export async function readRun(
  { file, path, run }: RunPlace,
  from: Index,
  to: Index,
  maxBytes: number,
): Promise<Entry[]> {
  const bytes = await file.read(run.offset, run.end - run.offset)
  const entries: Entry[] = []
  let left = maxBytes
  let offset = run.offset
  let end = run.entriesEnd
  for (let index = run.first; index <= to; index++) {
    while (offset === end) {
      const header = decodeHeader(bytes, sealedEnd(end) - run.offset)
      if (header === null) throw new DamageError(path, sealedEnd(end), 'the batch that was here is gone')
      offset = entriesOffset(header)
      end = entriesEnd(header)
    }
    const entry = decodeEntry(bytes, offset - run.offset)
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

/**
 * Takes away what an interrupted write has left at the log's end: zeros, as if it had never begun.
 *
 * The header goes last. A wipe is a write, and may be interrupted as well: on a full disk, zeros had replaced half of a
 * header and nothing behind it, and what was torn before looked like damage from then on. As long as the header is there
 * or what is behind it is not, the rest is judged as what it is.
 */
import { BATCH_HEADER_BYTES } from './batch.ts'
import type { File } from './file-system.ts'

/** From `end`, where the next batch will be, up to `last`. Not durable yet. @throws FileSystemError; then a part is wiped */
export function wipe(file: File, end: number, last: number): void {
  const body = Math.min(end + BATCH_HEADER_BYTES, last)
  if (body < last) file.write(body, [new Uint8Array(last - body)])
  file.write(end, [new Uint8Array(body - end)])
}

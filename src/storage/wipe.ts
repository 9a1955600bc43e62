/**
 * Takes away what an interrupted write has left at the log's end: zeros, as if it had never begun.
 *
 * A wipe is a write, and may be interrupted as well; what it leaves must still look torn (see tear.ts), and not damaged. So
 * the last byte goes first, durably: a batch without its seal is torn, whatever else it lacks. On a full disk half of a
 * body of 200 bytes had been wiped, and header and seal said that all of it had been there. And the header goes last: as
 * long as it is there or what is behind it is not, the rest is judged as what it is.
 */
import { BATCH_HEADER_BYTES } from './batch.ts'
import type { File } from './file-system.ts'

/**
 * From `end`, where the next batch will be, up to `last`, durably.
 *
 * @param sync of this file
 * @throws FileSystemError, and what `sync` throws; then a part is wiped
 */
export async function wipe(file: File, sync: () => Promise<void>, end: number, last: number): Promise<void> {
  const body = Math.min(end + BATCH_HEADER_BYTES, last)
  if (body < last) {
    file.write(last - 1, [new Uint8Array(1)])
    await sync()
    file.write(body, [new Uint8Array(last - body)])
  }
  file.write(end, [new Uint8Array(body - end)])
  await sync()
}

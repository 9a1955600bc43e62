/**
 * Torn or damaged? A crash may interrupt the last write, which nobody was told of: it is cut off, and nothing is lost.
 * A byte that has gone bad in a write that was confirmed looks much the same, and cutting that off would break a
 * promise. What tells them apart: all bytes behind the log's end are zeros, durably, before a write begins, so an
 * interrupted write shows zeros where it did not arrive: at its end, or in whole sectors. Bytes that are wrong
 * without being missing are damage.
 */
import { BATCH_HEADER_BYTES, type BatchHeader, type BodyFlaw, batchEnd } from './batch.ts'

const SECTOR_BYTES = 512

/** For bytes at `at` that are no intact header, with what follows them; `offset` is their place in the file. */
export type HeaderVerdict = 'empty' | 'torn' | 'damaged'

/**
 * Empty: the log ends there. Torn: it ends there, too, and these bytes are wiped. Damaged: the server must not start. A
 * later intact batch overrules the first two, which the caller looks for.
 */
export function judgeHeader(source: Uint8Array, at: number, offset: number): HeaderVerdict {
  const end = at + BATCH_HEADER_BYTES
  if (isZero(source, at, Math.min(end, source.length))) return 'empty'
  // The first byte behind the header is a record's code, never 0: zero or missing, the write ended before it.
  const cut = end >= source.length || source[end] === 0
  return cut || hasLostSector(source, at, end, offset - at) ? 'torn' : 'damaged'
}

/** For a batch whose header is intact and whose body is not; `source` may end before the batch does. */
export function isTornBody(source: Uint8Array, at: number, header: BatchHeader, flaw: BodyFlaw): boolean {
  const end = batchEnd(header) + at - header.offset
  const sealMissing = end > source.length || source[end - 1] === 0
  return sealMissing || hasLostSector(source, flaw.from, flaw.to, header.offset - at)
}

/** True when a sector's part in [from, to) is all zeros. `shift`: how far behind the file's start `source` begins. */
function hasLostSector(source: Uint8Array, from: number, to: number, shift: number): boolean {
  for (let start = from; start < to; ) {
    const end = Math.min(start + SECTOR_BYTES - ((start + shift) % SECTOR_BYTES), to)
    if (isZero(source, start, end)) return true
    start = end
  }
  return false
}

/** For the bytes from `from` up to `to`, which must lie in the source; of none it is true. */
export function isZero(source: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (source[i] !== 0) return false
  return true
}

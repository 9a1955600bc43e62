/**
 * A batch: everything that one write and one sync bring to the disk. Entries lie in it as they are (see raft/entry.ts).
 *
 * ```
 * offset  bytes  field
 *      0      4  CRC-32C of the header's other 44 bytes
 *      4      4  magic, "QBat"
 *      8      8  log id: made up when the log was created
 *     16      4  number of the segment in which this batch lies
 *     20      4  offset in that segment at which it lies
 *     24      6  batch number: 1, 2, 3 … through all segments
 *     30      2  0, reserved
 *     32      4  the checksum field (offset 0) of the batch before; 0 for batch 1
 *     36      4  bytes of the control section, at least 1
 *     40      4  bytes of the entries section
 *     44      4  CRC-32C of the control section, continued over the first 4 bytes (the checksum) of each entry
 *     48      …  control section: records, see record.ts
 *      …      …  entries section
 *      …    1–8  seal: bytes 0xFF up to a multiple of 8
 * ```
 * Why so much of it: log id, segment and offset tell a batch that the disk put in the wrong place. Number and
 * predecessor make a chain in which nothing can be missing. The checksum over the checksums ties the entries to their
 * header: a batch that is written over the torn rest of an earlier attempt cannot be completed by that rest. And the
 * seal tells a write that did not get to its end (zeros there) from one whose inside has gone bad.
 */
import { decodeEntry, ENTRY_HEADER_BYTES, type Entry } from '../raft/entry.ts'
import { assert } from '../util/assert.ts'
import { readUint32, readUint48, writeUint32, writeUint48 } from '../util/bytes.ts'
import { crc32c } from '../util/crc32c.ts'
import { decodeRecords, encodeRecords, type LogRecord } from './record.ts'

export const BATCH_HEADER_BYTES = 48
export const BATCH_MAGIC = 0x74614251
export const LOG_ID_BYTES = 8
/** Batches start at multiples of this. */
export const BATCH_ALIGNMENT_BYTES = 8
const SEAL = 0xff

/** Where a batch lies, and behind which one. */
export interface BatchPlace {
  readonly logId: Uint8Array
  readonly segment: number
  readonly offset: number
  readonly number: number
  /** The predecessor's checksum. */
  readonly previous: number
}

/** A header as it was found or written. Its `checksum` is what the batch behind it must name as `previous`. */
export interface BatchHeader extends BatchPlace {
  readonly checksum: number
  readonly controlBytes: number
  readonly entriesBytes: number
  readonly bodyChecksum: number
}

/** Where the batch's entries begin; offsets as the header's. */
export function entriesOffset(header: BatchHeader): number {
  return header.offset + BATCH_HEADER_BYTES + header.controlBytes
}

/** Where they end and the seal begins, which is never empty: the batch itself ends at `batchEnd`. */
export function entriesEnd(header: BatchHeader): number {
  return entriesOffset(header) + header.entriesBytes
}

/** Where the next batch begins. */
export function batchEnd(header: BatchHeader): number {
  return sealedEnd(entriesEnd(header))
}

/** The same from where the entries end. */
export function sealedEnd(end: number): number {
  return end + BATCH_ALIGNMENT_BYTES - (end % BATCH_ALIGNMENT_BYTES)
}

export interface EncodedBatch {
  readonly header: BatchHeader
  /** Header and control section, then the entries' own bytes, then the seal. */
  readonly pieces: readonly Uint8Array[]
}

/** `pieces` are the bytes of `entries`, in order; they are not copied. */
export function encodeBatch(
  place: BatchPlace,
  records: readonly LogRecord[],
  entries: readonly Entry[],
  pieces: readonly Uint8Array[],
): EncodedBatch {
  const control = encodeRecords(records)
  let bodyChecksum = crc32c(control)
  let entriesBytes = 0
  for (const { source, offset, size } of entries) {
    bodyChecksum = crc32c(source, offset, offset + 4, bodyChecksum)
    entriesBytes += size
  }
  assert(entriesBytes < 2 ** 31, `a batch of ${entriesBytes} bytes does not fit into a segment: write less at once`)
  const head = new Uint8Array(BATCH_HEADER_BYTES + control.length)
  head.set(control, BATCH_HEADER_BYTES)
  const header = { ...place, checksum: 0, controlBytes: control.length, entriesBytes, bodyChecksum }
  const checksum = writeHeader(head, header)
  const end = entriesEnd(header)
  const seal = new Uint8Array(sealedEnd(end) - end).fill(SEAL)
  return { header: { ...header, checksum }, pieces: [head, ...pieces, seal] }
}

function writeHeader(target: Uint8Array, header: BatchHeader): number {
  writeUint32(target, 4, BATCH_MAGIC)
  target.set(header.logId, 8)
  writeUint32(target, 16, header.segment)
  writeUint32(target, 20, header.offset)
  writeUint48(target, 24, header.number)
  writeUint32(target, 32, header.previous)
  writeUint32(target, 36, header.controlBytes)
  writeUint32(target, 40, header.entriesBytes)
  writeUint32(target, 44, header.bodyChecksum)
  const checksum = crc32c(target, 4, BATCH_HEADER_BYTES)
  writeUint32(target, 0, checksum)
  return checksum
}

/** @returns null when there is no intact header at `at` */
export function decodeHeader(source: Uint8Array, at: number): BatchHeader | null {
  if (at + BATCH_HEADER_BYTES > source.length || readUint32(source, at + 4) !== BATCH_MAGIC) return null
  const checksum = readUint32(source, at)
  if (checksum !== crc32c(source, at + 4, at + BATCH_HEADER_BYTES)) return null
  return {
    checksum,
    logId: source.slice(at + 8, at + 8 + LOG_ID_BYTES),
    segment: readUint32(source, at + 16),
    offset: readUint32(source, at + 20),
    number: readUint48(source, at + 24),
    previous: readUint32(source, at + 32),
    controlBytes: readUint32(source, at + 36),
    entriesBytes: readUint32(source, at + 40),
    bodyChecksum: readUint32(source, at + 44),
  }
}

/** What an intact batch has behind its header: the records say what to do, and which of the entries belong where. */
export interface BatchBody {
  readonly records: readonly LogRecord[]
  /** Views into the source. */
  readonly entries: readonly Entry[]
}

/** What is wrong with a body, and the range of bytes that is not as it was written, counted like the source. */
export interface BodyFlaw {
  readonly reason: string
  readonly from: number
  readonly to: number
}

/**
 * Checks every byte behind an intact header that lies at `at`; the whole batch is in `source`. The seal is not asked:
 * when everything else is as it was written, nothing is missing.
 */
export function decodeBody(source: Uint8Array, at: number, header: BatchHeader): BatchBody | BodyFlaw {
  const shift = at - header.offset
  const end = entriesEnd(header) + shift
  const controlEnd = entriesOffset(header) + shift
  const bounded = source.subarray(0, end)
  const entries: Entry[] = []
  let checksum = crc32c(source, at + BATCH_HEADER_BYTES, controlEnd)
  for (let offset = controlEnd; offset < end; ) {
    const entry = decodeEntry(bounded, offset)
    if (typeof entry === 'string') {
      // Its size may be what is wrong; only when it is plausible does the flaw end with the entry.
      const size = end - offset >= 8 ? ENTRY_HEADER_BYTES + readUint32(source, offset + 4) : Number.POSITIVE_INFINITY
      return { reason: entry, from: offset, to: Math.min(offset + size, end) }
    }
    checksum = crc32c(source, offset, offset + 4, checksum)
    entries.push(entry)
    offset += entry.size
  }
  if (checksum !== header.bodyChecksum) {
    return { reason: 'its records or entries are not those of its header', from: at + BATCH_HEADER_BYTES, to: end }
  }
  const records = decodeRecords(source.subarray(at + BATCH_HEADER_BYTES, controlEnd))
  if (records === null) return { reason: 'it has records of an unknown kind', from: controlEnd, to: controlEnd }
  return { records, entries }
}

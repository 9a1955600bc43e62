/**
 * A segment: one file of the log, `log-00000001.qlog` and so on. It is made in advance: filled with zeros and synced
 * under a temporary name, then renamed, so that a file with a segment's name always is a whole segment, and a sync of
 * bytes in it writes no metadata (1.5 to 2 times faster).
 *
 * ```
 * offset  bytes  field
 *      0      4  CRC-32C of the other 28 bytes
 *      4      4  magic, "QSeg"
 *      8      4  format version, 1
 *     12      8  log id
 *     20      4  segment number, from 1
 *     24      6  size of the file when it was made; it may have grown since, it never shrinks
 *     30      2  0, reserved
 *     32      …  batches, see batch.ts; zeros behind the last
 * ```
 */
import { equal, readUint32, readUint48, writeUint32, writeUint48 } from '../util/bytes.ts'
import { crc32c } from '../util/crc32c.ts'
import { LOG_ID_BYTES } from './batch.ts'
import { StorageError } from './errors.ts'
import type { File, FileSystem } from './file-system.ts'

export const SEGMENT_HEADER_BYTES = 32
const SEGMENT_MAGIC = 0x67655351
const FORMAT_VERSION = 1
const NAME = /^log-(\d{8})\.qlog$/
const TEMPORARY = /^log-\d{8}\.tmp$/
// Zeros go out in pieces, each synced: a background write of 64 MiB in one would hold up the log's own small syncs.
const ZEROING_STEP_BYTES = 4 * 2 ** 20

export interface Segment {
  readonly number: number
  readonly name: string
  readonly file: File
}

/** Eight digits, so that names in ascending order are segments in ascending order: recovery relies on it. */
export function segmentName(number: number): string {
  return `log-${String(number).padStart(8, '0')}.qlog`
}

/** @returns null when it is not a segment's name */
export function segmentNumber(name: string): number | null {
  const match = NAME.exec(name)
  return match === null ? null : Number(match[1])
}

/** A segment whose making was interrupted. */
export function isUnfinishedSegment(name: string): boolean {
  return TEMPORARY.test(name)
}

/**
 * Makes a segment that is there durably, name and zeros; a failure leaves at most a temporary file behind.
 *
 * @param pace asked before each piece of zeros but the first, with the fraction that is there; it may wait, or throw
 */
export async function createSegment(
  fileSystem: FileSystem,
  logId: Uint8Array,
  number: number,
  sizeBytes: number,
  pace: (fraction: number) => Promise<void> = atFullSpeed,
): Promise<Segment> {
  const name = segmentName(number)
  const temporary = name.replace('.qlog', '.tmp')
  if ((await fileSystem.list()).includes(temporary)) await fileSystem.remove(temporary)
  const file = await fileSystem.open(temporary, 'create')
  try {
    await fillWithZeros(file, sizeBytes, pace)
    file.write(0, [encodeSegmentHeader(logId, number, sizeBytes)])
    await file.sync()
    await fileSystem.rename(temporary, name)
    await fileSystem.syncFolder()
  } catch (error) {
    await file.close()
    // On a full disk the half-made file would take the very room that is wanted. If it cannot be removed, so be it.
    await fileSystem.remove(temporary).catch(() => undefined)
    throw error
  }
  return { number, name, file }
}

async function atFullSpeed(): Promise<void> {}

async function fillWithZeros(file: File, sizeBytes: number, pace: (fraction: number) => Promise<void>): Promise<void> {
  while (file.size < sizeBytes) {
    if (file.size > 0) await pace(file.size / sizeBytes)
    await file.resize(Math.min(file.size + ZEROING_STEP_BYTES, sizeBytes))
    await file.sync()
  }
}

/**
 * The 32 bytes as above, written once, when the segment is made; `checkSegment` reads them. `sizeBytes` is the whole
 * file's.
 */
export function encodeSegmentHeader(logId: Uint8Array, number: number, sizeBytes: number): Uint8Array {
  const header = new Uint8Array(SEGMENT_HEADER_BYTES)
  writeUint32(header, 4, SEGMENT_MAGIC)
  writeUint32(header, 8, FORMAT_VERSION)
  header.set(logId, 12)
  writeUint32(header, 20, number)
  writeUint48(header, 24, sizeBytes)
  writeUint32(header, 0, crc32c(header, 4))
  return header
}

/**
 * @returns null when the file is this segment of this log, otherwise in words what it is instead
 * @throws StorageError ERR_QUORATE_UNKNOWN_FORMAT
 */
export async function checkSegment(segment: Segment, logId: Uint8Array, path: string): Promise<string | null> {
  const { file, number } = segment
  const header = await file.read(0, SEGMENT_HEADER_BYTES)
  if (header.length < SEGMENT_HEADER_BYTES) return `the file has only ${header.length} bytes`
  if (readUint32(header, 4) !== SEGMENT_MAGIC || readUint32(header, 0) !== crc32c(header, 4)) {
    return 'its header is not a segment header'
  }
  const version = readUint32(header, 8)
  if (version !== FORMAT_VERSION) {
    const message = `${path} has format ${version}, this program reads ${FORMAT_VERSION}: use the program that wrote it`
    throw new StorageError('ERR_QUORATE_UNKNOWN_FORMAT', message)
  }
  if (!equal(header.subarray(12, 12 + LOG_ID_BYTES), logId)) return 'it belongs to another log'
  const found = readUint32(header, 20)
  if (found !== number) return `it is segment ${found} under another name`
  const size = readUint48(header, 24)
  return file.size >= size ? null : `the file was cut: ${size} bytes became ${file.size}`
}

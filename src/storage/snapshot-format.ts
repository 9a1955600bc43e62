/**
 * A snapshot's file, `snapshot-0000000000000042.qsnap` (the index, in decimal): header, chunks, footer. Every chunk but
 * the last has the same size, so that reading can start anywhere: a transfer that broke off goes on where it was.
 *
 * ```
 * header   offset  bytes  field
 *               0      4  CRC-32C of the rest of the header
 *               4      4  magic, "QSna"
 *               8      4  format version, 1
 *              12      4  bytes of the whole header
 *              16      4  bytes of a chunk's content, 65,536
 *              20      6  index of the last entry that the snapshot covers
 *              26      6  its term
 *              32      4  length of the id, then the id in UTF-8
 *               …      4  length of the configuration, then the configuration as in its log entry
 * chunk         0      4  CRC-32C of the rest of the chunk, continued from the number of the chunk (0, 1, 2 …)
 *               4      4  bytes of content
 *               8      …  content
 * footer        0      4  CRC-32C of the other 16 bytes
 *               4      4  magic, "QEnd"
 *               8      6  bytes of content in all
 *              14      2  0, reserved
 *              16      4  CRC-32C over the checksums of header and chunks
 * ```
 */
import { decodeConfiguration, encodeConfiguration } from '../raft/configuration.ts'
import type { SnapshotMeta } from '../raft/ready.ts'
import { ByteReader, ByteWriter, readUint32, readUint48, writeUint32, writeUint48 } from '../util/bytes.ts'
import { crc32c } from '../util/crc32c.ts'
import type { StoredSnapshot } from './snapshot-store.ts'

export const CHUNK_BYTES = 65_536
export const CHUNK_HEADER_BYTES = 8
export const FOOTER_BYTES = 20
/** Where the header says how long it is. */
export const FIXED_HEADER_BYTES = 20
const HEADER_MAGIC = 0x616e5351
const FOOTER_MAGIC = 0x646e4551
const FORMAT_VERSION = 1
const NAME = /^snapshot-(\d{16})\.qsnap$/
const TEMPORARY = /^snapshot-\d+\.tmp$/

/**
 * Sixteen digits, so that the last name in ascending order is the newest snapshot. The index alone names it: there is
 * never more than one finished snapshot for it.
 */
export function snapshotName(meta: SnapshotMeta): string {
  return `snapshot-${String(meta.index).padStart(16, '0')}.qsnap`
}

/** A finished snapshot by its name; whether its bytes are whole, `checkSnapshotFile` finds out. */
export function isSnapshotName(name: string): boolean {
  return NAME.test(name)
}

/** What an unfinished writer left behind. */
export function isUnfinishedSnapshot(name: string): boolean {
  return TEMPORARY.test(name)
}

/**
 * What a file says of itself before its content; chunk 0 begins at `headerBytes`. The content's size is in the footer,
 * because nobody knows it when the header is written.
 */
export interface SnapshotHeader {
  readonly id: string
  readonly meta: SnapshotMeta
  readonly headerBytes: number
}

export function encodeSnapshotHeader(id: string, meta: SnapshotMeta): Uint8Array {
  const header = new ByteWriter()
    .uint32(0)
    .uint32(HEADER_MAGIC)
    .uint32(FORMAT_VERSION)
    .uint32(0)
    .uint32(CHUNK_BYTES)
    .uint48(meta.index)
    .uint48(meta.term)
    .text(id)
    .block(encodeConfiguration(meta.configuration))
    .finish()
  writeUint32(header, 12, header.length)
  writeUint32(header, 0, crc32c(header, 4))
  return header
}

/** How many bytes the header has, as it says itself; 0 when these bytes do not begin one. */
export function headerBytesOf(start: Uint8Array): number {
  return start.length >= FIXED_HEADER_BYTES && readUint32(start, 4) === HEADER_MAGIC ? readUint32(start, 12) : 0
}

/** @returns the header, or in words what is wrong with it */
export function decodeSnapshotHeader(header: Uint8Array): SnapshotHeader | string {
  if (readUint32(header, 0) !== crc32c(header, 4)) return 'its header has the wrong checksum'
  const version = readUint32(header, 8)
  if (version !== FORMAT_VERSION) return `it has format ${version}, this program reads ${FORMAT_VERSION}`
  if (readUint32(header, 16) !== CHUNK_BYTES) return `its chunks have ${readUint32(header, 16)} bytes`
  const reader = new ByteReader(header, FIXED_HEADER_BYTES)
  const index = reader.uint48()
  const term = reader.uint48()
  const id = reader.text()
  const configuration = decodeConfiguration(reader.block())
  if (configuration === null || !reader.ok()) return 'its header has no configuration'
  return { id, meta: { index, term, configuration }, headerBytes: header.length }
}

/** The 8 bytes before a chunk's content. */
export function encodeChunkHeader(content: Uint8Array, number: number): Uint8Array {
  const header = new Uint8Array(CHUNK_HEADER_BYTES)
  writeUint32(header, 4, content.length)
  writeUint32(header, 0, crc32c(content, 0, content.length, crc32c(header, 4, 8, number)))
  return header
}

/** @returns the content, a view; or in words what is wrong with the chunk */
export function decodeChunk(chunk: Uint8Array, number: number): Uint8Array | string {
  if (chunk.length < CHUNK_HEADER_BYTES) return `chunk ${number} is missing`
  const length = readUint32(chunk, 4)
  if (length !== chunk.length - CHUNK_HEADER_BYTES) return `chunk ${number} has the wrong length`
  if (readUint32(chunk, 0) !== crc32c(chunk, 4, chunk.length, number)) return `chunk ${number} has the wrong checksum`
  return chunk.subarray(CHUNK_HEADER_BYTES)
}

export function encodeFooter(sizeBytes: number, checksum: number): Uint8Array {
  const footer = new Uint8Array(FOOTER_BYTES)
  writeUint32(footer, 4, FOOTER_MAGIC)
  writeUint48(footer, 8, sizeBytes)
  writeUint32(footer, 16, checksum)
  writeUint32(footer, 0, crc32c(footer, 4))
  return footer
}

/** @returns null when it is no footer */
export function decodeFooter(footer: Uint8Array): { readonly sizeBytes: number; readonly checksum: number } | null {
  if (footer.length !== FOOTER_BYTES || readUint32(footer, 4) !== FOOTER_MAGIC) return null
  if (readUint32(footer, 0) !== crc32c(footer, 4)) return null
  return { sizeBytes: readUint48(footer, 8), checksum: readUint32(footer, 16) }
}

/** Where a chunk starts and how long it is, its header included. */
export function chunkPlace(snapshot: StoredSnapshot, headerBytes: number, number: number): [number, number] {
  const offset = headerBytes + number * (CHUNK_BYTES + CHUNK_HEADER_BYTES)
  const content = Math.min(snapshot.sizeBytes - number * CHUNK_BYTES, CHUNK_BYTES)
  return [offset, CHUNK_HEADER_BYTES + content]
}

/** How many chunks so much content takes: none when it is empty, and only the last may be short. */
export function chunkCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / CHUNK_BYTES)
}

/** The checksum of the footer, continued over one more checksum. */
export function addChecksum(previous: number, header: Uint8Array): number {
  return crc32c(header, 0, 4, previous)
}

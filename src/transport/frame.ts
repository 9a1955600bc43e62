/**
 * Frames: how messages lie in a stream of bytes. A frame is a header of 16 bytes and a body.
 *
 * ```
 * offset  bytes  field
 *      0      4  size of the body
 *      4      1  type
 *      5      1  1, the version of this header
 *      6      2  slot: the group that the frame belongs to, 0 for none (see `slots.ts`)
 *      8      4  how many of the body's first bytes the checksum covers
 *     12      4  CRC-32C of the 12 bytes before it and of those bytes
 * ```
 * The checksum covers the whole body, but for AppendEntries: there it covers what comes before the entries, since each
 * entry has a checksum of its own and nobody should pay for a second one. Numbers are little-endian.
 *
 * `docs/formats/wire.md` shows every frame in hex.
 */
import { assert } from '../util/assert.ts'
import { EMPTY, readUint32, writeUint32 } from '../util/bytes.ts'
import { crc32c } from '../util/crc32c.ts'

export const FRAME_HEADER_BYTES = 16
const HEADER_VERSION = 1
const SLOT_OFFSET = 6
const CRC_OFFSET = 12

/** The byte that names each kind of frame. Numbers are never used again for something else. */
export const FRAME_TYPES = {
  Hello: 1,
  Welcome: 2,
  Refusal: 3,
  Ping: 4,
  Pong: 5,
  Request: 6,
  Response: 7,
  SnapshotOffer: 8,
  SnapshotResume: 9,
  SnapshotChunk: 10,
  SnapshotAck: 11,
  SnapshotDone: 12,
  SnapshotRefusal: 13,
  Group: 14,
  GroupEnded: 15,
  PreVote: 16,
  PreVoteReply: 17,
  RequestVote: 18,
  RequestVoteReply: 19,
  AppendEntries: 20,
  AppendEntriesReply: 21,
  InstallSnapshot: 22,
  InstallSnapshotReply: 23,
  TimeoutNow: 24,
  ReadIndex: 25,
  ReadIndexReply: 26,
} as const

export type FrameType = keyof typeof FRAME_TYPES

/** Snapshots travel in pieces of at most this size. */
export const SNAPSHOT_CHUNK_BYTES: number = 256 * 1024

/** A group's name in UTF-8 has from 1 to so many bytes. */
export const MAX_GROUP_NAME_BYTES = 255

/** The highest slot: it has 16 bits. */
export const MAX_SLOT = 0xffff

const KIB = 1024

/** Fixed fields fit into 64 bytes; texts have 4 KiB, a configuration 256 KiB; null: `maxFrameBytes`. */
const BODY_LIMITS: Record<FrameType, number | null> = {
  Hello: 4 * KIB,
  Welcome: 4 * KIB,
  Refusal: 4 * KIB,
  Ping: 0,
  Pong: 0,
  Request: null,
  Response: null,
  SnapshotOffer: 256 * KIB,
  SnapshotResume: 64,
  SnapshotChunk: SNAPSHOT_CHUNK_BYTES + 64,
  SnapshotAck: 64,
  SnapshotDone: 64,
  SnapshotRefusal: 4 * KIB,
  Group: MAX_GROUP_NAME_BYTES,
  GroupEnded: 0,
  PreVote: 64,
  PreVoteReply: 64,
  RequestVote: 64,
  RequestVoteReply: 64,
  AppendEntries: null,
  AppendEntriesReply: 64,
  InstallSnapshot: 256 * KIB,
  InstallSnapshotReply: 64,
  TimeoutNow: 64,
  ReadIndex: 64,
  ReadIndexReply: 64,
}

const TYPES_BY_CODE: (FrameType | undefined)[] = []
for (const [type, code] of Object.entries(FRAME_TYPES)) TYPES_BY_CODE[code] = type as FrameType

/** The largest body that a frame of this type may have. */
export function bodyLimit(type: FrameType, maxFrameBytes: number): number {
  return BODY_LIMITS[type] ?? maxFrameBytes
}

export interface Frame {
  readonly type: FrameType
  /** The sender's number for the group that the frame belongs to; 0 for none. */
  readonly slot: number
  /** Nobody writes into it any more, so views into it may be kept. */
  readonly body: Uint8Array
  /** How many of the body's first bytes the frame's checksum has vouched for. */
  readonly checked: number
}

/** A frame on its way out: a head, and pieces that are sent as they are. */
export interface OutgoingFrame {
  readonly pieces: readonly Uint8Array[]
  readonly sizeBytes: number
  /** Our number for the group that the frame belongs to; 0 for none. It must be announced before the frame is written. */
  readonly slot: number
}

/**
 * Fills in the header. `head` starts with 16 bytes for it; what follows them is covered by the checksum, and
 * `tail`, which is not, is the rest of the body.
 */
export function sealFrame(
  type: FrameType,
  head: Uint8Array,
  tail: readonly Uint8Array[] = [],
  slot = 0,
): OutgoingFrame {
  const checked = head.length - FRAME_HEADER_BYTES
  let length = checked
  for (const piece of tail) length += piece.length
  assert(checked >= 0 && length <= 0xffffffff, `a body of ${length} bytes does not fit a frame`)
  writeUint32(head, 0, length)
  head[4] = FRAME_TYPES[type]
  head[5] = HEADER_VERSION
  head[SLOT_OFFSET] = slot & 0xff
  head[SLOT_OFFSET + 1] = slot >>> 8
  writeUint32(head, 8, checked)
  writeUint32(head, CRC_OFFSET, checksumOf(head, head.subarray(FRAME_HEADER_BYTES)))
  return { pieces: tail.length === 0 ? [head] : [head, ...tail], sizeBytes: FRAME_HEADER_BYTES + length, slot }
}

function checksumOf(header: Uint8Array, checkedBody: Uint8Array): number {
  return crc32c(checkedBody, 0, checkedBody.length, crc32c(header, 0, CRC_OFFSET))
}

/** Takes a frame; returns null, or in words why the connection must end: the rest of the chunk is then not looked at. */
export type OnFrame = (frame: Frame) => string | null

/**
 * Finds the frames in a stream that arrives in chunks of any size. A frame's type and size are checked before memory
 * is taken for it, so that a claim of 4 GiB costs nothing.
 *
 * A frame that lies whole in a chunk is handed on as a view, unless it would keep a chunk alive of more than twice its
 * size: a follower's log would else hold 64 KiB for an entry of 100 bytes. Others are put together in one buffer.
 */
export class FrameReader {
  private readonly limitOf: (type: FrameType) => number
  private readonly header = new Uint8Array(FRAME_HEADER_BYTES)
  private headerFill = 0
  private body: Uint8Array = EMPTY
  private bodyFill = 0
  private isVouchedFor = false
  private trouble: string | null = null
  private unknownType = false

  /** `limitOf` gives the largest body that is acceptable now; negative: no frame of this type is. */
  constructor(limitOf: (type: FrameType) => number) {
    this.limitOf = limitOf
  }

  /** Bytes kept of a frame that is not complete, or promised to it. */
  get heldBytes(): number {
    return this.body.length
  }

  /** True when the stream so far ends within a frame. */
  get isWithinFrame(): boolean {
    return this.headerFill > 0
  }

  /** True when it was a frame of an unknown type that ended the reading. */
  get sawUnknownType(): boolean {
    return this.unknownType
  }

  /** @returns null, or in words why no more can be read from this stream; it stays so */
  push(chunk: Uint8Array, onFrame: OnFrame): string | null {
    let offset = 0
    while (this.trouble === null && (offset < chunk.length || this.isComplete())) {
      if (this.headerFill < FRAME_HEADER_BYTES) {
        offset = this.takeHeader(chunk, offset)
      } else if (this.bodyFill === 0 && chunk.length - offset >= this.bodyLength()) {
        const end = offset + this.bodyLength()
        const view = chunk.subarray(offset, end)
        this.emit(view.length * 2 < chunk.length ? view.slice() : view, onFrame)
        offset = end
      } else {
        offset = this.takeBody(chunk, offset)
        if (this.trouble === null && this.bodyFill === this.body.length) this.emit(this.body, onFrame)
      }
    }
    return this.trouble
  }

  /** A frame without a body is complete with its header, even when the chunk ends there. */
  private isComplete(): boolean {
    return this.headerFill === FRAME_HEADER_BYTES && this.bodyLength() === 0
  }

  private bodyLength(): number {
    return readUint32(this.header, 0)
  }

  private checkedLength(): number {
    return readUint32(this.header, 8)
  }

  private takeHeader(chunk: Uint8Array, offset: number): number {
    const taken = Math.min(FRAME_HEADER_BYTES - this.headerFill, chunk.length - offset)
    for (let i = 0; i < taken; i++) this.header[this.headerFill + i] = chunk[offset + i] as number
    this.headerFill += taken
    if (this.headerFill === FRAME_HEADER_BYTES) this.trouble = this.findFaultWithHeader()
    return offset + taken
  }

  private findFaultWithHeader(): string | null {
    const type = TYPES_BY_CODE[this.header[4] as number]
    if (this.header[5] !== HEADER_VERSION)
      return `frame header of version ${this.header[5]}, known is ${HEADER_VERSION}`
    this.unknownType = type === undefined
    if (type === undefined) return `unknown frame type ${this.header[4]}`
    const limit = this.limitOf(type)
    if (limit < 0) return `unexpected ${type}`
    if (this.bodyLength() > limit) return `${type} of ${this.bodyLength()} bytes, the limit is ${limit}`
    const checked = this.checkedLength()
    if (checked > this.bodyLength() || (checked < this.bodyLength() && type !== 'AppendEntries'))
      return `${type} of ${this.bodyLength()} bytes whose checksum covers ${checked}`
    return null
  }

  private takeBody(chunk: Uint8Array, offset: number): number {
    if (this.bodyFill === 0) this.body = new Uint8Array(this.bodyLength())
    const piece = chunk.subarray(offset, offset + this.body.length - this.bodyFill)
    this.body.set(piece, this.bodyFill)
    this.bodyFill += piece.length
    if (!this.isVouchedFor && this.bodyFill >= this.checkedLength()) this.vouchFor(this.body)
    return offset + piece.length
  }

  /**
   * As soon as the bytes that the checksum covers are here, and not only when the body is: a bit of the size had flipped
   * in a heartbeat of 76 bytes, and its receiver waited for 4 MiB, took everything else for a part of them, and heard no
   * leader until a keep-alive ended the connection 5 s later.
   */
  private vouchFor(body: Uint8Array): void {
    const expected = readUint32(this.header, CRC_OFFSET)
    const actual = checksumOf(this.header, body.subarray(0, this.checkedLength()))
    this.isVouchedFor = true
    if (actual === expected) return
    const type = TYPES_BY_CODE[this.header[4] as number]
    this.trouble = `${type} with checksum ${actual.toString(16)} instead of ${expected.toString(16)}`
    this.body = EMPTY
  }

  private emit(body: Uint8Array, onFrame: OnFrame): void {
    const type = TYPES_BY_CODE[this.header[4] as number] as FrameType
    const slot = (this.header[SLOT_OFFSET] as number) | ((this.header[SLOT_OFFSET + 1] as number) << 8)
    const checked = this.checkedLength()
    if (!this.isVouchedFor) this.vouchFor(body)
    this.headerFill = 0
    this.body = EMPTY
    this.bodyFill = 0
    this.isVouchedFor = false
    if (this.trouble === null) this.trouble = onFrame({ type, slot, body, checked })
  }
}

/**
 * The frames of a snapshot's own connection. The sender offers, the receiver says how far it has come, then pieces go
 * one way and acknowledgements the other until the receiver has it all, durably.
 *
 * ```
 * SnapshotOffer    size (6), id (text), InstallSnapshot's body (block)
 * SnapshotResume   offset (6): so many bytes are there already
 * SnapshotChunk    offset (6), then the bytes
 * SnapshotAck      offset (6): the bytes before it were taken by the receiver's disk
 * SnapshotDone     nothing: complete, checked, durable
 * SnapshotRefusal  reason (text)
 * ```
 */
import type { InstallSnapshot } from '../raft/message.ts'
import { ByteReader, readUint48, utf8Cut, writeUint48 } from '../util/bytes.ts'
import { decodeMessage, encodeMessage, frameWriter, type Route } from './codec.ts'
import { FRAME_HEADER_BYTES, type Frame, type OutgoingFrame, sealFrame } from './frame.ts'
import type { SnapshotOffer } from './transport.ts'

const OFFSET_BYTES = 6
const MAX_ID_LENGTH = 512
const MAX_REASON_BYTES = 512

/** The bytes that are to come, by name and size, and the message that is stepped when all of them are durable. */
export interface OfferedSnapshot {
  readonly message: InstallSnapshot
  readonly offer: SnapshotOffer
}

export function encodeOffer({ message, offer }: OfferedSnapshot, slot = 0): OutgoingFrame {
  const body = (encodeMessage(message).pieces[0] as Uint8Array).subarray(FRAME_HEADER_BYTES)
  const head = frameWriter().uint48(offer.sizeBytes).text(offer.id).block(body).finish()
  return sealFrame('SnapshotOffer', head, [], slot)
}

/** @returns the offer, or in words why the frame is none */
export function decodeOffer(frame: Frame, route: Route): OfferedSnapshot | string {
  const reader = new ByteReader(frame.body)
  const sizeBytes = reader.uint48()
  const id = reader.text()
  const body = reader.block()
  if (!reader.ok() || reader.remaining() > 0 || id.length === 0 || id.length > MAX_ID_LENGTH)
    return `a malformed SnapshotOffer of ${frame.body.length} bytes`
  const message = decodeMessage({ type: 'InstallSnapshot', slot: 0, body, checked: body.length }, route)
  if (typeof message === 'string') return `SnapshotOffer: ${message}`
  if (message.type !== 'InstallSnapshot') return `SnapshotOffer with ${message.type}`
  return { message, offer: { id, sizeBytes } }
}

/**
 * Takes 1 to SNAPSHOT_CHUNK_BYTES bytes: the receiver hangs up on a piece of another size. They are copied, so the
 * caller may reuse them; `offset` counts from the snapshot's beginning.
 */
export function encodeChunk(offset: number, bytes: Uint8Array): OutgoingFrame {
  const head = new Uint8Array(FRAME_HEADER_BYTES + OFFSET_BYTES + bytes.length)
  writeUint48(head, FRAME_HEADER_BYTES, offset)
  head.set(bytes, FRAME_HEADER_BYTES + OFFSET_BYTES)
  return sealFrame('SnapshotChunk', head)
}

/**
 * How far the receiver is, in bytes of content: Resume once, as its answer to the offer, then an Ack for each piece
 * that its sink has taken.
 */
export function encodeOffset(type: 'SnapshotResume' | 'SnapshotAck', offset: number): OutgoingFrame {
  return sealFrame(type, frameWriter().uint48(offset).finish())
}

/** The offset with which a Resume, an Ack or a Chunk begins, or null. */
export function offsetOf(frame: Frame): number | null {
  return frame.body.length < OFFSET_BYTES ? null : readUint48(frame.body, 0)
}

/** The bytes behind a chunk's offset: a view. */
export function chunkOf(frame: Frame): Uint8Array {
  return frame.body.subarray(OFFSET_BYTES)
}

/**
 * Frames that say all by their type: the signs of life of any connection, and the end of a snapshot that is durable.
 */
export function encodeBare(type: 'Ping' | 'Pong' | 'SnapshotDone'): OutgoingFrame {
  return sealFrame(type, frameWriter().finish())
}

/**
 * To the offer, or later when the sink fails. The sender throws the reason, of which 512 characters travel, as
 * ERR_QUORATE_SNAPSHOT_REFUSED.
 */
export function encodeSnapshotRefusal(reason: string): OutgoingFrame {
  return sealFrame('SnapshotRefusal', frameWriter().block(utf8Cut(reason, MAX_REASON_BYTES)).finish())
}

/** A SnapshotRefusal's reason, never empty: one that is malformed refuses all the same. */
export function reasonOf(frame: Frame): string {
  return new ByteReader(frame.body).text() || 'no reason given'
}

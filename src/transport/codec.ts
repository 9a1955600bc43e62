/**
 * Raft's messages as frames and back. Who sent a message and to whom does not travel with it: the connection's hello
 * said so once, and a message cannot claim another sender. Entries travel as they are (see `raft/entry.ts`), so an
 * AppendEntries is a head of 62 bytes and the pieces in which the log holds them.
 *
 * Decoding is total: whatever the bytes, the result is a message or, in words, what is wrong with them. It takes no
 * memory by a count or a size that it has not checked.
 */
import { decodeConfiguration, encodeConfiguration } from '../raft/configuration.ts'
import { contiguous, decodeEntry, type Entry, type Index, type ServerId, type Term } from '../raft/entry.ts'
import type { AppendEntries, Message, MessageType } from '../raft/message.ts'
import { assert, unreachable } from '../util/assert.ts'
import { ByteReader, ByteWriter, MAX_UINT48, writeUint32, writeUint48 } from '../util/bytes.ts'
import { FRAME_HEADER_BYTES, type Frame, type OutgoingFrame, sealFrame } from './frame.ts'

/** The head of an AppendEntries without the frame's header: seven numbers of 48 bits and a count of 32. */
const APPEND_HEAD_BYTES = 46

/** Between whom a message travels: what the connection knows and the frame does not say. */
export interface Route {
  readonly from: ServerId
  readonly to: ServerId
}

/** A frame's head under construction: room for the header, then the fields. */
export function frameWriter(): ByteWriter {
  return new ByteWriter().uint48(0).uint48(0).uint32(0)
}

/** `slot` is our number for the message's group; 0 for none. */
export function encodeMessage(message: Message, slot = 0): OutgoingFrame {
  if (message.type === 'AppendEntries') return encodeAppendEntries(message, slot)
  const writer = frameWriter()
  writeNumbers(writer, message.term)
  writeFields(writer, message)
  return sealFrame(message.type, writer.finish(), [], slot)
}

function encodeAppendEntries(message: AppendEntries, slot: number): OutgoingFrame {
  const head = new Uint8Array(FRAME_HEADER_BYTES + APPEND_HEAD_BYTES)
  const { term, prevLogIndex, prevLogTerm, leaderCommit, session, readRound, restMs, entries } = message
  writeChecked(head, 16, term)
  writeChecked(head, 22, prevLogIndex)
  writeChecked(head, 28, prevLogTerm)
  writeChecked(head, 34, leaderCommit)
  writeChecked(head, 40, session)
  writeChecked(head, 46, readRound)
  writeChecked(head, 52, restMs)
  writeUint32(head, 58, entries.length)
  return sealFrame('AppendEntries', head, contiguous(entries), slot)
}

function writeChecked(bytes: Uint8Array, offset: number, value: number): void {
  assert(value >= 0 && value <= MAX_UINT48, `${value} does not fit 48 bits`)
  writeUint48(bytes, offset, value)
}

function writeNumbers(writer: ByteWriter, ...values: number[]): ByteWriter {
  for (const value of values) {
    assert(value >= 0 && value <= MAX_UINT48, `${value} does not fit 48 bits`)
    writer.uint48(value)
  }
  return writer
}

/** Everything behind the term, in the order in which `readMessage` reads it. */
function writeFields(writer: ByteWriter, message: Exclude<Message, AppendEntries>): ByteWriter {
  switch (message.type) {
    case 'PreVote':
      return writeNumbers(writer, message.campaignTerm, message.lastLogIndex, message.lastLogTerm)
    case 'PreVoteReply':
      writeNumbers(writer, message.campaignTerm)
      return writeFlag(writer, message.granted)
    case 'RequestVote':
      writeNumbers(writer, message.lastLogIndex, message.lastLogTerm)
      return writeFlag(writer, message.transfer)
    case 'RequestVoteReply':
      return writeFlag(writer, message.granted)
    case 'AppendEntriesReply':
      writeNumbers(writer, message.session, message.readRound, message.index, message.hintTerm, message.prevLogIndex)
      return writeFlag(writer, message.success)
    case 'InstallSnapshot':
      writeNumbers(writer, message.lastIncludedIndex, message.lastIncludedTerm, message.session)
      return writer.raw(encodeConfiguration(message.configuration))
    case 'InstallSnapshotReply':
      return writeNumbers(writer, message.session, message.index)
    case 'TimeoutNow':
      return writer
    case 'ReadIndex':
      return writeNumbers(writer, message.requestId)
    case 'ReadIndexReply':
      writeNumbers(writer, message.requestId, message.index ?? 0)
      return writeFlag(writer, message.index !== null)
    default:
      return unreachable(message)
  }
}

function writeFlag(writer: ByteWriter, flag: boolean): ByteWriter {
  return writer.uint8(flag ? 1 : 0)
}

/** @returns the message, or in words why the frame is none */
export function decodeMessage(frame: Frame, route: Route): Message | string {
  const reader = new ByteReader(frame.body)
  if (frame.type === 'AppendEntries') return decodeAppendEntries(frame, reader, route)
  const message = readMessage(frame.type, reader, route)
  if (message === null) return `${frame.type} is not a message, or not a well-formed one`
  if (!reader.ok()) return `${frame.type} of ${frame.body.length} bytes ends too early`
  if (reader.remaining() > 0) return `${frame.type} has ${reader.remaining()} bytes too many`
  return message
}

function decodeAppendEntries(frame: Frame, reader: ByteReader, { from, to }: Route): Message | string {
  const { body, checked } = frame
  if (checked !== APPEND_HEAD_BYTES) return `AppendEntries with a head of ${checked} bytes, not ${APPEND_HEAD_BYTES}`
  const term = reader.uint48()
  const prevLogIndex = reader.uint48()
  const prevLogTerm = reader.uint48()
  const leaderCommit = reader.uint48()
  const session = reader.uint48()
  const readRound = reader.uint48()
  const restMs = reader.uint48()
  const entries = decodeEntries(body, reader.uint32(), { index: prevLogIndex, term: prevLogTerm }, term)
  if (typeof entries === 'string') return `AppendEntries after index ${prevLogIndex}: ${entries}`
  const type = 'AppendEntries'
  return { type, from, to, term, prevLogIndex, prevLogTerm, entries, leaderCommit, session, readRound, restMs }
}

/** Each entry must carry on from the one before: the next index, no earlier term, and none later than the sender's. */
function decodeEntries(
  body: Uint8Array,
  count: number,
  previous: { readonly index: Index; readonly term: Term },
  senderTerm: Term,
): Entry[] | string {
  const entries: Entry[] = []
  let offset = APPEND_HEAD_BYTES
  let { index, term } = previous
  while (entries.length < count) {
    const entry = decodeEntry(body, offset)
    if (typeof entry === 'string') return `entry ${entries.length + 1} of ${count}: ${entry}`
    if (entry.index !== index + 1) return `entry ${entry.index} follows ${index}`
    if (entry.term < term || entry.term > senderTerm)
      return `entry ${entry.index} has term ${entry.term}, outside of ${term} to ${senderTerm}`
    entries.push(entry)
    offset += entry.size
    index = entry.index
    term = entry.term
  }
  return offset === body.length ? entries : `${body.length - offset} bytes too many behind ${count} entries`
}

/** Null for what is no message; a reader that ran dry is found out by the caller. */
function readMessage(frameType: Frame['type'], reader: ByteReader, { from, to }: Route): Message | null {
  const type = frameType as Exclude<MessageType, 'AppendEntries'>
  const term = reader.uint48()
  const number = (): number => reader.uint48()
  switch (type) {
    case 'PreVote':
      return { type, from, to, term, campaignTerm: number(), lastLogIndex: number(), lastLogTerm: number() }
    case 'PreVoteReply':
      return { type, from, to, term, campaignTerm: number(), granted: readFlag(reader) }
    case 'RequestVote':
      return { type, from, to, term, lastLogIndex: number(), lastLogTerm: number(), transfer: readFlag(reader) }
    case 'RequestVoteReply':
      return { type, from, to, term, granted: readFlag(reader) }
    case 'AppendEntriesReply': {
      const [session, readRound, index, hintTerm, prevLogIndex] = [number(), number(), number(), number(), number()]
      const success = readFlag(reader)
      return { type, from, to, term, session, readRound, success, index, hintTerm, prevLogIndex }
    }
    case 'InstallSnapshot': {
      const [lastIncludedIndex, lastIncludedTerm, session] = [number(), number(), number()]
      const configuration = decodeConfiguration(reader.raw(reader.remaining()))
      if (configuration === null) return null
      return { type, from, to, term, lastIncludedIndex, lastIncludedTerm, configuration, session }
    }
    case 'InstallSnapshotReply':
      return { type, from, to, term, session: number(), index: number() }
    case 'TimeoutNow':
      return { type, from, to, term }
    case 'ReadIndex':
      return { type, from, to, term, requestId: number() }
    case 'ReadIndexReply': {
      const [requestId, index] = [number(), number()]
      return { type, from, to, term, requestId, index: readFlag(reader) ? index : null }
    }
    default:
      return null
  }
}

/** Any byte but 0 is true. */
function readFlag(reader: ByteReader): boolean {
  return reader.uint8() !== 0
}

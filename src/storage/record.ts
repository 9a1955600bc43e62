/**
 * The records of the log: what one write does to it, besides the entries' own bytes. They stand in the control section
 * of a batch, in the order in which they take effect. Numbers of 6 bytes for indexes and terms, little-endian.
 *
 * ```
 * 1 hard state   term 6, voted 1 (0 or 1), and when 1: length 4, votedFor in UTF-8
 * 2 start        base index 6, base term 6, last index 6, last term 6: where the log stood when this segment began
 * 3 compact      index 6, term 6: nothing up to here is needed any more, the log goes on behind it
 * 4 reset        index 6, term 6: a snapshot replaced the log; it is empty and starts behind it
 * 5 truncate     index 6: entries from here on are dropped (Paper Figure 2, AppendEntries step 3)
 * 6 entries      count 4, bytes 4: the next so many bytes of the entries section are appended
 * 7 group        number 4: the records behind it, up to the next one of its kind, are that group's
 * 8 named        length 4, name in UTF-8: the group is there, and is called so
 * 9 removed      nothing more: the group is gone, and so is all that it had
 * ```
 * The last three are for a log that several Raft groups share. At the beginning of each batch stands group 0, which has
 * no name and is always there: a log of one group has no other.
 */
import type { Index, Term } from '../raft/entry.ts'
import type { HardState } from '../raft/ready.ts'
import { ByteReader, ByteWriter } from '../util/bytes.ts'

/** A place in the log. */
export interface Mark {
  readonly index: Index
  readonly term: Term
}

export type LogRecord =
  | { readonly type: 'hardState'; readonly hardState: HardState }
  | { readonly type: 'start'; readonly base: Mark; readonly last: Mark }
  | { readonly type: 'compact'; readonly base: Mark }
  | { readonly type: 'reset'; readonly base: Mark }
  | { readonly type: 'truncate'; readonly from: Index }
  | { readonly type: 'entries'; readonly count: number; readonly bytes: number }
  | { readonly type: 'group'; readonly number: number }
  | { readonly type: 'named'; readonly name: string }
  | { readonly type: 'removed' }

const CODES: Record<LogRecord['type'], number> = {
  hardState: 1,
  start: 2,
  compact: 3,
  reset: 4,
  truncate: 5,
  entries: 6,
  group: 7,
  named: 8,
  removed: 9,
}

export function encodeRecords(records: readonly LogRecord[]): Uint8Array {
  const writer = new ByteWriter()
  for (const record of records) encodeRecord(writer.uint8(CODES[record.type]), record)
  return writer.finish()
}

function encodeRecord(writer: ByteWriter, record: LogRecord): void {
  switch (record.type) {
    case 'hardState': {
      const { term, votedFor } = record.hardState
      writer.uint48(term).uint8(votedFor === null ? 0 : 1)
      if (votedFor !== null) writer.text(votedFor)
      return
    }
    case 'start':
      encodeMark(writer, record.base)
      encodeMark(writer, record.last)
      return
    case 'compact':
    case 'reset':
      encodeMark(writer, record.base)
      return
    case 'truncate':
      writer.uint48(record.from)
      return
    case 'entries':
      writer.uint32(record.count).uint32(record.bytes)
      return
    case 'group':
      writer.uint32(record.number)
      return
    case 'named':
      writer.text(record.name)
      return
    case 'removed':
  }
}

function encodeMark(writer: ByteWriter, mark: Mark): void {
  writer.uint48(mark.index).uint48(mark.term)
}

/** @returns null when the bytes are not records: only a newer version, or a broken disk, writes such */
export function decodeRecords(control: Uint8Array): LogRecord[] | null {
  const reader = new ByteReader(control)
  const records: LogRecord[] = []
  while (reader.ok() && reader.remaining() > 0) {
    const record = decodeRecord(reader)
    if (record === null) return null
    records.push(record)
  }
  return reader.ok() ? records : null
}

function decodeRecord(reader: ByteReader): LogRecord | null {
  switch (reader.uint8()) {
    case CODES.hardState: {
      const term = reader.uint48()
      const votedFor = reader.uint8() === 0 ? null : reader.text()
      return { type: 'hardState', hardState: { term, votedFor } }
    }
    case CODES.start:
      return { type: 'start', base: decodeMark(reader), last: decodeMark(reader) }
    case CODES.compact:
      return { type: 'compact', base: decodeMark(reader) }
    case CODES.reset:
      return { type: 'reset', base: decodeMark(reader) }
    case CODES.truncate:
      return { type: 'truncate', from: reader.uint48() }
    case CODES.entries:
      return { type: 'entries', count: reader.uint32(), bytes: reader.uint32() }
    case CODES.group:
      return { type: 'group', number: reader.uint32() }
    case CODES.named:
      return { type: 'named', name: reader.text() }
    case CODES.removed:
      return { type: 'removed' }
    default:
      return null
  }
}

function decodeMark(reader: ByteReader): Mark {
  return { index: reader.uint48(), term: reader.uint48() }
}

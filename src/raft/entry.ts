/**
 * A log entry and its one encoding: the bytes that the leader makes when a command is proposed are the bytes on the
 * wire and the bytes on every disk. Nobody encodes an entry a second time, and one checksum guards it all the way.
 *
 * ```
 * offset  bytes  field
 *      0      4  CRC-32C of everything after this field
 *      4      4  size of the command in bytes
 *      8      1  kind: 1 command, 2 no-op, 3 configuration, 4 session: a command in the wrapping that sessions need
 *      9      1  0, reserved
 *     10      6  term
 *     16      6  index
 *     22      2  0, reserved
 *     24      …  the command
 * ```
 * Numbers are little-endian. The entries of one batch lie one behind the other in one buffer, so a batch goes out in
 * one piece: see `contiguous`.
 */
import { assert } from '../util/assert.ts'
import { MAX_UINT48, readUint32, readUint48, writeUint32, writeUint48 } from '../util/bytes.ts'
import { crc32c } from '../util/crc32c.ts'

/** Names a server for ever: an id is never given to another server, nor to the same one with an emptied disk. */
export type ServerId = string

/** An entry's place in the log; the first is 1. */
export type Index = number

/** A term of office; the first leader's is at least 1. */
export type Term = number

/** What an entry is for: the service's command, a client's session, the empty one of a term's start, or the members. */
export type EntryKind = 'command' | 'noop' | 'configuration' | 'session'

/**
 * It knows where its encoding lies rather than holding a view of it: a view is 100 bytes for the collector, and a log
 * that takes 100,000 entries a second reads most of them only as part of a whole batch. Views are made when asked for.
 */
export class Entry {
  readonly index: Index
  readonly term: Term
  readonly kind: EntryKind
  /** Bytes of the encoding: header and command. */
  readonly size: number
  /** What the encoding lies in, at `offset`; neighbours of one batch share it. Read-only: so do log, wire and disk. */
  readonly source: Uint8Array
  readonly offset: number

  constructor(index: Index, term: Term, kind: EntryKind, source: Uint8Array, offset: number, size: number) {
    this.index = index
    this.term = term
    this.kind = kind
    this.size = size
    this.source = source
    this.offset = offset
  }

  /** Header and command, as above: a view, not a copy. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.source.buffer, this.source.byteOffset + this.offset, this.size)
  }

  /** The command alone: a view, not a copy. */
  get command(): Uint8Array {
    const start = this.source.byteOffset + this.offset + ENTRY_HEADER_BYTES
    return new Uint8Array(this.source.buffer, start, this.size - ENTRY_HEADER_BYTES)
  }

  /** A plain command is nobody's, so that a state machine is shown the entry itself. What is a session's is unwrapped. */
  get session(): null {
    return null
  }
}

/** Bytes that an entry's header takes: what an entry costs beyond its command. */
export const ENTRY_HEADER_BYTES = 24

const KINDS: readonly (EntryKind | undefined)[] = [undefined, 'command', 'noop', 'configuration', 'session']
const KIND_CODES: Record<EntryKind, number> = { command: 1, noop: 2, configuration: 3, session: 4 }

/** Encodes commands as consecutive entries in one buffer. The commands are copied; the caller may reuse them. */
export function encodeEntries(
  commands: readonly Uint8Array[],
  kind: EntryKind,
  term: Term,
  firstIndex: Index,
): Entry[] {
  assert(firstIndex + commands.length <= MAX_UINT48, `index ${firstIndex} + ${commands.length} leaves 48 bits`)
  let size = 0
  for (const command of commands) size += ENTRY_HEADER_BYTES + command.length
  const buffer = new Uint8Array(size)
  const entries = new Array<Entry>(commands.length)
  let offset = 0
  for (let i = 0; i < commands.length; i++) {
    const command = commands[i] as Uint8Array
    const end = offset + ENTRY_HEADER_BYTES + command.length
    writeUint32(buffer, offset + 4, command.length)
    buffer[offset + 8] = KIND_CODES[kind]
    writeUint48(buffer, offset + 10, term)
    writeUint48(buffer, offset + 16, firstIndex + i)
    buffer.set(command, offset + ENTRY_HEADER_BYTES)
    writeUint32(buffer, offset, crc32c(buffer, offset + 4, end))
    entries[i] = new Entry(firstIndex + i, term, kind, buffer, offset, end - offset)
    offset = end
  }
  return entries
}

/**
 * Reads the entry that starts at `offset`, checksum and all. The entry's bytes are a view into `source`.
 *
 * @returns the entry, or in words what is wrong with it: such bytes come from the network or from a disk
 */
export function decodeEntry(source: Uint8Array, offset: number): Entry | string {
  const available = source.length - offset
  if (available < ENTRY_HEADER_BYTES)
    return `${available} bytes are too few for an entry's header of ${ENTRY_HEADER_BYTES}`
  const size = ENTRY_HEADER_BYTES + readUint32(source, offset + 4)
  if (size > available) return `an entry of ${size} bytes does not fit into the ${available} that are left`
  const expected = readUint32(source, offset)
  const actual = crc32c(source, offset + 4, offset + size)
  if (expected !== actual) return `checksum ${actual.toString(16)} instead of ${expected.toString(16)}`
  const kind = KINDS[source[offset + 8] as number]
  if (kind === undefined) return `unknown kind of entry ${source[offset + 8]}`
  return new Entry(readUint48(source, offset + 16), readUint48(source, offset + 10), kind, source, offset, size)
}

/** What the entries take together, in bytes. */
export function sizeOf(entries: readonly Entry[]): number {
  let size = 0
  for (const entry of entries) size += entry.size
  return size
}

/**
 * The entries' bytes in as few pieces as possible: neighbours in one buffer come out as one view, so that a batch
 * which was encoded together is written and sent without being copied.
 */
export function contiguous(entries: readonly Entry[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let next = 0; next < entries.length; ) {
    const { source, offset } = entries[next] as Entry
    let end = offset
    for (let entry = entries[next]; entry?.source === source && entry.offset === end; entry = entries[++next]) {
      end += entry.size
    }
    pieces.push(source.subarray(offset, end))
  }
  return pieces
}

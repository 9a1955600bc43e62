/**
 * A command of the key/value store as bytes, as it is proposed and stands in the log. See docs/formats/kv.md, which also
 * has an example of each.
 *
 * ```
 * 1  format version, 1
 * 1  kind: 1 put, 2 delete range
 * 1  flags: 1 = answer with the pairs that were there before
 * …  put: key (length 4, bytes), value (length 4, bytes)
 *    delete range: key (length 4, bytes), range end (length 4, bytes; empty: the key alone)
 * ```
 */
import { ByteReader, ByteWriter } from '../util/bytes.ts'
import type { KeyRange } from './key-value.ts'

const FORMAT_VERSION = 1
const PUT = 1
const DELETE_RANGE = 2
const WITH_PREVIOUS = 1

/** Sets a key to a value. */
export interface PutCommand {
  readonly type: 'put'
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly withPrevious: boolean
}

export interface DeleteRangeCommand extends KeyRange {
  readonly type: 'deleteRange'
  readonly withPrevious: boolean
}

/** What can be asked of the key/value machine. */
export type KvCommand = PutCommand | DeleteRangeCommand

export function encodeCommand(command: KvCommand): Uint8Array {
  const flags = command.withPrevious ? WITH_PREVIOUS : 0
  const writer = new ByteWriter().uint8(FORMAT_VERSION)
  if (command.type === 'put') return writer.uint8(PUT).uint8(flags).block(command.key).block(command.value).finish()
  return writer.uint8(DELETE_RANGE).uint8(flags).block(command.key).block(command.rangeEnd).finish()
}

/**
 * The bytes of the command are views into the source.
 *
 * @returns null when these bytes are no command of this version, to the last byte: every server must come to the same
 *   conclusion, so that nothing is guessed
 */
export function decodeCommand(bytes: Uint8Array): KvCommand | null {
  const reader = new ByteReader(bytes)
  if (reader.uint8() !== FORMAT_VERSION) return null
  const kind = reader.uint8()
  const flags = reader.uint8()
  const key = reader.block()
  const rest = reader.block()
  if (!reader.ok() || reader.remaining() > 0 || flags > WITH_PREVIOUS || key.length === 0) return null
  const withPrevious = flags === WITH_PREVIOUS
  if (kind === PUT) return { type: 'put', key, value: rest, withPrevious }
  if (kind === DELETE_RANGE) return { type: 'deleteRange', key, rangeEnd: rest, withPrevious }
  return null
}

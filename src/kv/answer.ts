/**
 * The state machine's answer to a command, as bytes: it may have to travel from the leader to the server that was asked.
 *
 * ```
 * 1  format version, 1
 * 1  0 done, 1 refused
 * …  done: revision 6, how many pairs were deleted (or, by a put, replaced) 6, count of pairs that follow 4, the pairs
 *    refused: code (length 4, UTF-8), message (length 4, UTF-8)
 * ```
 */
import { ByteReader, ByteWriter } from '../util/bytes.ts'
import type { KeyValue } from './key-value.ts'
import { readPair, writePair } from './pair-codec.ts'

const FORMAT_VERSION = 1
const DONE = 0
const REFUSED = 1

export type RefusalCode =
  /** Not a command that this version understands. */
  | 'ERR_QUORATE_KV_MALFORMED'
  /** The pairs that it should answer with are too many: nothing was changed. */
  | 'ERR_QUORATE_KV_ANSWER_TOO_LARGE'

/** The command was carried out. */
export interface Done {
  readonly type: 'done'
  /** The store's revision behind the command. */
  readonly revision: number
  /** How many pairs were deleted; for a put, how many it replaced. */
  readonly affected: number
  /** Those pairs, if the command asked for them. */
  readonly previous: readonly KeyValue[]
}

/** The command changed nothing. */
export interface Refused {
  readonly type: 'refused'
  readonly code: RefusalCode
  readonly message: string
}

/** What a command is answered with. */
export type KvAnswer = Done | Refused

export function encodeAnswer(answer: KvAnswer): Uint8Array {
  const writer = new ByteWriter().uint8(FORMAT_VERSION)
  if (answer.type === 'refused') return writer.uint8(REFUSED).text(answer.code).text(answer.message).finish()
  const { revision, affected, previous } = answer
  writer.uint8(DONE).uint48(revision).uint48(affected).uint32(previous.length)
  for (const pair of previous) writePair(writer, pair)
  return writer.finish()
}

/** @returns null when the bytes are no answer */
export function decodeAnswer(bytes: Uint8Array): KvAnswer | null {
  const reader = new ByteReader(bytes)
  if (reader.uint8() !== FORMAT_VERSION) return null
  const status = reader.uint8()
  const answer = status === DONE ? readDone(reader) : status === REFUSED ? readRefused(reader) : null
  return reader.ok() && reader.remaining() === 0 ? answer : null
}

function readDone(reader: ByteReader): Done {
  const revision = reader.uint48()
  const affected = reader.uint48()
  const count = reader.uint32()
  const previous: KeyValue[] = []
  // Whatever the count claims, reading stops with the bytes: a count of 2³² must cost nothing.
  while (previous.length < count && reader.ok()) previous.push(readPair(reader))
  return { type: 'done', revision, affected, previous }
}

function readRefused(reader: ByteReader): Refused {
  return { type: 'refused', code: reader.text() as RefusalCode, message: reader.text() }
}

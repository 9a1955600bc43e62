/**
 * A follower's proposals on their way to the leader and back, as bytes for the transport's `request`.
 *
 * ```
 * request   1 · count (4 bytes) · each command (length 4, bytes)
 * answer    for each command: 0 · answer (length 4, bytes)
 *                         or  1 certainly not applied, 2 unknown · code (text) · message (text)
 * ```
 */
import { ByteReader, ByteWriter } from '../util/bytes.ts'
import { NodeError, type NodeErrorCode } from './errors.ts'

const PROPOSE = 1
const COMMITTED = 0
const NOT_APPLIED = 1
const UNKNOWN = 2

export type ForwardedOutcome = Uint8Array | NodeError

export function encodeForward(commands: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter().uint8(PROPOSE).uint32(commands.length)
  for (const command of commands) writer.block(command)
  return writer.finish()
}

/** @returns null when the bytes are no such request */
export function decodeForward(bytes: Uint8Array): Uint8Array[] | null {
  const reader = new ByteReader(bytes)
  if (reader.uint8() !== PROPOSE) return null
  const count = reader.uint32()
  const commands: Uint8Array[] = []
  while (commands.length < count && reader.ok()) commands.push(reader.block())
  return reader.ok() && reader.remaining() === 0 ? commands : null
}

export function encodeOutcomes(outcomes: readonly ForwardedOutcome[]): Uint8Array {
  const writer = new ByteWriter()
  for (const outcome of outcomes) {
    if (outcome instanceof Uint8Array) writer.uint8(COMMITTED).block(outcome)
    else
      writer
        .uint8(outcome.applied === 'no' ? NOT_APPLIED : UNKNOWN)
        .text(outcome.code)
        .text(outcome.message)
  }
  return writer.finish()
}

/** @returns null when the answer does not hold exactly `count` outcomes */
export function decodeOutcomes(bytes: Uint8Array, count: number): ForwardedOutcome[] | null {
  const reader = new ByteReader(bytes)
  const outcomes: ForwardedOutcome[] = []
  while (outcomes.length < count && reader.ok()) outcomes.push(readOutcome(reader))
  return reader.ok() && reader.remaining() === 0 ? outcomes : null
}

function readOutcome(reader: ByteReader): ForwardedOutcome {
  const status = reader.uint8()
  if (status === COMMITTED) return reader.block()
  const code = reader.text() as NodeErrorCode
  return new NodeError(code, reader.text(), status === NOT_APPLIED ? 'no' : 'unknown')
}

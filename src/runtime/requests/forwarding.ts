/**
 * A follower's proposals on their way to the leader and back, as bytes for the transport's `request`. With an example
 * of each in docs/formats/forwarding.md.
 *
 * ```
 * request   1 · time left in ms (4 bytes) · count (4) · for each: 1 plain command, 4 of a session (1) · command (length 4, bytes)
 * answer    for each command: 0 · answer (length 4, bytes)
 *                         or  1 certainly not applied, 2 unknown · code (text) · message (text)
 * ```
 */
import { ByteReader, ByteWriter } from '../../util/bytes.ts'
import { NodeError, type NodeErrorCode } from '../errors.ts'
import { decodeOperation } from '../sessions/session-entry.ts'
import type { Proposal } from './proposals.ts'

const PROPOSE = 1
const PLAIN = 1
const SESSION = 4
const COMMITTED = 0
const NOT_APPLIED = 1
const UNKNOWN = 2

const MAX_TIMEOUT_MS = 2 ** 32 - 1

/** What a request takes beyond its commands, and a command beyond its bytes. */
export const REQUEST_BYTES = 9
export const COMMAND_BYTES = 5

/** What an outcome may take in any case: room for an error in the place of an answer that is too large. */
const RESERVED_BYTES = 512
const ANSWER_HEADER_BYTES = 5
const MAX_WORDS_LENGTH = 150

export type ForwardedOutcome = Uint8Array | NodeError

/** What travels of a proposal. */
export type ForwardedProposal = Pick<Proposal, 'kind' | 'command'>

/** One request to the leader. */
export interface Forward {
  /** What is left of the patience of whoever waits longest: the leader need not try for longer. */
  readonly timeoutMs: number
  readonly proposals: readonly ForwardedProposal[]
}

export function encodeForward({ timeoutMs, proposals }: Forward): Uint8Array {
  const wholeMs = Math.min(Math.max(Math.ceil(timeoutMs), 0), MAX_TIMEOUT_MS)
  const writer = new ByteWriter().uint8(PROPOSE).uint32(wholeMs).uint32(proposals.length)
  for (const { kind, command } of proposals) writer.uint8(kind === 'session' ? SESSION : PLAIN).block(command)
  return writer.finish()
}

/** @returns null when the bytes are no such request, or what is said to be of a session is not */
export function decodeForward(bytes: Uint8Array): Forward | null {
  const reader = new ByteReader(bytes)
  if (reader.uint8() !== PROPOSE) return null
  const timeoutMs = reader.uint32()
  const count = reader.uint32()
  const proposals: ForwardedProposal[] = []
  while (proposals.length < count && reader.ok()) {
    const proposal = readProposal(reader)
    if (proposal === null) return null
    proposals.push(proposal)
  }
  return reader.ok() && reader.remaining() === 0 ? { timeoutMs, proposals } : null
}

function readProposal(reader: ByteReader): ForwardedProposal | null {
  const code = reader.uint8()
  const command = reader.block()
  if (code === PLAIN) return { kind: 'command', command }
  return code === SESSION && decodeOperation(command) !== null ? { kind: 'session', command } : null
}

/** An answer that would make the whole larger than `maxBytes` gives way to an error that says so. */
export function encodeOutcomes(outcomes: readonly ForwardedOutcome[], maxBytes: number): Uint8Array {
  const writer = new ByteWriter()
  let left = maxBytes - outcomes.length * RESERVED_BYTES
  for (const outcome of outcomes) {
    if (!(outcome instanceof Uint8Array)) {
      writeError(writer, outcome)
      continue
    }
    const more = Math.max(outcome.length + ANSWER_HEADER_BYTES - RESERVED_BYTES, 0)
    if (more > 0 && more > left) {
      writeError(writer, answerTooLarge(outcome.length))
    } else {
      left -= more
      writer.uint8(COMMITTED).block(outcome)
    }
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

function writeError(writer: ByteWriter, { applied, code, message }: NodeError): void {
  // A long message would take the room of somebody's answer.
  const words = message.slice(0, MAX_WORDS_LENGTH)
  writer
    .uint8(applied === 'no' ? NOT_APPLIED : UNKNOWN)
    .text(code)
    .text(words)
}

function readOutcome(reader: ByteReader): ForwardedOutcome {
  const status = reader.uint8()
  if (status === COMMITTED) return reader.block()
  const code = reader.text() as NodeErrorCode
  return new NodeError(code, reader.text(), status === NOT_APPLIED ? 'no' : 'unknown')
}

function answerTooLarge(sizeBytes: number): NodeError {
  const message = `the command was applied, but its answer of ${sizeBytes} bytes does not fit: ask the leader itself`
  return new NodeError('ERR_QUORATE_ANSWER_LOST', message, 'unknown')
}

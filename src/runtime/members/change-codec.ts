/**
 * A change of members on its way from a server to the leader, as bytes for the transport's `request`. With an example in
 * docs/formats/forwarding.md.
 *
 * ```
 * request   2 from a member, 3 from a server that joins · time left in ms (4 bytes) · change
 * change    1 add learner · id (text) · address (text) · incarnation (text) · becomes a voter (1 byte, 0 or 1)
 *           2 promote, 3 demote, 4 remove · id (text)
 *           5 replace voters · count (4) · ids (texts)
 *           6 set address · id (text) · address (text)
 * answer    0 · the configuration, as in its log entry
 *      or   1 not changed, 2 unknown · code (text) · message (text)
 * ```
 */
import { type Configuration, decodeConfiguration, encodeConfiguration } from '../../raft/configuration.ts'
import type { ConfigurationChange } from '../../raft/configuration-change.ts'
import { ByteReader, ByteWriter } from '../../util/bytes.ts'
import { NodeError, type NodeErrorCode } from '../errors.ts'

/** The first byte of a request; a follower's commands are 1, see forwarding.ts. */
const CHANGE_REQUEST = 2
const JOIN_REQUEST = 3

/** Whether a request's body is one of this file's. */
export function isChangeRequest(body: Uint8Array): boolean {
  return body[0] === CHANGE_REQUEST || body[0] === JOIN_REQUEST
}

const CODES: Record<ConfigurationChange['type'], number> = {
  addLearner: 1,
  promote: 2,
  demote: 3,
  remove: 4,
  replaceVoters: 5,
  setAddress: 6,
}
const DONE = 0
const NOT_CHANGED = 1
const UNKNOWN = 2
const MAX_TIMEOUT_MS = 2 ** 32 - 1

/** A change, and how long whoever asked for it will wait. */
export interface ForwardedChange {
  /** From a server that is no member yet and knows no leader: whoever is asked passes it on. A member's is not, again. */
  readonly isJoin: boolean
  readonly timeoutMs: number
  readonly change: ConfigurationChange
}

export function encodeChange({ isJoin, timeoutMs, change }: ForwardedChange): Uint8Array {
  const wholeMs = Math.min(Math.max(Math.ceil(timeoutMs), 0), MAX_TIMEOUT_MS)
  const writer = new ByteWriter()
    .uint8(isJoin ? JOIN_REQUEST : CHANGE_REQUEST)
    .uint32(wholeMs)
    .uint8(CODES[change.type])
  switch (change.type) {
    case 'addLearner':
      writer.text(change.id).text(change.address).text(change.incarnation)
      return writer.uint8(change.promote ? 1 : 0).finish()
    case 'replaceVoters':
      writer.uint32(change.voters.length)
      for (const id of change.voters) writer.text(id)
      return writer.finish()
    case 'setAddress':
      return writer.text(change.id).text(change.address).finish()
    default:
      return writer.text(change.id).finish()
  }
}

/** @returns null when the bytes are no such request */
export function decodeChange(bytes: Uint8Array): ForwardedChange | null {
  const reader = new ByteReader(bytes)
  const code = reader.uint8()
  if (code !== CHANGE_REQUEST && code !== JOIN_REQUEST) return null
  const timeoutMs = reader.uint32()
  const change = readChange(reader)
  return change !== null && reader.ok() && reader.remaining() === 0
    ? { isJoin: code === JOIN_REQUEST, timeoutMs, change }
    : null
}

function readChange(reader: ByteReader): ConfigurationChange | null {
  const code = reader.uint8()
  switch (code) {
    case CODES.addLearner:
      return {
        type: 'addLearner',
        id: reader.text(),
        address: reader.text(),
        incarnation: reader.text(),
        promote: reader.uint8() === 1,
      }
    case CODES.promote:
      return { type: 'promote', id: reader.text() }
    case CODES.demote:
      return { type: 'demote', id: reader.text() }
    case CODES.remove:
      return { type: 'remove', id: reader.text() }
    case CODES.replaceVoters: {
      const count = reader.uint32()
      const voters: string[] = []
      while (voters.length < count && reader.ok()) voters.push(reader.text())
      return { type: 'replaceVoters', voters }
    }
    case CODES.setAddress:
      return { type: 'setAddress', id: reader.text(), address: reader.text() }
    default:
      return null
  }
}

export function encodeChangeOutcome(outcome: Configuration | NodeError): Uint8Array {
  if (!(outcome instanceof NodeError)) {
    return new ByteWriter().uint8(DONE).raw(encodeConfiguration(outcome)).finish()
  }
  const status = outcome.applied === 'no' ? NOT_CHANGED : UNKNOWN
  return new ByteWriter().uint8(status).text(outcome.code).text(outcome.message).finish()
}

/** @returns null when the bytes are no such answer */
export function decodeChangeOutcome(bytes: Uint8Array): Configuration | NodeError | null {
  const reader = new ByteReader(bytes)
  const status = reader.uint8()
  if (status === DONE) return decodeConfiguration(reader.raw(reader.remaining()))
  const code = reader.text() as NodeErrorCode
  const message = reader.text()
  if (!reader.ok() || status > UNKNOWN) return null
  return new NodeError(code, message, status === NOT_CHANGED ? 'no' : 'unknown')
}

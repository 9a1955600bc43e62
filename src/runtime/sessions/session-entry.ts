/**
 * What a session has in the log: the payload of an entry of kind `session` (Thesis §6.3). Plain commands have none of
 * this, and pay nothing for it. With an example in docs/formats/sessions.md.
 *
 * ```
 * offset  bytes  field
 *      0      1  operation: 1 open, 2 command, 3 keep alive, 4 close, 5 tick
 *      1      6  log time in ms; 0 until the leader stamps it
 *      7      6  session; 0 for open and tick
 *     13      6  serial: numbers a session's commands from 1; 0 for the other operations
 *     19      6  completed: the client has its answers up to this serial, and will not ask for them again
 *     25      …  the command; for open: time to live in ms (6)
 * ```
 */
import { ByteReader, ByteWriter, EMPTY, writeUint48 } from '../../util/bytes.ts'

/** Names a session for ever: the index of the entry that opened it. */
export type SessionId = number

/** What a session asks for. `completed`: see above. */
export type SessionOperation =
  | { readonly type: 'open'; readonly ttlMs: number }
  | {
      readonly type: 'command'
      readonly session: SessionId
      readonly serial: number
      readonly completed: number
      readonly command: Uint8Array
    }
  | { readonly type: 'keepAlive'; readonly session: SessionId; readonly completed: number }
  | { readonly type: 'close'; readonly session: SessionId }
  /** Nobody asks for anything: time has passed, and the log is told. */
  | { readonly type: 'tick' }

/** An operation as it stands in the log. */
export interface StampedOperation {
  /** For how long leaders had been in office when it was put there, in ms; 0: the leader did not know yet. */
  readonly logTime: number
  readonly operation: SessionOperation
}

const CODES = { open: 1, command: 2, keepAlive: 3, close: 4, tick: 5 } as const
const LOG_TIME_OFFSET = 1

/** The payload, with a log time of 0. The command is copied. */
export function encodeOperation(operation: SessionOperation): Uint8Array {
  const session = 'session' in operation ? operation.session : 0
  const serial = 'serial' in operation ? operation.serial : 0
  const completed = 'completed' in operation ? operation.completed : 0
  const writer = new ByteWriter()
    .uint8(CODES[operation.type])
    .uint48(0)
    .uint48(session)
    .uint48(serial)
    .uint48(completed)
  if (operation.type === 'open') writer.uint48(operation.ttlMs)
  if (operation.type === 'command') writer.raw(operation.command)
  return writer.finish()
}

/** Writes the leader's log time, whole milliseconds, into the payload. */
export function stampLogTime(payload: Uint8Array, logTime: number): void {
  writeUint48(payload, LOG_TIME_OFFSET, logTime)
}

/** @returns null when the bytes are no such payload: they may have come from another server */
export function decodeOperation(payload: Uint8Array): StampedOperation | null {
  const reader = new ByteReader(payload)
  const code = reader.uint8()
  const logTime = reader.uint48()
  const session = reader.uint48()
  const serial = reader.uint48()
  const completed = reader.uint48()
  const rest = reader.ok() ? reader.raw(reader.remaining()) : EMPTY
  const operation = reader.ok() ? operationOf(code, session, serial, completed, rest) : null
  return operation === null ? null : { logTime, operation }
}

function operationOf(
  code: number,
  session: SessionId,
  serial: number,
  completed: number,
  rest: Uint8Array,
): SessionOperation | null {
  if (code === CODES.command) {
    return session > 0 && serial > completed ? { type: 'command', session, serial, completed, command: rest } : null
  }
  if (serial !== 0) return null
  if (code === CODES.open) return rest.length === 6 ? { type: 'open', ttlMs: new ByteReader(rest).uint48() } : null
  if (rest.length > 0) return null
  if (code === CODES.keepAlive && session > 0) return { type: 'keepAlive', session, completed }
  if (code === CODES.close && session > 0) return { type: 'close', session }
  return code === CODES.tick ? { type: 'tick' } : null
}

/** What the cluster holds of a session: the answer to open and to keepAlive. */
export interface SessionStanding {
  readonly session: SessionId
  readonly ttlMs: number
  readonly completed: number
}

/** As session (6), time to live (6), completed (6). */
export function encodeStanding({ session, ttlMs, completed }: SessionStanding): Uint8Array {
  return new ByteWriter().uint48(session).uint48(ttlMs).uint48(completed).finish()
}

/** Reads what `encodeStanding` wrote: the cluster's own answer, which a checksum has guarded. */
export function decodeStanding(answer: Uint8Array): SessionStanding {
  const reader = new ByteReader(answer)
  return { session: reader.uint48(), ttlMs: reader.uint48(), completed: reader.uint48() }
}

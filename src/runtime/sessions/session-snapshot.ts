/**
 * Table and answers as bytes, in front of the state machine's own in every snapshot. Equal states give equal bytes, so
 * that two servers can be compared, unless a durable machine has left gaps in the answers. Checksums are the snapshot store's affair. With an example in
 * docs/formats/sessions.md.
 *
 * ```
 * offset  bytes  field
 *      0      4  magic, "QSes"
 *      4      4  format version, 1
 *      8      4  size of what follows, up to the state machine's first byte
 *     12      6  log time in ms
 *     18      4  count of sessions, then each in ascending order:
 *             6  id
 *             6  time to live in ms
 *             6  log time of its last entry
 *             6  completed up to this serial
 *             4  count of commands above it that were applied, then each in ascending order:
 *             6  serial
 *             1  1: its answer follows (length 4, bytes); 0: it is not kept
 * ```
 */
import { ByteReader, ByteWriter } from '../../util/bytes.ts'
import type { KeptAnswers } from './kept-answers.ts'
import type { SessionRow, SessionTable } from './session-table.ts'

const MAGIC = 0x73655351
const FORMAT_VERSION = 1

/** Magic, version and size. */
export const SESSIONS_HEADER_BYTES = 12

/** A snapshot that cannot be restored, because of what stands in front of the state machine's bytes. */
export class SessionsFormatError extends Error {
  override readonly name = 'SessionsFormatError'
  readonly code = 'ERR_QUORATE_SESSIONS_FORMAT'
}

export function encodeSessions(table: SessionTable, answers: KeptAnswers): Uint8Array {
  const rows = [...table.rows()]
  const body = new ByteWriter().uint48(table.logTime).uint32(rows.length)
  for (const { id, ttlMs, activeAt, completed, applied } of rows) {
    body.uint48(id).uint48(ttlMs).uint48(activeAt).uint48(completed).uint32(applied.size)
    for (const serial of [...applied].sort((one, other) => one - other)) {
      const answer = answers.find(id, serial)
      body.uint48(serial).uint8(answer === null ? 0 : 1)
      if (answer !== null) body.block(answer)
    }
  }
  return new ByteWriter().uint32(MAGIC).uint32(FORMAT_VERSION).block(body.finish()).finish()
}

/** @returns how many bytes follow the header. @throws SessionsFormatError */
export function decodeSessionsHeader(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes)
  if (reader.uint32() !== MAGIC) throw new SessionsFormatError('the snapshot does not begin with a table of sessions')
  const version = reader.uint32()
  if (version === FORMAT_VERSION) return reader.uint32()
  const message = `the table of sessions has format ${version}, and this program reads ${FORMAT_VERSION}`
  throw new SessionsFormatError(`${message}: use the one that wrote it`)
}

/** Fills table and answers, in place of what is in them. @throws SessionsFormatError */
export function decodeSessions(body: Uint8Array, table: SessionTable, answers: KeptAnswers): void {
  const reader = new ByteReader(body)
  answers.clear()
  const logTime = reader.uint48()
  const rows: SessionRow[] = []
  for (let left = reader.uint32(); left > 0 && reader.ok(); left--) rows.push(readRow(reader, answers))
  if (!reader.ok() || reader.remaining() > 0) throw new SessionsFormatError('the table of sessions cannot be read')
  table.restore(logTime, rows)
}

function readRow(reader: ByteReader, answers: KeptAnswers): SessionRow {
  const [id, ttlMs, activeAt, completed] = [reader.uint48(), reader.uint48(), reader.uint48(), reader.uint48()]
  const applied = new Set<number>()
  for (let left = reader.uint32(); left > 0 && reader.ok(); left--) {
    const serial = reader.uint48()
    applied.add(serial)
    if (reader.uint8() === 1) answers.keep(id, serial, reader.block())
  }
  return { id, ttlMs, activeAt, completed, applied }
}

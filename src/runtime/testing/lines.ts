/** What happens in a log with sessions, in few words, and what is told of it. */
import { type Entry, encodeEntries } from '../../raft/entry.ts'
import { concat, utf8Decode, utf8Encode } from '../../util/bytes.ts'
import type { Outcome } from '../replicated-state.ts'
import { encodeOperation, type SessionOperation, stampLogTime } from '../sessions/session-entry.ts'
import { wordsOfError } from '../sessions/testing/words.ts'

/** A plain command, or what a session says at a log time. */
export type Line = string | readonly [logTime: number, operation: SessionOperation]

export function entriesOf(lines: readonly Line[], firstIndex = 1): Entry[] {
  return lines.flatMap((line, i) => {
    if (typeof line === 'string') return encodeEntries([utf8Encode(line)], 'command', 1, firstIndex + i)
    const payload = encodeOperation(line[1])
    stampLogTime(payload, line[0])
    return encodeEntries([payload], 'session', 1, firstIndex + i)
  })
}

export function wordsOf(outcome: Outcome | undefined): string {
  if (outcome instanceof Error) return wordsOfError(outcome)
  if (outcome === null || outcome === undefined) return '-'
  return outcome.length < 100 ? (utf8Decode(outcome) ?? 'no text') : `${outcome.length} bytes`
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return concat(pieces)
}

export async function* inPieces(whole: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < whole.length; offset += pieceBytes) yield whole.slice(offset, offset + pieceBytes)
}

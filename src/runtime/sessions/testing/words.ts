/** What the table says, in few words, and what is said to it. */
import { NodeError } from '../../errors.ts'
import type { SessionOperation } from '../session-entry.ts'
import type { SessionTable, Verdict } from '../session-table.ts'

export function open(ttlMs: number): SessionOperation {
  return { type: 'open', ttlMs }
}

export function command(session: number, serial: number, completed = 0, text = ''): SessionOperation {
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0))
  return { type: 'command', session, serial, completed, command: bytes }
}

export function keepAlive(session: number, completed = 0): SessionOperation {
  return { type: 'keepAlive', session, completed }
}

export function close(session: number): SessionOperation {
  return { type: 'close', session }
}

export const tick: SessionOperation = { type: 'tick' }

/** `apply`, or `ended 3 5, SESSION_EXPIRED no`. */
export function wordsOf({ ended, fate }: Verdict): string {
  const what = fate.type === 'refused' ? wordsOfError(fate.error) : fate.type
  return ended.length === 0 ? what : `ended ${ended.join(' ')}, ${what}`
}

export function wordsOfError(error: unknown): string {
  return error instanceof NodeError ? `${error.code.slice('ERR_QUORATE_'.length)} ${error.applied}` : String(error)
}

/** Gives a table entries, one index after the other. */
export function speaker(table: SessionTable): (logTime: number, operation: SessionOperation) => string {
  let index = 0
  return (logTime, operation) => wordsOf(table.admit({ logTime, operation }, ++index))
}

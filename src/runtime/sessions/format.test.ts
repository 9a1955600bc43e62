import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { toHex, utf8Encode } from '../../util/bytes.ts'
import { encodeForward } from '../requests/forwarding.ts'
import { KeptAnswers } from './kept-answers.ts'
import { decodeOperation, encodeOperation, type SessionOperation, stampLogTime } from './session-entry.ts'
import { decodeSessions, encodeSessions, SESSIONS_HEADER_BYTES } from './session-snapshot.ts'
import { SessionTable } from './session-table.ts'

/** The bytes under a heading of a page, as hex without spaces. */
function example(page: string, title: string): string {
  const text = readFileSync(new URL(`../../../docs/formats/${page}`, import.meta.url), 'utf8')
  const hex = new RegExp(`^#+ ${title}$.*?\`\`\`hex\n(.*?)\`\`\``, 'ms').exec(text)?.[1]
  if (hex === undefined) throw new Error(`docs/formats/${page} has no example under "${title}"`)
  return hex.replaceAll(/\s/g, '')
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

const LOG_TIME = 258
const open: SessionOperation = { type: 'open', ttlMs: 10_000 }
const command: SessionOperation = { type: 'command', session: 5, serial: 4, completed: 3, command: utf8Encode('hi') }

describe('docs/formats/sessions.md', () => {
  test.each([
    ['Open', open],
    ['Command', command],
    ['Keep alive', { type: 'keepAlive', session: 5, completed: 4 }],
    ['Close', { type: 'close', session: 5 }],
    ['Tick', { type: 'tick' }],
  ] as const)('the example of %s is written and read as shown', (title, operation) => {
    const hex = example('sessions.md', title)
    const payload = encodeOperation(operation)
    stampLogTime(payload, LOG_TIME)
    expect(toHex(payload)).toBe(hex)
    expect(decodeOperation(bytesOf(hex))).toEqual({ logTime: LOG_TIME, operation })
  })

  test('the example of a snapshot is written and read as shown', () => {
    const hex = example('sessions.md', 'Snapshot')
    const [table, answers] = [new SessionTable(), new KeptAnswers()]
    table.admit({ logTime: LOG_TIME, operation: open }, 5)
    table.admit({ logTime: LOG_TIME, operation: command }, 6)
    answers.keep(5, 4, utf8Encode('7'))
    expect(toHex(encodeSessions(table, answers))).toBe(hex)
    const [otherTable, otherAnswers] = [new SessionTable(), new KeptAnswers()]
    decodeSessions(bytesOf(hex).subarray(SESSIONS_HEADER_BYTES), otherTable, otherAnswers)
    expect(toHex(encodeSessions(otherTable, otherAnswers))).toBe(hex)
  })
})

test('docs/formats/forwarding.md shows a request as it is written', () => {
  const proposals = [{ kind: 'command', command: utf8Encode('hi') }] as const
  expect(toHex(encodeForward({ timeoutMs: 5000, proposals }))).toBe(example('forwarding.md', 'Request'))
})

import { beforeEach, describe, expect, test } from 'vitest'
import { toHex } from '../../util/bytes.ts'
import { KeptAnswers, MAX_KEPT_BYTES_PER_SESSION } from './kept-answers.ts'
import { decodeSessions, decodeSessionsHeader, encodeSessions, SESSIONS_HEADER_BYTES } from './session-snapshot.ts'
import { SessionTable } from './session-table.ts'
import { command, keepAlive, open, speaker, tick } from './testing/words.ts'

let table: SessionTable
let answers: KeptAnswers
let say: ReturnType<typeof speaker>

beforeEach(() => {
  table = new SessionTable()
  answers = new KeptAnswers()
  say = speaker(table)
})

function bytesOf(): Uint8Array {
  return encodeSessions(table, answers)
}

/** What another server makes of these bytes, as bytes. */
function passedOn(bytes: Uint8Array): Uint8Array {
  const [otherTable, otherAnswers] = [new SessionTable(), new KeptAnswers()]
  otherTable.admit({ logTime: 9_000_000, operation: open(1000) }, 77)
  otherAnswers.keep(77, 1, new Uint8Array(5))
  expect(decodeSessionsHeader(bytes)).toBe(bytes.length - SESSIONS_HEADER_BYTES)
  decodeSessions(bytes.subarray(SESSIONS_HEADER_BYTES), otherTable, otherAnswers)
  expect(otherAnswers.bytes).toBe(answers.bytes)
  expect(otherTable.earliestExpiry).toBe(table.earliestExpiry)
  return encodeSessions(otherTable, otherAnswers)
}

describe('the table in a snapshot', () => {
  test('comes back as it was', () => {
    say(5, open(1000))
    say(2 ** 47, open(86_400_000))
    for (const serial of [9, 4, 5]) say(0, command(2, serial, 3))
    answers.keep(2, 4, new Uint8Array([4, 4]))
    answers.keep(2, 9, new Uint8Array(MAX_KEPT_BYTES_PER_SESSION))
    answers.keep(2, 5, new Uint8Array(0))
    expect(toHex(passedOn(bytesOf()))).toBe(toHex(bytesOf()))
  })

  test('is small while there are no sessions', () => {
    expect(toHex(bytesOf())).toBe('51536573' + '01000000' + '0a000000' + '000000000000' + '00000000')
    expect(passedOn(bytesOf())).toEqual(bytesOf())
  })

  test('looks the same, whatever order the commands came in', () => {
    const other = new SessionTable()
    const sayToOther = speaker(other)
    say(0, open(1000))
    sayToOther(0, open(1000))
    for (const serial of [1, 2, 3]) say(0, command(1, serial))
    for (const serial of [3, 1, 2]) sayToOther(0, command(1, serial))
    expect(encodeSessions(other, answers)).toEqual(bytesOf())
  })

  test('goes on as if nothing had been: what was applied is not applied again, and time does not go back', () => {
    say(100, open(2000))
    say(700, command(1, 2))
    say(700, keepAlive(1, 1))
    const bytes = bytesOf()
    const restored = new SessionTable()
    decodeSessions(bytes.subarray(SESSIONS_HEADER_BYTES), restored, answers)
    const sayToRestored = speaker(restored)
    expect(sayToRestored(0, command(1, 2))).toBe('repeat')
    expect(sayToRestored(0, command(1, 1))).toBe('OUTCOME_UNKNOWN unknown')
    expect([sayToRestored(2700, tick), sayToRestored(2701, tick)]).toEqual(['done', 'ended 1, done'])
  })

  test.each([
    ['something else', (bytes: Uint8Array) => bytes.fill(1, 0, 1), 'does not begin with a table of sessions'],
    ['another version', (bytes: Uint8Array) => bytes.fill(2, 4, 5), 'has format 2, and this program reads 1'],
    ['nothing', () => new Uint8Array(0), 'does not begin with a table of sessions'],
  ] as const)('is refused when it is %s', (_what, spoil, words) => {
    expect(() => decodeSessionsHeader(spoil(bytesOf()))).toThrow(words)
  })

  test('is refused when it is cut off or goes on', () => {
    say(0, open(1000))
    say(0, command(1, 1))
    answers.keep(1, 1, new Uint8Array(3))
    const body = bytesOf().subarray(SESSIONS_HEADER_BYTES)
    const read = (bytes: Uint8Array) => decodeSessions(bytes, new SessionTable(), new KeptAnswers())
    for (let length = 0; length < body.length; length++) {
      expect(() => read(body.subarray(0, length)), `${length} bytes`).toThrow('cannot be read')
    }
    expect(() => read(new Uint8Array([...body, 0]))).toThrow('cannot be read')
  })
})

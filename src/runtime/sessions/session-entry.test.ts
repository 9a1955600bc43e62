import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex, utf8Encode } from '../../util/bytes.ts'
import {
  decodeOperation,
  decodeStanding,
  encodeOperation,
  encodeStanding,
  type SessionOperation,
  stampLogTime,
} from './session-entry.ts'

const LARGE = 2 ** 47 + 1

const OPERATIONS: readonly SessionOperation[] = [
  { type: 'open', ttlMs: LARGE },
  { type: 'command', session: LARGE, serial: LARGE + 2, completed: LARGE + 1, command: utf8Encode('hi') },
  { type: 'command', session: 1, serial: 1, completed: 0, command: new Uint8Array(0) },
  { type: 'keepAlive', session: 7, completed: 0 },
  { type: 'close', session: 7 },
  { type: 'tick' },
]

describe('an operation of a session', () => {
  test.each(OPERATIONS)('comes back as it was: $type', (operation) => {
    const payload = encodeOperation(operation)
    expect(decodeOperation(payload)).toEqual({ logTime: 0, operation })
    stampLogTime(payload, LARGE)
    expect(decodeOperation(payload)).toEqual({ logTime: LARGE, operation })
  })

  test('looks as it is described', () => {
    const command = utf8Encode('hi')
    const payload = encodeOperation({ type: 'command', session: 5, serial: 4, completed: 3, command })
    stampLogTime(payload, 0x0102)
    expect(toHex(payload)).toBe('02' + '020100000000' + '050000000000' + '040000000000' + '030000000000' + '6869')
  })

  test('copies the command, which the caller may use again', () => {
    const command = utf8Encode('hi')
    const payload = encodeOperation({ type: 'command', session: 5, serial: 1, completed: 0, command })
    command.fill(0)
    expect(decodeOperation(payload)?.operation).toMatchObject({ command: utf8Encode('hi') })
  })

  test.each(OPERATIONS)('that is cut off is none, or another command: $type', (operation) => {
    const payload = encodeOperation(operation)
    for (let length = 0; length < Math.min(payload.length, 25); length++) {
      expect(decodeOperation(payload.subarray(0, length))).toBe(null)
    }
  })

  test.each([
    ['an unknown operation', `06${'00'.repeat(24)}`],
    ['no operation', '00'.repeat(25)],
    ['a command without a session', `02${'00'.repeat(6)}${'00'.repeat(6)}010000000000${'00'.repeat(6)}`],
    ['a command without a serial', `02${'00'.repeat(6)}010000000000${'00'.repeat(6)}${'00'.repeat(6)}`],
    ['a command that is completed already', `02${'00'.repeat(6)}${'010000000000'.repeat(3)}`],
    ['a tick with a serial', `05${'00'.repeat(12)}010000000000${'00'.repeat(6)}`],
    ['a tick with something behind it', `05${'00'.repeat(25)}`],
    ['an open without a time to live', `01${'00'.repeat(24)}`],
    ['a close of no session', `04${'00'.repeat(24)}`],
    ['a keep alive of no session', `03${'00'.repeat(24)}`],
  ])('is not %s', (_what, hex) => {
    const bytes = Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
    expect(decodeOperation(bytes)).toBe(null)
  })

  test('from anybody at all is read or refused, and nothing is thrown', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => void decodeOperation(bytes)))
  })
})

test('the standing of a session comes back as it was', () => {
  const standing = { session: LARGE, ttlMs: 86_400_000, completed: 12 }
  expect(decodeStanding(encodeStanding(standing))).toEqual(standing)
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../util/bytes.ts'
import { NodeError } from '../errors.ts'
import { encodeOperation } from '../sessions/session-entry.ts'
import {
  decodeForward,
  decodeOutcomes,
  encodeForward,
  encodeOutcomes,
  type ForwardedOutcome,
  type ForwardedProposal,
} from './forwarding.ts'

const MUCH = 2 ** 20

function plain(...bytes: number[]): ForwardedProposal {
  return { kind: 'command', command: new Uint8Array(bytes) }
}

describe('a forwarded request', () => {
  test('is read as it was written', () => {
    const proposals = [
      plain(1, 2, 3),
      plain(),
      { kind: 'session', command: encodeOperation({ type: 'tick' }) } as const,
    ]
    expect(decodeForward(encodeForward({ timeoutMs: 1500, proposals }))).toEqual({ timeoutMs: 1500, proposals })
  })

  test('looks as the page about the format says', () => {
    const bytes = encodeForward({ timeoutMs: 5000, proposals: [plain(0x68, 0x69)] })
    expect(toHex(bytes)).toBe('01' + '88130000' + '01000000' + '01' + '020000006869')
  })

  test.each([
    [Number.POSITIVE_INFINITY, 2 ** 32 - 1],
    [-5, 0],
    [0.2, 1],
  ])('has a whole time-out for %d ms', (timeoutMs, expected) => {
    expect(decodeForward(encodeForward({ timeoutMs, proposals: [] }))?.timeoutMs).toBe(expected)
  })

  test('from anybody at all is read or refused, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        decodeForward(bytes)
        decodeOutcomes(bytes, 3)
      }),
    )
  })

  test('with a byte too many or too few is none', () => {
    const bytes = encodeForward({ timeoutMs: 1, proposals: [plain(1, 2, 3, 4, 5)] })
    expect(decodeForward(bytes.subarray(0, -1))).toBe(null)
    expect(decodeForward(new Uint8Array([...bytes, 0]))).toBe(null)
    expect(decodeForward(new Uint8Array(0))).toBe(null)
  })
})

test('what is said to be of a session and is not is refused as a whole', () => {
  const proposals = [plain(1), { kind: 'session', command: new Uint8Array([2, 3]) } as const]
  expect(decodeForward(encodeForward({ timeoutMs: 1, proposals }))).toBe(null)
})

describe('the answer', () => {
  const outcomes: readonly ForwardedOutcome[] = [
    new Uint8Array([7]),
    new NodeError('ERR_QUORATE_SUPERSEDED', 'lost', 'no'),
    new NodeError('ERR_QUORATE_OUTCOME_UNKNOWN', 'who knows', 'unknown'),
  ]

  test('is read as it was written', () => {
    const read = decodeOutcomes(encodeOutcomes(outcomes, MUCH), 3)
    expect(read?.[0]).toEqual(new Uint8Array([7]))
    expect(read?.[1]).toMatchObject({ code: 'ERR_QUORATE_SUPERSEDED', message: 'lost', applied: 'no' })
    expect(read?.[2]).toMatchObject({ code: 'ERR_QUORATE_OUTCOME_UNKNOWN', applied: 'unknown' })
  })

  test('looks as the page about the format says', () => {
    const error = new NodeError('ERR_QUORATE_TOO_LARGE', 'no', 'no')
    const text = Array.from('ERR_QUORATE_TOO_LARGE', (letter) => letter.charCodeAt(0))
    expect(toHex(encodeOutcomes([new Uint8Array([7]), error], MUCH))).toBe(
      `000100000007${'01'}15000000${toHex(new Uint8Array(text))}020000006e6f`,
    )
  })

  test('to another number of commands is none', () => {
    const bytes = encodeOutcomes(outcomes, MUCH)
    expect(decodeOutcomes(bytes, 2)).toBe(null)
    expect(decodeOutcomes(bytes, 4)).toBe(null)
  })

  test('never becomes larger than it may: what does not fit gives way to an error', () => {
    const large = Array.from({ length: 20 }, () => new Uint8Array(1000))
    const bytes = encodeOutcomes(large, 12_000)
    expect(bytes.length).toBeLessThanOrEqual(12_000)
    const read = decodeOutcomes(bytes, 20) ?? []
    expect(read[0]).toHaveLength(1000)
    expect(read.at(-1)).toMatchObject({ code: 'ERR_QUORATE_ANSWER_LOST', applied: 'unknown' })
  })

  test('to many commands with short answers has room for all', () => {
    const many = Array.from({ length: 1000 }, () => new Uint8Array(8))
    const read = decodeOutcomes(encodeOutcomes(many, 20_000), 1000)
    expect(read?.every((outcome) => outcome instanceof Uint8Array)).toBe(true)
  })
})

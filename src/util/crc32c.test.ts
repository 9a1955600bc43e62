import { describe, expect, test } from 'vitest'
import { utf8Encode } from './bytes.ts'
import { crc32c } from './crc32c.ts'

const range = (from: number, step: number): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, place) => from + place * step)

describe('the published check values (RFC 3720, B.4, and the catalogue of CRCs)', () => {
  test.each([
    ['123456789', utf8Encode('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(0), 0],
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 bytes of 0xff', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31', range(0, 1), 0x46dd794e],
    ['31 to 0', range(31, -1), 0x113fdb5c],
  ])('%s', (_, bytes, expected) => expect(crc32c(bytes)).toBe(expected))
})

test('in two pieces it is the same as in one, wherever it is split', () => {
  const bytes = range(7, 5)
  for (let split = 0; split <= 32; split++) {
    expect(crc32c(bytes, split, 32, crc32c(bytes, 0, split))).toBe(crc32c(bytes))
  }
})

test('a part of a buffer counts alone, whatever stands around it', () => {
  expect(crc32c(utf8Encode('xx123456789yy'), 2, 11)).toBe(0xe3069283)
})

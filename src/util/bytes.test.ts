import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ByteReader,
  ByteWriter,
  compare,
  concat,
  equal,
  MAX_UINT48,
  readUint32,
  readUint48,
  toHex,
  utf8Cut,
  utf8Decode,
  utf8Encode,
  writeUint32,
  writeUint48,
} from './bytes.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe('numbers are little-endian', () => {
  test.each([
    [0, '00000000'],
    [0x01020304, '04030201'],
    [0xffffffff, 'ffffffff'],
  ])('32 bits: %i', (value, hex) => {
    const buffer = new Uint8Array(5)
    writeUint32(buffer, 1, value)
    expect([toHex(buffer.subarray(1)), readUint32(buffer, 1)]).toEqual([hex, value])
  })

  test.each([
    [0, '000000000000'],
    [0x010203040506, '060504030201'],
    [2 ** 32, '000000000100'],
    [MAX_UINT48, 'ffffffffffff'],
  ])('48 bits: %i', (value, hex) => {
    const buffer = new Uint8Array(7)
    writeUint48(buffer, 1, value)
    expect([toHex(buffer.subarray(1)), readUint48(buffer, 1)]).toEqual([hex, value])
  })
})

describe('the order of bytes', () => {
  test.each([
    [bytes(1, 2), bytes(1, 2), 0],
    [bytes(1), bytes(1, 0), -1],
    [bytes(200), bytes(100, 9), 1],
    [bytes(), bytes(0), -1],
  ])('%s and %s: %i', (left, right, sign) => {
    expect([Math.sign(compare(left, right)), equal(left, right)]).toEqual([sign, sign === 0])
  })

  test('pieces come together in order', () => {
    expect(concat([bytes(1), bytes(), bytes(2, 3)])).toEqual(bytes(1, 2, 3))
  })
})

describe('UTF-8, as the platform’s own', () => {
  test('any text is encoded alike, lone surrogates and all', () => {
    const text = fc.array(fc.nat(0x10ffff), { maxLength: 20 }).map((codes) => String.fromCodePoint(...codes))
    fc.assert(
      fc.property(text, fc.boolean(), (text, halve) => {
        const input = halve ? text.slice(0, -1) : text
        expect(utf8Encode(input)).toEqual(new TextEncoder().encode(input))
      }),
    )
    expect(utf8Encode('a\ud800b')).toEqual(new TextEncoder().encode('a\ud800b'))
  })

  test('is cut between characters, never within one', () => {
    const cuts = Array.from({ length: 9 }, (_, maxBytes) => utf8Decode(utf8Cut('aä木😀', maxBytes)))
    expect(cuts).toEqual(['', 'a', 'a', 'aä', 'aä', 'aä', 'aä木', 'aä木', 'aä木'])
    expect(utf8Decode(utf8Cut('aä木😀', 10))).toBe('aä木😀')
  })

  test('any bytes are read alike, and what is malformed is refused', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const expected = (input: Uint8Array): string | null => {
      try {
        return strict.decode(input)
      } catch {
        return null
      }
    }
    const lead = fc.constantFrom(
      0x41,
      0x7f,
      0x80,
      0xbf,
      0xc0,
      0xc1,
      0xc2,
      0xdf,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0xf5,
      0xff,
    )
    const next = fc.constantFrom(0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0)
    fc.assert(
      fc.property(fc.array(fc.oneof(lead, next), { maxLength: 6 }), (values) => {
        expect(utf8Decode(bytes(...values))).toBe(expected(bytes(...values)))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('writing and reading one after another', () => {
  test('comes back as it was', () => {
    const written = new ByteWriter()
      .uint8(7)
      .uint32(9)
      .uint48(MAX_UINT48)
      .text('žluť')
      .block(bytes(1, 2))
      .raw(bytes(3))
      .finish()
    const reader = new ByteReader(written)
    expect([reader.uint8(), reader.uint32(), reader.uint48(), reader.text()]).toEqual([7, 9, MAX_UINT48, 'žluť'])
    expect([reader.block(), reader.raw(1), reader.remaining(), reader.ok()]).toEqual([bytes(1, 2), bytes(3), 0, true])
  })

  test('grows as needed', () => {
    const large = new Uint8Array(1000).fill(5)
    expect(new ByteWriter().raw(large).raw(large).finish()).toEqual(concat([large, large]))
  })

  test('past the end there are zeros, and it is remembered', () => {
    const reader = new ByteReader(bytes(1, 2, 3))
    expect([reader.uint32(), reader.uint8(), reader.ok()]).toEqual([0, 0, false])
  })

  test('a length that promises too much, or malformed text, is a failure', () => {
    const tooLong = new ByteReader(bytes(255, 255, 255, 255, 1))
    expect([tooLong.block().length, tooLong.ok()]).toEqual([0, false])
    const malformed = new ByteReader(bytes(1, 0, 0, 0, 0xff))
    expect([malformed.text(), malformed.ok()]).toEqual(['', false])
  })
})

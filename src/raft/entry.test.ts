import { describe, expect, test } from 'vitest'
import { toHex, utf8Encode } from '../util/bytes.ts'
import { contiguous, decodeEntry, ENTRY_HEADER_BYTES, type Entry, encodeEntries, sizeOf } from './entry.ts'
import { plainEntry } from './testing/plain.ts'

const encodeOne = (text: string): Entry => encodeEntries([utf8Encode(text)], 'command', 3, 7)[0] as Entry

describe('the encoding', () => {
  test('is the one in the header of entry.ts, byte for byte', () => {
    const fields = ['02000000', '01', '00', '030000000000', '070000000000', '0000', '6869']
    expect(toHex(encodeOne('hi').bytes).slice(8)).toBe(fields.join(''))
  })

  test.each(['command', 'noop', 'configuration', 'session'] as const)('a %s comes back as it was', (kind) => {
    const [first, second] = encodeEntries([utf8Encode('a'), new Uint8Array(0)], kind, 2 ** 40, 2 ** 47) as [
      Entry,
      Entry,
    ]
    expect(plainEntry(decodeEntry(first.bytes, 0) as Entry)).toEqual(plainEntry(first))
    expect(plainEntry(decodeEntry(second.bytes, 0) as Entry)).toEqual(plainEntry(second))
    expect(second).toMatchObject({ index: 2 ** 47 + 1, term: 2 ** 40, kind })
  })

  test('the command inside is a view of what was proposed', () => {
    expect(encodeOne('hi').command).toEqual(utf8Encode('hi'))
  })

  test('an index of more than 48 bits is a mistake of ours', () => {
    expect(() => encodeEntries([new Uint8Array(0)], 'noop', 1, 2 ** 48)).toThrow('leaves 48 bits')
  })
})

describe('what a disk or a network may have done to it', () => {
  test('every flipped bit is noticed', () => {
    const { bytes } = encodeOne('hi')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice()
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(decodeEntry(damaged, 0), `bit ${bit}`).toBeTypeOf('string')
    }
  })

  test('cut short anywhere, it says what is missing', () => {
    const { bytes } = encodeOne('hi')
    expect(decodeEntry(bytes.subarray(0, 23), 0)).toBe(
      '23 bytes are too few for an entry’s header of 24'.replace('’', "'"),
    )
    expect(decodeEntry(bytes.subarray(0, 25), 0)).toBe('an entry of 26 bytes does not fit into the 25 that are left')
    for (let length = 0; length < bytes.length; length++)
      expect(decodeEntry(bytes.subarray(0, length), 0)).toBeTypeOf('string')
  })

  test('zeros, as in a file that was made longer, are no entry', () => {
    expect(decodeEntry(new Uint8Array(100), 0)).toBeTypeOf('string')
  })
})

describe('a batch', () => {
  const batch = encodeEntries(['a', 'bb', 'ccc'].map(utf8Encode), 'command', 1, 1)

  test('lies in one buffer and goes out as one piece', () => {
    expect(contiguous(batch).map(({ length }) => length)).toEqual([3 * ENTRY_HEADER_BYTES + 6])
    expect(sizeOf(batch)).toBe(3 * ENTRY_HEADER_BYTES + 6)
  })

  test('of two buffers, or with a hole, goes out in two', () => {
    const [first, second, third] = batch as [Entry, Entry, Entry]
    expect(contiguous([first, third])).toHaveLength(2)
    expect(contiguous([first, second, encodeOne('x')])).toHaveLength(2)
    expect(contiguous([])).toEqual([])
  })
})

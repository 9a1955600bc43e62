import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { concat, writeUint32 } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { bodyLimit, FRAME_HEADER_BYTES, FRAME_TYPES, type Frame, FrameReader, sealFrame } from './frame.ts'
import { SAMPLE_FRAMES } from './testing/samples.ts'

const MAX_FRAME_BYTES = 1_000_000
const stream = concat(SAMPLE_FRAMES.flatMap(({ frame }) => frame.pieces))
const types = SAMPLE_FRAMES.map(({ type }) => type)

describe('frames', () => {
  test('there is a sample of every type, and no number twice', () => {
    expect([...types].sort()).toEqual(Object.keys(FRAME_TYPES).sort())
    expect(new Set(Object.values(FRAME_TYPES)).size).toBe(types.length)
  })

  test('many in one chunk come out one by one', () => {
    expect(read([stream]).frames.map(({ type }) => type)).toEqual(types)
  })

  test('a stream cut in two at any byte reads the same', () => {
    const whole = read([stream]).frames
    const cuts = Array.from({ length: stream.length + 1 }, (_, cut) => cut)
    const readAt = (cut: number): Frame[] => read([stream.subarray(0, cut), stream.subarray(cut)]).frames
    // Compared by Node: `expect` takes a millisecond for each of these, and there are thousands.
    expect(cuts.filter((cut) => !isDeepStrictEqual(readAt(cut), whole))).toEqual([])
  })

  test('a stream in pieces of any size reads the same', () => {
    const whole = read([stream]).frames
    for (const size of [1, 2, 3, 7, 15, 16, 17, 40]) expect(read(piecesOf(stream, size)).frames).toEqual(whole)
  })

  test('what is handed on does not change when the reader goes on', () => {
    const { frames } = read(piecesOf(stream, 5))
    const copies = frames.map(({ body }) => body.slice())
    expect(frames.map(({ body }) => body)).toEqual(copies)
    expect(frames).toEqual(read([stream]).frames)
  })

  test('a small frame does not keep a large chunk alive, a large one is not copied', () => {
    const small = sealFrame('Request', new Uint8Array(FRAME_HEADER_BYTES + 10))
    const large = sealFrame('Request', new Uint8Array(FRAME_HEADER_BYTES + 50_000))
    const chunk = concat([...small.pieces, ...large.pieces])
    const [first, second] = read([chunk]).frames
    expect(first?.body.buffer).not.toBe(chunk.buffer)
    expect(second?.body.buffer).toBe(chunk.buffer)
  })
})

describe('a frame is refused', () => {
  const sample = concat(sealFrame('Request', new Uint8Array(FRAME_HEADER_BYTES + 100)).pieces)

  test('as soon as what the checksum covers is there, if its size is not as it was sent', () => {
    const heartbeat = concat(sealFrame('AppendEntries', new Uint8Array(FRAME_HEADER_BYTES + 60)).pieces)
    heartbeat[2] = 0x08
    const { trouble, reader } = read([heartbeat])
    expect(trouble).toContain('AppendEntries with checksum')
    expect(reader.heldBytes).toBe(0)
  })

  test('when any bit of it is not as it was sent', () => {
    for (let bit = 0; bit < sample.length * 8; bit++) {
      const broken = sample.slice()
      broken[bit >> 3] = (broken[bit >> 3] as number) ^ (1 << (bit & 7))
      const { frames, trouble } = read([broken])
      expect(frames, `bit ${bit}`).toEqual([])
      expect(trouble, `bit ${bit}`).not.toBeNull()
    }
  })

  test.each([
    ['a claim of 4 GiB', 0xffffffff, 'Request of 4294967295 bytes, the limit is 1000000'],
    ['one byte above the limit', MAX_FRAME_BYTES + 1, 'Request of 1000001 bytes, the limit is 1000000'],
  ])('before memory is taken for it: %s', (_title, length, words) => {
    const header = sample.slice(0, FRAME_HEADER_BYTES)
    writeUint32(header, 0, length)
    const { trouble, reader } = read([header])
    expect(trouble).toBe(words)
    expect(reader.heldBytes).toBe(0)
  })

  test('when its type is unknown, its header is of another version, or it is not its turn', () => {
    const change = (offset: number, value: number): Uint8Array => {
      const changed = sample.slice()
      changed[offset] = value
      return changed
    }
    expect(read([change(4, 99)]).trouble).toBe('unknown frame type 99')
    expect(read([change(5, 2)]).trouble).toBe('frame header of version 2, known is 1')
    const strict = new FrameReader((type) => (type === 'Hello' ? 100 : -1))
    expect(strict.push(sample, () => null)).toBe('unexpected Request')
  })

  test('when only AppendEntries may leave a part unchecked', () => {
    const tail = [new Uint8Array(5)]
    const head = (): Uint8Array => new Uint8Array(FRAME_HEADER_BYTES + 10)
    expect(read(sealFrame('Request', head(), tail).pieces).trouble).toBe('Request of 15 bytes whose checksum covers 10')
    expect(read(sealFrame('AppendEntries', head(), tail).pieces).trouble).toBeNull()
  })

  test('and nothing behind it is looked at any more', () => {
    const broken = stream.slice()
    broken[4] = 99
    const reader = new FrameReader(() => MAX_FRAME_BYTES)
    const seen: Frame[] = []
    const collect = (frame: Frame): null => {
      seen.push(frame)
      return null
    }
    expect(reader.push(broken, collect)).toBe('unknown frame type 99')
    expect(reader.push(stream, collect)).toBe('unknown frame type 99')
    expect(seen).toEqual([])
  })
})

test('a hundred thousand small chunks of noise never make the reader hold more than one frame', () => {
  const random = new Random(1)
  for (let round = 0; round < 1000; round++) {
    const reader = new FrameReader((type) => bodyLimit(type, MAX_FRAME_BYTES))
    for (let i = 0; i < 100; i++)
      reader.push(
        Uint8Array.from({ length: random.below(40) }, () => random.below(256)),
        () => null,
      )
    expect(reader.heldBytes).toBeLessThanOrEqual(MAX_FRAME_BYTES)
  }
})

function read(chunks: readonly Uint8Array[]) {
  const reader = new FrameReader((type) => bodyLimit(type, MAX_FRAME_BYTES))
  const frames: Frame[] = []
  let trouble: string | null = null
  for (const chunk of chunks) {
    trouble = reader.push(chunk, (frame) => {
      frames.push(frame)
      return null
    })
  }
  return { frames, trouble, reader }
}

function piecesOf(bytes: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let from = 0; from < bytes.length; from += size) pieces.push(bytes.slice(from, from + size))
  return pieces
}

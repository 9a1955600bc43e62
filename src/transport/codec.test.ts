import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeEntries, sizeOf } from '../raft/entry.ts'
import type { AppendEntries, Message } from '../raft/message.ts'
import { plainMessage } from '../raft/testing/plain.ts'
import { concat, MAX_UINT48, utf8Encode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { decodeMessage, encodeMessage } from './codec.ts'
import { bodyLimit, type Frame, FrameReader } from './frame.ts'
import { decodeAnswer, decodeHello } from './handshake.ts'
import { decodeRequest, decodeResponse } from './requests.ts'
import { decodeOffer, offsetOf, reasonOf } from './snapshot-frames.ts'
import { SAMPLE_FRAMES, SAMPLE_MESSAGES } from './testing/samples.ts'

const ROUTE = { from: 'a', to: 'b' }
const APPEND = SAMPLE_MESSAGES.AppendEntries

describe('a message', () => {
  test.each(Object.values(SAMPLE_MESSAGES).map((message) => [message.type, message] as const))(
    '%s comes back as it was',
    (_type, message) => expect(plainMessage(travel(message))).toEqual(plainMessage(message)),
  )

  test('of any kind and content comes back as it was', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(plainMessage(travel(message))).toEqual(plainMessage(message))
      }),
      { seed: 42, numRuns: 3000 },
    )
  })

  test('has the sender that the connection names, whatever it says', () => {
    const frame = frameOf(encodeMessage({ ...SAMPLE_MESSAGES.TimeoutNow, from: 'mallory' }).pieces)
    expect(decodeMessage(frame, ROUTE)).toMatchObject({ from: 'a', to: 'b' })
  })

  test.each(Object.values(SAMPLE_MESSAGES))('$type that ends early, or does not end, is refused', (message) => {
    const { type, body, checked } = frameOf(encodeMessage(message).pieces)
    const longer = concat([body, new Uint8Array(1)])
    expect(decodeMessage({ type, slot: 0, body: longer, checked }, ROUTE)).toBeTypeOf('string')
    for (let length = 0; length < body.length; length++)
      expect(decodeMessage({ type, slot: 0, body: body.subarray(0, length), checked }, ROUTE)).toBeTypeOf('string')
  })

  test('with a number that does not fit is our mistake', () => {
    expect(() => encodeMessage({ ...APPEND, session: MAX_UINT48 + 1 })).toThrow('281474976710656 does not fit 48 bits')
    expect(() => encodeMessage({ ...SAMPLE_MESSAGES.ReadIndex, requestId: -1 })).toThrow('-1 does not fit 48 bits')
  })
})

describe('AppendEntries', () => {
  test('sends the entries in the pieces that they lie in, and receives them as views of the frame', () => {
    const { pieces } = encodeMessage(APPEND)
    expect(pieces).toHaveLength(2)
    expect(pieces[1]?.buffer).toBe(APPEND.entries[0]?.bytes.buffer)
    const frame = frameOf(pieces)
    const message = decodeMessage(frame, ROUTE) as AppendEntries
    expect(message.entries.every((entry) => entry.bytes.buffer === frame.body.buffer)).toBe(true)
  })

  test('is refused when a bit of an entry is not as the leader wrote it', () => {
    const pieces = encodeMessage(APPEND).pieces.map((piece) => piece.slice())
    const entries = pieces[1] as Uint8Array
    for (let offset = 0; offset < entries.length; offset++) {
      entries[offset] = (entries[offset] as number) ^ 4
      expect(decodeMessage(frameOf(pieces), ROUTE), `byte ${offset}`).toBeTypeOf('string')
      entries[offset] = (entries[offset] as number) ^ 4
    }
  })

  const command = [utf8Encode('x')]
  test.each([
    ['entry 14 follows 12', { entries: encodeEntries(command, 'command', 5, 14) }],
    ['entry 13 has term 3, outside of 4 to 5', { entries: encodeEntries(command, 'command', 3, 13) }],
    ['entry 13 has term 6, outside of 4 to 5', { entries: encodeEntries(command, 'command', 6, 13) }],
  ])('is refused: %s', (words, change) => {
    expect(travel({ ...APPEND, ...change })).toContain(words)
  })

  test('is refused when its count says another number of entries than there are', () => {
    const recount = (count: number): string | Message => {
      const frame = frameOf(encodeMessage(APPEND).pieces)
      const body = frame.body.slice()
      body[42] = count
      return decodeMessage({ ...frame, body }, ROUTE)
    }
    expect(recount(1)).toContain('27 bytes too many behind 1 entries')
    expect(recount(3)).toContain('entry 3 of 3: 0 bytes are too few')
    expect(recount(255)).toContain('entry 3 of 255')
  })

  test('costs a head of 62 bytes', () => {
    expect(encodeMessage(APPEND).sizeBytes).toBe(62 + sizeOf(APPEND.entries))
  })
})

test('250,000 mutated frames: no exception, no memory beyond the limit, and what passes is well-formed', () => {
  const random = new Random(2026)
  const originals = SAMPLE_FRAMES.map(({ frame }) => concat(frame.pieces))
  let mostHeld = 0
  let refused = 0
  let passed = 0
  for (let round = 0; round < 250_000; round++) {
    const bytes = mutate(random, originals)
    const reader = new FrameReader((type) => bodyLimit(type, 100_000))
    const trouble = reader.push(bytes, (frame) => {
      passed++
      return decodeAny(random.chance(0.5) ? frame : mutateBody(random, frame))
    })
    if (trouble !== null) refused++
    mostHeld = Math.max(mostHeld, reader.heldBytes)
  }
  expect(mostHeld).toBeLessThanOrEqual(256 * 1024 + 64)
  expect(refused).toBeGreaterThan(100_000)
  expect(passed).toBeGreaterThan(10_000)
}, 60_000)

// ---- vocabulary

function frameOf(pieces: readonly Uint8Array[]): Frame {
  let frame: Frame | null = null
  const trouble = new FrameReader((type) => bodyLimit(type, 10_000_000)).push(concat(pieces), (found) => {
    frame = found
    return null
  })
  if (frame === null) throw new Error(`no frame: ${trouble}`)
  return frame
}

function travel(message: Message): Message | string {
  return decodeMessage(frameOf(encodeMessage(message).pieces), message)
}

/** Every decoder that a frame of this type may meet; what it says is wrong ends the stream. */
function decodeAny(frame: Frame): string | null {
  const decoders: Record<string, () => unknown> = {
    Hello: () => decodeHello(frame),
    Welcome: () => decodeAnswer(frame),
    Refusal: () => decodeAnswer(frame),
    Request: () => decodeRequest(frame),
    Response: () => decodeResponse(frame),
    SnapshotOffer: () => decodeOffer(frame, ROUTE),
    SnapshotResume: () => offsetOf(frame),
    SnapshotChunk: () => offsetOf(frame),
    SnapshotAck: () => offsetOf(frame),
    SnapshotRefusal: () => reasonOf(frame),
  }
  const result = (decoders[frame.type] ?? (() => decodeMessage(frame, ROUTE)))()
  return typeof result === 'string' ? result : null
}

/** A few bytes changed, cut, doubled, or two frames spliced. */
function mutate(random: Random, originals: readonly Uint8Array[]): Uint8Array {
  const bytes = random.pick(originals).slice()
  switch (random.below(5)) {
    case 0:
      bytes[random.below(bytes.length)] = random.below(256)
      return bytes
    case 1:
      for (let i = random.below(8); i >= 0; i--) bytes[random.below(bytes.length)] = random.pick([0, 1, 127, 128, 255])
      return bytes
    case 2:
      return bytes.subarray(0, random.below(bytes.length))
    case 3:
      return concat([bytes.subarray(0, random.below(bytes.length)), random.pick(originals)])
    default:
      return concat([bytes, random.pick(originals)])
  }
}

/** As if the checksum had matched by chance: the decoders must not rely on it. */
function mutateBody(random: Random, frame: Frame): Frame {
  const body = frame.body.slice(0, random.chance(0.3) ? random.below(frame.body.length + 1) : frame.body.length)
  for (let i = random.below(4); i >= 0 && body.length > 0; i--) body[random.below(body.length)] = random.below(256)
  return { type: frame.type, slot: frame.slot, body, checked: Math.min(frame.checked, body.length) }
}

const number48 = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.constant(MAX_UINT48), fc.maxSafeInteger().map(clamp))
const name = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
const names = fc.array(name, { maxLength: 5 })
const route = { from: name, to: name, term: number48 }

function clamp(value: number): number {
  return Math.abs(value) % MAX_UINT48
}

const anyAppend = fc
  .record({
    ...route,
    type: fc.constant('AppendEntries' as const),
    prevLogIndex: fc.integer({ min: 0, max: 2 ** 40 }),
    prevLogTerm: number48,
    leaderCommit: number48,
    session: number48,
    readRound: number48,
    restMs: number48,
    commands: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
    kind: fc.constantFrom('command' as const, 'noop' as const, 'configuration' as const, 'session' as const),
  })
  .map(({ commands, kind, ...rest }) => {
    const term = Math.max(rest.term, rest.prevLogTerm)
    return { ...rest, term, entries: encodeEntries(commands, kind, term, rest.prevLogIndex + 1) }
  })

const texts = fc.dictionary(name, name, { maxKeys: 5, noNullPrototype: true })

const anyConfiguration = fc.record({
  voters: names,
  votersOutgoing: names,
  learners: names,
  promotable: names,
  retired: names,
  addresses: texts,
  incarnations: texts,
})

const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  anyAppend,
  fc.record({
    ...route,
    type: fc.constant('PreVote' as const),
    campaignTerm: number48,
    lastLogIndex: number48,
    lastLogTerm: number48,
  }),
  fc.record({
    ...route,
    type: fc.constant('PreVoteReply' as const),
    campaignTerm: number48,
    granted: fc.boolean(),
  }),
  fc.record({
    ...route,
    type: fc.constant('RequestVote' as const),
    lastLogIndex: number48,
    lastLogTerm: number48,
    transfer: fc.boolean(),
  }),
  fc.record({ ...route, type: fc.constant('RequestVoteReply' as const), granted: fc.boolean() }),
  fc.record({
    ...route,
    type: fc.constant('AppendEntriesReply' as const),
    session: number48,
    readRound: number48,
    success: fc.boolean(),
    index: number48,
    hintTerm: number48,
    prevLogIndex: number48,
  }),
  fc.record({
    ...route,
    type: fc.constant('InstallSnapshot' as const),
    lastIncludedIndex: number48,
    lastIncludedTerm: number48,
    configuration: anyConfiguration,
    session: number48,
  }),
  fc.record({ ...route, type: fc.constant('InstallSnapshotReply' as const), session: number48, index: number48 }),
  fc.record({ ...route, type: fc.constant('TimeoutNow' as const) }),
  fc.record({ ...route, type: fc.constant('ReadIndex' as const), requestId: number48 }),
  fc.record({
    ...route,
    type: fc.constant('ReadIndexReply' as const),
    requestId: number48,
    index: fc.option(number48),
  }),
)

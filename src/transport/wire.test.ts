import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { plainMessage } from '../raft/testing/plain.ts'
import { concat, utf8Decode } from '../util/bytes.ts'
import { decodeMessage, encodeMessage } from './codec.ts'
import { bodyLimit, FRAME_TYPES, type Frame, FrameReader, type FrameType } from './frame.ts'
import { decodeAnswer, decodeHello } from './handshake.ts'
import { decodeRequest, decodeResponse } from './requests.ts'
import { chunkOf, decodeOffer, offsetOf, reasonOf } from './snapshot-frames.ts'
import { SAMPLE_FRAMES, SAMPLE_MESSAGES } from './testing/samples.ts'

const ROUTE = { from: 'a', to: 'b' }
const document = readFileSync(new URL('../../docs/formats/wire.md', import.meta.url), 'utf8')
const examples = new Map(
  [...document.matchAll(/^### (\w+), type (\d+).*?```hex\n(.*?)```/gms)].map(([, type, code, hex]) => [
    type as FrameType,
    { code: Number(code), bytes: bytesOf(hex ?? '') },
  ]),
)

describe('docs/formats/wire.md', () => {
  test('has an example of every frame, under its number', () => {
    const codes = Object.fromEntries([...examples].map(([type, { code }]) => [type, code]))
    expect(codes).toEqual(FRAME_TYPES)
  })

  test.each(SAMPLE_FRAMES)('$type is still written as shown', ({ type, frame }) => {
    expect(examples.get(type)?.bytes).toEqual(concat(frame.pieces))
  })

  test.each(Object.values(SAMPLE_MESSAGES))('$type is still understood as shown', (message) => {
    expect(plainMessage(decodeMessage(example(message.type), ROUTE))).toEqual(plainMessage(message))
  })

  test('a frame of a group is written as shown, and understood as one without', () => {
    const shown = bytesOf(/^A TimeoutNow of the group.*?```hex\n(.*?)```/ms.exec(document)?.[1] ?? '')
    expect(concat(encodeMessage(SAMPLE_MESSAGES.TimeoutNow, 3).pieces)).toEqual(shown)
    expect(frameIn(shown)).toMatchObject({ type: 'TimeoutNow', slot: 3, body: example('TimeoutNow').body })
  })

  test('an announcement is still understood as shown', () => {
    const { slot, body } = example('Group')
    expect([slot, utf8Decode(body), example('GroupEnded').slot]).toEqual([3, 'orders', 3])
  })

  test('the frames around the messages are still understood as shown', () => {
    expect(decodeHello(example('Hello'))).toMatchObject({ cluster: 'demo', from: 'a', to: 'b', purpose: 'messages' })
    expect(decodeAnswer(example('Welcome'))).toEqual({ version: 1, cluster: 'demo', id: 'b', incarnation: 'beef' })
    expect(decodeAnswer(example('Refusal'))).toEqual({ code: 'wrongCluster', reason: 'this is prod' })
    expect(textIn(decodeRequest(example('Request')))).toEqual({ number: 41, body: 'set x 1' })
    expect(textIn(decodeResponse(example('Response')))).toEqual({ number: 41, outcome: 'answered', body: 'ok' })
  })

  test('the frames of a snapshot are still understood as shown', () => {
    const message = SAMPLE_MESSAGES.InstallSnapshot
    expect(decodeOffer(example('SnapshotOffer'), ROUTE)).toEqual({ message, offer: { id: 's1', sizeBytes: 6 } })
    expect([offsetOf(example('SnapshotResume')), offsetOf(example('SnapshotAck'))]).toEqual([2, 6])
    expect(utf8Decode(chunkOf(example('SnapshotChunk')))).toBe('data')
    expect(reasonOf(example('SnapshotRefusal'))).toBe('disk full')
  })
})

function example(type: FrameType): Frame {
  return frameIn(examples.get(type)?.bytes ?? new Uint8Array(0))
}

function frameIn(bytes: Uint8Array): Frame {
  let found: Frame | null = null
  const reader = new FrameReader((frameType) => bodyLimit(frameType, 1_000_000))
  const trouble = reader.push(bytes, (frame) => {
    found = frame
    return null
  })
  if (found === null) throw new Error(`no frame in an example: ${trouble}`)
  return found
}

function textIn<T extends { readonly body: Uint8Array }>(parts: T | string) {
  return typeof parts === 'string' ? parts : { ...parts, body: utf8Decode(parts.body) }
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.replaceAll(/\s/g, '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

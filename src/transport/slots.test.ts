import { describe, expect, test } from 'vitest'
import { EMPTY, utf8Encode } from '../util/bytes.ts'
import { encodeMessage } from './codec.ts'
import type { OutgoingFrame } from './frame.ts'
import { encodeGroup, encodeGroupEnded } from './groups.ts'
import { encodeRequest } from './requests.ts'
import { encodeBare, encodeOffer } from './snapshot-frames.ts'
import { called } from './testing/hosts.ts'
import { SAMPLE_MESSAGES } from './testing/samples.ts'

describe('a caller is closed, and counted, for', () => {
  const x = encodeGroup(3, utf8Encode('x'))
  const message = encodeMessage(SAMPLE_MESSAGES.TimeoutNow, 3)

  test.each<[string, OutgoingFrame[], string]>([
    ['a message without an announcement', [message], 'TimeoutNow for slot 3, which was not announced'],
    ['a request without an announcement', [encodeRequest(1, EMPTY, 7)], 'Request for slot 7, which'],
    [
      'one of another slot',
      [encodeGroup(4, utf8Encode('x')), message],
      'TimeoutNow for slot 3, which was not announced',
    ],
    ['two names', [x, encodeGroup(3, utf8Encode('y'))], "slot 3 is group 'x', and now 'y'"],
    ['a name for slot 0', [encodeGroup(0, utf8Encode('x'))], 'a Group for slot 0 whose name of 1 bytes is none'],
    ['an empty name', [encodeGroup(3, utf8Encode(''))], 'a Group for slot 3 whose name of 0 bytes is none'],
    [
      'a name that is no text',
      [encodeGroup(3, Uint8Array.of(0xff))],
      'a Group for slot 3 whose name of 1 bytes is none',
    ],
    ['too many groups', [1, 2, 9].map((slot) => encodeGroup(slot, utf8Encode(`${slot}`))), 'more than 2 groups'],
  ])('%s', async (_title, frames, words) => {
    const { troubles, counters } = await called('messages', frames, { maxGroups: 2 })
    expect(troubles[0]?.message).toContain(words)
    expect([counters.closed.badSlot, counters.closed.badFrame]).toEqual([1, 0])
  })

  test.each<[string, OutgoingFrame[]]>([
    ['a name of 256 bytes', [encodeGroup(3, new Uint8Array(256).fill(120))]],
    ['the end of no group', [encodeGroupEnded(0)]],
  ])('%s, as a bad frame', async (_title, frames) => {
    expect((await called('messages', frames)).counters.closed.badFrame).toBe(1)
  })

  test('a snapshot of a slot that was not announced', async () => {
    const offer = { message: SAMPLE_MESSAGES.InstallSnapshot, offer: { id: 's', sizeBytes: 1 } }
    expect((await called('snapshot', [encodeOffer(offer, 3)])).counters.closed.badSlot).toBe(1)
  })

  test('nothing of that when it says the same twice, two slots for one name, or the end of a stranger', async () => {
    const again = [x, x, encodeGroup(8, utf8Encode('x')), encodeGroupEnded(8), message, encodeBare('Ping')]
    const { counters } = await called('messages', again)
    expect([counters.closed.badSlot, counters.closed.badFrame, counters.framesWithoutGroup]).toEqual([0, 0, 1])
  })
})

import { describe, expect, test } from 'vitest'
import { concat } from '../util/bytes.ts'
import { type Frame, FrameReader, type OutgoingFrame } from './frame.ts'
import {
  answerHello,
  checkPeerNames,
  checkWelcome,
  decodeAnswer,
  decodeHello,
  encodeHello,
  encodeRefusal,
  encodeWelcome,
  type Hello,
  helloFor,
  type Welcome,
} from './handshake.ts'
import { memberName } from './member-name.ts'

const A = { cluster: 'prod', id: 'a', incarnation: 'disk-a' }
const B = { cluster: 'prod', id: 'b', incarnation: 'disk-b' }
const HELLO = helloFor(A, 'b', 'messages')
const WELCOME: Welcome = { version: 1, ...B }
const everybody = (): null => null

describe('a hello', () => {
  test('of the right cluster to the right server is welcome', () => {
    expect(answerHello(B, HELLO, null, everybody)).toEqual(WELCOME)
    expect(checkWelcome(HELLO, WELCOME, everybody)).toBeNull()
  })

  test.each<[string, Partial<Hello>, string, string]>([
    ['of another cluster', { cluster: 'test' }, 'wrongCluster', "this server belongs to cluster 'prod', not to 'test'"],
    ['meant for another server', { to: 'c' }, 'wrongServer', "you meant to reach 'c', this is 'b'"],
    [
      'from our own name',
      { from: 'b' },
      'wrongServer',
      "there is a server 'b' already: this one. Ids are never shared",
    ],
    [
      'of the future only',
      { lowestVersion: 2, highestVersion: 3 },
      'noCommonVersion',
      'versions 2 to 3 offered, version 1 known here',
    ],
    [
      'of the past only',
      { lowestVersion: 0, highestVersion: 0 },
      'noCommonVersion',
      'version 0 offered, version 1 known here',
    ],
    [
      'with its versions the wrong way round',
      { lowestVersion: 9, highestVersion: 1 },
      'noCommonVersion',
      'versions 9 to 1 offered, version 1 known here',
    ],
  ])('%s is refused, in words', (_title, change, code, reason) => {
    expect(answerHello(B, { ...HELLO, ...change }, null, everybody)).toEqual({ code, reason })
  })

  test('of a newer release that still speaks our version is welcome, in ours', () => {
    expect(answerHello(B, { ...HELLO, highestVersion: 7 }, null, everybody)).toMatchObject({ version: 1 })
  })

  test('is asked about by name and incarnation: a removed server and a wiped disk can be refused', () => {
    const seen: unknown[] = []
    const admit = (peer: unknown): string => {
      seen.push(peer)
      return 'was removed'
    }
    expect(answerHello(B, HELLO, null, admit)).toEqual({ code: 'notAdmitted', reason: 'was removed' })
    expect(seen).toEqual([{ id: 'a', incarnation: 'disk-a', hasLetUsIn: false }])
  })
})

describe('a name that was proved', () => {
  test('is that of the member, of its cluster', () => {
    expect(answerHello(B, HELLO, ['quorate://prod/a'], everybody)).toEqual(WELCOME)
    expect(checkPeerNames(A, 'b', ['quorate://test/b', 'quorate://prod/b'])).toBeNull()
  })

  test.each([
    [[], 'no member'],
    [['quorate://prod/c'], 'quorate://prod/c'],
    [['quorate://test/a', 'quorate://prod/A'], 'quorate://test/a, quorate://prod/A'],
    [['quorate://prod/a/', 'a', 'prod/a'], 'quorate://prod/a/, a, prod/a'],
  ])('%j is refused in words', (peerNames, named) => {
    const reason = `the certificate names ${named}, and should name quorate://prod/a`
    expect(answerHello(B, HELLO, peerNames, everybody)).toEqual({ code: 'wrongCertificate', reason })
  })

  test('is what is asked before anybody is told whom he has reached', () => {
    expect(answerHello(B, { ...HELLO, to: 'c' }, [], everybody)).toMatchObject({ code: 'wrongCertificate' })
  })

  test.each([
    ['shop', 'a', 'quorate://shop/a'],
    ['the shop', 'a/b', 'quorate://the%20shop/a%2Fb'],
    ['a/b', 'c', 'quorate://a%2Fb/c'],
    ["o'neill", 'a,b', 'quorate://o%27neill/a%2Cb'],
    ['shop', 'ä', 'quorate://shop/%C3%A4'],
  ])('is written so that no two members of any two clusters share it: %s, %s', (cluster, id, name) => {
    expect(memberName(cluster, id)).toBe(name)
  })
})

describe('a welcome', () => {
  test.each<[string, Partial<Welcome>, string, string]>([
    ['of another cluster', { cluster: 'test' }, 'wrongCluster', "'b' answers for cluster 'test', not 'prod'"],
    ['of another server', { id: 'c' }, 'wrongServer', "dialled 'b' and reached 'c': check the addresses"],
    [
      'in a version that was not offered',
      { version: 2 },
      'noCommonVersion',
      "'b' chose version 2, offered was version 1",
    ],
  ])('%s is not believed', (_title, change, code, reason) => {
    expect(checkWelcome(HELLO, { ...WELCOME, ...change }, everybody)).toEqual({ code, reason })
  })

  test('of a server that must not be talked to is not taken up', () => {
    const refusal = checkWelcome(HELLO, WELCOME, ({ incarnation }) => `unknown disk ${incarnation}`)
    expect(refusal).toEqual({ code: 'notAdmitted', reason: 'unknown disk disk-b' })
  })
})

describe('on the wire', () => {
  test('hello, welcome and refusal come back as they were', () => {
    const refusal = { code: 'notAdmitted', reason: 'was removed' } as const
    expect(decodeHello(travel(encodeHello({ ...HELLO, purpose: 'snapshot' })))).toEqual({
      ...HELLO,
      purpose: 'snapshot',
    })
    expect(decodeAnswer(travel(encodeWelcome(WELCOME)))).toEqual(WELCOME)
    expect(decodeAnswer(travel(encodeRefusal(refusal)))).toEqual(refusal)
  })

  test('a hello that says more than we understand is understood as far as it goes', () => {
    const { body } = travel(encodeHello(HELLO))
    const longer = concat([body, Uint8Array.of(1, 2, 3)])
    expect(decodeHello({ type: 'Hello', slot: 0, body: longer, checked: longer.length })).toEqual(HELLO)
  })

  test('a name of 512 bytes is one, and a reason that is longer is cut between two letters', () => {
    expect(decodeHello(travel(encodeHello({ ...HELLO, from: '木'.repeat(170) })))).toMatchObject({
      from: '木'.repeat(170),
    })
    const answer = decodeAnswer(travel(encodeRefusal({ code: 'notAdmitted', reason: '木'.repeat(4000) })))
    expect(answer).toEqual({ code: 'notAdmitted', reason: '木'.repeat(170) })
  })

  test('a refusal for a reason of a later release keeps its words', () => {
    const { body } = travel(encodeRefusal({ code: 'notAdmitted', reason: 'because' }))
    expect(
      decodeAnswer({ type: 'Refusal', slot: 0, body: concat([Uint8Array.of(200), body.subarray(1)]), checked: 0 }),
    ).toEqual({
      code: 'malformed',
      reason: 'because',
    })
  })

  test('a hello that ends anywhere too early is no hello', () => {
    const { body } = travel(encodeHello(HELLO))
    for (let length = 0; length < body.length; length++)
      expect(decodeHello({ type: 'Hello', slot: 0, body: body.subarray(0, length), checked: length })).toBeTypeOf(
        'string',
      )
  })

  test.each([
    ['another magic', 0, 0x47, 'the Hello does not start with QUOR: this is not Quorate'],
    ['an unknown purpose', 6, 9, 'a Hello for an unknown purpose'],
  ])('a hello with %s is no hello', (_title, offset, value, words) => {
    const body = travel(encodeHello(HELLO)).body.slice()
    body[offset] = value
    expect(decodeHello({ type: 'Hello', slot: 0, body, checked: body.length })).toBe(words)
  })

  test.each([
    ['empty', ''],
    ['of 513 letters', 'x'.repeat(513)],
    ['of 171 letters of three bytes each', '木'.repeat(171)],
  ])('a name that is %s is no name', (_title, from) => {
    expect(decodeHello(travel(encodeHello({ ...HELLO, from })))).toBe('a Hello with missing, empty or overlong names')
  })
})

function travel({ pieces }: OutgoingFrame): Frame {
  let found: Frame | null = null
  const trouble = new FrameReader(() => 4096).push(concat(pieces), (frame) => {
    found = frame
    return null
  })
  if (found === null) throw new Error(`no frame: ${trouble}`)
  return found
}

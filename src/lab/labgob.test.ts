import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Labgob } from './labgob.ts'

/** A labgob, and what it warned of. */
function listening(): { labgob: Labgob; warnings: string[] } {
  const warnings: string[] = []
  return { labgob: new Labgob((text) => warnings.push(text)), warnings }
}

function trip(value: unknown): unknown {
  const labgob = new Labgob()
  return labgob.decode(labgob.encode(value))
}

function hex(value: unknown): string {
  return Buffer.from(new Labgob().encode(value)).toString('hex')
}

describe('what is encoded arrives', () => {
  test.each([
    null,
    true,
    false,
    0,
    1,
    127,
    128,
    -1,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    -(2 ** 40),
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    -0,
    0.5,
    -1e-300,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    'ünï∑ode 🙂',
    [],
    [1, [2, ['x']]],
    {},
    { a: 1, b: { c: [null] } },
    new Uint8Array(300).fill(7),
  ])('%s as it was', (value) => {
    expect(trip(value)).toStrictEqual(value)
  })

  test('whatever plain value it is, without a warning', () => {
    const plain = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.constant(null),
        fc.boolean(),
        fc.maxSafeInteger(),
        fc.double({ noInteger: true }),
        fc.string({ unit: 'grapheme' }),
        fc.uint8Array(),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).value
    fc.assert(
      fc.property(plain, (value) => {
        const { labgob } = listening()
        expect(labgob.decode(labgob.encode(value))).toStrictEqual(value)
        expect(labgob.problems).toBe(0)
      }),
    )
  })

  test.each(['12345678901234567890', '-7'])('the bigint %s as it was', (digits) => {
    expect(trip(BigInt(digits))).toBe(BigInt(digits))
  })

  test('as a copy: nothing is shared', () => {
    const sent = { entries: [{ term: 1 }], bytes: Uint8Array.of(1) }
    const arrived = trip(sent) as typeof sent
    sent.bytes[0] = 9
    expect(arrived).toEqual({ entries: [{ term: 1 }], bytes: Uint8Array.of(1) })
    expect(arrived.entries[0]).not.toBe(sent.entries[0])
  })

  test('one value after another in one stream', () => {
    const labgob = new Labgob()
    const decoder = labgob.decoder(labgob.encoder().encode(1).encode({ a: 2 }).encode({ a: 3 }).bytes())
    expect([decoder.decode(), decoder.decode(), decoder.more(), decoder.decode(), decoder.more()]).toEqual([
      1,
      { a: 2 },
      true,
      { a: 3 },
      false,
    ])
  })

  test('with a field named __proto__', () => {
    const arrived = trip(JSON.parse('{"__proto__": 1}')) as object
    expect(Object.keys(arrived)).toEqual(['__proto__'])
  })
})

describe('the format', () => {
  test('sends the names of fields once', () => {
    expect(
      hex([
        { term: 1, x: 2 },
        { term: 1, x: 3 },
      ]),
    ).toBe(`08020902${'04'}7465726d0178${'8182'}0a008183`)
  })

  test('keeps objects apart whose keys only look alike', () => {
    const values = [{ 'a, b': 1 }, { a: 1, b: 2 }, { b: 1, a: 2 }, { a: 1 }, { a: 1, b: 2 }]
    expect(trip(values)).toEqual(values)
  })

  test('takes two bytes more than a Uint8Array of up to 127 bytes', () => {
    expect(new Labgob().encode(new Uint8Array(100)).length).toBe(102)
  })
})

describe('what would not survive is said', () => {
  class Entry {
    term = 1
  }
  const loop: { self?: unknown } = {}
  loop.self = loop

  test.each([
    ['a function', { run: () => 1 }, { run: null }],
    ['a symbol', { kind: Symbol('x') }, { kind: null }],
    ['undefined', { term: undefined }, { term: null }],
    ['an instance of Entry', { entry: new Entry() }, { entry: { term: 1 } }],
    ['an instance of Map', { votes: new Map([[1, 2]]) }, { votes: {} }],
    ['a reference to what contains it', loop, { self: null }],
    ['past 2^53', { command: 2 ** 53 }, { command: 2 ** 53 }],
    ['half a surrogate pair', { text: '\ud800' }, { text: '\ufffd' }],
  ])('%s', (problem, sent, arrived) => {
    const { labgob, warnings } = listening()
    expect(labgob.decode(labgob.encode(sent))).toEqual(arrived)
    expect(labgob.problems).toBe(1)
    expect(warnings).toEqual([expect.stringContaining(problem)])
    expect(warnings[0]).toContain(`field '${Object.keys(sent)[0]}'`)
  })

  test('once for each shape, and counted every time', () => {
    const { labgob, warnings } = listening()
    for (let i = 0; i < 5; i++) labgob.encode({ term: i, done: undefined })
    labgob.encode({ other: 1, done: undefined })
    expect(warnings).toHaveLength(2)
    expect(labgob.problems).toBe(6)
  })

  test('but not of the same object twice side by side', () => {
    const { labgob } = listening()
    const entry = { term: 1 }
    expect(labgob.decode(labgob.encode([entry, entry]))).toEqual([entry, entry])
    expect(labgob.problems).toBe(0)
  })
})

describe('decoding into a target', () => {
  test('is silent when the target is fresh', () => {
    const { labgob } = listening()
    const reply = { term: 0, success: false, text: '', inner: { votes: 0 } }
    labgob.decodeInto(labgob.encode({ term: 3, success: true }), reply)
    expect(reply).toEqual({ term: 3, success: true, text: '', inner: { votes: 0 } })
    expect(labgob.problems).toBe(0)
  })

  test('warns of a target that was used before', () => {
    const { labgob, warnings } = listening()
    const bytes = labgob.encode({ term: 0 })
    labgob.decodeInto(bytes, { term: 7 })
    labgob.decodeInto(bytes, { term: 8 })
    expect(labgob.problems).toBe(2)
    expect(warnings).toEqual([expect.stringContaining("field 'term'")])
  })

  test('looks three levels deep and no deeper', () => {
    const { labgob } = listening()
    labgob.decodeInto(labgob.encode({}), { a: { b: { c: 1 } } })
    expect(labgob.problems).toBe(1)
    labgob.decodeInto(labgob.encode({}), { a: { b: { c: { d: 1 } } } })
    expect(labgob.problems).toBe(1)
  })
})

describe('damaged bytes', () => {
  test('are refused, wherever they end', () => {
    const labgob = new Labgob()
    const whole = labgob.encode({ term: 2 ** 40, entries: [1.5, 'text', Uint8Array.of(1, 2)] })
    for (let length = 0; length < whole.length; length++) {
      expect(() => labgob.decode(whole.slice(0, length))).toThrow(
        expect.objectContaining({ code: 'ERR_QUORATE_LAB_DECODE' }),
      )
    }
  })

  test('do not make it build a thousand items out of nothing', () => {
    expect(() => new Labgob().decode(Uint8Array.of(0x08, 0xe8, 0x07))).toThrow('1000 items announced, 0 bytes left')
  })

  test('never make it hang or grow, whatever they are', () => {
    const labgob = new Labgob()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          labgob.decode(bytes)
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_QUORATE_LAB_DECODE' })
        }
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Configuration,
  decodeConfiguration,
  encodeConfiguration,
  isVoter,
  membersOf,
  votersOnly,
} from './configuration.ts'

const JOINT: Configuration = {
  voters: ['s1', 's4'],
  votersOutgoing: ['s1', 's2'],
  learners: ['s5', 's2'],
  promotable: ['s5'],
  retired: ['s3'],
  addresses: { s1: 'one:1', s2: 'two:2', s4: 'four:4', s5: 'fünf:5' },
  incarnations: { s5: '00ff' },
}

test('every member once, whatever it is', () => expect(membersOf(JOINT)).toEqual(['s1', 's4', 's2', 's5']))

test('voters are those of either half, learners are not', () => {
  expect(['s1', 's2', 's4', 's5', 's9'].map((id) => isVoter(JOINT, id))).toEqual([true, true, true, false, false])
})

test('voters alone stand in order of their names', () => {
  expect(votersOnly({ b: '2', a: '1' }).voters).toEqual(['a', 'b'])
})

describe('its encoding', () => {
  test('comes back as it was', () => expect(decodeConfiguration(encodeConfiguration(JOINT))).toEqual(JOINT))

  test('any configuration comes back as it was', () => {
    const ids = fc.array(fc.string({ maxLength: 5 }), { maxLength: 4 })
    const texts = fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.string({ maxLength: 9 }), {
      noNullPrototype: true,
    })
    fc.assert(
      fc.property(fc.array(ids, { minLength: 5, maxLength: 5 }), texts, texts, (lists, addresses, incarnations) => {
        const [voters = [], votersOutgoing = [], learners = [], promotable = [], retired = []] = lists
        const configuration = { voters, votersOutgoing, learners, promotable, retired, addresses, incarnations }
        expect(decodeConfiguration(encodeConfiguration(configuration))).toEqual(configuration)
      }),
    )
  })

  test('cut short anywhere, or with a byte too many, it is none', () => {
    const bytes = encodeConfiguration(JOINT)
    for (let length = 0; length < bytes.length; length++)
      expect(decodeConfiguration(bytes.subarray(0, length))).toBeNull()
    expect(decodeConfiguration(Uint8Array.of(...bytes, 0))).toBeNull()
  })

  test('another version is none', () => {
    const bytes = encodeConfiguration(JOINT)
    bytes[0] = 2
    expect(decodeConfiguration(bytes)).toBeNull()
  })

  test('a count of four thousand million costs nothing', () => {
    expect(decodeConfiguration(Uint8Array.of(1, 255, 255, 255, 255))).toBeNull()
  })
})

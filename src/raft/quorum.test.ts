import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Configuration } from './configuration.ts'
import { hasQuorum, quorumIndex, tallyVotes } from './quorum.ts'
import { voters } from './testing/boot.ts'

const joint = (incoming: string[], outgoing: string[]): Configuration => ({
  ...voters(...incoming),
  votersOutgoing: outgoing,
})

describe('the highest index that a quorum has reached', () => {
  test.each([
    // matchIndex of s1, s2 …, and what has committed
    ['5', 5],
    ['5 3', 3],
    ['5 3 4', 4],
    ['9 9 1 1', 1],
    ['1 2 3 4 5', 3],
    ['7 7 7 0 0', 7],
    ['Infinity Infinity 2', Number.POSITIVE_INFINITY],
  ])('%s → %d', (words, expected) => {
    const reached = new Map(words.split(' ').map((word, place) => [`s${place + 1}`, Number(word)]))
    expect(quorumIndex(voters(...reached.keys()), (id) => reached.get(id) ?? 0)).toBe(expected)
  })

  test('in a joint configuration both majorities count (Paper §6)', () => {
    const reached = new Map(Object.entries({ s1: 9, s2: 2, s3: 3, s4: 9, s5: 9 }))
    expect(quorumIndex(joint(['s1', 's4', 's5'], ['s1', 's2', 's3']), (id) => reached.get(id) ?? 0)).toBe(3)
  })

  test('without voters nothing commits', () => expect(quorumIndex(voters(), () => 9)).toBe(0))
})

describe('how an election stands', () => {
  test.each([
    // votes of s1, s2 …: + granted, - refused, . not answered
    ['+', 'won'],
    ['+.', 'pending'],
    ['++.', 'won'],
    ['+-.', 'pending'],
    ['+--', 'lost'],
    ['++--', 'lost'],
    ['+++--', 'won'],
    ['++-..', 'pending'],
    ['.....', 'pending'],
  ])('%s → %s', (signs, result) => {
    const ids = [...signs].map((_, place) => `s${place + 1}`)
    const votes = new Map([...signs].flatMap((sign, i) => (sign === '.' ? [] : [[`s${i + 1}`, sign === '+'] as const])))
    expect(tallyVotes(voters(...ids), votes)).toBe(result)
  })

  test('in a joint configuration one lost half is enough to lose', () => {
    const votes = new Map([
      ['s2', false],
      ['s3', false],
    ])
    expect(tallyVotes(joint(['s1', 's4'], ['s1', 's2', 's3']), votes)).toBe('lost')
  })
})

test('quorumIndex against brute force: the highest index for which hasQuorum holds', () => {
  const ids = ['s1', 's2', 's3', 's4', 's5', 's6', 's7']
  const subset = fc.subarray(ids, { minLength: 1 })
  const matches = fc.array(fc.nat(6), { minLength: 7, maxLength: 7 })
  fc.assert(
    fc.property(subset, fc.option(subset, { nil: [] }), matches, (incoming, outgoing, reached) => {
      const configuration = joint(incoming, outgoing)
      const reachedBy = (id: string): number => reached[ids.indexOf(id)] as number
      let expected = 0
      for (let index = 0; index <= 6; index++) {
        if (hasQuorum(configuration, (id) => reachedBy(id) >= index)) expected = index
      }
      expect(quorumIndex(configuration, reachedBy)).toBe(expected)
    }),
  )
})

test('two quorums always share a voter', () => {
  const ids = ['s1', 's2', 's3', 's4', 's5']
  fc.assert(
    fc.property(fc.subarray(ids), fc.subarray(ids), fc.subarray(ids, { minLength: 1 }), (left, right, members) => {
      const configuration = voters(...members)
      fc.pre(
        hasQuorum(configuration, (id) => left.includes(id)) && hasQuorum(configuration, (id) => right.includes(id)),
      )
      expect(members.some((id) => left.includes(id) && right.includes(id))).toBe(true)
    }),
  )
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Configuration, isVoter, membersOf, votersOnly } from './configuration.ts'
import { type ConfigurationChange, changed, changesVoters, isImpossible, leaveJoint } from './configuration-change.ts'
import { hasQuorum } from './quorum.ts'

const THREE = votersOnly({ a: 'h:1', b: 'h:2', c: 'h:3' })
const WITH_LEARNER = withChange(THREE, {
  type: 'addLearner',
  id: 'd',
  address: 'h:4',
  incarnation: 'ff',
  promote: true,
})

function withChange(configuration: Configuration, change: ConfigurationChange): Configuration {
  const next = changed(configuration, change)
  if (isImpossible(next)) throw new Error(next.detail)
  return next
}

function objectionTo(configuration: Configuration, change: ConfigurationChange): string {
  const next = changed(configuration, change)
  return isImpossible(next) ? `${next.reason}: ${next.detail}` : 'none'
}

describe('a change', () => {
  test('adds a learner with all that is known of it', () => {
    expect(WITH_LEARNER).toMatchObject({ voters: ['a', 'b', 'c'], learners: ['d'], promotable: ['d'] })
    expect([WITH_LEARNER.addresses['d'], WITH_LEARNER.incarnations['d']]).toEqual(['h:4', 'ff'])
  })

  test('promotes it, which ends its being promotable', () => {
    const promoted = withChange(WITH_LEARNER, { type: 'promote', id: 'd' })
    expect(promoted).toMatchObject({ voters: ['a', 'b', 'c', 'd'], learners: [], promotable: [] })
  })

  test('demotes a voter, which stays a member', () => {
    const demoted = withChange(THREE, { type: 'demote', id: 'b' })
    expect(demoted).toMatchObject({ voters: ['a', 'c'], learners: ['b'], retired: [], addresses: THREE.addresses })
  })

  test('removes a member without a trace but its name', () => {
    const removed = withChange(WITH_LEARNER, { type: 'remove', id: 'd' })
    expect(removed).toEqual({ ...THREE, retired: ['d'] })
  })

  test('replaces voters by way of a joint configuration, which ends with the new ones', () => {
    const joint = withChange(WITH_LEARNER, { type: 'replaceVoters', voters: ['d', 'a'] })
    expect(joint).toMatchObject({ voters: ['a', 'd'], votersOutgoing: ['a', 'b', 'c'], learners: [] })
    expect(leaveJoint(joint)).toMatchObject({ voters: ['a', 'd'], votersOutgoing: [], retired: ['b', 'c'] })
  })

  test('gives a member another address', () => {
    expect(withChange(THREE, { type: 'setAddress', id: 'b', address: 'h:9' }).addresses['b']).toBe('h:9')
  })
})

describe('is refused', () => {
  const add = (id: string, address: string): ConfigurationChange => ({
    type: 'addLearner',
    id,
    address,
    incarnation: '',
    promote: false,
  })
  const retired = withChange(THREE, { type: 'remove', id: 'c' })

  test.each<[string, Configuration, ConfigurationChange]>([
    ['idUsed: a is a member already', THREE, add('a', 'h:9')],
    ['idUsed: c was a member before: give the new server another id', retired, add('c', 'h:9')],
    ['invalid: the new server has an empty id', THREE, add('', 'h:9')],
    ['invalid: b listens at h:2', THREE, add('e', 'h:2')],
    ['invalid: e is no member: there are a, b, c', THREE, { type: 'promote', id: 'e' }],
    ['invalid: d is a learner already', WITH_LEARNER, { type: 'demote', id: 'd' }],
    ['invalid: a is the only voter', votersOnly({ a: 'h:1' }), { type: 'demote', id: 'a' }],
    ['invalid: a is the only voter', votersOnly({ a: 'h:1' }), { type: 'remove', id: 'a' }],
    ['invalid: a cluster without voters cannot decide anything', THREE, { type: 'replaceVoters', voters: [] }],
    ['invalid: e is no member: there are a, b, c', THREE, { type: 'replaceVoters', voters: ['a', 'e'] }],
    ['invalid: a, b, c are the voters already', THREE, { type: 'replaceVoters', voters: ['c', 'b', 'a'] }],
    ['invalid: b listens at h:2 already', THREE, { type: 'setAddress', id: 'b', address: 'h:2' }],
    ['invalid: a listens at h:1', THREE, { type: 'setAddress', id: 'b', address: 'h:1' }],
  ])('%s', (objection, configuration, change) => {
    expect(objectionTo(configuration, change)).toBe(objection)
  })
})

test('only what touches voters shifts majorities', () => {
  const shifts = (change: ConfigurationChange): boolean => changesVoters(WITH_LEARNER, withChange(WITH_LEARNER, change))
  expect(shifts({ type: 'promote', id: 'd' })).toBe(true)
  expect(shifts({ type: 'remove', id: 'd' })).toBe(false)
  expect(shifts({ type: 'setAddress', id: 'a', address: 'h:9' })).toBe(false)
  expect(shifts({ type: 'replaceVoters', voters: ['a', 'b', 'd'] })).toBe(true)
})

describe('along any way of changes', () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const id = fc.constantFrom(...ids)
  const anyChange: fc.Arbitrary<ConfigurationChange> = fc.oneof(
    fc.record({
      type: fc.constant('addLearner' as const),
      id,
      address: fc.string({ minLength: 1 }),
      incarnation: fc.constant(''),
      promote: fc.boolean(),
    }),
    fc.record({ type: fc.constantFrom('promote' as const, 'demote' as const, 'remove' as const), id }),
    fc.record({ type: fc.constant('replaceVoters' as const), voters: fc.subarray(ids) }),
  )

  test('majorities overlap with those before, nobody is two things at once, and no name comes back', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 25 }), fc.subarray(ids), (changes, servers) => {
        let current = THREE
        for (const change of changes) {
          const next = changed(current, change)
          if (isImpossible(next)) continue
          for (const [before, later] of stepsOf(current, next)) expectSafe(before, later, servers)
          current = leaveJoint(next)
        }
      }),
    )
  })

  /** By way of the joint configuration, if it is one. */
  function stepsOf(current: Configuration, next: Configuration): [Configuration, Configuration][] {
    return next.votersOutgoing.length === 0
      ? [[current, next]]
      : [
          [current, next],
          [next, leaveJoint(next)],
        ]
  }

  /** If `servers` are a majority of the one, the others are none of the other. */
  function expectSafe(before: Configuration, later: Configuration, servers: readonly string[]): void {
    const here = (one: string): boolean => servers.includes(one)
    expect(hasQuorum(before, here) && hasQuorum(later, (one) => !here(one))).toBe(false)
    expect(later.learners.filter((one) => isVoter(later, one))).toEqual([])
    expect(membersOf(later).filter((one) => before.retired.includes(one) || later.retired.includes(one))).toEqual([])
    expect(later.voters.length).toBeGreaterThan(0)
  }
})

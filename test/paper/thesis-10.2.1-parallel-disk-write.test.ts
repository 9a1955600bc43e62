// Thesis §10.2.1: the leader writes to its own disk while its followers write to theirs. Its copy counts like any other:
// from the moment it is durable.
import { expect, test } from 'vitest'
import { leader } from './vocabulary.ts'

test('the leader’s entries go out before they are on its own disk (Thesis §10.2.1)', () => {
  const s1 = leader({ term: 1 })
  s1.isAcknowledgedBy('s2', 0)
  s1.hasASlowDisk()
  s1.proposes('x')
  expect([s1.onDisk.lastIndex, s1.sends()]).toEqual([0, ['s1→s2 AppendEntries term=1 prev=0/0 entries=[1:1] commit=0']])
})

test('the leader does not count itself before its own disk has them (Thesis §10.2.1)', () => {
  const s1 = leader({ term: 1 })
  s1.hasASlowDisk()
  s1.proposes('x')
  s1.isAcknowledgedBy('s2', 1)
  expect(s1.commitIndex).toBe(0)
  s1.persists()
  expect(s1.commitIndex).toBe(1)
})

test('a majority of followers may commit without the leader’s disk (Thesis §10.2.1)', () => {
  const s1 = leader({ term: 1 })
  s1.hasASlowDisk()
  s1.proposes('x')
  s1.isAcknowledgedBy('s2', 1)
  s1.isAcknowledgedBy('s3', 1)
  expect([s1.commitIndex, s1.onDisk.lastIndex]).toEqual([1, 0])
})

test('Deviates: what was committed that way the leader does not apply before its own disk has it, because a durable state machine must not be ahead of its log (Thesis §10.2.1)', () => {
  const s1 = leader({ term: 1 })
  s1.hasASlowDisk()
  s1.proposes('x')
  s1.isAcknowledgedBy('s2', 1)
  s1.isAcknowledgedBy('s3', 1)
  expect(s1.applied).toBe(0)
  s1.persists()
  expect(s1.applied).toBe(1)
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Progress } from './progress.ts'

const MAX_MESSAGES = 3
const MAX_BYTES = 100

const follower = (): Progress => new Progress('s2', 1, 5, 0)
const isPaused = (progress: Progress): boolean => progress.isPaused(MAX_MESSAGES, MAX_BYTES)

function replicating(): Progress {
  const progress = follower()
  progress.becomeReplicate(5)
  return progress
}

describe('probe: one message at a time', () => {
  test('the second waits for the answer to the first', () => {
    const progress = follower()
    expect(isPaused(progress)).toBe(false)
    progress.sentEntries(7, 10)
    expect([isPaused(progress), progress.nextIndex]).toEqual([true, 5])
  })

  test('going back to probe starts at what is known, with an empty window', () => {
    const progress = replicating()
    progress.sentEntries(9, 60)
    progress.acknowledged(6)
    progress.becomeProbe()
    expect([progress.nextIndex, progress.inFlightMessages, progress.inFlightBytes, isPaused(progress)]).toEqual([
      7,
      0,
      0,
      false,
    ])
  })
})

describe('replicate: a window of messages and bytes', () => {
  test('three messages fill it, and an acknowledgement of the second frees two places', () => {
    const progress = replicating()
    for (const last of [5, 6, 7]) progress.sentEntries(last, 1)
    expect(isPaused(progress)).toBe(true)
    progress.acknowledged(6)
    expect([isPaused(progress), progress.inFlightMessages, progress.nextIndex]).toEqual([false, 1, 8])
  })

  test('a hundred bytes fill it, and the last message may go beyond', () => {
    const progress = replicating()
    progress.sentEntries(5, 99)
    expect(isPaused(progress)).toBe(false)
    progress.sentEntries(6, 500)
    expect([isPaused(progress), progress.inFlightBytes]).toEqual([true, 599])
  })

  test('an old acknowledgement is no news', () => {
    const progress = replicating()
    expect(progress.acknowledged(4)).toBe(true)
    expect([progress.acknowledged(4), progress.acknowledged(3), progress.matchIndex]).toEqual([false, false, 4])
  })
})

test('snapshot: no entries go out until it has arrived', () => {
  const progress = follower()
  progress.becomeSnapshot(9, 1000)
  expect(isPaused(progress)).toBe(true)
  progress.acknowledged(9)
  progress.becomeReplicate(10)
  expect([isPaused(progress), progress.snapshotIndex, progress.nextIndex]).toEqual([false, 0, 10])
})

test('a fetch from the disk holds everything up', () => {
  const progress = replicating()
  progress.fetchId = 7
  expect(isPaused(progress)).toBe(true)
})

test('whatever happens, matchIndex < nextIndex, and the window is exceeded by one message at most', () => {
  const event = fc.tuple(
    fc.constantFrom('send', 'send', 'send', 'acknowledge', 'probe', 'replicate', 'snapshot'),
    fc.integer({ min: 1, max: 80 }),
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const progress = follower()
      let highest = 4
      let largest = 0
      for (const [name, n] of events) {
        const before = progress.matchIndex
        if (name === 'send' && !isPaused(progress)) {
          const last = progress.nextIndex + (n % 4)
          progress.sentEntries(last, n)
          highest = Math.max(highest, last)
          largest = Math.max(largest, n)
        } else if (name === 'acknowledge') progress.acknowledged(n % (highest + 1))
        else if (name === 'probe') progress.becomeProbe()
        else if (name === 'replicate') progress.becomeReplicate(progress.matchIndex + 1)
        else if (name === 'snapshot') progress.becomeSnapshot(progress.matchIndex + 1, 0)
        expect(progress.matchIndex).toBeGreaterThanOrEqual(before)
        expect(progress.matchIndex).toBeLessThan(progress.nextIndex)
        expect(progress.inFlightMessages).toBeLessThanOrEqual(MAX_MESSAGES)
        expect(progress.inFlightBytes).toBeLessThan(MAX_BYTES + Math.max(largest, 1))
        expect(progress.inFlightBytes === 0).toBe(progress.inFlightMessages === 0)
      }
    }),
  )
})

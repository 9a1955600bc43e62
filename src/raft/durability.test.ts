import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NOBODY } from './configuration.ts'
import { Durability } from './durability.ts'
import { commandAt, entriesOf, termsOf } from './testing/logs.ts'

const META = { index: 9, term: 3, configuration: NOBODY }

describe('what a batch holds', () => {
  test('nothing recorded, nothing handed out', () => expect(new Durability().takeBatch(0)).toBeNull())

  test('the newest hard state, and all entries in order', () => {
    const durability = new Durability()
    durability.recordHardState({ term: 1, votedFor: 's1' })
    durability.recordHardState({ term: 2, votedFor: null })
    durability.recordEntries(entriesOf('2 2'))
    const batch = durability.takeBatch(2)
    expect([batch?.seq, batch?.hardState, termsOf(batch?.entries ?? [])]).toEqual([
      1,
      { term: 2, votedFor: null },
      '2 2',
    ])
    expect(durability.isDirty).toBe(false)
  })

  test('entries that are cut before they were handed out are never written', () => {
    const durability = new Durability()
    durability.recordEntries(entriesOf('1 1 1'))
    durability.recordTruncation(2)
    durability.recordEntries(entriesOf('2', 2))
    const batch = durability.takeBatch(2)
    expect([batch?.truncateFrom, termsOf(batch?.entries ?? [])]).toEqual([null, '1 2'])
  })

  test('a cut of what the disk has is written, the deepest of two', () => {
    const durability = new Durability()
    durability.recordTruncation(5)
    durability.recordEntries(entriesOf('4', 5))
    durability.recordTruncation(3)
    durability.recordEntries(entriesOf('5', 3))
    const batch = durability.takeBatch(3)
    expect([batch?.truncateFrom, termsOf(batch?.entries ?? [])]).toEqual([3, '5'])
  })

  test('a snapshot makes the cut and the entries before it void', () => {
    const durability = new Durability()
    durability.recordTruncation(2)
    durability.recordEntries(entriesOf('1', 2))
    durability.recordSnapshot(META)
    expect(durability.takeBatch(9)).toMatchObject({ snapshot: META, truncateFrom: null, entries: [] })
  })
})

describe('what a confirmation claims', () => {
  test('a confirmation covers all batches before it', () => {
    const durability = new Durability()
    durability.recordEntries(entriesOf('1'))
    durability.takeBatch(1)
    durability.recordEntries(entriesOf('1', 2))
    durability.takeBatch(2)
    expect([durability.persisted(2), durability.durableSeq]).toEqual([2, 2])
  })

  test('a cut takes back what batches on their way would claim', () => {
    const durability = new Durability()
    durability.recordEntries(entriesOf('1 2'))
    durability.takeBatch(2)
    durability.recordTruncation(2)
    durability.recordEntries(entriesOf('3', 2))
    durability.takeBatch(2)
    expect([durability.persisted(1), durability.persisted(2)]).toEqual([1, 2])
  })

  test('a message waits for the batch that is being put together, or for the last one', () => {
    const durability = new Durability()
    expect(durability.pendingSeq).toBe(0)
    durability.recordHardState({ term: 1, votedFor: null })
    expect(durability.pendingSeq).toBe(1)
    durability.takeBatch(0)
    expect(durability.pendingSeq).toBe(1)
  })

  test('a batch that was never handed out cannot be durable', () => {
    expect(() => new Durability().persisted(1)).toThrow('batch 1 is called durable, but only 0 were handed out')
  })
})

test('against a disk that replays batches: what is claimed durable is there, and is today’s log', () => {
  const step = fc.tuple(fc.constantFrom('append', 'append', 'cut', 'take', 'take', 'persist', 'snapshot'), fc.nat(12))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const durability = new Durability()
      let log = [0] // terms by index
      let disk: number[] = [0]
      let base = 0
      let term = 1
      let claimed = 0
      const batches: NonNullable<ReturnType<Durability['takeBatch']>>[] = []
      for (const [name, n] of steps) {
        if (name === 'append') {
          durability.recordEntries([commandAt(log.length, term)])
          log.push(term)
        } else if (name === 'cut' && log.length - 1 > base) {
          const from = base + 1 + (n % (log.length - 1 - base))
          durability.recordTruncation(from)
          log = log.slice(0, from)
          claimed = Math.min(claimed, from - 1)
          // Sometimes the same term again: the ABA case.
          if (n % 2 === 0) term++
        } else if (name === 'snapshot' && n > 10) {
          base = log.length + 1
          log = Array.from({ length: base + 1 }, () => term)
          durability.recordSnapshot({ ...META, index: base, term })
          claimed = 0
        } else if (name === 'take') {
          const batch = durability.takeBatch(log.length - 1)
          if (batch !== null) batches.push(batch)
        } else if (name === 'persist' && batches.length > 0) {
          const count = 1 + (n % batches.length)
          const written = batches.splice(0, count)
          for (const { snapshot, truncateFrom, entries } of written) {
            if (snapshot !== null) disk = Array.from({ length: snapshot.index + 1 }, () => snapshot.term)
            if (truncateFrom !== null) disk = disk.slice(0, truncateFrom)
            for (const entry of entries) {
              expect(entry.index).toBe(disk.length)
              disk.push(entry.term)
            }
          }
          claimed = Math.max(claimed, durability.persisted((written.at(-1) as { seq: number }).seq))
          expect(claimed).toBeLessThan(disk.length)
          expect(disk.slice(base, claimed + 1)).toEqual(log.slice(base, claimed + 1))
          // Nothing that is still on its way may cut into the claim.
          for (const { truncateFrom } of batches) expect(truncateFrom ?? claimed + 1).toBeGreaterThan(claimed)
        }
      }
      // When everything is written, everything is claimed.
      const last = durability.takeBatch(log.length - 1)
      if (last !== null) claimed = Math.max(claimed, durability.persisted(last.seq))
      else claimed = Math.max(claimed, durability.persisted(durability.issuedSeq))
      if (durability.issuedSeq > 0) expect(claimed).toBe(log.length - 1)
    }),
    { numRuns: 300 },
  )
})

import { expect, test } from 'vitest'
import type { PersistBatch, SnapshotMeta } from '../ready.ts'
import { voters } from './boot.ts'
import { TestDisk } from './disk.ts'
import { entriesOf, termsOf } from './logs.ts'

const NOTHING = { hardState: null, snapshot: null, truncateFrom: null, entries: [] }
const meta = (index: number): SnapshotMeta => ({ index, term: 1, configuration: voters('s1') })
const diskWith = (terms: string, base = 0): TestDisk => new TestDisk(meta(base), entriesOf(terms, base + 1))
const logOn = (disk: TestDisk): string => termsOf(disk.boot().tail)

/** Batches 1, 2, 3 … */
function write(disk: TestDisk, ...batches: Partial<PersistBatch>[]): void {
  batches.forEach((batch, place) => {
    disk.write({ ...NOTHING, seq: place + 1, ...batch })
  })
}

test('what is not durable is lost in a crash', () => {
  const disk = diskWith('')
  write(disk, { entries: entriesOf('1 1') }, { entries: entriesOf('2', 3) }, { hardState: { term: 9, votedFor: 's1' } })
  disk.sync(2)
  disk.crash()
  disk.sync(3)
  expect([logOn(disk), disk.boot().hardState.term]).toEqual(['1 1 2', 0])
})

test('a batch cuts before it appends', () => {
  const disk = diskWith('1 1 1')
  write(disk, { truncateFrom: 2, entries: entriesOf('3', 2) })
  disk.sync(1)
  expect([logOn(disk), disk.boot().terms]).toEqual(['1 3', [{ index: 2, term: 3 }]])
})

test('a snapshot replaces the log', () => {
  const disk = diskWith('1 1 1')
  write(disk, { snapshot: meta(7), entries: entriesOf('2', 8) })
  disk.sync(1)
  expect([logOn(disk), disk.boot().base, disk.boot().lastIndex]).toEqual(['2', { index: 7, term: 1 }, 8])
})

test('a snapshot ahead of a log that lost its tail stands alone', () => {
  const disk = diskWith('1 1')
  disk.saveSnapshot(meta(5))
  expect([logOn(disk), disk.boot().lastIndex]).toEqual(['', 5])
})

test('a gap is a mistake of the core', () => {
  const disk = diskWith('1')
  write(disk, { entries: entriesOf('1', 3) })
  expect(() => disk.sync(1)).toThrow('batch 1 leaves a gap: 1, 3')
})

test('compaction keeps the rest, and what was dropped cannot be read', () => {
  const disk = diskWith('1 1 2')
  disk.compactTo(2)
  expect([logOn(disk), disk.read(2, 3), termsOf(disk.read(3, 9))]).toEqual(['2', [], '2'])
})

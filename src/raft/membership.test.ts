import { describe, expect, test } from 'vitest'
import { encodeConfiguration } from './configuration.ts'
import { type Entry, encodeEntries, type Index } from './entry.ts'
import { ConfigurationHistory } from './membership.ts'
import { voters } from './testing/boot.ts'
import { commandAt } from './testing/logs.ts'

const ONE = voters('s1')
const TWO = voters('s1', 's2')
const THREE = voters('s1', 's2', 's3')

const entry = (index: Index, configuration = TWO): Entry =>
  encodeEntries([encodeConfiguration(configuration)], 'configuration', 1, index)[0] as Entry

function history(): ConfigurationHistory {
  const subject = new ConfigurationHistory({ index: 0, configuration: ONE })
  subject.append(entry(3, TWO))
  subject.append(entry(5, THREE))
  return subject
}

test('a configuration holds as soon as it is appended (Thesis §4.1)', () => {
  expect([history().currentIndex, history().current]).toEqual([5, THREE])
})

describe('which configuration a snapshot at an index must carry', () => {
  test.each([
    [0, ONE],
    [2, ONE],
    [3, TWO],
    [4, TWO],
    [5, THREE],
    [9, THREE],
  ])('at %i', (index, expected) => expect(history().at(index)).toEqual(expected))
})

describe('cutting', () => {
  test.each([
    [6, false, THREE],
    [5, true, TWO],
    [4, true, TWO],
    [3, true, ONE],
    [1, true, ONE],
  ])('at %i: changed %s', (index, changed, current) => {
    const subject = history()
    expect([subject.truncateFrom(index), subject.current]).toEqual([changed, current])
  })
})

test('compaction forgets what nobody can ask for', () => {
  const subject = history()
  subject.compactTo(4)
  expect(subject.list().map(({ index }) => index)).toEqual([3, 5])
})

test('a snapshot replaces the history, whatever the log said (its entries are gone)', () => {
  const subject = history()
  subject.resetTo(4, TWO)
  expect([subject.currentIndex, subject.current, subject.list().length]).toEqual([4, TWO, 1])
})

test('other entries, and bytes that are no configuration, change nothing', () => {
  const subject = history()
  expect(subject.append(commandAt(6, 1))).toBe(false)
  expect(subject.append(encodeEntries([new Uint8Array(3)], 'configuration', 1, 6)[0] as Entry)).toBe(false)
  expect(subject.current).toEqual(THREE)
})

test('boot takes only what lies behind the snapshot', () => {
  const later = [
    { index: 3, configuration: TWO },
    { index: 5, configuration: THREE },
  ]
  expect(new ConfigurationHistory({ index: 4, configuration: TWO }, later).list().map(({ index }) => index)).toEqual([
    4, 5,
  ])
})

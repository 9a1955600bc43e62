import { beforeEach, describe, expect, test } from 'vitest'
import { type Entry, type EntryKind, encodeEntries } from '../../raft/entry.ts'
import type { SnapshotMeta } from '../../raft/ready.ts'
import { utf8Decode, utf8Encode } from '../../util/bytes.ts'
import { type Outcome, ReplicatedState } from '../replicated-state.ts'
import type { StateMachine } from '../state-machine.ts'
import { DurableJournal, JournalStore } from '../testing/durable-journal.ts'
import { Journal } from '../testing/journal.ts'
import { TestClock } from '../testing/test-clock.ts'
import { Applier } from './applier.ts'

let clock: TestClock
let machine: Journal
let seen: string[]
let applier: Applier

beforeEach(() => {
  clock = new TestClock()
  machine = new Journal(clock)
  seen = []
  applier = make(machine)
})

function make(stateMachine: StateMachine): Applier {
  return new Applier(new ReplicatedState(stateMachine), (meta) => snapshotOf(`of ${meta.index}`), {
    onAnswer: (index, term, outcome) => seen.push(`${index}.${term} ${words(outcome)}`),
    onApplied: (index, bytes) => seen.push(`applied ${index}, ${bytes} bytes`),
    onRestored: (index) => seen.push(`restored ${index}`),
    onFailure: ({ message }) => seen.push(`failed: ${message}`),
  })
}

function words(outcome: Outcome): string {
  if (outcome === null) return '-'
  return outcome instanceof Uint8Array ? (utf8Decode(outcome) ?? '') : outcome.code
}

/** As taken of a journal with these lines in it. */
function snapshotOf(...lines: string[]): AsyncIterable<Uint8Array> {
  return new ReplicatedState(Object.assign(new Journal(clock), { lines })).snapshot()
}

function entries(firstIndex: number, ...commands: string[]): Entry[] {
  return encodeEntries(commands.map(utf8Encode), 'command', 1, firstIndex)
}

function entry(kind: EntryKind, index: number): Entry[] {
  return encodeEntries([new Uint8Array(0)], kind, 1, index)
}

function restore(index: number): void {
  applier.restore({ index, term: 1 } as SnapshotMeta)
}

describe('the applier', () => {
  test('applies within the call what a machine answers at once', () => {
    applier.apply(entries(1, 'a', 'b'))
    expect(seen).toEqual(['1.1 1', '2.1 2', 'applied 2, 50 bytes'])
  })

  test('shows a machine commands only, and reports the others without an answer', () => {
    applier.apply([...entry('noop', 1), ...entries(2, 'a'), ...entry('configuration', 3)])
    expect(machine.lines).toEqual(['a'])
    expect(seen).toEqual(['1.1 -', '2.1 1', '3.1 -', 'applied 3, 73 bytes'])
  })

  test('gives a slow machine one batch at a time, in order', async () => {
    machine.applyMs = 10
    applier.apply(entries(1, 'a'))
    applier.apply(entries(2, 'b'))
    expect(seen).toEqual([])
    await clock.advance(10)
    expect(seen).toEqual(['1.1 1', 'applied 1, 25 bytes'])
    await clock.advance(10)
    expect(machine.lines).toEqual(['a', 'b'])
  })

  test('restores between what came before and what comes behind', async () => {
    machine.applyMs = 10
    applier.apply(entries(1, 'a'))
    restore(9)
    applier.apply(entries(10, 'b'))
    await clock.advance(30)
    expect(machine.lines).toEqual(['of 9', 'b'])
    expect(seen).toEqual(['1.1 1', 'applied 1, 25 bytes', 'restored 9', '10.1 2', 'applied 10, 25 bytes'])
  })

  test('restores under the index of the snapshot, which a durable machine stores with it', async () => {
    const store = new JournalStore()
    applier = make(new DurableJournal(clock, store))
    restore(9)
    await clock.advance(0)
    expect(store.latest).toEqual({ index: 9, lines: ['of 9'] })
  })

  test('reports nothing after it was stopped', async () => {
    machine.applyMs = 10
    applier.apply(entries(1, 'a'))
    applier.apply(entries(2, 'b'))
    applier.stop()
    await clock.advance(30)
    applier.apply(entries(3, 'c'))
    expect(machine.lines).toEqual(['a'])
    expect(seen).toEqual([])
  })
})

describe('a state machine that', () => {
  const misdeeds: readonly (readonly [string, () => unknown, string])[] = [
    [
      'throws',
      () => {
        throw new Error('a bug')
      },
      'failed: a bug',
    ],
    [
      'throws no error',
      () => {
        throw 'a bug'
      },
      'failed: a bug',
    ],
    ['rejects', () => Promise.reject(new Error('a bug')), 'failed: a bug'],
    ['gives too few answers', () => [], 'failed: the state machine gave 0 answers to 1 commands: give one for each'],
    [
      'gives too few answers later',
      async () => [],
      'failed: the state machine gave 0 answers to 1 commands: give one for each',
    ],
    ['answers null', () => [null], "failed: the state machine's answer 1 of 1 is no Uint8Array"],
    ['answers no array', async () => 'a', 'failed: the state machine gave no array of answers'],
  ]

  test.each(misdeeds)('%s fails, and is not asked again', async (_what, apply, failure) => {
    applier = make(Object.assign(new Journal(clock), { apply }) as StateMachine)
    applier.apply(entries(1, 'a'))
    applier.apply(entries(2, 'b'))
    await clock.advance(0)
    expect(seen).toEqual([failure])
  })

  test('cannot restore fails', async () => {
    machine.restore = () => Promise.reject(new Error('an unknown format'))
    restore(9)
    await clock.advance(0)
    expect(seen).toEqual(['failed: an unknown format'])
  })
})

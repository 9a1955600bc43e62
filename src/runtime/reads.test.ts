import { beforeEach, describe, expect, test } from 'vitest'
import { NodeError } from './errors.ts'
import { failRead, Reads } from './reads.ts'
import { readOf } from './testing/requests.ts'
import { RequestTally } from './watch/counters.ts'

let reads: Reads
let outcomes: string[]

beforeEach(() => {
  reads = new Reads(new RequestTally())
  outcomes = []
})

function add(...names: string[]): void {
  for (const name of names) reads.add(readOf(name, outcomes))
}

describe('reads', () => {
  test('of one turn ask once, and each turn under another token', () => {
    add('a', 'b')
    expect(reads.ask()).toBe(1)
    expect(reads.ask()).toBe(null)
    add('c')
    expect(reads.ask()).toBe(2)
  })

  test('are served at once when their index is applied already', () => {
    add('a', 'b')
    reads.answered(reads.ask() ?? 0, 5, 5)
    expect(outcomes).toEqual(['a: served', 'b: served'])
  })

  test('wait until their index is applied', () => {
    add('a')
    reads.answered(reads.ask() ?? 0, 5, 4)
    reads.applied(4)
    expect(outcomes).toEqual([])
    reads.applied(6)
    expect(outcomes).toEqual(['a: served'])
    expect(reads.isEmpty).toBe(true)
  })

  test('wait while the state machine takes in a snapshot, whatever it held before', () => {
    add('a')
    reads.answered(reads.ask() ?? 0, 5, null)
    expect(outcomes).toEqual([])
    reads.applied(9)
    expect(outcomes).toEqual(['a: served'])
  })

  test('that are refused ask again', () => {
    add('a')
    reads.answered(reads.ask() ?? 0, null, 9)
    expect(reads.hasWaiting).toBe(true)
    reads.answered(reads.ask() ?? 0, 5, 9)
    expect(outcomes).toEqual(['a: served'])
  })

  test('are refused by the hundred thousand without an overflow', () => {
    for (let i = 0; i < 200_000; i++) add('a')
    reads.answered(reads.ask() ?? 0, null, 0)
    reads.sweep(1000, null)
    expect(outcomes).toHaveLength(200_000)
  })

  test('are rejected when their time is up, wherever they wait', () => {
    add('a')
    reads.answered(reads.ask() ?? 0, 5, 4)
    add('b')
    reads.ask()
    add('c')
    reads.sweep(1000, 'x')
    expect(outcomes).toEqual(['c: NO_LEADER', 'b: NO_LEADER', 'a: NO_LEADER'])
    reads.applied(9)
    expect(outcomes).toHaveLength(3)
  })

  test('that were given up are not served', () => {
    const read = readOf('a', outcomes)
    reads.add(read)
    failRead(read, new NodeError('ERR_QUORATE_ABORTED', '', 'no'))
    reads.answered(reads.ask() ?? 0, 5, 5)
    expect(outcomes).toEqual(['a: ABORTED'])
  })

  test('are all rejected when the node stops', () => {
    add('a')
    reads.ask()
    add('b')
    reads.failAll('the end')
    expect(outcomes).toEqual(['b: STOPPED', 'a: STOPPED'])
    expect(reads.isEmpty).toBe(true)
  })
})

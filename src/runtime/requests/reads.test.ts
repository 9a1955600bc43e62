import { beforeEach, describe, expect, test } from 'vitest'
import { resolveOptions } from '../../raft/options.ts'
import { NodeError } from '../errors.ts'
import type { ReadOptions } from '../node-options.ts'
import { readOf } from '../testing/requests.ts'
import { RequestTally } from '../watch/counters.ts'
import { failRead, objectionToRead, Reads } from './reads.ts'

let reads: Reads
let outcomes: string[]
let now: number
/** What the state machine holds. */
let readable: number | null

beforeEach(() => {
  now = 0
  readable = 0
  reads = new Reads(new RequestTally(), { now: () => now }, () => readable)
  outcomes = []
})

function add(...names: string[]): void {
  for (const name of names) reads.add(readOf(name, outcomes))
}

/** Asks, and gives the token of the only question. */
function ask(): number {
  const [question] = reads.ask()
  return question?.token ?? 0
}

describe('reads', () => {
  test('of one turn ask once, and each turn under another token', () => {
    add('a', 'b')
    expect(reads.ask()).toEqual([{ token: 1, underLease: false }])
    expect(reads.ask()).toEqual([])
    add('c')
    expect(reads.ask()).toEqual([{ token: 2, underLease: false }])
  })

  test('are served at once when their index is applied already', () => {
    add('a', 'b')
    readable = 5
    reads.answered(ask(), 5)
    expect(outcomes).toEqual(['a: served', 'b: served'])
  })

  test('wait until their index is applied', () => {
    add('a')
    readable = 4
    reads.answered(ask(), 5)
    reads.applied(4)
    expect(outcomes).toEqual([])
    readable = 6
    reads.applied(6)
    expect(outcomes).toEqual(['a: served'])
    expect(reads.isEmpty).toBe(true)
  })

  test('wait while the state machine takes in a snapshot, whatever it held before', () => {
    add('a')
    readable = null
    reads.answered(ask(), 5)
    expect(outcomes).toEqual([])
    reads.applied(9)
    expect(outcomes).toEqual(['a: served'])
  })

  test('that are refused ask again', () => {
    add('a')
    readable = 9
    reads.answered(ask(), null)
    expect(reads.hasWaiting).toBe(true)
    readable = 9
    reads.answered(ask(), 5)
    expect(outcomes).toEqual(['a: served'])
  })

  test('are refused by the hundred thousand without an overflow', () => {
    for (let i = 0; i < 200_000; i++) add('a')
    readable = 0
    reads.answered(ask(), null)
    reads.sweep(1000, null)
    expect(outcomes).toHaveLength(200_000)
  })

  test('are rejected when their time is up, wherever they wait', () => {
    add('a')
    readable = 4
    reads.answered(ask(), 5)
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
    readable = 5
    reads.answered(ask(), 5)
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

describe('reads that are content with less', () => {
  test('are served at once when they are local, however old the state is', () => {
    readable = 3
    reads.add(readOf('a', outcomes), { consistency: 'local' })
    expect(outcomes).toEqual(['a: served'])
  })

  test('wait, even local ones, while the state machine takes in a snapshot', () => {
    readable = null
    reads.add(readOf('a', outcomes), { consistency: 'local' })
    expect(outcomes).toEqual([])
    reads.applied(9)
    expect(outcomes).toEqual(['a: served'])
  })

  test('ask under a lease apart from the others', () => {
    add('a')
    reads.add(readOf('b', outcomes), { consistency: 'lease' })
    expect(reads.ask()).toEqual([
      { token: 1, underLease: false },
      { token: 2, underLease: true },
    ])
  })

  test('share an index that is not too old, counted from when it was asked for', () => {
    add('a')
    const token = ask()
    now = 400
    readable = 5
    reads.answered(token, 5)
    now = 500
    reads.add(readOf('b', outcomes), { consistency: 'bounded', maxStalenessMs: 500 })
    now = 501
    reads.add(readOf('c', outcomes), { consistency: 'bounded', maxStalenessMs: 500 })
    expect(outcomes).toEqual(['a: served', 'b: served'])
    expect(reads.hasWaiting).toBe(true)
  })

  test('wait until that index is applied', () => {
    add('a')
    readable = 4
    reads.answered(ask(), 5)
    reads.add(readOf('b', outcomes), { consistency: 'bounded' })
    expect(outcomes).toEqual([])
    reads.applied(5)
    expect(outcomes).toEqual(['a: served', 'b: served'])
  })

  test('are refused when they make no sense', () => {
    const objection = (options: ReadOptions): string | undefined =>
      objectionToRead(options, resolveOptions({ id: 'a' }))?.message
    expect(objection({})).toBe(undefined)
    expect(objection({ consistency: 'eventual' as 'local' })).toContain("consistency 'eventual'")
    expect(objection({ consistency: 'lease' })).toContain('needs raft.leaseReads')
    expect(objection({ consistency: 'bounded', maxStalenessMs: -1 })).toContain('maxStalenessMs -1')
  })
})

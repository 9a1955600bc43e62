import { beforeEach, describe, expect, test } from 'vitest'
import { proposalOf } from '../testing/requests.ts'
import { abort, type Proposal, Proposals, runsOfOneKind } from './proposals.ts'

let proposals: Proposals
let outcomes: string[]

beforeEach(() => {
  proposals = new Proposals()
  outcomes = []
})

/** One proposal a letter. */
function make(letters: string, options: Partial<Proposal> = {}): Proposal[] {
  return [...letters].map((letter) => proposalOf(letter, outcomes, options))
}

function apply(index: number, term: number): void {
  proposals.applied(index, term, new Uint8Array([index]))
}

describe('proposals that wait', () => {
  test('are taken in the order of their coming', () => {
    for (const one of make('abc')) proposals.add(one)
    expect(proposals.takeWaiting().map(({ command }) => command.length)).toEqual([1, 1, 1])
    expect(proposals.hasWaiting).toBe(false)
    expect(proposals.queuedBytes).toBe(0)
  })

  test('count by their size, and empty ones count as well', () => {
    proposals.add(proposalOf('', outcomes))
    const { queuedBytes } = proposals
    expect(queuedBytes).toBeGreaterThan(0)
    proposals.addForNextSweep(proposalOf('xyz', outcomes))
    expect(proposals.queuedBytes).toBe(2 * queuedBytes + 3)
  })

  test('certainly have no effect when their time is up', () => {
    for (const one of make('a')) proposals.add(one)
    proposals.sweep(999, null)
    expect(outcomes).toEqual([])
    proposals.sweep(1000, null)
    expect(outcomes).toEqual(['a: NO_LEADER no'])
    expect(proposals.isEmpty).toBe(true)
  })

  test('from another server go back when nobody leads, others stay', () => {
    for (const one of [...make('a', { isForwarded: true }), ...make('b')]) proposals.add(one)
    proposals.refuseForwarded()
    expect(outcomes).toEqual(['a: NO_LEADER no'])
    expect(proposals.takeWaiting()).toHaveLength(1)
  })

  test('that were refused wait until the next sweep, and no longer', () => {
    for (const one of make('a')) proposals.addForNextSweep(one)
    expect(proposals.hasWaiting).toBe(false)
    proposals.sweep(0, null)
    expect(proposals.takeWaiting()).toHaveLength(1)
  })

  test('and were given up are not taken', () => {
    for (const one of make('ab')) proposals.add(one)
    const [first] = make('c')
    proposals.add(first as Proposal)
    abort(first as Proposal)
    expect(outcomes).toEqual(['c: ABORTED no'])
    expect(proposals.takeWaiting()).toHaveLength(2)
  })
})

describe('proposals in the log', () => {
  test('get the answers of their own entries', () => {
    proposals.place(make('ab'), 5, 2)
    apply(4, 2)
    apply(5, 2)
    apply(6, 2)
    expect(outcomes).toEqual(['a: 5', 'b: 6'])
    expect(proposals.isEmpty).toBe(true)
  })

  test('are certainly lost where the entry of another term was applied', () => {
    proposals.place(make('ab'), 5, 2)
    apply(5, 3)
    proposals.applied(6, 3, null)
    expect(outcomes).toEqual(['a: SUPERSEDED no', 'b: SUPERSEDED no'])
  })

  test('are of unknown outcome when a snapshot overtakes them', () => {
    proposals.place(make('ab'), 5, 2)
    proposals.skipped(5)
    expect(outcomes).toEqual(['a: OUTCOME_UNKNOWN unknown'])
    apply(6, 2)
    expect(outcomes[1]).toBe('b: 6')
  })

  test('are of unknown outcome when their time is up, and their entry disturbs nobody', () => {
    proposals.place(make('a'), 5, 2)
    proposals.place(make('b', { expiresAt: 5000 }), 6, 2)
    proposals.sweep(1000, 'x')
    apply(5, 2)
    apply(6, 2)
    expect(outcomes).toEqual(['a: OUTCOME_UNKNOWN unknown', 'b: 6'])
  })

  test('make way when we lead again and give their places to others', () => {
    proposals.place(make('abc'), 5, 2)
    proposals.place(make('de'), 6, 7)
    expect(outcomes).toEqual(['b: OUTCOME_UNKNOWN unknown', 'c: OUTCOME_UNKNOWN unknown'])
    for (const index of [5, 6, 7]) apply(index, index === 5 ? 2 : 7)
    expect(outcomes.slice(2)).toEqual(['a: 5', 'd: 6', 'e: 7'])
  })

  test('and before it are told apart when the node stops', () => {
    proposals.place(make('a'), 5, 2)
    for (const one of make('b')) proposals.add(one)
    for (const one of make('c')) proposals.addForNextSweep(one)
    proposals.failAll('the end')
    expect(outcomes).toEqual(['b: STOPPED no', 'c: STOPPED no', 'a: STOPPED unknown'])
    expect(proposals.isEmpty).toBe(true)
  })
})

describe('a batch is cut where plain commands and those of sessions meet:', () => {
  test.each([
    ['', ''],
    ['ccc', 'ccc'],
    ['s', 's'],
    ['ccssc', 'cc ss c'],
    ['scs', 's c s'],
  ])('%j becomes %j', (letters, runs) => {
    const batch = [...letters].map(
      (letter) => make('x', { kind: letter === 's' ? 'session' : 'command' })[0] as Proposal,
    )
    const words = runsOfOneKind(batch).map((run) => run.map(({ kind }) => kind[0]).join(''))
    expect(words.join(' ')).toBe(runs)
  })
})

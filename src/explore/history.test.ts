import { describe, expect, test } from 'vitest'
import { entriesOf } from '../raft/testing/logs.ts'
import { Catalogue, LOG_STRIDE } from './catalogue.ts'
import { electedIn, forgetBefore, History, renamedElected, withElected } from './history.ts'

/** Servers by what history asks of them: term, log, how much of it is committed. */
class Servers {
  readonly catalogue: Catalogue = new Catalogue()
  readonly history: History = new History(this.catalogue)
  private count = 0

  add(
    term: number,
    log: string,
    commit: number,
    base: { index: number; term: number } = { index: 0, term: 0 },
  ): number {
    const number = this.count++
    const { columns } = this.catalogue
    columns.term.set(number, term)
    columns.commitIndex.set(number, commit)
    const entries = entriesOf(log, base.index + 1)
    columns.log.growTo((number + 1) * LOG_STRIDE)
    columns.log.data.set([base.index, base.term, base.index + entries.length], number * LOG_STRIDE)
    for (const entry of entries) {
      columns.log.set(number * LOG_STRIDE + 2 + entry.index, this.catalogue.numberOfEntry(entry))
    }
    return number
  }
}

describe('what is committed', () => {
  test('grows with each commit, and stays when somebody hears of it later', () => {
    const servers = new Servers()
    const one = servers.history.extended(0, servers.add(1, '1 1', 1))
    const two = servers.history.extended(one, servers.add(1, '1 1', 2))
    expect([one, two].map((chosen) => servers.history.describe(chosen))).toEqual(['1:1', '1:1 2:1'])
    expect(servers.history.extended(two, servers.add(1, '1', 1))).toBe(two)
  })

  test('never becomes another', () => {
    const servers = new Servers()
    const chosen = servers.history.extended(0, servers.add(1, '1 1', 2))
    expect(servers.history.extended(chosen, servers.add(2, '1 2', 2))).toBeLessThan(0)
  })

  test('is in the log of who leads later; behind a snapshot its last term must fit', () => {
    const servers = new Servers()
    const chosen = servers.history.extended(0, servers.add(2, '1 2', 2))
    const isIn = (term: number, log: string, index: number, baseTerm: number): boolean =>
      servers.history.isIn(chosen, servers.add(term, log, index, { index, term: baseTerm }))
    expect(isIn(3, '1 2 3', 0, 0)).toBe(true)
    expect(isIn(3, '1 1', 0, 0)).toBe(false)
    expect(isIn(3, '2 3', 1, 1)).toBe(true)
    expect(isIn(3, '2 3', 1, 3)).toBe(false)
  })

  // Its votes were long on their way: s1 leads term 1 when s2 has won term 2 and committed.
  test('need not be in the log of a leader of an earlier term who is elected late', () => {
    const servers = new Servers()
    const chosen = servers.history.extended(0, servers.add(2, '2', 1))
    expect(servers.history.isIn(chosen, servers.add(1, '', 0))).toBe(true)
    expect(servers.history.isIn(chosen, servers.add(3, '', 0))).toBe(false)
  })
})

describe('who was elected', () => {
  test('is known for each term, until every disk has left it behind', () => {
    const elected = withElected(withElected(0, 1, 2), 10, 4)
    expect([1, 2, 10].map((term) => electedIn(elected, term))).toEqual([3, 0, 5])
    expect(electedIn(forgetBefore(elected, 1), 1)).toBe(3)
    expect([1, 10].map((term) => electedIn(forgetBefore(elected, 2), term))).toEqual([0, 5])
  })

  test('goes by other names when servers do', () => {
    const renamed = renamedElected(withElected(withElected(0, 1, 0), 3, 2), Int32Array.of(9, 9, 9, 2, 0, 1), 3)
    expect([1, 2, 3].map((term) => electedIn(renamed, term))).toEqual([3, 0, 2])
  })
})

import { afterEach, describe, expect, test, vi } from 'vitest'
import { Durability } from '../raft/durability.ts'
import { RaftLog } from '../raft/log.ts'
import { type Bounds, boundsOf } from './bounds.ts'
import { type Exploration, Explorer, type ExplorerSettings } from './explorer.ts'
import { MemoryFrontierStore } from './frontier-store.ts'
import { HEAD } from './global-state.ts'
import { plantTwoVotes } from './testing/planted-bugs.ts'

/** Nothing but elections and commands, unless it is said. */
const QUIET: Partial<Bounds> = { servers: 2, proposals: 0, heartbeats: 0, crashes: 0 }
const MEMORY = 2 ** 26

function explorerOf(bounds: Partial<Bounds>, settings: Partial<ExplorerSettings> = {}): Explorer {
  const store = new MemoryFrontierStore()
  return new Explorer({ bounds: boundsOf({ ...QUIET, ...bounds }), store, memory: MEMORY, ...settings })
}

function explore(bounds: Partial<Bounds>, settings: Partial<ExplorerSettings> = {}): Exploration {
  return explorerOf(bounds, settings).run()
}

afterEach(() => vi.restoreAllMocks())

describe('small worlds, counted', () => {
  test.each<[string, Partial<Bounds>, number, number]>([
    ['one term of two servers', { terms: 1, log: 1 }, 12, 7],
    ['and one command', { terms: 1, log: 1, proposals: 1 }, 19, 11],
    ['two terms of two servers', { terms: 2, log: 1, proposals: 1 }, 233, 16],
    ['with a crash that loses what was not synced', { terms: 1, log: 1, crashes: 1, unsynced: true }, 56, 10],
    ['with PreVote', { terms: 2, log: 1, preVote: true, messages: 2 }, 277, 18],
    ['one term of three servers', { servers: 3, terms: 1, log: 1, messages: 3 }, 28, 10],
    ['a spare that joins', { spares: 1, terms: 1, log: 4, changes: 1, noop: true, messages: 2 }, 200, 23],
    ['a snapshot', { terms: 1, log: 2, proposals: 2, snapshots: 1, crashes: 1 }, 1267, 20],
  ])('%s', (_, bounds, states, depth) => {
    const exploration = explore(bounds)
    expect(exploration).toMatchObject({ ending: 'exhausted', violation: null, states, depth })
  })

  test('the same again, because nothing in it is left to chance', () => {
    const bounds = { terms: 2, log: 1, proposals: 1 }
    expect(explore(bounds)).toEqual(explore(bounds))
  })

  test('every state but the first is reached from one that was there', () => {
    const { states, generated } = explore({ terms: 2, log: 1 })
    expect(generated).toBeGreaterThanOrEqual(states - 1)
  })
})

/** What a run has reached: states with all their renamings, and what single servers were like. */
function reachOf(
  bounds: Partial<Bounds>,
  settings: Partial<ExplorerSettings>,
): Pick<Exploration, 'states' | 'generated'> & { readonly withRenamings: number; readonly servers: string[] } {
  let withRenamings = 0
  const servers = new Set<number>()
  const explorer = explorerOf(bounds, {
    ...settings,
    watch: (words, length) => {
      withRenamings += orbitOf(explorer, words, length)
      const { count } = explorer.symmetry.permutations
      for (let place = 0; place < explorer.symmetry.permutations.servers; place++) {
        const server = words[HEAD + place] as number
        for (let p = 0; p < count; p++) servers.add(explorer.symmetry.servers.data[server * count + p] as number)
      }
    },
  })
  const { states, generated } = explorer.run()
  const { catalogue } = explorer.transitions
  const found = [...servers].map((number) => JSON.stringify(catalogue.server(number))).sort()
  return { states, generated, withRenamings, servers: found }
}

/** How many states the renamings make of this one: their number by that of those which leave it as it is. */
function orbitOf({ symmetry }: Explorer, words: Int32Array, length: number): number {
  const { permutations, servers, messages } = symmetry
  const { count, servers: places } = permutations
  let unchanged = 0
  for (let p = 0; p < count; p++) {
    const sameServers = Array.from({ length: places }, (_, place) => place).every(
      (place) =>
        servers.data[(words[HEAD + place] as number) * count + p] === words[HEAD + permutations.apply(p, place)],
    )
    const flying = Array.from(words.subarray(HEAD + places, length))
    const renamed = flying.map((message) => (messages.data[message * count + p] as number) - 1)
    if (sameServers && renamed.sort((a, b) => a - b).join() === flying.join()) unchanged++
  }
  return count / unchanged
}

describe('the reductions lose nothing', () => {
  const WORLDS: [string, Partial<Bounds>][] = [
    ['elections of three', { servers: 3, terms: 1, log: 1, proposals: 1, messages: 3, perPair: 1 }],
    ['crashes', { terms: 2, log: 1, crashes: 1, unsynced: true, messages: 2 }],
    ['lost and repeated messages', { terms: 1, log: 1, proposals: 1, duplicates: 1, losses: 1, messages: 2 }],
    ['changes of members', { spares: 1, terms: 1, log: 4, changes: 1, noop: true, messages: 2 }],
    ['questions that wait for a disk', { servers: 3, terms: 1, log: 1, preVote: true, unsynced: true, messages: 2 }],
    ['hand-overs', { terms: 2, log: 1, transfers: 1, stepDowns: 1, messages: 2 }],
  ]

  describe.each(WORLDS)('%s', (_, bounds) => {
    const reduced = reachOf(bounds, {})

    test('steps sleep: fewer are taken, to the same states', () => {
      const awake = reachOf(bounds, { sleep: false })
      expect(reduced.states).toBe(awake.states)
      expect(reduced.generated).toBeLessThan(awake.generated)
    })

    test('symmetry: the states and their renamings are all states', () => {
      const plain = reachOf(bounds, { symmetry: false })
      expect(reduced.withRenamings).toBe(plain.states)
      expect(reduced.states).toBeLessThan(plain.states)
      expect(reduced.servers).toEqual(plain.servers)
    })

    test('stale messages vanish: the servers come to the same', () => {
      const staying = reachOf(bounds, { vanish: false })
      expect(reduced.states).toBeLessThanOrEqual(staying.states)
      expect(reduced.servers).toEqual(expect.arrayContaining(staying.servers))
    })
  })
})

describe('a planted bug is found', () => {
  test('a leader that lacks what is committed', () => {
    vi.spyOn(RaftLog.prototype, 'isUpToDate').mockReturnValue(true)
    const { violation } = explore({ servers: 3, terms: 2, log: 1, proposals: 1, messages: 3 })
    expect(violation?.detail).toMatch(/^Leader Completeness: s\d leads term 2 without all of what is committed, 1:1$/)
  })

  test('two leaders of one term, with and without each reduction', () => {
    plantTwoVotes()
    for (const without of [{}, { symmetry: false }, { sleep: false }, { vanish: false }]) {
      const { violation } = explore({ servers: 3, terms: 1, log: 1 }, without)
      expect(violation?.detail).toContain('One Vote: s')
    }
  })

  test('a promise that is not on the disk when it leaves', () => {
    vi.spyOn(Durability.prototype, 'pendingSeq', 'get').mockReturnValue(0)
    const { violation } = explore({ terms: 1, unsynced: true })
    expect(violation?.detail).toMatch(/^Promise before Disk: s\d sends RequestVote of term 1/)
  })

  test('what the core itself notices', () => {
    vi.spyOn(RaftLog.prototype, 'matches').mockReturnValue(true)
    const { violation } = explore({ servers: 3, terms: 2, log: 2, proposals: 2, messages: 3 })
    expect(violation?.detail).toMatch(/^Assertion: /)
  })

  test('what a judge of single steps objects to', () => {
    const judge: ExplorerSettings['judge'] = ({ input, said, viewBefore, viewAfter }) => {
      const isLonger = viewAfter.log.lastIndex > viewBefore().log.lastIndex
      return input.type === 'propose' && isLonger && said.length > 0 ? 'Taste: says something about a command' : null
    }
    const { violation } = explore({ terms: 1, log: 1, proposals: 1 }, { judge })
    expect(violation?.detail).toBe('Taste: says something about a command')
  })
})

describe('it ends', () => {
  test('after as many states as it was told', () => {
    expect(explore({ terms: 2 }, { maxStates: 10 })).toMatchObject({ ending: 'states', states: expect.any(Number) })
  })

  test('when the table is full', () => {
    expect(explore({ terms: 2, log: 2, proposals: 2, crashes: 1 }, { memory: 1 }).ending).toBe('memory')
  })

  test('when the caller has enough', () => {
    const depths: number[] = []
    const ending = explorerOf({ terms: 2 }).run(({ depth }) => depths.push(depth) < 3).ending
    expect({ ending, depths }).toEqual({ ending: 'stopped', depths: [0, 1, 2] })
  })

  test('before it begins, with bounds that are none', () => {
    expect(() => explorerOf({ servers: 4, spares: 2 })).toThrow('4 servers and 2 spares are 6: at most 5 together')
  })
})

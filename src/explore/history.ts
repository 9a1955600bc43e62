/**
 * What a global state must remember of its past so that properties can be judged: who was elected in which term, and
 * which entries have been committed. A leader that crashed has forgotten both; the properties have not.
 *
 * Both are a word of the state. It costs few states, because servers show nearly all of it as well.
 */
import type { Entry } from '../raft/entry.ts'
import type { Catalogue } from './catalogue.ts'
import { LOG_ROOM, LOG_STRIDE } from './catalogue.ts'
import { Column } from './growing.ts'
import { type Rename, renamedEntries } from './renaming.ts'

/** Bits that a term takes in the word of who was elected: place + 1, or 0. Ten terms fit, see `LIMITS`. */
const TERM_BITS = 3
/** A row: how many entries, their numbers from index 1, and the terms in which they were committed. */
export const CHOSEN_STRIDE: number = 1 + 2 * LOG_ROOM
/** An entry's number and the term of its commitment as one number. */
const ENTRY_NUMBERS = 2 ** 16
const CONFLICT = -1

/** Who was elected in this term: place + 1, or 0. */
export function electedIn(elected: number, term: number): number {
  return (elected >>> (TERM_BITS * (term - 1))) & 7
}

/** The server at `place` was elected in this term, where nobody was. */
export function withElected(elected: number, term: number, place: number): number {
  return elected | ((place + 1) << (TERM_BITS * (term - 1)))
}

/** Terms that every disk has left behind: nobody can be elected in them any more, so who was is of no interest. */
export function forgetBefore(elected: number, term: number): number {
  if (term <= 1) return elected
  const shift = TERM_BITS * (term - 1)
  return (elected >>> shift) << shift
}

/** With the places exchanged: `to[first + place]` says where each goes. */
export function renamedElected(elected: number, to: Int32Array, first: number): number {
  let renamed = 0
  for (let shift = 0; elected >>> shift !== 0; shift += TERM_BITS) {
    const who = (elected >>> shift) & 7
    if (who !== 0) renamed |= ((to[first + who - 1] as number) + 1) << shift
  }
  return renamed
}

/** The committed logs that were seen, by number; 0 is the empty one. */
export class History {
  readonly rows: Column = new Column()
  private readonly catalogue: Catalogue
  private readonly numbers = new Map<string, number>([['', 0]])
  private readonly lists: (readonly number[])[] = [[]]
  private readonly renamings = new Map<string, number>()

  constructor(catalogue: Catalogue) {
    this.catalogue = catalogue
  }

  /** What is committed when this server's entries up to its commitIndex are; negative when that cannot be. */
  extended(chosen: number, server: number): number {
    const logs = this.catalogue.columns.log.data
    const commit = this.catalogue.columns.commitIndex.data[server] as number
    const row = chosen * CHOSEN_STRIDE
    const known = this.rows.data[row] as number
    const base = logs[server * LOG_STRIDE] as number
    if (!this.agreesAtBase(chosen, server)) return CONFLICT
    for (let index = base + 1; index <= Math.min(commit, known); index++) {
      if (this.rows.data[row + index] !== logs[server * LOG_STRIDE + 2 + index]) return CONFLICT
    }
    if (commit <= known) return chosen
    const list = [...(this.lists[chosen] as readonly number[])]
    const term = this.catalogue.columns.term.data[server] as number
    for (let index = known + 1; index <= commit; index++) {
      list.push((logs[server * LOG_STRIDE + 2 + index] as number) + term * ENTRY_NUMBERS)
    }
    return this.numberOf(list)
  }

  /**
   * True when this server's log holds everything that was committed in earlier terms than its own. A leader may be elected
   * late, when the votes of its term were long on their way, and need not have what a later term has committed since.
   */
  isIn(chosen: number, server: number): boolean {
    const logs = this.catalogue.columns.log.data
    const row = chosen * CHOSEN_STRIDE
    const known = this.knownBefore(row, this.catalogue.columns.term.data[server] as number)
    const base = logs[server * LOG_STRIDE] as number
    if (known <= base) return true
    if ((logs[server * LOG_STRIDE + 2] as number) < known || !this.agreesAtBase(chosen, server)) return false
    for (let index = base + 1; index <= known; index++) {
      if (this.rows.data[row + index] !== logs[server * LOG_STRIDE + 2 + index]) return false
    }
    return true
  }

  renamed(chosen: number, permutation: number, rename: Rename): number {
    if (chosen === 0 || permutation === 0) return chosen
    const key = `${chosen},${permutation}`
    const known = this.renamings.get(key)
    if (known !== undefined) return known
    const list = (this.lists[chosen] as readonly number[]).map((number) => {
      const [entry] = renamedEntries([this.catalogue.entry(number % ENTRY_NUMBERS)], rename) as [Entry]
      return number - (number % ENTRY_NUMBERS) + this.catalogue.numberOfEntry(entry)
    })
    const number = this.numberOf(list)
    this.renamings.set(key, number)
    return number
  }

  /** `1:2 2:2`: index and term of each committed entry. */
  describe(chosen: number): string {
    const list = this.lists[chosen] as readonly number[]
    return list.map((one, place) => `${place + 1}:${this.catalogue.entryTerm.data[one % ENTRY_NUMBERS]}`).join(' ')
  }

  /** How many entries are at least known to be committed in a term before this one. */
  private knownBefore(row: number, term: number): number {
    let known = this.rows.data[row] as number
    while (known > 0 && (this.rows.data[row + LOG_ROOM + known] as number) >= term) known--
    return known
  }

  /** What was compacted away was committed: its last entry's term must be the one that is known. */
  private agreesAtBase(chosen: number, server: number): boolean {
    const logs = this.catalogue.columns.log.data
    const base = logs[server * LOG_STRIDE] as number
    if (base === 0) return true
    const row = chosen * CHOSEN_STRIDE
    if ((this.rows.data[row] as number) < base) return false
    return this.catalogue.entryTerm.data[this.rows.data[row + base] as number] === logs[server * LOG_STRIDE + 1]
  }

  private numberOf(list: readonly number[]): number {
    const key = list.join()
    const known = this.numbers.get(key)
    if (known !== undefined) return known
    const number = this.lists.length
    this.numbers.set(key, number)
    this.lists.push(list)
    this.rows.growTo((number + 1) * CHOSEN_STRIDE)
    this.rows.set(number * CHOSEN_STRIDE, list.length)
    for (const [place, one] of list.entries()) {
      this.rows.set(number * CHOSEN_STRIDE + 1 + place, one % ENTRY_NUMBERS)
      this.rows.set(number * CHOSEN_STRIDE + 1 + LOG_ROOM + place, Math.floor(one / ENTRY_NUMBERS))
    }
    return number
  }
}

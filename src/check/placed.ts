// Which operations have their place, as bits, with a hash that follows each change.
//
// Of a history of 100,000 operations, those with a place are nearly all of an early stretch and nobody of a late one: only
// the words in between are written down. Operations with unknown outcomes may stay without a place for ever, so they
// have words of their own.

import { Configurations } from './configurations.ts'

const BITS = 32
const FULL = -1

/** The set of operations that have their place, and the configurations that it was in. */
export class Placed {
  readonly configurations: Configurations = new Configurations()
  private readonly knownWords: number
  private readonly known: number
  private readonly words: Int32Array
  private readonly scratch: Int32Array
  /** All words of known operations before this one are full. */
  private low = 0
  /** All from this one on are empty. */
  private high = 0
  private hash = 0
  private secondHash = 0

  /** @param known operations that must have a place come first, the others behind them */
  constructor(known: number, size: number) {
    this.known = known
    this.knownWords = Math.ceil(known / BITS)
    this.words = new Int32Array(this.knownWords + Math.ceil((size - known) / BITS))
    this.scratch = new Int32Array(this.words.length + 1)
  }

  has(operation: number): boolean {
    const bit = this.bitOf(operation)
    return ((this.words[bit >>> 5] as number) & (1 << bit)) !== 0
  }

  add(operation: number): void {
    const bit = this.bitOf(operation)
    const word = bit >>> 5
    this.words[word] = (this.words[word] as number) | (1 << bit)
    this.mix(operation)
    if (word >= this.knownWords) return
    while (this.low < this.knownWords && this.words[this.low] === FULL) this.low++
    this.high = Math.max(this.high, word + 1)
  }

  delete(operation: number): void {
    const bit = this.bitOf(operation)
    const word = bit >>> 5
    this.words[word] = (this.words[word] as number) & ~(1 << bit)
    this.mix(operation)
    if (word >= this.knownWords) return
    this.low = Math.min(this.low, word)
    while (this.high > 0 && this.words[this.high - 1] === 0) this.high--
  }

  /** @returns false when this set was met with this state before */
  isNewWith(state: number): boolean {
    const { words, scratch } = this
    let length = 0
    scratch[length++] = this.low
    for (let i = this.knownWords; i < words.length; i++) scratch[length++] = words[i] as number
    for (let i = this.low; i < this.high; i++) scratch[length++] = words[i] as number
    const hash = scramble(this.hash + Math.imul(state, 0x9e3779b1))
    return this.configurations.add(hash, this.secondHash ^ state, state, scratch, length)
  }

  private bitOf(operation: number): number {
    return operation < this.known ? operation : this.knownWords * BITS + (operation - this.known)
  }

  /** Each operation has two random numbers of its own; the exclusive or of a set's is the same in any order (Zobrist). */
  private mix(operation: number): void {
    this.hash ^= scramble(operation + 1)
    this.secondHash ^= scramble(operation ^ 0x5bd1e995)
  }
}

/** The finisher of MurmurHash3: every bit of the result depends on every bit of the number. */
function scramble(number: number): number {
  let bits = number | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}

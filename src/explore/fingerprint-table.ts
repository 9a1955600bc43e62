/**
 * The states that were seen: a fingerprint of 63 bits each, in a table with open addressing, and a word of flags beside
 * it. Two states with one fingerprint are taken for one: of n states that has happened to any with a chance of about
 * n² / 2⁶⁴, one in 460 for 200 million.
 */
import { assert } from '../util/assert.ts'

const FULLEST = 0.8
/** Room above that for what one state still leads to. */
const SMALLEST = 2 ** 12
/** No array is larger on every Node that we run on. */
const LARGEST = 2 ** 29
/** Bytes a slot takes. */
export const SLOT_BYTES = 12

export class FingerprintTable {
  /** The slot that the latest `insert` found or took. */
  slot = 0
  count = 0
  private readonly maxSlots: number
  /** Low and high half of each, side by side: one look into memory finds both. */
  private keys: Uint32Array
  private flags: Int32Array
  private mask: number
  // Of the latest state that was hashed.
  private hashLow = 0
  private hashHigh = 0

  /** @param maxBytes how large it may become, 4,096 slots at least */
  constructor(maxBytes: number) {
    this.maxSlots = Math.min(Math.max(2 ** Math.floor(Math.log2(maxBytes / SLOT_BYTES)), SMALLEST), LARGEST)
    const slots = Math.min(2 ** 16, this.maxSlots)
    this.keys = new Uint32Array(2 * slots)
    this.flags = new Int32Array(slots)
    this.mask = slots - 1
  }

  /** True when no state more fits into the memory that it was given. */
  get isFull(): boolean {
    return this.count >= this.maxSlots * FULLEST
  }

  /** Hashes words from 0 to `length`. @returns true when the state is new; `slot` says where it is */
  insert(words: Int32Array, length: number): boolean {
    this.hash(words, length)
    if (this.count >= (this.mask + 1) * FULLEST && this.mask + 1 < this.maxSlots) this.grow()
    if (this.find()) return false
    assert(this.count < this.mask, `the table has room for ${this.mask} states: ask isFull earlier`)
    this.keys[2 * this.slot] = this.hashLow
    this.keys[2 * this.slot + 1] = this.hashHigh
    this.count++
    return true
  }

  /** Where a state is that was inserted before. */
  slotOf(words: Int32Array, length: number): number {
    this.hash(words, length)
    const isThere = this.find()
    assert(isThere, 'a state of the frontier is not in the table')
    return this.slot
  }

  flagsAt(slot: number): number {
    return this.flags[slot] as number
  }

  setFlags(slot: number, flags: number): void {
    this.flags[slot] = flags
  }

  private find(): boolean {
    const { keys, mask, hashLow, hashHigh } = this
    let slot = hashLow & mask
    for (; keys[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
      if (keys[2 * slot] === hashLow && keys[2 * slot + 1] === hashHigh) {
        this.slot = slot
        return true
      }
    }
    this.slot = slot
    return false
  }

  /** Two hashes of 32 bits each, mixed as MurmurHash3 does, from different seeds and with different factors. */
  private hash(words: Int32Array, length: number): void {
    let one = 0x9747b28c
    let two = 0x3c6ef372
    for (let i = 0; i < length; i++) {
      const word = words[i] as number
      let k = Math.imul(word, 0xcc9e2d51)
      k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
      one ^= k
      one = (Math.imul((one << 13) | (one >>> 19), 5) + 0xe6546b64) | 0
      let m = Math.imul(word ^ 0x5bd1e995, 0x2c1b3c6d)
      m = Math.imul((m << 16) | (m >>> 16), 0x297a2d39)
      two ^= m
      two = (Math.imul((two << 11) | (two >>> 21), 9) + 0x52dce729) | 0
    }
    this.hashLow = finish(one ^ length)
    // A zero there stands for an empty slot.
    this.hashHigh = finish(two + Math.imul(length, 0x9e3779b1)) | 1
    this.hashHigh >>>= 0
  }

  private grow(): void {
    const { keys, flags } = this
    const slots = 2 * flags.length
    this.keys = new Uint32Array(2 * slots)
    this.flags = new Int32Array(slots)
    this.mask = slots - 1
    const [keptLow, keptHigh] = [this.hashLow, this.hashHigh]
    for (let i = 0; i < flags.length; i++) {
      if (keys[2 * i + 1] === 0) continue
      this.hashLow = keys[2 * i] as number
      this.hashHigh = keys[2 * i + 1] as number
      this.find()
      this.keys[2 * this.slot] = this.hashLow
      this.keys[2 * this.slot + 1] = this.hashHigh
      this.flags[this.slot] = flags[i] as number
    }
    this.hashLow = keptLow
    this.hashHigh = keptHigh
  }
}

function finish(hash: number): number {
  let mixed = hash
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

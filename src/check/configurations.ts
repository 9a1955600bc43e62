// Which configurations the search has been in: the set of operations that have their place, and the state. Gavin Lowe's
// addition to Wing and Gong's search: two orders of the same operations that end in the same state have the same future.
//
// The hash decides where to look, never what is found: set and state are compared word by word. A collision costs a
// look, and no verdict.

const HEADER = 3
// Small: a simulator checks a thousand short histories, and most need no more than this.
const FIRST_SLOTS = 16
const FIRST_WORDS = 16

/** A set of configurations, each a few 32-bit words. */
export class Configurations {
  /** Offsets into `words`, by hash; 0 is free. Open addressing, at most half full. */
  private slots = new Int32Array(FIRST_SLOTS)
  /** One behind the other: second hash, state, how many more, and those. */
  private words = new Int32Array(FIRST_WORDS)
  private used = 1
  private count = 0

  /** What it takes of memory. */
  get bytes(): number {
    return this.slots.byteLength + this.words.byteLength
  }

  /**
   * @param set canonical: the same set, the same words
   * @returns false when it was there already
   */
  add(hash: number, secondHash: number, state: number, set: Int32Array, length: number): boolean {
    const mask = this.slots.length - 1
    let slot = hash & mask
    for (let offset = this.slots[slot] as number; offset !== 0; offset = this.slots[slot] as number) {
      if (this.words[offset] === secondHash && this.isAt(offset, state, set, length)) return false
      slot = (slot + 1) & mask
    }
    this.slots[slot] = this.append(secondHash, state, hash, set, length)
    if (++this.count * 2 > this.slots.length) this.growSlots()
    return true
  }

  private isAt(offset: number, state: number, set: Int32Array, length: number): boolean {
    const { words } = this
    if (words[offset + 1] !== state || words[offset + HEADER] !== length) return false
    for (let i = 0; i < length; i++) if (words[offset + HEADER + 1 + i] !== set[i]) return false
    return true
  }

  private append(secondHash: number, state: number, hash: number, set: Int32Array, length: number): number {
    const offset = this.used
    const size = HEADER + 1 + length
    if (offset + size > this.words.length) this.growWords(offset + size)
    const { words } = this
    words[offset] = secondHash
    words[offset + 1] = state
    words[offset + 2] = hash
    words[offset + HEADER] = length
    for (let i = 0; i < length; i++) words[offset + HEADER + 1 + i] = set[i] as number
    this.used = offset + size
    return offset
  }

  private growWords(least: number): void {
    const larger = new Int32Array(Math.max(this.words.length * 2, least))
    larger.set(this.words)
    this.words = larger
  }

  private growSlots(): void {
    const slots = new Int32Array(this.slots.length * 2)
    const mask = slots.length - 1
    for (const offset of this.slots) {
      if (offset === 0) continue
      let slot = (this.words[offset + 2] as number) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = offset
    }
    this.slots = slots
  }
}

/** Where states wait to be explored, level by level, and how each was reached: on a disk, because there are many. */

/** Numbers in, numbers out, in order. Calls answer at once: an explorer has nothing else to do meanwhile. */
export interface FrontierStore {
  /** To the end of the next level. The caller uses the array again. */
  append(words: Int32Array): void
  /** The next level becomes the one that is read, from its beginning; a new one is begun. */
  turn(): void
  /** Fills `into` as far as the level goes. @returns how many words, 0 at its end */
  read(into: Int32Array): number
  /** To the end of the record of how states were reached. */
  appendOrigins(words: Int32Array): void
  /** Reads that record again. @param first counted in words */
  readOrigins(first: number, into: Int32Array): void
}

const BUFFER_WORDS = 2 ** 17

/** Variable records, one behind the other, in big pieces. */
export class FrontierWriter {
  private readonly store: FrontierStore
  private readonly buffer = new Int32Array(BUFFER_WORDS)
  private used = 0

  constructor(store: FrontierStore) {
    this.store = store
  }

  /** `[length, ...head, ...words up to that length]` */
  write(number: number, awake: number, words: Int32Array, length: number): void {
    if (this.used + length + 3 > BUFFER_WORDS) this.flush()
    const { buffer } = this
    let at = this.used
    buffer[at++] = length
    buffer[at++] = number
    buffer[at++] = awake
    for (let i = 0; i < length; i++) buffer[at++] = words[i] as number
    this.used = at
  }

  flush(): void {
    if (this.used > 0) this.store.append(this.buffer.subarray(0, this.used))
    this.used = 0
  }
}

/** What `FrontierWriter` wrote, record by record. */
export class FrontierReader {
  /** Of the current record. */
  number = 0
  awake = 0
  length = 0
  readonly words: Int32Array = new Int32Array(64)
  private readonly store: FrontierStore
  private readonly buffer = new Int32Array(BUFFER_WORDS)
  private at = 0
  private end = 0

  constructor(store: FrontierStore) {
    this.store = store
  }

  /** @returns false at the end of the level */
  next(): boolean {
    if (this.at === this.end || this.at + (this.buffer[this.at] as number) + 3 > this.end) this.refill()
    if (this.end === 0) return false
    const { buffer, words } = this
    this.length = buffer[this.at] as number
    this.number = (buffer[this.at + 1] as number) >>> 0
    this.awake = buffer[this.at + 2] as number
    for (let i = 0; i < this.length; i++) words[i] = buffer[this.at + 3 + i] as number
    this.at += this.length + 3
    return true
  }

  /** Half a record may be left at the end of a piece. */
  private refill(): void {
    const left = this.end - this.at
    this.buffer.copyWithin(0, this.at, this.end)
    this.end = left + this.store.read(this.buffer.subarray(left))
    this.at = 0
  }
}

const ORIGIN_WORDS = 2

/** How each state was reached: the number of the one before it, and the action. */
export class Origins {
  count = 0
  private readonly store: FrontierStore
  private readonly buffer = new Int32Array(BUFFER_WORDS)
  private used = 0

  constructor(store: FrontierStore) {
    this.store = store
  }

  /** @returns the number of the new state */
  add(parent: number, action: number): number {
    if (this.used === BUFFER_WORDS) this.flush()
    this.buffer[this.used++] = parent
    this.buffer[this.used++] = action
    return this.count++
  }

  /** The actions that lead from the first state to this one, in order. */
  pathTo(number: number): number[] {
    this.flush()
    const actions: number[] = []
    const origin = new Int32Array(ORIGIN_WORDS)
    for (let at = number; at !== 0; at = (origin[0] as number) >>> 0) {
      this.store.readOrigins(at * ORIGIN_WORDS, origin)
      actions.unshift(origin[1] as number)
    }
    return actions
  }

  private flush(): void {
    if (this.used > 0) this.store.appendOrigins(this.buffer.subarray(0, this.used))
    this.used = 0
  }
}

/** In memory: for tests, and for bounds that are small. */
export class MemoryFrontierStore implements FrontierStore {
  private current: number[] = []
  private next: number[] = []
  private at = 0
  private readonly origins: number[] = []

  append(words: Int32Array): void {
    for (const word of words) this.next.push(word)
  }

  turn(): void {
    this.current = this.next
    this.next = []
    this.at = 0
  }

  read(into: Int32Array): number {
    const count = Math.min(into.length, this.current.length - this.at)
    for (let i = 0; i < count; i++) into[i] = this.current[this.at + i] as number
    this.at += count
    return count
  }

  appendOrigins(words: Int32Array): void {
    for (const word of words) this.origins.push(word)
  }

  readOrigins(first: number, into: Int32Array): void {
    for (let i = 0; i < into.length; i++) into[i] = this.origins[first + i] as number
  }
}

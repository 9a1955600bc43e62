/** A queue in a ring of slots: both ends in constant time, no shifting of what lies between. */
export class Deque<T> {
  private slots: (T | undefined)[]
  private head = 0
  private count = 0

  constructor(capacity = 16) {
    this.slots = new Array<T | undefined>(2 ** Math.ceil(Math.log2(Math.max(capacity, 2)))).fill(undefined)
  }

  get length(): number {
    return this.count
  }

  push(item: T): void {
    if (this.count === this.slots.length) this.grow()
    this.slots[(this.head + this.count) & (this.slots.length - 1)] = item
    this.count++
  }

  shift(): T | undefined {
    if (this.count === 0) return undefined
    const item = this.slots[this.head]
    this.slots[this.head] = undefined
    this.head = (this.head + 1) & (this.slots.length - 1)
    this.count--
    return item
  }

  /** Takes the newest out. */
  pop(): T | undefined {
    if (this.count === 0) return undefined
    const place = (this.head + this.count - 1) & (this.slots.length - 1)
    const item = this.slots[place]
    this.slots[place] = undefined
    this.count--
    return item
  }

  /** The item at a place counted from the front, 0 being the oldest. */
  at(place: number): T | undefined {
    return place < 0 || place >= this.count ? undefined : this.slots[(this.head + place) & (this.slots.length - 1)]
  }

  first(): T | undefined {
    return this.at(0)
  }

  last(): T | undefined {
    return this.at(this.count - 1)
  }

  clear(): void {
    this.slots.fill(undefined)
    this.head = 0
    this.count = 0
  }

  private grow(): void {
    const larger = new Array<T | undefined>(this.slots.length * 2).fill(undefined)
    for (let i = 0; i < this.count; i++) larger[i] = this.at(i)
    this.slots = larger
    this.head = 0
  }
}

/**
 * Records in the order of their keys' bytes, in chunks of some hundred: a chunk is found by binary search, and a write
 * shifts a few hundred pointers at most. A million records are some thousands of chunks; the list of chunks is what a
 * B-tree's inner nodes would be, flat.
 *
 * `freeze` gives a view that stays as it is while writes go on, without copying the records: it takes the list of
 * chunks, and whoever writes to one of those chunks afterwards copies that chunk first. Records are never changed, only
 * replaced.
 */
import { assert } from '../util/assert.ts'
import { compare } from '../util/bytes.ts'
import type { Bounds } from './key-value.ts'

const MAX_CHUNK_RECORDS = 512

interface Keyed {
  readonly key: Uint8Array
}

interface Chunk<R> {
  // Never empty, in ascending order of keys.
  readonly records: R[]
  /** Writable while it is the table's; a chunk of an earlier era belongs to a frozen view as well. */
  readonly era: number
}

export class SortedTable<R extends Keyed> {
  // In ascending order, no key in two of them.
  private chunks: Chunk<R>[] = []
  private count = 0
  private era = 0

  get size(): number {
    return this.count
  }

  get(key: Uint8Array): R | undefined {
    const records = this.chunks[this.chunkOf(key)]?.records ?? []
    return at(records, lowerBound(records, key), key)
  }

  /** @returns the record whose place it takes, if there was one */
  set(record: R): R | undefined {
    return this.update(record.key, () => record)
  }

  /**
   * Puts a record in the place of the one that is there, found once for both: looking a key up is most of the work.
   *
   * @param make the new record, of the same key, given the one whose place it takes
   */
  update(key: Uint8Array, make: (previous: R | undefined) => R): R | undefined {
    if (this.chunks.length === 0) this.chunks.push({ records: [], era: this.era })
    const number = this.chunkOf(key)
    const { records } = this.writable(number)
    const place = lowerBound(records, key)
    const previous = at(records, place, key)
    const record = make(previous)
    if (previous === undefined) {
      records.splice(place, 0, record)
      this.count++
      if (records.length > MAX_CHUNK_RECORDS) this.split(number)
    } else {
      records[place] = record
    }
    return previous
  }

  /** @returns the record that was there */
  delete(key: Uint8Array): R | undefined {
    const number = this.chunkOf(key)
    const found = this.chunks[number]?.records ?? []
    const place = lowerBound(found, key)
    const previous = at(found, place, key)
    if (previous === undefined) return undefined
    this.writable(number).records.splice(place, 1)
    this.count--
    this.tidy(number)
    return previous
  }

  /** In order. Do not write to the table before you are through. */
  *scan({ from, to }: Bounds): Generator<R, void> {
    for (let number = this.chunkOf(from); number < this.chunks.length; number++) {
      const { records } = this.chunks[number] as Chunk<R>
      for (let place = lowerBound(records, from); place < records.length; place++) {
        const record = records[place] as R
        if (to !== null && compare(record.key, to) >= 0) return
        yield record
      }
    }
  }

  /** How many records `scan` would give, without visiting them. */
  countIn({ from, to }: Bounds): number {
    if (to !== null && compare(from, to) >= 0) return 0
    return (to === null ? this.count : this.rankOf(to)) - this.rankOf(from)
  }

  /** The records as they are now, in order, whatever is written later. May be read once, many times, or never. */
  freeze(): Iterable<R> {
    const chunks = this.chunks.slice()
    this.era++
    return {
      *[Symbol.iterator]() {
        for (const { records } of chunks) yield* records
      },
    }
  }

  /** How many records come before `key`. */
  private rankOf(key: Uint8Array): number {
    const number = this.chunkOf(key)
    let rank = 0
    for (let i = 0; i < number; i++) rank += (this.chunks[i] as Chunk<R>).records.length
    return rank + lowerBound(this.chunks[number]?.records ?? [], key)
  }

  /** The last chunk that begins at or before `key`, where it is if it is anywhere; the first when all begin later. */
  private chunkOf(key: Uint8Array): number {
    let low = 0
    let high = this.chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const first = this.chunks[middle]?.records[0]
      if (first !== undefined && compare(first.key, key) <= 0) low = middle + 1
      else high = middle
    }
    return Math.max(low - 1, 0)
  }

  private writable(number: number): Chunk<R> {
    const chunk = this.chunks[number] as Chunk<R>
    if (chunk.era === this.era) return chunk
    const own = { records: chunk.records.slice(), era: this.era }
    this.chunks[number] = own
    return own
  }

  private split(number: number): void {
    const { records } = this.writable(number)
    // Keys that come in order fill chunk after chunk: cutting those in the middle would leave every chunk half empty.
    const isAppending = number === this.chunks.length - 1
    const upper = records.splice(isAppending ? MAX_CHUNK_RECORDS : MAX_CHUNK_RECORDS >>> 1)
    this.chunks.splice(number + 1, 0, { records: upper, era: this.era })
  }

  /** After a delete: no empty chunk stays, and two that have become small grow together. */
  private tidy(number: number): void {
    const { records } = this.chunks[number] as Chunk<R>
    const next = this.chunks[number + 1]
    if (records.length === 0) this.chunks.splice(number, 1)
    else if (next !== undefined && records.length + next.records.length < MAX_CHUNK_RECORDS >>> 1) {
      records.push(...next.records)
      this.chunks.splice(number + 1, 1)
    }
  }

  /** For tests. @throws InvariantError when the records are not where they belong */
  checkInvariants(): void {
    let previous: R | null = null
    let counted = 0
    for (const { records } of this.chunks) {
      assert(records.length > 0 && records.length <= MAX_CHUNK_RECORDS, `a chunk has ${records.length} records`)
      for (const record of records) {
        assert(previous === null || compare(previous.key, record.key) < 0, `record ${counted} is out of order`)
        previous = record
        counted++
      }
    }
    assert(counted === this.count, `${counted} records, but the count says ${this.count}`)
  }
}

/** The place of the first record whose key is not below `key`. */
function lowerBound<R extends Keyed>(records: readonly R[], key: Uint8Array): number {
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare((records[middle] as R).key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function at<R extends Keyed>(records: readonly R[], place: number, key: Uint8Array): R | undefined {
  const record = records[place]
  return record !== undefined && compare(record.key, key) === 0 ? record : undefined
}

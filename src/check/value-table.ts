// Gives each distinct value a small number, so that whoever compares values a million times compares numbers.

import { hashJson, isPrimitive, sameJson } from './json.ts'

/** When two values are the same, and a hash that is equal for those; by default that of JSON. */
export interface Equality<T> {
  readonly equal?: (left: T, right: T) => boolean
  readonly hash?: (value: T) => number
}

/** Numbers from 0 up, in the order of first sight. */
export class ValueTable<T> {
  private readonly values: T[] = []
  private readonly primitives = new Map<unknown, number>()
  private readonly buckets = new Map<number, number[]>()
  private readonly equality: Equality<T>

  constructor(equality: Equality<T> = {}) {
    this.equality = equality
  }

  /** @throws NotJsonError when it is to be compared as JSON, and is not */
  idOf(value: T): number {
    // The same string twice is the same value, unless the model has a mind of its own.
    if (this.equality.equal === undefined && isPrimitive(value)) return this.primitiveId(value)
    const hash = this.hash(value)
    const bucket = this.buckets.get(hash) ?? []
    const found = bucket.find((id) => this.equal(this.values[id] as T, value))
    if (found !== undefined) return found
    if (bucket.length === 0) this.buckets.set(hash, bucket)
    bucket.push(this.values.length)
    return this.add(value)
  }

  get size(): number {
    return this.values.length
  }

  valueOf(id: number): T {
    return this.values[id] as T
  }

  private primitiveId(value: T): number {
    const known = this.primitives.get(value)
    if (known !== undefined) return known
    this.primitives.set(value, this.values.length)
    return this.add(value)
  }

  /** A model with an equality and no hash has one bucket: slow, and right. */
  private hash(value: T): number {
    const { equal, hash } = this.equality
    if (hash !== undefined) return hash(value)
    return equal === undefined ? hashJson(value) : 0
  }

  private equal(left: T, right: T): boolean {
    return this.equality.equal?.(left, right) ?? sameJson(left, right)
  }

  private add(value: T): number {
    return this.values.push(value) - 1
  }
}

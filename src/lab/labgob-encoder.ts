// Encodes values, and finds what would not arrive as it was sent. What cannot travel at all (a function, a symbol,
// undefined, a cycle) arrives as null; what can travel in part (a class instance, a number past 2⁵³) arrives in part.
// Either is reported to `report`, never dropped in silence.

import { utf8Encode, writeUint32 } from '../util/bytes.ts'
import * as format from './labgob-format.ts'

/** Is told what is wrong with a value and where: `field` of an object with the keys in `shape`. */
export type Report = (problem: string, field: string, shape: readonly string[]) => void

/** One stream of values, encoded one after another, to be decoded in the same order. */
export class LabEncoder {
  // Not a ByteWriter: a Raft encodes its whole log at each save, 40 million entries in the churn test alone, and the
  // calls for single bytes would take most of the time.
  private buffer = new Uint8Array(256)
  private length = 0
  private readonly shapes: (readonly string[])[] = []
  private readonly ancestors: object[] = []
  private readonly report: Report
  /** The place of the shape that was written last. */
  private lastShape = 0
  private field = ''
  private shape: readonly string[] = []

  constructor(report: Report) {
    this.report = report
  }

  encode(value: unknown): this {
    this.field = ''
    this.shape = []
    this.write(value)
    return this
  }

  /** Everything that was encoded so far. */
  bytes(): Uint8Array {
    return this.buffer.slice(0, this.length)
  }

  private write(value: unknown): void {
    switch (typeof value) {
      case 'number':
        this.writeNumber(value)
        break
      case 'string':
        this.writeString(value)
        break
      case 'boolean':
        this.writeTag(value ? format.TAG_TRUE : format.TAG_FALSE)
        break
      case 'bigint':
        this.writeTag(format.TAG_BIGINT)
        this.writeText(value.toString())
        break
      case 'object':
        this.writeObject(value)
        break
      case 'undefined':
        this.writeNothing('undefined')
        break
      case 'function':
        this.writeNothing('a function')
        break
      case 'symbol':
        this.writeNothing('a symbol')
        break
    }
  }

  private writeNothing(what: string): void {
    this.report(`${what}, which arrives as null`, this.field, this.shape)
    this.writeTag(format.TAG_NULL)
  }

  private writeNumber(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.writeFloat(value)
    } else if (value < 0 || value >= 2 ** 31) {
      this.writeLarge(value)
    } else if (value < 128) {
      this.writeTag(format.TAG_SMALL | value)
    } else {
      this.writeTag(format.TAG_WHOLE)
      this.writeVarint(value)
    }
  }

  private writeLarge(value: number): void {
    const magnitude = Math.abs(value)
    const high = Math.floor(magnitude / 2 ** 32)
    this.writeTag(format.TAG_LARGE)
    this.reserve(7)
    writeUint32(this.buffer, this.length, magnitude % 2 ** 32)
    this.buffer[this.length + 4] = high
    this.buffer[this.length + 5] = high >>> 8
    this.buffer[this.length + 6] = (high >>> 16) | (value < 0 ? format.NEGATIVE : 0)
    this.length += 7
  }

  private writeFloat(value: number): void {
    if (Number.isInteger(value) && value !== 0) {
      this.report(`${value}, past 2^53, where neighbouring whole numbers are one`, this.field, this.shape)
    }
    this.writeTag(format.TAG_FLOAT)
    this.writeRaw(format.floatToBytes(value))
  }

  private writeString(text: string): void {
    if (/\p{Surrogate}/u.test(text)) {
      this.report('text with half a surrogate pair, which arrives as U+FFFD', this.field, this.shape)
    }
    this.writeTag(format.TAG_STRING)
    this.writeText(text)
  }

  private writeObject(value: object | null): void {
    if (value === null) {
      this.writeTag(format.TAG_NULL)
    } else if (value instanceof Uint8Array) {
      this.writeTag(format.TAG_BYTES)
      this.writeVarint(value.length)
      this.writeRaw(value)
    } else if (this.ancestors.includes(value)) {
      this.writeNothing('a reference to what contains it')
    } else {
      this.ancestors.push(value)
      if (Array.isArray(value)) this.writeArray(value)
      else this.writeFields(value as Record<string, unknown>)
      this.ancestors.pop()
    }
  }

  private writeArray(items: readonly unknown[]): void {
    this.writeTag(format.TAG_ARRAY)
    this.writeVarint(items.length)
    for (let i = 0; i < items.length; i++) this.write(items[i])
  }

  private writeFields(value: Record<string, unknown>): void {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) this.reportClass(value)
    const keys = this.keysOf(value)
    const field = this.field
    const shape = this.shape
    this.shape = keys
    this.writeShape(keys)
    for (let i = 0; i < keys.length; i++) {
      this.field = keys[i] as string
      this.write(value[this.field])
    }
    this.field = field
    this.shape = shape
  }

  private reportClass(value: object): void {
    const name = (value.constructor as { name?: string } | undefined)?.name ?? 'a class'
    this.report(`an instance of ${name}, which arrives as a plain object of its own fields`, this.field, this.shape)
  }

  /** The keys; the very same array for one entry of a log after another, which spares a list of keys for each. */
  private keysOf(value: Record<string, unknown>): readonly string[] {
    const last = this.shapes[this.lastShape]
    if (last === undefined) return Object.keys(value)
    let count = 0
    for (const key in value) {
      if (key !== last[count]) return Object.keys(value)
      count++
    }
    return count === last.length ? last : Object.keys(value)
  }

  private writeShape(keys: readonly string[]): void {
    // A message has two or three shapes, so a search beats a map.
    const known = keys === this.shapes[this.lastShape] ? this.lastShape : this.findShape(keys)
    this.lastShape = known === -1 ? this.shapes.length : known
    if (known === -1) {
      this.writeNewShape(keys)
    } else {
      this.writeTag(format.TAG_SHAPE)
      this.writeVarint(known)
    }
  }

  private findShape(keys: readonly string[]): number {
    return this.shapes.findIndex((shape) => sameKeys(shape, keys))
  }

  private writeNewShape(keys: readonly string[]): void {
    this.shapes.push(keys)
    this.writeTag(format.TAG_NEW_SHAPE)
    this.writeVarint(keys.length)
    for (const key of keys) this.writeText(key)
  }

  private writeText(text: string): void {
    const bytes = utf8Encode(text)
    this.writeVarint(bytes.length)
    this.writeRaw(bytes)
  }

  /** A number of up to 31 bits. */
  private writeVarint(value: number): void {
    this.reserve(5)
    let rest = value
    while (rest >= 128) {
      this.buffer[this.length++] = rest | 0x80
      rest >>>= 7
    }
    this.buffer[this.length++] = rest
  }

  private writeTag(tag: number): void {
    this.reserve(1)
    this.buffer[this.length++] = tag
  }

  private writeRaw(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.length)
    this.length += bytes.length
  }

  private reserve(more: number): void {
    if (this.length + more <= this.buffer.length) return
    const larger = new Uint8Array(Math.max(this.buffer.length * 2, this.length + more))
    larger.set(this.buffer.subarray(0, this.length))
    this.buffer = larger
  }
}

function sameKeys(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false
  return true
}

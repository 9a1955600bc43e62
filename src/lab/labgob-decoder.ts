// Decodes what LabEncoder wrote. Every value that comes out is fresh: nothing is shared with the bytes or the sender.

import { ByteReader, utf8Decode } from '../util/bytes.ts'
import * as format from './labgob-format.ts'

/** The bytes are not what LabEncoder wrote, or more values were asked for than are there. */
export class LabgobError extends Error {
  override readonly name = 'LabgobError'
  readonly code = 'ERR_QUORATE_LAB_DECODE'
}

/** One stream of values, decoded in the order in which they were encoded. */
export class LabDecoder {
  private readonly reader: ByteReader
  private readonly length: number
  private readonly shapes: string[][] = []

  constructor(bytes: Uint8Array) {
    this.reader = new ByteReader(bytes)
    this.length = bytes.length
  }

  /** @throws LabgobError when the bytes end early or are damaged */
  decode(): unknown {
    const value = this.read()
    this.check()
    return value
  }

  /** False when every value has been decoded. */
  more(): boolean {
    return this.reader.remaining() > 0
  }

  private check(): void {
    if (!this.reader.ok()) {
      throw new LabgobError(
        `the ${this.length} bytes end in the middle of a value: decode what encode returned, in order`,
      )
    }
  }

  private read(): unknown {
    const tag = this.reader.uint8()
    if (tag >= format.TAG_SMALL) return tag - format.TAG_SMALL
    switch (tag) {
      case format.TAG_NULL:
        return null
      case format.TAG_FALSE:
        return false
      case format.TAG_TRUE:
        return true
      case format.TAG_WHOLE:
        return this.readVarint()
      case format.TAG_LARGE:
        return this.readLarge()
      case format.TAG_FLOAT:
        return format.floatFromBytes(this.reader.raw(8))
      case format.TAG_STRING:
        return this.readText()
      case format.TAG_BYTES:
        return this.reader.raw(this.readVarint()).slice()
      case format.TAG_ARRAY:
        return this.readArray(this.readCount())
      case format.TAG_NEW_SHAPE:
        return this.readFields(this.readNewShape())
      case format.TAG_SHAPE:
        return this.readFields(this.readKnownShape())
      case format.TAG_BIGINT:
        return this.readBigInt()
      default:
        throw new LabgobError(`unknown tag ${tag}: these bytes were not written by labgob`)
    }
  }

  private readLarge(): number {
    const low = this.reader.uint48()
    const top = this.reader.uint8()
    const magnitude = low + (top & ~format.NEGATIVE) * 2 ** 48
    return top >= format.NEGATIVE ? -magnitude : magnitude
  }

  private readArray(count: number): unknown[] {
    const items: unknown[] = []
    for (let i = 0; i < count; i++) items.push(this.read())
    return items
  }

  private readNewShape(): string[] {
    const keys: string[] = []
    for (let left = this.readCount(); left > 0; left--) keys.push(this.readText())
    this.shapes.push(keys)
    return keys
  }

  private readKnownShape(): string[] {
    const place = this.readVarint()
    const keys = this.shapes[place]
    if (keys === undefined) throw new LabgobError(`shape ${place} of ${this.shapes.length}: the bytes are damaged`)
    return keys
  }

  private readFields(keys: readonly string[]): Record<string, unknown> {
    const fields: Record<string, unknown> = {}
    for (const key of keys) {
      const value = this.read()
      // An assignment would set the prototype, and the field would be gone.
      if (key === '__proto__') Object.defineProperty(fields, key, { value, enumerable: true, writable: true })
      else fields[key] = value
    }
    return fields
  }

  private readBigInt(): bigint {
    const digits = this.readText()
    if (!/^-?\d+$/.test(digits)) throw new LabgobError(`'${digits}' is no whole number: the bytes are damaged`)
    return BigInt(digits)
  }

  /** A number of items of at least one byte each: damaged bytes must not make us build a million of them. */
  private readCount(): number {
    const count = this.readVarint()
    if (count > this.reader.remaining()) {
      throw new LabgobError(`${count} items announced, ${this.reader.remaining()} bytes left: the bytes are damaged`)
    }
    return count
  }

  private readText(): string {
    const text = utf8Decode(this.reader.raw(this.readVarint()))
    if (text === null) throw new LabgobError('text that is not UTF-8: the bytes are damaged')
    return text
  }

  /** Up to 31 bits: damaged bytes that go on for longer are cut off, and fail where the number is used. */
  private readVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.reader.uint8()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    return value >>> 0
  }
}

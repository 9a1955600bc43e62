// Bytes without Node's Buffer: the same code runs in a browser. Numbers are little-endian throughout.

export const EMPTY: Uint8Array = new Uint8Array(0)

/** The largest unsigned number that `writeUint48` holds: 2⁴⁸ − 1. At a million entries a second, nine years' worth. */
export const MAX_UINT48: number = 2 ** 48 - 1

/**
 * Does not look whether the bytes are there: those past the end read as zeros. For bytes of others there is ByteReader.
 */
export function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] as number) |
      ((bytes[offset + 1] as number) << 8) |
      ((bytes[offset + 2] as number) << 16) |
      ((bytes[offset + 3] as number) << 24)) >>>
    0
  )
}

/** Writes the lowest 32 bits; like the other functions with an offset, into room that the caller has made. */
export function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value
  bytes[offset + 1] = value >>> 8
  bytes[offset + 2] = value >>> 16
  bytes[offset + 3] = value >>> 24
}

/** Six bytes, for indexes, terms and sizes: more than 2³², and still exact as a number. Bounds as for `readUint32`. */
export function readUint48(bytes: Uint8Array, offset: number): number {
  return readUint32(bytes, offset) + ((bytes[offset + 4] as number) | ((bytes[offset + 5] as number) << 8)) * 2 ** 32
}

/** The value is whole, and 0 to MAX_UINT48: nobody checks it here. */
export function writeUint48(bytes: Uint8Array, offset: number, value: number): void {
  writeUint32(bytes, offset, value % 2 ** 32)
  const high = Math.floor(value / 2 ** 32)
  bytes[offset + 4] = high
  bytes[offset + 5] = high >>> 8
}

/** The parts one behind the other, copied: the result is the caller's own, even when there is only one part. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Negative, zero or positive: the order of the bytes as unsigned numbers, a prefix before what continues it. */
export function compare(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length)
  for (let i = 0; i < shared; i++) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Length and content. It stops at the first difference, so it is not for comparing secrets. */
export function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && compare(left, right) === 0
}

/** Two lower-case digits a byte with nothing in between: how tests write down the bytes of a format. */
export function toHex(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}

/** UTF-8; a lone surrogate becomes U+FFFD, as in TextEncoder. */
export function utf8Encode(text: string): Uint8Array {
  const out = new Uint8Array(text.length * 3)
  let length = 0
  for (const character of text) {
    let code = character.codePointAt(0) as number
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd
    if (code < 0x80) {
      out[length++] = code
    } else if (code < 0x800) {
      out[length++] = 0xc0 | (code >> 6)
      out[length++] = 0x80 | (code & 0x3f)
    } else if (code < 0x10000) {
      out[length++] = 0xe0 | (code >> 12)
      out[length++] = 0x80 | ((code >> 6) & 0x3f)
      out[length++] = 0x80 | (code & 0x3f)
    } else {
      out[length++] = 0xf0 | (code >> 18)
      out[length++] = 0x80 | ((code >> 12) & 0x3f)
      out[length++] = 0x80 | ((code >> 6) & 0x3f)
      out[length++] = 0x80 | (code & 0x3f)
    }
  }
  return out.slice(0, length)
}

/** As much of the text's UTF-8 as fits into `maxBytes`, whole characters only. */
export function utf8Cut(text: string, maxBytes: number): Uint8Array {
  const bytes = utf8Encode(text)
  if (bytes.length <= maxBytes) return bytes
  let end = maxBytes
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}

/** The text, or null when the bytes are not well-formed UTF-8. */
export function utf8Decode(bytes: Uint8Array): string | null {
  let text = ''
  let i = 0
  while (i < bytes.length) {
    const lead = bytes[i++] as number
    if (lead < 0x80) {
      text += String.fromCharCode(lead)
      continue
    }
    const following =
      lead >= 0xf0 && lead < 0xf5 ? 3 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xc2 && lead < 0xe0 ? 1 : 0
    if (following === 0 || i + following > bytes.length) return null
    let code = lead & (0x3f >> following)
    for (let k = 0; k < following; k++) {
      const byte = bytes[i++] as number
      if ((byte & 0xc0) !== 0x80) return null
      code = (code << 6) | (byte & 0x3f)
    }
    const smallest = following === 1 ? 0x80 : following === 2 ? 0x800 : 0x10000
    if (code < smallest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return null
    text += String.fromCodePoint(code)
  }
  return text
}

/** Writes numbers and strings one after another; grows as needed. */
export class ByteWriter {
  private bytes = new Uint8Array(64)
  private length = 0

  uint8(value: number): this {
    this.reserve(1)
    this.bytes[this.length++] = value
    return this
  }

  uint32(value: number): this {
    this.reserve(4)
    writeUint32(this.bytes, this.length, value)
    this.length += 4
    return this
  }

  uint48(value: number): this {
    this.reserve(6)
    writeUint48(this.bytes, this.length, value)
    this.length += 6
    return this
  }

  raw(value: Uint8Array): this {
    this.reserve(value.length)
    this.bytes.set(value, this.length)
    this.length += value.length
    return this
  }

  /** A length of 32 bits, then the bytes. */
  block(value: Uint8Array): this {
    return this.uint32(value.length).raw(value)
  }

  text(value: string): this {
    return this.block(utf8Encode(value))
  }

  /** How many bytes were written. */
  get size(): number {
    return this.length
  }

  /** What was written, as bytes of their own. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }
}

/**
 * Reads what a ByteWriter wrote, from bytes that nobody vouches for: past the end it returns zeros and remembers it.
 * Ask `ok()` once, after the last read.
 */
export class ByteReader {
  private readonly bytes: Uint8Array
  private offset: number
  private failed = false

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes
    this.offset = offset
  }

  uint8(): number {
    return this.take(1) ? (this.bytes[this.offset - 1] as number) : 0
  }

  uint32(): number {
    return this.take(4) ? readUint32(this.bytes, this.offset - 4) : 0
  }

  uint48(): number {
    return this.take(6) ? readUint48(this.bytes, this.offset - 6) : 0
  }

  /** A view into the source, not a copy. */
  raw(length: number): Uint8Array {
    return this.take(length) ? this.bytes.subarray(this.offset - length, this.offset) : EMPTY
  }

  block(): Uint8Array {
    return this.raw(this.uint32())
  }

  text(): string {
    const text = utf8Decode(this.block())
    if (text === null) this.failed = true
    return text ?? ''
  }

  /** True when nothing was read past the end and no text was malformed. */
  ok(): boolean {
    return !this.failed
  }

  remaining(): number {
    return this.bytes.length - this.offset
  }

  private take(length: number): boolean {
    if (this.failed || length > this.remaining()) {
      this.failed = true
      return false
    }
    this.offset += length
    return true
  }
}

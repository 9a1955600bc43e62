// The bytes of one encoded value.
//
//   80–ff            the whole number 0–127
//   00 01 02         null, false, true
//   03 n             the whole number n below 2³¹; n is a varint: seven bits a byte, lowest first, 80 set on all but the
//                    last byte
//   04 7 bytes       any other whole number up to 2⁵³: its magnitude, little-endian; bit 55 is set when it is negative
//   05 8 bytes       a float, little-endian (fractions, −0, NaN, infinities, what lies past 2⁵³)
//   06 n text        a string of n bytes of UTF-8
//   07 n bytes       a Uint8Array
//   08 n values      an array
//   09 n keys values an object of a new shape: n keys (each a varint and UTF-8), then as many values
//   0a s values      an object of the s-th shape that this stream introduced, counted from 0
//   0b n digits      a bigint in decimal
//
// A shape is sent once a stream, as gob sends a type once: [{term: 1, x: 2}, {term: 1, x: 3}] is
// 08 02 09 02 04 "term" 01 "x" 81 82 0a 00 81 83.

export const TAG_NULL = 0x00
export const TAG_FALSE = 0x01
export const TAG_TRUE = 0x02
export const TAG_WHOLE = 0x03
export const TAG_LARGE = 0x04
export const TAG_FLOAT = 0x05
export const TAG_STRING = 0x06
export const TAG_BYTES = 0x07
export const TAG_ARRAY = 0x08
export const TAG_NEW_SHAPE = 0x09
export const TAG_SHAPE = 0x0a
export const TAG_BIGINT = 0x0b
export const TAG_SMALL = 0x80

const scratch = new DataView(new ArrayBuffer(8))

/** The highest byte of a large number holds its sign. */
export const NEGATIVE = 0x80

/** The eight bytes of a float, little-endian; the same buffer at each call, so use it at once. */
export function floatToBytes(value: number): Uint8Array {
  scratch.setFloat64(0, value, true)
  return new Uint8Array(scratch.buffer)
}

/**
 * Reads what `floatToBytes` wrote. Bytes that are missing count as zeros: the decoder's reader knows that it ran out.
 */
export function floatFromBytes(bytes: Uint8Array): number {
  for (let i = 0; i < 8; i++) scratch.setUint8(i, bytes[i] ?? 0)
  return scratch.getFloat64(0, true)
}

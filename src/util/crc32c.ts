// CRC-32C (Castagnoli), eight table look-ups for eight bytes ("slicing by 8"). It guards every entry from the moment
// the leader encodes it until the last follower reads it back from its disk.

const POLYNOMIAL = 0x82f63b78
const TABLES = makeTables()

function makeTables(): Uint32Array[] {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256))
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    ;(tables[0] as Uint32Array)[byte] = crc
  }
  for (let n = 1; n < 8; n++) {
    for (let byte = 0; byte < 256; byte++) {
      const previous = (tables[n - 1] as Uint32Array)[byte] as number
      ;(tables[n] as Uint32Array)[byte] = (previous >>> 8) ^ ((tables[0] as Uint32Array)[previous & 0xff] as number)
    }
  }
  return tables
}

const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
]

/** The checksum of `bytes[start, end)` as an unsigned 32-bit number; `previous` continues an earlier call's. */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length, previous = 0): number {
  let crc = ~previous
  let i = start
  const wholeWords = end - 7
  for (; i < wholeWords; i += 8) {
    const low = crc ^ (at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24))
    crc =
      at(T7, low & 0xff) ^
      at(T6, (low >>> 8) & 0xff) ^
      at(T5, (low >>> 16) & 0xff) ^
      at(T4, low >>> 24) ^
      at(T3, at(bytes, i + 4)) ^
      at(T2, at(bytes, i + 5)) ^
      at(T1, at(bytes, i + 6)) ^
      at(T0, at(bytes, i + 7))
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ at(T0, (crc ^ at(bytes, i)) & 0xff)
  return ~crc >>> 0
}

function at(array: Uint8Array | Uint32Array, index: number): number {
  return array[index] as number
}

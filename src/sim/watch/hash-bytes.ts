/** 52 bits of two lanes: among the 10,000 commands of a run, two share one once in 10⁸ runs. */
export function hashBytes(bytes: Uint8Array): number {
  let low = 0x811c9dc5
  let high = 0x9e3779b9
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    low = Math.imul(low ^ byte, 0x01000193)
    high = Math.imul(high + byte, 0x85ebca6b) ^ (high >>> 15)
  }
  return (low >>> 0) + (high >>> 12) * 2 ** 32
}

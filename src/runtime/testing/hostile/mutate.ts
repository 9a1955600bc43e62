/** What an enemy makes of valid bytes: one to three changes that keep most of their structure. */
import { concat, utf8Encode, writeUint32 } from '../../../util/bytes.ts'
import type { Random } from '../../../util/random.ts'

/** As bytes of a field: the ends of ranges, and what is just beyond them. */
const EDGES = [0, 1, 2, 127, 128, 254, 255]
/** As lengths and counts. */
const LARGE = [0, 1, 4, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]
/** Texts that mean something to somebody, with their length in front, as the formats write texts. */
const WORDS = ['', '__proto__', 'constructor', '\u0000', '../../etc/passwd', '\ud83d\ude00', 'a'.repeat(300)].map(block)

function block(text: string): Uint8Array {
  const bytes = utf8Encode(text)
  const length = new Uint8Array(4)
  writeUint32(length, 0, bytes.length)
  return concat([length, bytes])
}

/** `other`: valid bytes of the same kind or of another, from which pieces are taken. `bytes` stay as they are. */
export function mutate(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  let mutated: Uint8Array = bytes.slice()
  for (let left = 1 + random.below(3); left > 0; left--) mutated = change(random, mutated, other)
  return mutated
}

function change(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1)
  switch (random.below(10)) {
    case 0:
    case 1:
      if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << random.below(8))
      return bytes
    case 2:
      if (at < bytes.length) bytes[at] = random.pick(EDGES)
      return bytes
    case 3:
      return overwrite(random, bytes, at)
    case 4:
      return bytes.subarray(0, at).slice()
    case 5:
      return concat([bytes.subarray(0, at), bytes.subarray(Math.min(at + 1 + random.below(8), bytes.length))])
    case 6:
      return concat([bytes.subarray(0, at), piece(random, bytes), bytes.subarray(at)])
    case 7:
      return concat([bytes.subarray(0, at), piece(random, other), bytes.subarray(at)])
    case 8:
      return concat([bytes.subarray(0, at), random.pick(WORDS), bytes.subarray(at)])
    default:
      return concat([bytes.subarray(at), bytes.subarray(0, at)])
  }
}

/** A number of four bytes, as lengths are: an edge, or near to what is left. */
function overwrite(random: Random, bytes: Uint8Array, at: number): Uint8Array {
  if (at + 4 > bytes.length) return bytes
  const left = bytes.length - at - 4
  writeUint32(bytes, at, random.chance(0.5) ? random.pick(LARGE) : Math.max(left + random.between(-2, 2), 0))
  return bytes
}

function piece(random: Random, source: Uint8Array): Uint8Array {
  const from = random.below(source.length + 1)
  return source.subarray(from, Math.min(from + 1 + random.below(32), source.length))
}

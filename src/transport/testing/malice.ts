/** What an enemy says: conversations that begin well and go wrong somewhere, drawn from a seed. */
import { concat, utf8Encode } from '../../util/bytes.ts'
import type { Random } from '../../util/random.ts'
import { encodeMessage } from '../codec.ts'
import { FRAME_HEADER_BYTES, FRAME_TYPES, type FrameType, MAX_SLOT, sealFrame } from '../frame.ts'
import { encodeGroup } from '../groups.ts'
import { SAMPLE_FRAMES, SAMPLE_MESSAGES } from './samples.ts'

const ANNOUNCEMENTS = ['orders', 'nowhere'].map((name) => encodeGroup(3, utf8Encode(name)))
const TYPES = Object.keys(FRAME_TYPES) as FrameType[]

/** One to six frames, `opening` first as a rule: whole, damaged, cut, or well sealed around nonsense, for any group. */
export function drawMalice(random: Random, opening: Uint8Array): Uint8Array[] {
  const frames = [random.chance(0.7) ? opening : damageOpening(random, opening)]
  if (random.chance(0.4)) frames.push(...drawGroup(random))
  for (let left = random.below(6); left > 0; left--) frames.push(drawFrame(random))
  return frames
}

function damageOpening(random: Random, opening: Uint8Array): Uint8Array {
  const damaged = damage(random, opening)
  return random.chance(0.5) ? damaged : reseal('Hello', damaged)
}

function drawFrame(random: Random): Uint8Array {
  const { type, frame } = random.pick(SAMPLE_FRAMES)
  const bytes = concat(frame.pieces)
  switch (random.below(5)) {
    case 0:
      return bytes
    case 1:
      return damage(random, bytes)
    case 2:
      return bytes.subarray(0, random.below(bytes.length))
    case 3:
      return reseal(random.pick(TYPES), bytes, drawSlot(random))
    default:
      return reseal(type, damage(random, bytes), drawSlot(random))
  }
}

function damage(random: Random, original: Uint8Array): Uint8Array {
  const bytes = original.slice()
  for (let left = 1 + random.below(4); left > 0; left--)
    bytes[random.below(bytes.length)] = random.pick([0, 1, 127, 128, 255, random.below(256)])
  return bytes
}

/** An announcement, and a message of its group: all in order so far. */
function drawGroup(random: Random): Uint8Array[] {
  const message = encodeMessage(random.pick(Object.values(SAMPLE_MESSAGES)), 3)
  return [random.pick(ANNOUNCEMENTS), message].map(({ pieces }) => concat(pieces))
}

/** None, that of the sample of an announcement, or any. */
function drawSlot(random: Random): number {
  return random.pick([0, 3, random.below(5), random.below(MAX_SLOT + 1)])
}

/** A checksum that is right, around whatever follows the header. */
function reseal(type: FrameType, bytes: Uint8Array, slot = 0): Uint8Array {
  const head = bytes.length < FRAME_HEADER_BYTES ? new Uint8Array(FRAME_HEADER_BYTES) : bytes
  return concat(sealFrame(type, head, [], slot).pieces)
}

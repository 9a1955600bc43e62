/**
 * The transport's door: streams of frames, of which one is mutated, in pieces of any size. Four times of five its
 * checksums are made right again, the frame's and those of the entries within, so that what is behind them is reached.
 */
import { ENTRY_HEADER_BYTES } from '../../../raft/entry.ts'
import { decodeMessage, encodeMessage } from '../../../transport/codec.ts'
import {
  bodyLimit,
  FRAME_HEADER_BYTES,
  FRAME_TYPES,
  type Frame,
  FrameReader,
  type FrameType,
  sealFrame,
} from '../../../transport/frame.ts'
import { Groups } from '../../../transport/groups.ts'
import {
  answerHello,
  checkWelcome,
  decodeAnswer,
  decodeHello,
  helloFor,
  isRefusal,
} from '../../../transport/handshake.ts'
import { decodeRequest, decodeResponse } from '../../../transport/requests.ts'
import { Slots } from '../../../transport/slots.ts'
import { chunkOf, decodeOffer, offsetOf, reasonOf } from '../../../transport/snapshot-frames.ts'
import { SAMPLE_FRAMES } from '../../../transport/testing/samples.ts'
import { concat, equal, readUint32, writeUint32 } from '../../../util/bytes.ts'
import { crc32c } from '../../../util/crc32c.ts'
import type { Random } from '../../../util/random.ts'
import { mutate } from './mutate.ts'
import { type Fate, HostileFinding, type Target } from './target.ts'

const MAX_FRAME_BYTES = 16 * 2 ** 20
const ROUTE = { from: 'a', to: 'b' }
const SELF = { cluster: 'demo', id: 'b', incarnation: 'beef' }
const HELLO = helloFor({ cluster: 'demo', id: 'a', incarnation: 'f00d' }, 'b', 'messages')
const TYPES = Object.keys(FRAME_TYPES) as FrameType[]
const SAMPLES = SAMPLE_FRAMES.map(({ type, frame }) => ({ type, bytes: concat(frame.pieces) }))
/** Of an AppendEntries: what is before the entries. */
const APPEND_HEAD_BYTES = 62 - FRAME_HEADER_BYTES

/** What has come to a frame target in all, beyond where each input ended. */
export interface FrameCounts {
  /** Mutated frames whose checksum was made right again, and how many of those a reader handed on. */
  mended: number
  pastChecksum: number
  /** By type: mutated frames whose body was refused, and those that were accepted. */
  readonly refused: Map<string, number>
  readonly accepted: Map<string, number>
}

export class FrameTarget implements Target {
  readonly name = 'frames'
  readonly counts: FrameCounts = { mended: 0, pastChecksum: 0, refused: new Map(), accepted: new Map() }

  attack(random: Random): Fate {
    const enemy = random.below(3)
    const isMended = random.chance(0.8)
    const sample = random.pick(SAMPLES)
    const bad = isMended ? mendedFrame(random, sample) : mutate(random, sample.bytes, random.pick(SAMPLES).bytes)
    if (isMended) this.counts.mended++
    const good = Array.from({ length: random.below(3) }, () => random.pick(SAMPLES).bytes)
    const frames = [...good.slice(0, enemy), bad, ...good.slice(enemy)]
    return this.read(random, concat(frames), Math.min(enemy, good.length), { sample: sample.bytes, isMended })
  }

  /** `place`: which of the frames is the mutated one. */
  private read(
    random: Random,
    stream: Uint8Array,
    place: number,
    { sample, isMended }: { readonly sample: Uint8Array; readonly isMended: boolean },
  ): Fate {
    const reader = new FrameReader((type) => bodyLimit(type, MAX_FRAME_BYTES))
    const slots = new Slots(new Groups(64), 64)
    let fate: Fate | null = null
    let count = 0
    const onFrame = (frame: Frame): string | null => {
      if (count++ !== place) return null
      if (isMended) this.counts.pastChecksum++
      fate = this.judge(frame, slots, sample)
      return null
    }
    for (let at = 0; at < stream.length; ) {
      const size = random.chance(0.5) ? stream.length : 1 + random.below(40)
      const trouble = reader.push(stream.subarray(at, at + size), onFrame)
      if (reader.heldBytes > MAX_FRAME_BYTES) throw new HostileFinding(`a reader holds ${reader.heldBytes} bytes`)
      if (trouble !== null) return fate ?? (trouble.includes(' with checksum ') ? 'checksum' : 'header')
      at += size
    }
    return fate ?? 'header'
  }

  private judge(frame: Frame, slots: Slots, sample: Uint8Array): Fate {
    const written = accept(frame, slots)
    const counts = written === null ? this.counts.refused : this.counts.accepted
    counts.set(frame.type, (counts.get(frame.type) ?? 0) + 1)
    if (written === null) return 'content'
    return equal(written.subarray(FRAME_HEADER_BYTES), sample.subarray(FRAME_HEADER_BYTES)) ? 'same' : 'other'
  }
}

/** Its body is mutated, now and then it says it is of another type, and all checksums are right. */
function mendedFrame(random: Random, { type, bytes }: (typeof SAMPLES)[number]): Uint8Array {
  const body = bytes.subarray(FRAME_HEADER_BYTES)
  const mutated = mutate(random, body, random.pick(SAMPLES).bytes)
  if (type === 'AppendEntries') mendEntries(mutated, APPEND_HEAD_BYTES)
  const said = random.chance(0.1) ? random.pick(TYPES) : type
  const checked = said === 'AppendEntries' ? Math.min(APPEND_HEAD_BYTES, mutated.length) : mutated.length
  const head = concat([new Uint8Array(FRAME_HEADER_BYTES), mutated.subarray(0, checked)])
  const slot = random.chance(0.1) ? random.below(70) : 0
  return concat(sealFrame(said, head, [mutated.subarray(checked)], slot).pieces)
}

/** As far as the entries' own sizes lead. */
export function mendEntries(bytes: Uint8Array, from: number): void {
  for (let at = from; at + ENTRY_HEADER_BYTES <= bytes.length; ) {
    const end = at + ENTRY_HEADER_BYTES + readUint32(bytes, at + 4)
    if (end > bytes.length) return
    writeUint32(bytes, at, crc32c(bytes, at + 4, end))
    at = end
  }
}

/** Reads the frame as its type's role does. @returns a message written again, or the body as it is; null: refused */
function accept(frame: Frame, slots: Slots): Uint8Array | null {
  if (frame.type === 'Group') return slots.hear(frame) === null ? asFrame(frame) : null
  if (slots.check(frame) !== null) return null
  switch (frame.type) {
    case 'Hello':
      return acceptHello(frame)
    case 'Welcome':
    case 'Refusal': {
      const answer = decodeAnswer(frame)
      if (typeof answer === 'string') return null
      return isRefusal(answer) || checkWelcome(HELLO, answer, () => null) === null ? asFrame(frame) : null
    }
    case 'Request':
      return typeof decodeRequest(frame) === 'string' ? null : asFrame(frame)
    case 'Response':
      return typeof decodeResponse(frame) === 'string' ? null : asFrame(frame)
    case 'SnapshotOffer':
      return typeof decodeOffer(frame, ROUTE) === 'string' ? null : asFrame(frame)
    case 'SnapshotResume':
    case 'SnapshotAck':
    case 'SnapshotChunk':
      return offsetOf(frame) === null || chunkOf(frame).length < 0 ? null : asFrame(frame)
    case 'SnapshotRefusal':
      return reasonOf(frame) === '' ? null : asFrame(frame)
    case 'Ping':
    case 'Pong':
    case 'SnapshotDone':
    case 'GroupEnded':
      return asFrame(frame)
    default:
      return acceptMessage(frame)
  }
}

/** Nobody but member `a` of cluster `demo`, or whoever may be one, is let in. */
function acceptHello(frame: Frame): Uint8Array | null {
  const hello = decodeHello(frame)
  if (typeof hello === 'string') return null
  const answer = answerHello(SELF, hello, null, () => null)
  if (isRefusal(answer)) return null
  if (hello.cluster !== SELF.cluster || hello.to !== SELF.id || hello.from === SELF.id)
    throw new HostileFinding(`a hello for ${hello.to} of ${hello.cluster} was let in`)
  return asFrame(frame)
}

/** A message is written again, and must be read as the same. */
function acceptMessage(frame: Frame): Uint8Array | null {
  const message = decodeMessage(frame, ROUTE)
  if (typeof message === 'string') return null
  const written = concat(encodeMessage(message).pieces)
  const body = written.subarray(FRAME_HEADER_BYTES)
  const again = decodeMessage(
    { ...frame, body, checked: frame.type === 'AppendEntries' ? APPEND_HEAD_BYTES : body.length },
    ROUTE,
  )
  if (typeof again === 'string' || !equal(concat(encodeMessage(again).pieces), written))
    throw new HostileFinding(`${frame.type}: what was accepted is something else when it is written again`)
  return written
}

function asFrame({ body }: Frame): Uint8Array {
  return concat([new Uint8Array(FRAME_HEADER_BYTES), body])
}

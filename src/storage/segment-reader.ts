/** Reads the batches of a segment, one after the other, in large pieces: a log of 1 GB is read in seconds. */
import { EMPTY, equal, readUint32 } from '../util/bytes.ts'
import {
  BATCH_HEADER_BYTES,
  BATCH_MAGIC,
  type BatchBody,
  type BatchHeader,
  type BatchPlace,
  batchEnd,
  decodeBody,
  decodeHeader,
} from './batch.ts'
import type { Segment } from './segment.ts'
import { type HeaderVerdict, isTornBody, isZero, judgeHeader } from './tear.ts'

const WINDOW_BYTES = 4 * 2 ** 20
/** Batches start at multiples of this. */
const ALIGNMENT_BYTES = 8

export type ReadBatch = { readonly type: 'batch'; readonly header: BatchHeader; readonly body: BatchBody } | Flaw

/** Why there is no batch at a place. */
export interface Flaw {
  readonly type: HeaderVerdict
  readonly offset: number
  readonly reason: string
}

/** What a batch must say of itself; the first one that is left of a compacted log may have any number. */
export type ExpectedPlace = BatchPlace | (Omit<BatchPlace, 'number' | 'previous'> & { readonly number: null })

export class SegmentReader {
  readonly segment: Segment
  private bytes: Uint8Array = EMPTY
  private start = 0

  constructor(segment: Segment) {
    this.segment = segment
  }

  async readBatch(place: ExpectedPlace): Promise<ReadBatch> {
    const { offset } = place
    const flaw = (type: HeaderVerdict, reason: string): Flaw => ({ type, offset, reason })
    let at = await this.load(offset, BATCH_HEADER_BYTES + 1)
    const header = decodeHeader(this.bytes, at)
    if (header === null) {
      const verdict = at >= this.bytes.length ? 'empty' : judgeHeader(this.bytes, at, offset)
      return flaw(verdict, 'there is no intact batch header')
    }
    const stranger = compare(header, place)
    if (stranger !== null) return flaw('damaged', stranger)
    at = await this.load(offset, batchEnd(header) - offset)
    if (at + batchEnd(header) - offset > this.bytes.length) return flaw('torn', 'the file ends inside batch')
    const body = decodeBody(this.bytes, at, header)
    if (!('reason' in body)) return { type: 'batch', header, body }
    const verdict = isTornBody(this.bytes, at, header, body) ? 'torn' : 'damaged'
    return flaw(verdict, `batch ${header.number}: ${body.reason}`)
  }

  /** The number of an intact batch from `offset` on that was written later than `number`, and where; null: none. */
  async findLater(place: BatchPlace): Promise<{ offset: number; number: number } | null> {
    const { size } = this.segment.file
    let offset = place.offset
    while (offset + BATCH_HEADER_BYTES <= size) {
      const at = await this.load(offset, WINDOW_BYTES)
      const last = this.bytes.length - BATCH_HEADER_BYTES
      for (let i = at; i <= last; i += ALIGNMENT_BYTES, offset += ALIGNMENT_BYTES) {
        if (readUint32(this.bytes, i + 4) !== BATCH_MAGIC) continue
        const header = decodeHeader(this.bytes, i)
        if (header === null || header.number <= place.number) continue
        if (equal(header.logId, place.logId) && header.segment === place.segment && header.offset === offset) {
          return { offset, number: header.number }
        }
      }
    }
    return null
  }

  /** Where the last byte that is not zero ends; `offset` when there is none from there on. */
  async endOfBytes(offset: number): Promise<number> {
    let end = offset
    for (let start = offset; start < this.segment.file.size; start += WINDOW_BYTES) {
      const at = await this.load(start, WINDOW_BYTES)
      let last = Math.min(this.bytes.length, at + WINDOW_BYTES)
      if (isZero(this.bytes, at, last)) continue
      while (this.bytes[last - 1] === 0) last--
      end = start + last - at
    }
    return end
  }

  /** Sees to it that the window holds `length` bytes from `offset`, unless the file ends; returns where they start. */
  private async load(offset: number, length: number): Promise<number> {
    const end = Math.min(offset + length, this.segment.file.size)
    if (offset < this.start || end > this.start + this.bytes.length) {
      this.bytes = await this.segment.file.read(offset, Math.max(length, WINDOW_BYTES))
      this.start = offset
    }
    return offset - this.start
  }
}

function compare(header: BatchHeader, place: ExpectedPlace): string | null {
  if (!equal(header.logId, place.logId)) return 'there is a batch of another log'
  if (header.segment !== place.segment || header.offset !== place.offset) {
    return `there is a batch that belongs into segment ${header.segment} at byte ${header.offset}`
  }
  if (place.number === null) return null
  if (header.number !== place.number) return `there is batch ${header.number} instead of ${place.number}`
  return header.previous === place.previous ? null : `batch ${header.number} does not continue the one before it`
}

/**
 * The store as a stream of bytes. Checksums are the snapshot store's affair; this only refuses what does not parse.
 *
 * ```
 * offset  bytes  field
 *      0      4  magic, "QKvS"
 *      4      4  format version, 1
 *      8      6  revision
 *     14      6  count of pairs
 *     20      …  the pairs in key order, see pair-codec.ts
 * ```
 */
import { ByteReader, ByteWriter, compare, concat, EMPTY } from '../util/bytes.ts'
import type { KeyValue } from './key-value.ts'
import { pairBytes, readPair, writePair } from './pair-codec.ts'
import { Store, type StoreView } from './store.ts'

const MAGIC = 0x53764b51
const FORMAT_VERSION = 1
const HEADER_BYTES = 20
const MAX_PIECE_BYTES = 256 * 1024

/** A snapshot that cannot be restored. The message says why. */
export class SnapshotFormatError extends Error {
  override readonly name = 'SnapshotFormatError'
  readonly code = 'ERR_QUORATE_KV_SNAPSHOT'
}

/** In pieces of at most 256 KiB: the next one is made when it is asked for. */
export async function* encodeSnapshot(view: StoreView): AsyncGenerator<Uint8Array, void> {
  let writer = new ByteWriter().uint32(MAGIC).uint32(FORMAT_VERSION).uint48(view.revision).uint48(view.size)
  let gathered = HEADER_BYTES
  for (const pair of view.pairs) {
    if (gathered > 0 && gathered + pairBytes(pair) > MAX_PIECE_BYTES) {
      yield* cut(writer.finish())
      writer = new ByteWriter()
      gathered = 0
    }
    writePair(writer, pair)
    gathered += pairBytes(pair)
  }
  yield* cut(writer.finish())
}

/** A single large value is more than one piece. */
function* cut(bytes: Uint8Array): Generator<Uint8Array, void> {
  for (let offset = 0; offset < bytes.length; offset += MAX_PIECE_BYTES) {
    yield bytes.subarray(offset, offset + MAX_PIECE_BYTES)
  }
}

/** @param source the same bytes, in pieces of any size. @throws SnapshotFormatError */
export async function decodeSnapshot(source: AsyncIterable<Uint8Array>): Promise<Store> {
  const pieces = new Pieces(source)
  const header = new ByteReader(await pieces.take(HEADER_BYTES, 'the header'))
  if (header.uint32() !== MAGIC) throw new SnapshotFormatError('these bytes are no snapshot of a key/value store')
  const version = header.uint32()
  if (version !== FORMAT_VERSION) {
    const message = `the snapshot has format ${version}, and this program reads ${FORMAT_VERSION}: use the one that wrote it`
    throw new SnapshotFormatError(message)
  }
  const revision = header.uint48()
  return Store.from(revision, readBatches(pieces, header.uint48()))
}

/** As they arrive: waiting for every single pair would make a million of them take seconds. */
async function* readBatches(pieces: Pieces, count: number): AsyncGenerator<readonly KeyValue[], void> {
  let previous: KeyValue | null = null
  let number = 0
  while (number < count) {
    const batch: readonly KeyValue[] = await pieces.takePairs(count - number, `pair ${number + 1} of ${count}`)
    for (const pair of batch) {
      number++
      if (previous !== null && compare(previous.key, pair.key) >= 0) {
        throw new SnapshotFormatError(`pair ${number} of ${count} is out of order`)
      }
      previous = pair
    }
    yield batch
  }
  await pieces.requireEnd()
}

/** Puts together what arrives in pieces. */
class Pieces {
  private readonly source: AsyncIterator<Uint8Array>
  private rest = EMPTY

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source[Symbol.asyncIterator]()
  }

  async take(length: number, what: string): Promise<Uint8Array> {
    while (this.rest.length < length) await this.more(what)
    const taken = this.rest.subarray(0, length)
    this.rest = this.rest.subarray(length)
    return taken
  }

  /** At least one pair, and as many more as are there already, up to `limit`. */
  async takePairs(limit: number, what: string): Promise<KeyValue[]> {
    for (;;) {
      const pairs = this.pairsAtHand(limit)
      if (pairs.length > 0) return pairs
      await this.more(what)
    }
  }

  private pairsAtHand(limit: number): KeyValue[] {
    const pairs: KeyValue[] = []
    let offset = 0
    while (pairs.length < limit) {
      const reader = new ByteReader(this.rest, offset)
      const pair = readPair(reader)
      if (!reader.ok()) break
      pairs.push(pair)
      offset += pairBytes(pair)
    }
    this.rest = this.rest.subarray(offset)
    return pairs
  }

  async requireEnd(): Promise<void> {
    const next = this.rest.length > 0 ? null : await this.source.next()
    if (next?.done !== true) throw new SnapshotFormatError('bytes follow the last pair of the snapshot')
  }

  private async more(what: string): Promise<void> {
    const next = await this.source.next()
    if (next.done === true) throw new SnapshotFormatError(`the snapshot ends within ${what}`)
    this.rest = concat([this.rest, next.value])
  }
}

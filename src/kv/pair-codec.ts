/**
 * A pair as bytes, in answers and in snapshots.
 *
 * ```
 * key (length 4, bytes), value (length 4, bytes), create revision 6, mod revision 6, version 6
 * ```
 */
import type { ByteReader, ByteWriter } from '../util/bytes.ts'
import type { KeyValue } from './key-value.ts'

const OVERHEAD_BYTES = 4 + 4 + 6 + 6 + 6

/** What `writePair` writes. */
export function pairBytes({ key, value }: KeyValue): number {
  return OVERHEAD_BYTES + key.length + value.length
}

export function writePair(writer: ByteWriter, pair: KeyValue): void {
  writer.block(pair.key).block(pair.value).uint48(pair.createRevision).uint48(pair.modRevision).uint48(pair.version)
}

/** Key and value are bytes of their own. Ask the reader whether it was all there. */
export function readPair(reader: ByteReader): KeyValue {
  return {
    key: reader.block().slice(),
    value: reader.block().slice(),
    createRevision: reader.uint48(),
    modRevision: reader.uint48(),
    version: reader.uint48(),
  }
}

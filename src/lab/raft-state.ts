// What our Raft keeps in the Persister: Paper Figure 2's persistent state as one byte string.
//
//   term (6 bytes) · vote (text, '' for none) · base index (6) · base term (6) · the entries as they are everywhere
//
// The Persister takes the whole state at every save. So that a save costs one copy, and not an encoding of a log of
// thousands of entries, the entries' bytes are kept side by side as they come and go.

import type { Configuration } from '../raft/configuration.ts'
import { decodeEntry, type Entry, type Index, type Term } from '../raft/entry.ts'
import type { BootState, HardState, PersistBatch } from '../raft/ready.ts'
import { ByteReader, ByteWriter } from '../util/bytes.ts'

/** The bytes in a Persister are not a state that was saved here. */
export class RaftStateError extends Error {
  override readonly name = 'RaftStateError'
  readonly code = 'ERR_QUORATE_LAB_STATE'
}

/** Follows the core's batches and gives the bytes to save. */
export class RaftStateImage {
  private hardState: HardState
  private baseIndex: Index
  private baseTerm: Term
  private bytes: Uint8Array = new Uint8Array(256)
  /** Where each entry behind the base begins, and where the last one ends. */
  private readonly offsets: number[] = [0]

  constructor(boot: BootState) {
    this.hardState = boot.hardState
    this.baseIndex = boot.base.index
    this.baseTerm = boot.base.term
    for (const entry of boot.tail) this.append(entry)
  }

  record(batch: PersistBatch): void {
    if (batch.hardState !== null) this.hardState = batch.hardState
    if (batch.snapshot !== null) this.reset(batch.snapshot.index, batch.snapshot.term)
    if (batch.truncateFrom !== null) this.offsets.length = batch.truncateFrom - this.baseIndex
    for (const entry of batch.entries) this.append(entry)
  }

  /** Entries up to and including `index` are covered by the snapshot that is saved with this state. */
  compact(index: Index, term: Term): void {
    const dropped = index - this.baseIndex
    const start = this.offsets[dropped] as number
    this.bytes.copyWithin(0, start, this.offsets[this.offsets.length - 1])
    this.offsets.splice(0, dropped)
    for (let i = 0; i < this.offsets.length; i++) this.offsets[i] = (this.offsets[i] as number) - start
    this.baseIndex = index
    this.baseTerm = term
  }

  encode(): Uint8Array {
    const { term, votedFor } = this.hardState
    const head = new ByteWriter()
      .uint48(term)
      .text(votedFor ?? '')
      .uint48(this.baseIndex)
      .uint48(this.baseTerm)
      .finish()
    const length = this.offsets[this.offsets.length - 1] as number
    const whole = new Uint8Array(head.length + length)
    whole.set(head)
    whole.set(this.bytes.subarray(0, length), head.length)
    return whole
  }

  private reset(index: Index, term: Term): void {
    this.offsets.length = 1
    this.baseIndex = index
    this.baseTerm = term
  }

  private append(entry: Entry): void {
    const offset = this.offsets[this.offsets.length - 1] as number
    const end = offset + entry.size
    if (end > this.bytes.length) {
      const larger = new Uint8Array(2 * end)
      larger.set(this.bytes.subarray(0, offset))
      this.bytes = larger
    }
    this.bytes.set(entry.bytes, offset)
    this.offsets.push(end)
  }
}

/**
 * What a server finds when it starts; nothing saved is an empty log.
 *
 * @throws RaftStateError when the bytes are damaged or somebody else's
 */
export function decodeRaftState(bytes: Uint8Array, configuration: Configuration): BootState {
  if (bytes.length === 0) return bootState({ term: 0, votedFor: null }, 0, 0, [], configuration)
  const reader = new ByteReader(bytes)
  const term = reader.uint48()
  const vote = reader.text()
  const baseIndex = reader.uint48()
  const baseTerm = reader.uint48()
  if (!reader.ok()) throw new RaftStateError(`the saved state ends within its first ${bytes.length} bytes`)
  const entries = decodeEntries(bytes, bytes.length - reader.remaining(), baseIndex)
  return bootState({ term, votedFor: vote === '' ? null : vote }, baseIndex, baseTerm, entries, configuration)
}

function decodeEntries(bytes: Uint8Array, start: number, baseIndex: Index): Entry[] {
  const entries: Entry[] = []
  for (let offset = start; offset < bytes.length; ) {
    const entry = decodeEntry(bytes, offset)
    if (typeof entry === 'string') throw new RaftStateError(`entry at byte ${offset} of the saved state: ${entry}`)
    const expected = baseIndex + entries.length + 1
    if (entry.index !== expected) throw new RaftStateError(`entry ${entry.index} of the saved state is not ${expected}`)
    entries.push(entry)
    offset += entry.size
  }
  return entries
}

function bootState(
  hardState: HardState,
  baseIndex: Index,
  baseTerm: Term,
  tail: readonly Entry[],
  configuration: Configuration,
): BootState {
  return {
    hardState,
    snapshot: { index: baseIndex, term: baseTerm, configuration },
    base: { index: baseIndex, term: baseTerm },
    lastIndex: baseIndex + tail.length,
    terms: tail.map(({ index, term }) => ({ index, term })),
    configurations: [],
    tail,
  }
}

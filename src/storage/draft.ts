/** A batch in the making: records and entries of several writes, of one group or of many, as they will stand in it. */
import { contiguous, type Entry, type Index, sizeOf } from '../raft/entry.ts'
import type { PersistBatch } from '../raft/ready.ts'
import { broken } from '../util/assert.ts'
import type { LogGroup } from './log-groups.ts'
import type { LogRecord, Mark } from './record.ts'

export class Draft {
  readonly records: LogRecord[] = []
  readonly entries: Entry[] = []
  /** The bytes of `entries`, in order. */
  readonly pieces: Uint8Array[] = []
  /** Something gives way in it: there may be segments that nobody needs any more. */
  frees = false
  private group = 0
  // Whose entries were appended last, and how far its log reaches with them; the same of the groups before it.
  private current: LogGroup | null = null
  private lastIndex: Index = 0
  private lastIndexes: Map<LogGroup, Index> | null = null

  /**
   * In the order in which a PersistBatch counts (see raft/ready.ts).
   *
   * @throws InvariantError when the entries do not follow what is there: what is on the disk once must be readable for ever
   */
  write(group: LogGroup, { hardState, snapshot, truncateFrom, entries }: PersistBatch): void {
    if (hardState !== null) this.add(group.number, { type: 'hardState', hardState })
    if (snapshot !== null) {
      this.add(group.number, { type: 'reset', base: { index: snapshot.index, term: snapshot.term } })
      this.turnTo(group)
      this.lastIndex = snapshot.index
      this.frees = true
    }
    if (truncateFrom !== null) this.truncate(group, truncateFrom)
    if (entries.length > 0) this.append(group, entries)
  }

  compact({ number }: LogGroup, base: Mark): void {
    this.add(number, { type: 'compact', base })
    this.frees = true
  }

  /** All that the group has, once more: whoever reads the log finds it here and no longer where it was. */
  copy(group: LogGroup, entries: readonly Entry[]): void {
    this.truncate(group, group.index.base.index + 1)
    this.append(group, entries)
    if (this.lastIndex !== group.index.lastIndex) {
      broken(`a copy of group ${group.name} ends with ${this.lastIndex}, not ${group.index.lastIndex}`)
    }
    this.frees = true
  }

  name(number: number, name: string): void {
    this.add(number, { type: 'named', name })
  }

  remove({ number }: LogGroup): void {
    this.add(number, { type: 'removed' })
    this.frees = true
  }

  private truncate(group: LogGroup, from: Index): void {
    this.add(group.number, { type: 'truncate', from })
    this.turnTo(group)
    this.lastIndex = Math.min(this.lastIndex, from - 1)
  }

  private append(group: LogGroup, entries: readonly Entry[]): void {
    this.turnTo(group)
    let last = this.lastIndex
    for (const { index } of entries) {
      if (index !== last + 1) broken(`entry ${index} cannot be written behind entry ${last}`)
      last = index
    }
    this.lastIndex = last
    this.add(group.number, { type: 'entries', count: entries.length, bytes: sizeOf(entries) })
    for (const entry of entries) this.entries.push(entry)
    for (const piece of contiguous(entries)) this.pieces.push(piece)
  }

  private turnTo(group: LogGroup): void {
    if (this.current === group) return
    if (this.current !== null) {
      this.lastIndexes ??= new Map()
      this.lastIndexes.set(this.current, this.lastIndex)
    }
    this.current = group
    this.lastIndex = this.lastIndexes?.get(group) ?? group.index.lastIndex
  }

  private add(number: number, record: LogRecord): void {
    if (number !== this.group) this.records.push({ type: 'group', number })
    this.group = number
    this.records.push(record)
  }
}

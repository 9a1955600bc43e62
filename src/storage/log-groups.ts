/**
 * The Raft groups of a log, each with its index: whose records are whose. A log of one group holds the unnamed group 0
 * and no other; one that is shared holds any number of named ones besides. Recovery fills it from the batches it finds,
 * writing by the same batches, so that both have one meaning.
 */
import type { Entry } from '../raft/entry.ts'
import { type BatchBody, type BatchHeader, entriesEnd, entriesOffset } from './batch.ts'
import { LogIndex } from './log-index.ts'
import type { LogRecord } from './record.ts'

/** One group's part of the log. */
export class LogGroup {
  /** What the records call it; free again when the group is removed. */
  readonly number: number
  /** Null for the group that is alone in its log. */
  readonly name: string | null
  readonly index: LogIndex = new LogIndex()

  constructor(number: number, name: string | null) {
    this.number = number
    this.name = name
  }
}

/** Is told each record of a group, with its entries; says what is wrong with it, or null. */
export type RecordWatcher = (group: LogGroup, record: LogRecord, entries: readonly Entry[]) => string | null

const NO_ENTRIES: readonly Entry[] = []

export class LogGroups {
  readonly unnamed: LogGroup = new LogGroup(0, null)
  private readonly groups = new Map<number, LogGroup>([[0, this.unnamed]])
  private readonly byName = new Map<string, LogGroup>()
  private nextNumber = 1
  // Bytes of entries of all groups so far: see EntriesPlace.
  private position = 0

  /**
   * Takes in a whole batch.
   *
   * @returns what is wrong with it, or null
   */
  take(header: BatchHeader, { records, entries }: BatchBody, watch: RecordWatcher | null = null): string | null {
    let number = 0
    let offset = entriesOffset(header)
    let next = 0
    for (const record of records) {
      if (record.type === 'group') {
        number = record.number
        continue
      }
      const group = record.type === 'named' ? this.name(number, record.name) : this.groups.get(number)
      if (group === undefined || (record.type === 'removed' && group.name === null))
        return `its records speak of group ${number}, which is not there or has another name`
      let appended = NO_ENTRIES
      if (record.type === 'entries') {
        appended = entries.slice(next, next + record.count)
        const place = { segment: header.segment, offset, entriesEnd: entriesEnd(header), position: this.position }
        const wrong = group.index.append(appended, place)
        if (wrong !== null) return wrong
        next += record.count
        offset += record.bytes
        this.position += record.bytes
      } else if (record.type === 'removed') this.remove(group)
      else if (record.type !== 'named') group.index.apply(record)
      const wrong = watch?.(group, record, appended) ?? null
      if (wrong !== null) return wrong
    }
    const bytes = offset - entriesOffset(header)
    return bytes === header.entriesBytes ? null : `its records speak of ${bytes} bytes of entries`
  }

  /**
   * What a segment's first batch repeats, so that the segments before it can go. The unnamed group comes last: the
   * records behind these are its own until one says otherwise.
   */
  startRecords(): LogRecord[] {
    const records: LogRecord[] = []
    for (const [name, { number, index }] of this.byName) {
      records.push({ type: 'group', number }, { type: 'named', name })
      addStart(records, index)
    }
    if (records.length > 0) records.push({ type: 'group', number: 0 })
    addStart(records, this.unnamed.index)
    return records
  }

  find(name: string): LogGroup | undefined {
    return this.byName.get(name)
  }

  /** For the next new group; given out once while the log is open. */
  takeNumber(): number {
    return this.nextNumber++
  }

  has(group: LogGroup): boolean {
    return this.groups.get(group.number) === group
  }

  /** All of them, the unnamed one first. */
  list(): LogGroup[] {
    return [...this.groups.values()]
  }

  get names(): string[] {
    return [...this.byName.keys()]
  }

  /** The first segment that holds an entry which somebody needs; Infinity when none does. */
  get firstSegment(): number {
    let first = Number.POSITIVE_INFINITY
    for (const { index } of this.groups.values()) first = Math.min(first, index.firstSegment)
    return first
  }

  /** What entries that somebody needs take on the disk. */
  get bytes(): number {
    let bytes = 0
    for (const { index } of this.groups.values()) bytes += index.bytes
    return bytes
  }

  private name(number: number, name: string): LogGroup | undefined {
    const known = this.groups.get(number)
    if (known !== undefined || this.byName.has(name)) return known?.name === name ? known : undefined
    const group = new LogGroup(number, name)
    this.groups.set(number, group)
    this.byName.set(name, group)
    this.nextNumber = Math.max(this.nextNumber, number + 1)
    return group
  }

  private remove(group: LogGroup): void {
    this.groups.delete(group.number)
    this.byName.delete(group.name ?? '')
  }
}

function addStart(records: LogRecord[], { hardState, base, lastMark }: LogIndex): void {
  records.push({ type: 'hardState', hardState }, { type: 'start', base, last: lastMark })
}

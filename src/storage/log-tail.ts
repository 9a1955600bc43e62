/**
 * What opening a group's log hands over besides its index: the newest entries, and the configurations. Gathered while
 * the log is read, so that a log of 1 GB passes through without being held.
 */
import { type ConfigurationAt, decodeConfiguration } from '../raft/configuration.ts'
import { contiguous, Entry, type Index } from '../raft/entry.ts'
import { concat } from '../util/bytes.ts'
import type { LogRecord } from './record.ts'

export class LogTail {
  private maxBytes: number
  private readonly copies: boolean
  private configurations: ConfigurationAt[] = []
  // The newest entries; those before `head` have been let go.
  private entries: Entry[] = []
  private head = 0
  private bytes = 0

  /**
   * @param copies keeps entries as copies of their own. The entries of a group that rests lie far apart, and each would
   *   keep alive the 4 MiB that it was read with: of a log of 1 GB, all of it
   */
  constructor(maxBytes: number, copies: boolean) {
    this.maxBytes = maxBytes
    this.copies = copies
  }

  /** @returns what is wrong with the record's entries, or null */
  take(record: LogRecord, entries: readonly Entry[]): string | null {
    if (record.type === 'truncate') this.forgetFrom(record.from)
    if (record.type === 'reset') this.forgetFrom(0)
    return record.type === 'entries' ? this.append(entries) : null
  }

  /** @returns what is wrong with them, or null */
  append(entries: readonly Entry[]): string | null {
    for (const entry of entries) {
      if (entry.kind !== 'configuration') continue
      const configuration = decodeConfiguration(entry.command)
      if (configuration === null) return `entry ${entry.index} is not the configuration that it claims to be`
      this.configurations.push({ index: entry.index, configuration })
    }
    for (const entry of this.copies ? copiesOf(this.newest(entries)) : entries) {
      this.entries.push(entry)
      this.bytes += entry.size
    }
    this.shorten()
    return null
  }

  /** From now on no more than so many bytes. */
  limit(maxBytes: number): void {
    this.maxBytes = maxBytes
    this.shorten()
  }

  /** Configuration entries behind the base. */
  configurationsBehind(base: Index): ConfigurationAt[] {
    return this.configurations.filter(({ index }) => index > base)
  }

  /** The newest entries behind the base, ending at the last. */
  entriesBehind(base: Index): Entry[] {
    return this.entries.slice(this.head).filter(({ index }) => index > base)
  }

  /** Those that would stay: what goes at once need not be copied. */
  private newest(entries: readonly Entry[]): readonly Entry[] {
    let first = entries.length
    for (let left = this.maxBytes; first > 0; first--) {
      left -= (entries[first - 1] as Entry).size
      if (left < 0) break
    }
    if (first > 0) this.forgetEntriesFrom(0)
    return entries.slice(first)
  }

  private shorten(): void {
    while (this.bytes > this.maxBytes && this.head < this.entries.length) {
      this.bytes -= (this.entries[this.head] as Entry).size
      this.head++
    }
    // Moved up seldom, so that the cost of moving is shared by many entries.
    if (this.head * 2 < this.entries.length || this.head === 0) return
    this.entries.splice(0, this.head)
    this.head = 0
  }

  private forgetFrom(index: Index): void {
    this.forgetEntriesFrom(index)
    this.configurations = this.configurations.filter((configuration) => configuration.index < index)
  }

  private forgetEntriesFrom(index: Index): void {
    while (this.entries.length > this.head && (this.entries[this.entries.length - 1] as Entry).index >= index) {
      this.bytes -= (this.entries.pop() as Entry).size
    }
  }
}

function copiesOf(entries: readonly Entry[]): Entry[] {
  const bytes = concat(contiguous(entries))
  let offset = 0
  return entries.map(({ index, term, kind, size }) => {
    const entry = new Entry(index, term, kind, bytes, offset, size)
    offset += size
    return entry
  })
}

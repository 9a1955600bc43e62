/**
 * Which configuration holds at which index (Paper §6, Thesis Ch. 4). A configuration takes effect when it is appended,
 * so the newest one in the log holds, committed or not; when its entry is cut off, the one before it holds again.
 */
import { assert } from '../util/assert.ts'
import { type Configuration, type ConfigurationAt, decodeConfiguration } from './configuration.ts'
import type { Entry, Index, ServerId } from './entry.ts'

/**
 * Part of a server's state, which tells it of every entry that comes into the log, is cut off or compacted away. It is
 * never empty: it begins with the configuration of the snapshot that the server starts from.
 */
export class ConfigurationHistory {
  // Ascending; the first is the one as of the log's base or earlier, so there is always one.
  private history: ConfigurationAt[]

  constructor(first: ConfigurationAt, later: readonly ConfigurationAt[] = []) {
    this.history = [first, ...later.filter((one) => one.index > first.index)]
  }

  /** The configuration that holds now. */
  get current(): Configuration {
    return this.last.configuration
  }

  /** The index of the entry that brought it. */
  get currentIndex(): Index {
    return this.last.index
  }

  /** The configuration as of an index: what a snapshot taken there must carry. */
  at(index: Index): Configuration {
    let found = this.history[0] as ConfigurationAt
    for (const one of this.history) if (one.index <= index) found = one
    return found.configuration
  }

  /** Those that entries (from, to] brought. */
  between(from: Index, to: Index): readonly ConfigurationAt[] {
    if (this.last.index <= from) return []
    return this.history.filter(({ index }) => index > from && index <= to)
  }

  /** Where a member listens, or where it listened before it was removed; undefined when that is long ago. */
  addressOf(id: ServerId): string | undefined {
    for (let i = this.history.length - 1; i >= 0; i--) {
      const address = (this.history[i] as ConfigurationAt).configuration.addresses[id]
      if (address !== undefined) return address
    }
    return undefined
  }

  /** Takes effect now. @returns false when the entry is no configuration entry, or nothing that can be read as one */
  append(entry: Entry): boolean {
    if (entry.kind !== 'configuration') return false
    const configuration = decodeConfiguration(entry.command)
    if (configuration === null) return false
    assert(entry.index > this.last.index, `configuration ${entry.index} after ${this.last.index}`)
    this.history.push({ index: entry.index, configuration })
    return true
  }

  /** Entries from `index` on are gone, and with them their configurations. @returns true when the current one changed */
  truncateFrom(index: Index): boolean {
    const before = this.history.length
    while (this.history.length > 1 && this.last.index >= index) this.history.pop()
    return this.history.length !== before
  }

  /** Forgets what nobody can ask for any more: configurations before the one that holds at `index`. */
  compactTo(index: Index): void {
    while (this.history.length > 1 && (this.history[1] as ConfigurationAt).index <= index) this.history.shift()
  }

  /** A snapshot replaces the log: whatever the log said about members is void. */
  resetTo(index: Index, configuration: Configuration): void {
    this.history = [{ index, configuration }]
  }

  /** For the canonical state. */
  importList(history: readonly ConfigurationAt[]): void {
    this.history = [...history]
  }

  list(): readonly ConfigurationAt[] {
    return this.history
  }

  private get last(): ConfigurationAt {
    return this.history[this.history.length - 1] as ConfigurationAt
  }
}

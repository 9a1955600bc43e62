/** The log in memory (LogStore port): the twin of DiskLog for tests, the lab and the browser. It lives as long as its object. */
import { type ConfigurationAt, decodeConfiguration } from '../raft/configuration.ts'
import type { Entry, Index } from '../raft/entry.ts'
import type { HardState, PersistBatch } from '../raft/ready.ts'
import { TermRuns } from '../raft/term-runs.ts'
import { assert } from '../util/assert.ts'
import { StorageError } from './errors.ts'
import type { LogStore, OpenedLog } from './log-store.ts'
import type { Mark } from './record.ts'

export class MemoryLog implements LogStore {
  private hardState: HardState = { term: 0, votedFor: null }
  private base: Mark = { index: 0, term: 0 }
  // Those behind the base, in order.
  private entries: Entry[] = []
  private isOpen = false

  /** May follow `close`: then it is a restart that finds what was written. */
  async open(): Promise<OpenedLog> {
    this.isOpen = true
    const { hardState, base, lastIndex, entries } = this
    const terms = new TermRuns(base.index, base.term)
    for (const { index, term } of entries) terms.append(index, term)
    const recovery = { segments: 0, batches: 0, bytes: 0, tornTail: null }
    const configurations = entries.filter(({ kind }) => kind === 'configuration').map(configurationIn)
    return { hardState, base, lastIndex, terms: terms.list(), configurations, tail: entries.slice(), recovery }
  }

  async write(batches: readonly PersistBatch[]): Promise<void> {
    this.requireOpen()
    for (const batch of batches) this.writeBatch(batch)
  }

  async read(from: Index, to: Index, maxBytes: number): Promise<readonly Entry[]> {
    this.requireOpen()
    const first = from - this.base.index - 1
    if (first < 0) return []
    let end = first
    let left = maxBytes
    while (end < this.entries.length && end <= first + to - from) {
      left -= (this.entries[end] as Entry).size
      if (left < 0 && end > first) break
      end++
    }
    return this.entries.slice(first, end)
  }

  async compact(to: Index): Promise<void> {
    this.requireOpen()
    const count = Math.min(to, this.lastIndex) - this.base.index
    if (count <= 0) return
    const { index, term } = this.entries[count - 1] as Entry
    this.entries = this.entries.slice(count)
    this.base = { index, term }
  }

  async close(): Promise<void> {
    this.isOpen = false
  }

  private get lastIndex(): Index {
    return this.base.index + this.entries.length
  }

  private writeBatch({ hardState, snapshot, truncateFrom, entries }: PersistBatch): void {
    if (hardState !== null) this.hardState = hardState
    if (snapshot !== null) {
      this.base = { index: snapshot.index, term: snapshot.term }
      this.entries = []
    }
    if (truncateFrom !== null)
      this.entries.length = Math.max(Math.min(this.lastIndex, truncateFrom - 1) - this.base.index, 0)
    for (const entry of entries) {
      assert(entry.index === this.lastIndex + 1, `entry ${entry.index} written behind ${this.lastIndex}`)
      this.entries.push(entry)
    }
  }

  private requireOpen(): void {
    if (!this.isOpen) throw new StorageError('ERR_QUORATE_STORAGE_CLOSED', 'the log is closed')
  }
}

function configurationIn(entry: Entry): ConfigurationAt {
  const configuration = decodeConfiguration(entry.command)
  assert(configuration !== null, `entry ${entry.index} is no configuration`)
  return { index: entry.index, configuration }
}

/**
 * The log as its batches tell it, one after the other: what recovery has gathered so far. Of the entries themselves it
 * keeps the newest few and the configurations; a log of 1 GB passes through without being held.
 */
import { type ConfigurationAt, decodeConfiguration } from '../raft/configuration.ts'
import type { Entry, Index } from '../raft/entry.ts'
import type { BatchBody, BatchHeader } from './batch.ts'
import { LogIndex } from './log-index.ts'

export class LogReplay {
  readonly index: LogIndex = new LogIndex()
  private readonly maxTailBytes: number
  private configurations: ConfigurationAt[] = []
  // The newest entries; those before `tailHead` have been let go.
  private tail: Entry[] = []
  private tailHead = 0
  private tailBytes = 0

  constructor(maxTailBytes: number) {
    this.maxTailBytes = maxTailBytes
  }

  /** @returns what is wrong with the batch, or null */
  replay(header: BatchHeader, body: BatchBody): string | null {
    const wrong = this.index.take(header, body)
    if (wrong !== null) return wrong
    let next = 0
    for (const record of body.records) {
      if (record.type === 'truncate') this.forgetFrom(record.from)
      if (record.type === 'reset') this.forgetFrom(0)
      if (record.type !== 'entries') continue
      const unreadable = this.remember(body.entries.slice(next, next + record.count))
      if (unreadable !== null) return unreadable
      next += record.count
    }
    return null
  }

  /** Configuration entries behind the base. */
  configurationList(): ConfigurationAt[] {
    return this.configurations.filter(({ index }) => index > this.index.base.index)
  }

  /** The newest entries behind the base, ending at the last. */
  tailEntries(): Entry[] {
    return this.tail.slice(this.tailHead).filter(({ index }) => index > this.index.base.index)
  }

  private remember(entries: readonly Entry[]): string | null {
    for (const entry of entries) {
      this.tail.push(entry)
      this.tailBytes += entry.size
      if (entry.kind !== 'configuration') continue
      const configuration = decodeConfiguration(entry.command)
      if (configuration === null) return `entry ${entry.index} is not the configuration that it claims to be`
      this.configurations.push({ index: entry.index, configuration })
    }
    this.shortenTail()
    return null
  }

  private shortenTail(): void {
    while (this.tailBytes > this.maxTailBytes && this.tailHead < this.tail.length) {
      this.tailBytes -= (this.tail[this.tailHead] as Entry).size
      this.tailHead++
    }
    // Moved up seldom, so that the cost of moving is shared by many entries.
    if (this.tailHead < 1024 || this.tailHead < this.tail.length / 2) return
    this.tail.splice(0, this.tailHead)
    this.tailHead = 0
  }

  private forgetFrom(index: Index): void {
    while (this.tail.length > this.tailHead && (this.tail[this.tail.length - 1] as Entry).index >= index) {
      this.tailBytes -= (this.tail.pop() as Entry).size
    }
    this.configurations = this.configurations.filter((configuration) => configuration.index < index)
  }
}

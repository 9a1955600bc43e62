/**
 * The log as its batches tell it, one after the other: what recovery has gathered so far. Of the entries themselves it
 * keeps the newest few of each group, and the configurations.
 */
import type { BatchBody, BatchHeader } from './batch.ts'
import { type LogGroup, LogGroups } from './log-groups.ts'
import type { OpenedLog, RecoveryReport } from './log-store.ts'
import { LogTail } from './log-tail.ts'

export class LogReplay {
  readonly groups: LogGroups = new LogGroups()
  private readonly maxTailBytes: number
  private readonly tails = new Map<LogGroup, LogTail>()
  private sharers = 1

  /** @param maxTailBytes for all groups together: each may have an equal share, whether it needs it or not */
  constructor(maxTailBytes: number) {
    this.maxTailBytes = maxTailBytes
  }

  /** @returns what is wrong with the batch, or null */
  replay(header: BatchHeader, body: BatchBody): string | null {
    const wrong = this.groups.take(header, body, (group, record, entries) => {
      if (record.type !== 'removed') return this.tailOf(group).take(record, entries)
      this.tails.delete(group)
      return null
    })
    this.shareOut()
    return wrong
  }

  /** The newest entries of a group are handed over, and from now on held by nobody else; undefined when they were. */
  takeTail(group: LogGroup): LogTail | undefined {
    const tail = this.tails.get(group)
    this.tails.delete(group)
    return tail
  }

  private tailOf(group: LogGroup): LogTail {
    let tail = this.tails.get(group)
    if (tail === undefined) {
      tail = new LogTail(Math.floor(this.maxTailBytes / this.sharers), group.name !== null)
      this.tails.set(group, tail)
    }
    return tail
  }

  private shareOut(): void {
    const sharers = Math.max(this.groups.names.length, 1)
    if (sharers === this.sharers) return
    this.sharers = sharers
    for (const tail of this.tails.values()) tail.limit(Math.floor(this.maxTailBytes / sharers))
  }
}

/** A group's log as its index and its tail have it. */
export function openedLog({ index }: LogGroup, tail: LogTail, recovery: RecoveryReport): OpenedLog {
  const { hardState, base, lastIndex } = index
  return {
    hardState,
    base,
    lastIndex,
    terms: index.termList(),
    configurations: tail.configurationsBehind(base.index),
    tail: tail.entriesBehind(base.index),
    recovery,
  }
}

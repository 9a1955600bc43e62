/** The log of one group, alone on its disk (LogStore port): a write-ahead log with the unnamed group and no other. */
import type { Entry, Index } from '../raft/entry.ts'
import type { PersistBatch } from '../raft/ready.ts'
import { openedLog } from './log-replay.ts'
import type { LogStore, OpenedLog } from './log-store.ts'
import { LogTail } from './log-tail.ts'
import { type DiskLogOptions, WriteAheadLog } from './write-ahead-log.ts'

export class DiskLog implements LogStore {
  private readonly log: WriteAheadLog

  constructor(options: DiskLogOptions) {
    // Whoever is alone holds no segment but by what it needs itself: there is nothing to copy forward.
    this.log = new WriteAheadLog(options, null)
  }

  /** @param accept told which entry the log begins behind, before anything is changed; what it throws leaves all as it is */
  async open(accept: (base: Index) => void = () => {}): Promise<OpenedLog> {
    const { replay, report } = await this.log.open(({ unnamed }) => accept(unnamed.index.base.index))
    const { unnamed } = replay.groups
    return openedLog(unnamed, replay.takeTail(unnamed) ?? new LogTail(0, false), report)
  }

  write(batches: readonly PersistBatch[]): Promise<void> {
    return this.log.write(this.log.groups.unnamed, batches)
  }

  read(from: Index, to: Index, maxBytes: number): Promise<readonly Entry[]> {
    return this.log.read(this.log.groups.unnamed, from, to, maxBytes)
  }

  compact(to: Index): Promise<void> {
    return this.log.compact(this.log.groups.unnamed, to)
  }

  close(): Promise<void> {
    return this.log.close()
  }
}

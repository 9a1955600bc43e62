/** One group's view of a log that many share (LogStore port). */
import type { Entry, Index } from '../raft/entry.ts'
import type { PersistBatch } from '../raft/ready.ts'
import { assert } from '../util/assert.ts'
import { StorageError } from './errors.ts'
import type { LogGroup } from './log-groups.ts'
import type { LogStore, OpenedLog } from './log-store.ts'
import type { WriteAheadLog } from './write-ahead-log.ts'

/** Where a group comes in, and goes out again. */
export interface GroupDoor {
  /** @throws InvariantError when the group is inside */
  enter(name: string): Promise<{ readonly group: LogGroup; readonly opened: OpenedLog }>
  leave(name: string): void
}

export class GroupLog implements LogStore {
  private readonly log: WriteAheadLog
  private readonly door: GroupDoor
  private readonly name: string
  private group: LogGroup | null = null
  private isClosed = false
  // Writes and compactions under way, and who waits for their end.
  private underWay = 0
  private whenIdle: () => void = () => {}

  constructor(log: WriteAheadLog, door: GroupDoor, name: string) {
    this.log = log
    this.door = door
    this.name = name
  }

  async open(): Promise<OpenedLog> {
    this.requireUnclosed()
    const { group, opened } = await this.door.enter(this.name)
    this.group = group
    return opened
  }

  write(batches: readonly PersistBatch[]): Promise<void> {
    if (this.isClosed) return Promise.reject(this.closed())
    return this.watched(this.log.write(this.requireGroup(), batches))
  }

  async read(from: Index, to: Index, maxBytes: number): Promise<readonly Entry[]> {
    this.requireUnclosed()
    return this.log.read(this.requireGroup(), from, to, maxBytes)
  }

  compact(to: Index): Promise<void> {
    if (this.isClosed) return Promise.reject(this.closed())
    return this.watched(this.log.compact(this.requireGroup(), to))
  }

  async close(): Promise<void> {
    const wasOpen = this.group !== null && !this.isClosed
    this.isClosed = true
    while (this.underWay > 0) {
      await new Promise<void>((resolve) => {
        this.whenIdle = resolve
      })
    }
    if (wasOpen) this.door.leave(this.name)
  }

  /** The very promise: one that follows it would tell of a rejection when later writes are no longer refused. */
  private watched(work: Promise<void>): Promise<void> {
    this.underWay++
    work.then(this.settle, this.settle)
    return work
  }

  private readonly settle = (): void => {
    this.underWay--
    if (this.underWay === 0) this.whenIdle()
  }

  private requireGroup(): LogGroup {
    assert(this.group !== null, `the log of group ${this.name} is used before \`open\` has returned`)
    return this.group
  }

  private requireUnclosed(): void {
    if (this.isClosed) throw this.closed()
  }

  private closed(): StorageError {
    return new StorageError('ERR_QUORATE_STORAGE_CLOSED', `the log of group ${this.name} is closed`)
  }
}

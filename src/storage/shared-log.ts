/**
 * One log on one disk for many Raft groups: one row of segments, one write and one sync for whatever all of them hand in
 * meanwhile. A thousand groups with a log each would sync a thousand files, and a disk has some hundred to some ten
 * thousand syncs a second for all of them.
 *
 * Each group sees an ordinary LogStore. What they share is the disk's fate: when it is full, the waiting writes of all
 * are rejected, and what is poisoned or damaged stops all.
 */
import { assert } from '../util/assert.ts'
import { utf8Decode, utf8Encode } from '../util/bytes.ts'
import { CopyForward } from './copy-forward.ts'
import { type GroupDoor, GroupLog } from './group-log.ts'
import type { LogGroup } from './log-groups.ts'
import { type LogReplay, openedLog } from './log-replay.ts'
import type { LogStore, OpenedLog, RecoveryReport } from './log-store.ts'
import { LogTail } from './log-tail.ts'
import {
  DEFAULT_MAX_SEGMENT_BYTES,
  DEFAULT_MAX_TAIL_BYTES,
  type DiskLogOptions,
  WriteAheadLog,
} from './write-ahead-log.ts'

/** A group's name has 1 to this many bytes of UTF-8. */
export const MAX_GROUP_NAME_BYTES = 255

/** A group that is opened a second time is read from the disk in pieces of this. */
const REREAD_BYTES = 2 ** 20

/** What was on the disk. */
export interface OpenedSharedLog {
  /** The groups that are there, whether anybody opens them or not. */
  readonly groups: readonly string[]
  readonly recovery: RecoveryReport
}

export class SharedLog {
  private readonly log: WriteAheadLog
  private readonly maxTailBytes: number
  private replay: LogReplay | null = null
  private recovery: RecoveryReport | null = null
  // Open, being opened or being removed: one at a time.
  private readonly taken = new Set<string>()
  private readonly door: GroupDoor = {
    enter: (name) => this.enter(name),
    leave: (name) => this.taken.delete(name),
  }

  constructor(options: DiskLogOptions) {
    const { maxSegmentBytes = DEFAULT_MAX_SEGMENT_BYTES, maxTailBytes = DEFAULT_MAX_TAIL_BYTES } = options
    this.log = new WriteAheadLog(options, new CopyForward(maxSegmentBytes))
    this.maxTailBytes = maxTailBytes
  }

  /**
   * Reads and checks all that is there, for all groups. The first call, once; `createLog` has made the log.
   *
   * @throws StorageError ERR_QUORATE_STORAGE_DAMAGED with file and offset; nothing on the disk is changed then
   */
  async open(): Promise<OpenedSharedLog> {
    const { replay, report } = await this.log.open()
    this.replay = replay
    this.recovery = report
    return { groups: replay.groups.names, recovery: report }
  }

  /**
   * The log of one group. Its `open` makes the group, durably, when it is new; its `close` lets go of this group only,
   * which can then be opened again, through a new view. A group that nobody opens keeps what it has.
   *
   * `open` of a view rejects with an InvariantError while another view of the group is open, and when the group is new
   * with a StorageError like a write.
   *
   * @throws InvariantError for a name of less than 1 or more than 255 bytes of UTF-8
   */
  group(name: string): LogStore {
    requireName(name)
    return new GroupLog(this.log, this.door, name)
  }

  /**
   * Forgets a group for ever, durably, and gives its room back; a group of that name may be made anew. Does nothing when
   * there is none. Works on a full disk, too.
   *
   * @throws StorageError as a compaction; InvariantError while the group is open
   */
  async remove(name: string): Promise<void> {
    this.take(name)
    try {
      const group = this.requireReplay().groups.find(name)
      if (group === undefined) return
      await this.log.remove(group)
      this.requireReplay().takeTail(group)
    } finally {
      this.taken.delete(name)
    }
  }

  /** Waits for what was handed in by all groups, and lets go of the files. Every later call rejects. */
  close(): Promise<void> {
    return this.log.close()
  }

  private async enter(name: string): Promise<{ readonly group: LogGroup; readonly opened: OpenedLog }> {
    this.take(name)
    try {
      const { groups } = this.requireReplay()
      if (groups.find(name) === undefined) await this.log.name(name)
      const group = groups.find(name)
      assert(group !== undefined, `group ${name} was made and is not there`)
      const tail = this.requireReplay().takeTail(group) ?? (await this.reread(group))
      assert(this.recovery !== null, 'a shared log without a report')
      return { group, opened: openedLog(group, tail, this.recovery) }
    } catch (error) {
      this.taken.delete(name)
      throw error
    }
  }

  private take(name: string): void {
    assert(!this.taken.has(name), `group ${name} is in use: close its log first`)
    this.taken.add(name)
  }

  /** The tail that recovery gathered was handed over once; who comes later has it read again. */
  private async reread(group: LogGroup): Promise<LogTail> {
    const { index } = group
    const tail = new LogTail(Math.floor(this.maxTailBytes / this.requireReplay().groups.names.length), true)
    for (let next = index.base.index + 1; next <= index.lastIndex; ) {
      const { cuts } = index
      const entries = await this.log.read(group, next, index.lastIndex, REREAD_BYTES)
      // Copied forward meanwhile: they are somewhere else now.
      assert(entries.length > 0 || index.cuts !== cuts, `group ${group.name} has lost entry ${next}`)
      const wrong = tail.append(entries)
      assert(wrong === null, `${wrong}`)
      next += entries.length
    }
    return tail
  }

  private requireReplay(): LogReplay {
    assert(this.replay !== null, 'the shared log is used before `open` has returned')
    return this.replay
  }
}

function requireName(name: string): void {
  const bytes = utf8Encode(name)
  const isFine = bytes.length > 0 && bytes.length <= MAX_GROUP_NAME_BYTES && utf8Decode(bytes) === name
  assert(isFine, `a group's name has 1 to ${MAX_GROUP_NAME_BYTES} bytes of UTF-8, '${name}' does not`)
}

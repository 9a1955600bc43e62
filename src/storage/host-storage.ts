/**
 * The data folder of a host of many groups: one log for all of them, and each one's snapshots beside it. What a group
 * gets of it looks like a folder of its own.
 *
 * A group is there once the log names it, durably. One that is removed leaves a mark, the empty file `removed`, which is
 * there before anything of it goes: a member that has forgotten its votes and what it acknowledged must not come back
 * under the same name, and may be elected without what it lost.
 */

import type { Configuration } from '../raft/configuration.ts'
import type { BootState } from '../raft/ready.ts'
import type { Random } from '../util/random.ts'
import { fitTogether, requireReach } from './boot.ts'
import { carryOut } from './carry-out.ts'
import { DiskSnapshots } from './disk-snapshots.ts'
import { diskFull, poisoned, StorageError } from './errors.ts'
import { type FileSystem, isDiskFull } from './file-system.ts'
import { claimFolder, type FolderOptions, logOptionsOf, openInFolder } from './folder.ts'
import { type Founders, readFounders, writeFounders } from './founders.ts'
import type { ServerIdentity } from './identity.ts'
import type { LogStore, RecoveryReport } from './log-store.ts'
import { locateReadFailures } from './read-failures.ts'
import { SharedFolder } from './shared-folder.ts'
import { SharedLog } from './shared-log.ts'
import type { OpenedSnapshots, SnapshotStore } from './snapshot-store.ts'

/** What was found in the folder, open for writing. */
export interface HostStorage {
  readonly identity: ServerIdentity
  /** For the operator's log. */
  readonly recovery: RecoveryReport
  /** Null until the cluster is formed, see founders.ts. */
  readonly founders: Founders | null
  /** Durable on return. */
  keepFounders(founders: Founders): Promise<void>
  /** Those that the log holds, open or not. */
  groups(): readonly string[]
  /**
   * Opens a group's log and snapshots, and makes them if they are new. One at a time for each name; never again for one
   * that was removed.
   *
   * @param initial the group's first configuration; counts only while there is no snapshot
   * @throws StorageError
   */
  openGroup(name: string, initial: Configuration): Promise<GroupStorage>
  /** Forgets a group, which must not be open, durably and for ever. Begun again where a crash or a full disk ended it. */
  removeGroup(name: string): Promise<void>
  /** Lets go of the folder; the groups are closed. What was confirmed is on the disk. */
  close(): Promise<void>
}

/** What is there of one group. */
export interface GroupStorage {
  readonly boot: BootState
  readonly log: LogStore
  readonly snapshots: SnapshotStore
  readonly damagedSnapshots: OpenedSnapshots['damaged']
  close(): Promise<void>
}

/** Fit to stand in front of a file's name, on systems that do not tell upper from lower case, too. */
export function isGroupName(name: unknown): name is string {
  return typeof name === 'string' && /^[a-z0-9_-]{1,64}$/.test(name)
}

/** @throws StorageError, FileSystemError for a folder that cannot be used at all; it is as it was then, and free again */
export function openHostStorage(options: FolderOptions): Promise<HostStorage> {
  const fileSystem = locateReadFailures(options.fileSystem)
  return openInFolder(fileSystem, () => openLocked({ ...options, fileSystem }))
}

async function openLocked(options: FolderOptions): Promise<HostStorage> {
  const { fileSystem } = options
  const identity = await claimFolder(options, 'groups')
  const log = new SharedLog(logOptionsOf(options, identity))
  try {
    const { groups, recovery } = await log.open()
    const known = new Set(groups)
    const parts = { log, folder: await SharedFolder.open(fileSystem), known, random: options.random }
    return {
      ...{ identity, recovery, founders: await readFounders(fileSystem) },
      keepFounders: (founders) => carryOut('write down the founders', () => writeFounders(fileSystem, founders)),
      groups: () => [...known],
      openGroup: (name, initial) => openGroup(parts, name, initial),
      removeGroup: (name) => removeGroup(parts, name),
      close: () => log.close(),
    }
  } catch (error) {
    await log.close()
    throw error
  }
}

interface Parts {
  readonly log: SharedLog
  readonly folder: SharedFolder
  readonly known: Set<string>
  readonly random: Random
}

async function openGroup({ log: shared, folder, known, random }: Parts, name: string, initial: Configuration) {
  const fileSystem = folder.part(name)
  if (await isRemoved(fileSystem)) throw removedBefore(name)
  const log = shared.group(name)
  const snapshots = new DiskSnapshots({ fileSystem, random: random.split() })
  const close = async (): Promise<void> => {
    await log.close()
    await snapshots.close()
  }
  try {
    const opened = await log.open()
    known.add(name)
    const { latest, damaged: damagedSnapshots } = await snapshots.open()
    requireReach(opened.base.index, latest?.meta ?? null, damagedSnapshots, fileSystem.folder)
    const { state: boot, resetTo } = fitTogether(opened, latest?.meta ?? null, initial)
    if (resetTo !== null) {
      await log.write([{ seq: 0, hardState: null, snapshot: resetTo, truncateFrom: null, entries: [] }])
    }
    return { boot, log, snapshots, damagedSnapshots, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The mark first, the files last: whatever a crash leaves, it is not taken for a group. */
async function removeGroup({ log, folder, known }: Parts, name: string): Promise<void> {
  const fileSystem = folder.part(name)
  const isMarked = await isRemoved(fileSystem)
  if (!known.has(name) && !isMarked) return
  if (!isMarked) await markRemoved(fileSystem)
  if (known.has(name)) await log.remove(name)
  known.delete(name)
  await folder.clear(name, MARK)
}

const MARK = 'removed'

async function isRemoved(fileSystem: FileSystem): Promise<boolean> {
  return (await fileSystem.list()).includes(MARK)
}

async function markRemoved(fileSystem: FileSystem): Promise<void> {
  try {
    const file = await fileSystem.open(MARK, 'create')
    await file.close()
    await fileSystem.syncFolder()
  } catch (error) {
    throw isDiskFull(error) ? diskFull('remove a group', error) : poisoned('remove a group', error)
  }
}

function removedBefore(name: string): StorageError {
  const message =
    `group '${name}' was removed from this host, which has forgotten its votes in it and what it acknowledged: start a ` +
    'new group under another name, or the member on another host'
  return new StorageError('ERR_QUORATE_GROUP_REMOVED', message)
}

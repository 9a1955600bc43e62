/**
 * A server's whole data folder: lock, identity, log and snapshots, opened in the order in which they depend on each
 * other. What the driver starts from when it keeps its state on a disk.
 */

import type { Configuration } from '../raft/configuration.ts'
import type { BootState } from '../raft/ready.ts'
import { fitTogether, requireReach } from './boot.ts'
import { carryOut } from './carry-out.ts'
import { DiskLog } from './disk-log.ts'
import { DiskSnapshots } from './disk-snapshots.ts'
import { claimFolder, type FolderOptions, logOptionsOf, openInFolder } from './folder.ts'
import { type Founders, readFounders, writeFounders } from './founders.ts'
import type { ServerIdentity } from './identity.ts'
import type { LogStore, RecoveryReport } from './log-store.ts'
import { locateReadFailures } from './read-failures.ts'
import type { OpenedSnapshots, SnapshotStore } from './snapshot-store.ts'

/** Whose folder it is, and what an empty one begins with. */
export interface DiskStorageOptions extends FolderOptions {
  /** The cluster's first configuration; counts only while there is no snapshot. */
  readonly initialConfiguration: Configuration
}

/** What was found in the folder, open for writing. */
export interface DiskStorage {
  readonly identity: ServerIdentity
  readonly boot: BootState
  readonly log: LogStore
  readonly snapshots: SnapshotStore
  /** For the operator's log. */
  readonly recovery: RecoveryReport
  readonly damagedSnapshots: OpenedSnapshots['damaged']
  /** Null until the cluster is formed, see founders.ts. */
  readonly founders: Founders | null
  /** Durable on return. */
  keepFounders(founders: Founders): Promise<void>
  /** Lets go of the folder. What was confirmed is on the disk. */
  close(): Promise<void>
}

/** @throws StorageError, FileSystemError for a folder that cannot be used at all; it is as it was then, and free again */
export function openDiskStorage(options: DiskStorageOptions): Promise<DiskStorage> {
  const fileSystem = locateReadFailures(options.fileSystem)
  return openInFolder(fileSystem, () => openLocked({ ...options, fileSystem }))
}

async function openLocked(options: DiskStorageOptions): Promise<DiskStorage> {
  const { fileSystem, random, initialConfiguration } = options
  const identity = await claimFolder(options, 'node')
  const log = new DiskLog(logOptionsOf(options, identity))
  const snapshots = new DiskSnapshots({ fileSystem, random })
  const close = async () => {
    await log.close()
    await snapshots.close()
  }
  try {
    // All that can refuse comes before the log's end is put in order: whoever is refused finds the folder as it was.
    const founders = await readFounders(fileSystem)
    const { latest, damaged } = await snapshots.open()
    const opened = await log.open((base) => requireReach(base, latest?.meta ?? null, damaged, fileSystem.folder))
    const { state, resetTo } = fitTogether(opened, latest?.meta ?? null, initialConfiguration)
    if (resetTo !== null) {
      await log.write([{ seq: 0, hardState: null, snapshot: resetTo, truncateFrom: null, entries: [] }])
    }
    const keepFounders = (met: Founders): Promise<void> =>
      carryOut('write down the founders', () => writeFounders(fileSystem, met))
    const { recovery } = opened
    return { identity, boot: state, log, snapshots, recovery, damagedSnapshots: damaged, founders, keepFounders, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Opens a folder by itself, as its server will, and says what is found there: before anybody else comes into it. */
import { votersOnly } from '../../../raft/configuration.ts'
import type { ServerId } from '../../../raft/entry.ts'
import { asError } from '../../../runtime/errors.ts'
import { openDiskStorage } from '../../../storage/disk-storage.ts'
import { MemoryFileSystem } from '../../../storage/memory-file-system.ts'
import { Random } from '../../../util/random.ts'
import { type Fault, putFolder } from './fault.ts'
import type { Folder } from './folder.ts'

/** What a server would begin with. */
export interface Findings {
  readonly lastIndex: number
  readonly snapshot: number
  readonly term: number
  readonly votedFor: ServerId | null
  /** How many batches of the log could be read, and their bytes. */
  readonly batches: number
  readonly bytes: number
  readonly damagedSnapshots: number
  readonly knowsFounders: boolean
}

/** What the folder of `id` holds with this fault, or why it does not open. The folder itself stays as it is. */
export async function inspectFolder(id: ServerId, folder: Folder, fault: Fault | null): Promise<Findings | Error> {
  const fileSystem = new MemoryFileSystem({ folder: `/${id}` })
  putFolder(fileSystem, folder, fault)
  return inspectDisk(id, fileSystem)
}

/** The same for a disk that nobody has open; it is put in order as at a start. */
export async function inspectDisk(id: ServerId, fileSystem: MemoryFileSystem): Promise<Findings | Error> {
  const initialConfiguration = votersOnly({ s1: 's1:1', s2: 's2:1', s3: 's3:1' })
  const random = new Random(1)
  try {
    const opened = await openDiskStorage({ fileSystem, clusterId: 'sim', serverId: id, initialConfiguration, random })
    const { boot, recovery, damagedSnapshots, founders } = opened
    await opened.close()
    return {
      lastIndex: boot.lastIndex,
      snapshot: boot.snapshot.index,
      term: boot.hardState.term,
      votedFor: boot.hardState.votedFor,
      batches: recovery.batches,
      bytes: recovery.bytes,
      damagedSnapshots: damagedSnapshots.length,
      knowsFounders: founders !== null,
    }
  } catch (error) {
    return asError(error)
  }
}

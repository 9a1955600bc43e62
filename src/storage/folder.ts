/**
 * A data folder, whatever is kept in it: locked for this process, made when it is new, and its owner's alone. One node's
 * folder and one of a host of many groups look alike from outside, and neither may be opened as the other.
 */
import type { ServerId } from '../raft/entry.ts'
import type { Random } from '../util/random.ts'
import { DamageError, diskFull, poisoned } from './errors.ts'
import { type FileSystem, FileSystemError, isDiskFull } from './file-system.ts'
import { readIdentity, requireIdentity, type ServerIdentity, writeIdentity } from './identity.ts'
import { SEGMENT_HEADER_BYTES, segmentNumber } from './segment.ts'
import { SegmentReader } from './segment-reader.ts'
import { isSnapshotName } from './snapshot-format.ts'
import { createLog, type DiskLogOptions } from './write-ahead-log.ts'

/**
 * Whose folder it is. The names of cluster and server are written down at the first start and compared at every later
 * one.
 */
export interface FolderOptions {
  /** The folder is this server's alone. */
  readonly fileSystem: FileSystem
  readonly clusterId: string
  readonly serverId: ServerId
  /** For the incarnation and for ids of snapshots: seed it from the system's entropy. */
  readonly random: Random
  /** See DiskLogOptions. */
  readonly log?: Omit<DiskLogOptions, 'fileSystem' | 'logId'>
}

/** Something open in a folder. */
interface Closable {
  close(): Promise<void>
}

/**
 * Opens what is in the folder while it is locked; closing that unlocks it.
 *
 * @throws what `open` does, a StorageError when the disk fails or is full; the folder is free then
 */
export async function openInFolder<Opened extends Closable>(
  fileSystem: FileSystem,
  open: () => Promise<Opened>,
): Promise<Opened> {
  try {
    return await openLocked(fileSystem, open)
  } catch (error) {
    throw explainDisk(error, fileSystem.folder)
  }
}

/** "EIO: sync log-00000001.tmp" tells an operator what failed, and not what to do. No rights, no folder: these do. */
function explainDisk(error: unknown, folder: string): unknown {
  if (isDiskFull(error)) return diskFull(`open ${folder}`, error)
  const isBroken = error instanceof FileSystemError && error.code === 'EIO'
  return isBroken ? poisoned(`open ${folder}`, error) : error
}

async function openLocked<Opened extends Closable>(
  fileSystem: FileSystem,
  open: () => Promise<Opened>,
): Promise<Opened> {
  const lock = await fileSystem.lock()
  try {
    const opened = await open()
    return {
      ...opened,
      close: async () => {
        await opened.close()
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Reads whose folder it is, and makes it this server's if it is new. @throws StorageError */
export async function claimFolder(options: FolderOptions, holds: ServerIdentity['holds']): Promise<ServerIdentity> {
  const { fileSystem } = options
  const identity = (await readIdentity(fileSystem)) ?? (await initialise(options, holds))
  requireIdentity(identity, { ...options, holds }, fileSystem.folder)
  return identity
}

/** What the log in this folder is opened with. */
export function logOptionsOf({ fileSystem, log }: FolderOptions, { incarnation }: ServerIdentity): DiskLogOptions {
  const logId = Uint8Array.from({ length: 8 }, (_, i) => Number.parseInt(incarnation.slice(2 * i, 2 * i + 2), 16))
  return { ...log, fileSystem, logId }
}

/** The identity comes last: where there is one, there must be a log. */
async function initialise(options: FolderOptions, holds: ServerIdentity['holds']): Promise<ServerIdentity> {
  const { fileSystem, clusterId, serverId, random } = options
  await removeUnusedLog(fileSystem)
  const identity = { clusterId, serverId, incarnation: makeIncarnation(random), holds }
  await createLog(logOptionsOf(options, identity))
  await writeIdentity(fileSystem, identity)
  return identity
}

/** What an interrupted `initialise` left is a first segment without a batch. Anything more had an identity once. */
async function removeUnusedLog(fileSystem: FileSystem): Promise<void> {
  for (const name of await fileSystem.list()) {
    const number = segmentNumber(name)
    if (number === null && !isSnapshotName(name)) continue
    const isUnused = number === 1 && (await isEmptySegment(fileSystem, name))
    if (!isUnused) throw new DamageError(`${fileSystem.folder}/identity`, 0, `it is missing, but there is ${name}`)
    await fileSystem.remove(name)
  }
}

async function isEmptySegment(fileSystem: FileSystem, name: string): Promise<boolean> {
  const file = await fileSystem.open(name, 'existing')
  const end = await new SegmentReader({ number: 1, name, file }).endOfBytes(SEGMENT_HEADER_BYTES)
  await file.close()
  return end === SEGMENT_HEADER_BYTES
}

function makeIncarnation(random: Random): string {
  const words = [random.uint32(), random.uint32(), random.uint32(), random.uint32()]
  return words.map((word) => word.toString(16).padStart(8, '0')).join('')
}

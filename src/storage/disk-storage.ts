/**
 * A server's whole data folder: lock, identity, log and snapshots, opened in the order in which they depend on each
 * other. What the driver starts from when it keeps its state on a disk.
 */
import type { Configuration } from '../raft/configuration.ts'
import type { ServerId } from '../raft/entry.ts'
import type { BootState } from '../raft/ready.ts'
import type { Random } from '../util/random.ts'
import { fitTogether } from './boot.ts'
import { DiskLog } from './disk-log.ts'
import { DiskSnapshots } from './disk-snapshots.ts'
import { DamageError } from './errors.ts'
import type { FileSystem } from './file-system.ts'
import { type Founders, readFounders, writeFounders } from './founders.ts'
import { readIdentity, requireIdentity, type ServerIdentity, writeIdentity } from './identity.ts'
import type { LogStore, RecoveryReport } from './log-store.ts'
import { SEGMENT_HEADER_BYTES, segmentNumber } from './segment.ts'
import { SegmentReader } from './segment-reader.ts'
import { isSnapshotName } from './snapshot-format.ts'
import type { OpenedSnapshots, SnapshotStore } from './snapshot-store.ts'
import { createLog, type DiskLogOptions } from './write-ahead-log.ts'

/**
 * Whose folder it is, and what an empty one begins with. The names of cluster and server are written down at the first
 * start and compared at every later one.
 */
export interface DiskStorageOptions {
  /** The folder is this server's alone. */
  readonly fileSystem: FileSystem
  readonly clusterId: string
  readonly serverId: ServerId
  /** The cluster's first configuration; counts only while there is no snapshot. */
  readonly initialConfiguration: Configuration
  /** For the incarnation and for ids of snapshots: seed it from the system's entropy. */
  readonly random: Random
  /** See DiskLogOptions. */
  readonly log?: Omit<DiskLogOptions, 'fileSystem' | 'logId'>
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

/** @throws StorageError; the folder is as it was then, and free again */
export async function openDiskStorage(options: DiskStorageOptions): Promise<DiskStorage> {
  const lock = await options.fileSystem.lock()
  try {
    const { close, ...storage } = await openLocked(options)
    return {
      ...storage,
      close: async () => {
        await close()
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function openLocked(options: DiskStorageOptions): Promise<DiskStorage> {
  const { fileSystem, random, initialConfiguration } = options
  const identity = (await readIdentity(fileSystem)) ?? (await initialise(options))
  requireIdentity(identity, options, fileSystem.folder)
  const log = new DiskLog(logOptions(options, identity))
  const snapshots = new DiskSnapshots({ fileSystem, random })
  const close = async () => {
    await log.close()
    await snapshots.close()
  }
  try {
    const opened = await log.open()
    const { latest, damaged } = await snapshots.open()
    const { state, resetTo } = fitTogether(opened, latest?.meta ?? null, initialConfiguration, fileSystem.folder)
    if (resetTo !== null) {
      await log.write([{ seq: 0, hardState: null, snapshot: resetTo, truncateFrom: null, entries: [] }])
    }
    const founders = await readFounders(fileSystem)
    const keepFounders = (met: Founders): Promise<void> => writeFounders(fileSystem, met)
    const { recovery } = opened
    return { identity, boot: state, log, snapshots, recovery, damagedSnapshots: damaged, founders, keepFounders, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The identity comes last: where there is one, there must be a log. */
async function initialise(options: DiskStorageOptions): Promise<ServerIdentity> {
  const { fileSystem, clusterId, serverId, random } = options
  await removeUnusedLog(fileSystem)
  const identity = { clusterId, serverId, incarnation: makeIncarnation(random) }
  await createLog(logOptions(options, identity))
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

function logOptions({ fileSystem, log }: DiskStorageOptions, { incarnation }: ServerIdentity): DiskLogOptions {
  const logId = Uint8Array.from({ length: 8 }, (_, i) => Number.parseInt(incarnation.slice(2 * i, 2 * i + 2), 16))
  return { ...log, fileSystem, logId }
}

function makeIncarnation(random: Random): string {
  const words = [random.uint32(), random.uint32(), random.uint32(), random.uint32()]
  return words.map((word) => word.toString(16).padStart(8, '0')).join('')
}

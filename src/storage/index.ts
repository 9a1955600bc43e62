/**
 * What survives a crash: the ports that a node keeps its log and its snapshots behind, their implementation on a disk,
 * and twins in memory for tests. What an implementation of your own must do is in `quorate/testing`.
 *
 * @module quorate/storage
 */
export { DiskLog } from './disk-log.ts'
export { DiskSnapshots, type DiskSnapshotsOptions } from './disk-snapshots.ts'
export { type DiskStorage, type DiskStorageOptions, openDiskStorage } from './disk-storage.ts'
export { DamageError, StorageError, type StorageErrorCode } from './errors.ts'
export {
  type File,
  type FileSystem,
  FileSystemError,
  type FileSystemErrorCode,
  type FolderLock,
} from './file-system.ts'
export type { FolderOptions } from './folder.ts'
export type { Founders } from './founders.ts'
export { type GroupStorage, type HostStorage, openHostStorage } from './host-storage.ts'
export type { ServerIdentity } from './identity.ts'
export type { LogStore, OpenedLog, RecoveryReport } from './log-store.ts'
export {
  type Fault,
  MemoryFileSystem,
  type MemoryFileSystemOptions,
  type Operation,
  type OperationKind,
} from './memory-file-system.ts'
export { MemoryLog } from './memory-log.ts'
export { MemorySnapshots } from './memory-snapshots.ts'
export { type OpenedSharedLog, SharedLog } from './shared-log.ts'
export type { OpenedSnapshots, SnapshotStore, SnapshotWriter, StoredSnapshot } from './snapshot-store.ts'
export { createLog, type DiskLogOptions } from './write-ahead-log.ts'

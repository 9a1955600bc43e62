/**
 * What can go wrong between a server and its disk. The code says what may be done about it: wait for room, or stop and
 * look. Nothing here is ever repaired by guessing, because a server that guesses takes back what it promised.
 */
import type { FileSystemError } from './file-system.ts'

/** What went wrong with the disk, for programs. */
export type StorageErrorCode =
  /** No room. Nothing of the write counts, the store goes on; the same write may be tried again. */
  | 'ERR_QUORATE_DISK_FULL'
  /**
   * A write or sync failed: nobody knows what the disk holds. Final for a log; restart to have it examined. A snapshot that
   * met it is void, and its store goes on.
   */
  | 'ERR_QUORATE_STORAGE_POISONED'
  /** The disk gave back other bytes than were written. The store does not open, and leaves them as they are. */
  | 'ERR_QUORATE_STORAGE_DAMAGED'
  /** Another process has the data folder. */
  | 'ERR_QUORATE_LOCKED'
  /** The data folder belongs to another cluster. */
  | 'ERR_QUORATE_WRONG_CLUSTER'
  /** The data folder belongs to another server. */
  | 'ERR_QUORATE_WRONG_SERVER'
  /** The group was removed from this host, and cannot begin there again. */
  | 'ERR_QUORATE_GROUP_REMOVED'
  /** Written by a newer version. */
  | 'ERR_QUORATE_UNKNOWN_FORMAT'
  /** It was used after it was closed. */
  | 'ERR_QUORATE_STORAGE_CLOSED'
  /** There is no server's data, or not enough of it to make a new cluster from. */
  | 'ERR_QUORATE_NOTHING_TO_RECOVER'

/**
 * What a store rejects with. Programs decide by the `code`; the message is for the operator and says what to do, and
 * the `cause` is what the file system said, if it was asked.
 */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly code: StorageErrorCode

  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** `ERR_QUORATE_STORAGE_DAMAGED`, with the place: what an operator needs to decide. */
export class DamageError extends StorageError {
  /** Folder and name. */
  readonly file: string
  /** Where in the file the trouble starts, in bytes; 0 when the file as a whole is missing or wrong. */
  readonly offset: number
  /** What is wrong there, without what to do about it. */
  readonly what: string

  constructor(file: string, offset: number, what: string) {
    super(
      'ERR_QUORATE_STORAGE_DAMAGED',
      `${file} is damaged at byte ${offset}: ${what}. It was left as it is. Remove this server from the cluster and add ` +
        'a new one, under a new id and with an empty folder: it gets everything from the others. An older copy of the ' +
        'folder will not do, it has forgotten what this server promised since',
    )
    this.file = file
    this.offset = offset
    this.what = what
  }
}

/**
 * `what` completes "no room to …". The message promises that nothing of the write counts, so it is for callers that
 * have seen to it.
 */
export function diskFull(what: string, cause: FileSystemError): StorageError {
  const message = `no room to ${what} (${cause.message}). Nothing of it counts; free space, then try again`
  return new StorageError('ERR_QUORATE_DISK_FULL', message, cause)
}

/**
 * `what` completes "could not …". For every failure that leaves it open what the disk holds: a failed sync is one even
 * when there was merely no room.
 */
export function poisoned(what: string, cause: unknown): StorageError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const message = `could not ${what} (${reason}): what the disk holds is unknown. Stop this server, check the disk, restart`
  return new StorageError('ERR_QUORATE_STORAGE_POISONED', message, cause)
}

/**
 * `what` completes "could not …", and is about a snapshot. That is void then and no more: nothing that was acknowledged is
 * in it alone, so whoever read "stop this server" would stop one that is well.
 */
export function snapshotVoid(what: string, cause: unknown): StorageError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const message = `could not ${what} (${reason}). It does not count, the server goes on with its log, and a snapshot will be tried again: check the disk`
  return new StorageError('ERR_QUORATE_STORAGE_POISONED', message, cause)
}

/** Also for want of room: to open a file needs none that an operator could make. */
export function snapshotUnopened(path: string, cause: unknown): StorageError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const message = `could not open the snapshot ${path} (${reason}): check the disk, and that nothing else uses the folder`
  return new StorageError('ERR_QUORATE_STORAGE_POISONED', message, cause)
}

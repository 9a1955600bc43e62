/**
 * The FileSystem port: one flat data folder of one server, with just what a log needs of it. `MemoryFileSystem` is the
 * twin that can crash and fail at will; `NodeFileSystem` (in io/) is the real one.
 *
 * What is durable when: a file's bytes after its `sync`, a file's name (created, renamed, removed) after the folder's
 * `syncFolder`. Before that, a crash may keep any part of it, in any order, torn at 512 bytes.
 */

export interface FileSystem {
  /** Where it is, for messages: `/var/lib/quorate/s1`. */
  readonly folder: string

  /** Creates the folder when it is missing, and takes it for this process alone until the lock is released or the process ends. */
  lock(): Promise<FolderLock>

  /** The names of all files, in ascending order. */
  list(): Promise<string[]>

  /** Opens for reading and writing. 'create' wants that there is no such file, 'existing' that there is. */
  open(name: string, mode: 'create' | 'existing'): Promise<File>

  /** Replaces `to` when it is there. */
  rename(from: string, to: string): Promise<void>

  /** A file that is still open stays readable through its handle. */
  remove(name: string): Promise<void>

  /** Names become durable. */
  syncFolder(): Promise<void>
}

/** Every method throws or rejects with a FileSystemError. */
export interface File {
  /** In bytes, what was written and not synced included. */
  readonly size: number

  /**
   * Puts the pieces one behind the other at `offset`, and returns when the operating system has them: 2 µs into the
   * page cache, where a detour over a thread pool costs 30. Not durable. When it throws, a part may be there.
   */
  write(offset: number, pieces: readonly Uint8Array[]): void

  /** Everything written before the call is durable. After a failure nobody knows what is, so never try again. */
  sync(): Promise<void>

  /** Bytes of its own; fewer than asked for at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>

  /**
   * Cuts the file, or lengthens it by zeros that are really written: a sync of bytes that lie in such a file has no
   * metadata to write. Not durable. When it rejects, a part of the zeros may be there.
   */
  resize(size: number): Promise<void>

  close(): Promise<void>
}

/**
 * Proof that the folder is ours. Release it after all files are closed; a process that dies without doing so does not
 * keep the next one out.
 */
export interface FolderLock {
  release(): Promise<void>
}

/** The operating system's word for it; others exist. */
export type FileSystemErrorCode = 'ENOSPC' | 'EDQUOT' | 'EIO' | 'ENOENT' | 'EEXIST' | (string & {})

/**
 * An operation that the system refused, with the path in the message. The stores turn it into a StorageError: only they
 * know what of it counts.
 */
export class FileSystemError extends Error {
  override readonly name = 'FileSystemError'
  readonly code: FileSystemErrorCode

  constructor(code: FileSystemErrorCode, operation: string, path: string, cause?: unknown) {
    super(`${code}: ${operation} ${path}`, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** No room, or none left for this user. */
export function isDiskFull(error: unknown): error is FileSystemError {
  return error instanceof FileSystemError && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}

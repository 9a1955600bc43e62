/**
 * The FileSystem port on a real disk. Bytes are written in the caller's turn, because the page cache takes them in 2 µs;
 * what waits for the disk (sync, zeros, names) goes over libuv's pool.
 *
 * Not for network file systems: what they call durable is their own affair.
 */
import { constants, fdatasync, fstatSync, writevSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type File, type FileSystem, FileSystemError, type FolderLock } from '../storage/file-system.ts'
import { lockFolder } from './folder-lock.ts'

export class NodeFileSystem implements FileSystem {
  readonly folder: string
  /** By path, so that what goes wrong later is said of the name that a file has by then. */
  private readonly files = new Map<string, NodeFile>()

  constructor(folder: string) {
    this.folder = folder
  }

  async lock(): Promise<FolderLock> {
    // Each new folder's name is an entry in the one above it: durable when that is synced.
    const first = await attempt('create', this.folder, () => mkdir(this.folder, { recursive: true }))
    if (first !== undefined) {
      for (let path = this.folder; path.length >= first.length; path = dirname(path)) await syncFolder(dirname(path))
    }
    return lockFolder(this.folder)
  }

  async list(): Promise<string[]> {
    const items = await attempt('list', this.folder, () => readdir(this.folder, { withFileTypes: true }))
    return items
      .filter((item) => item.isFile())
      .map(({ name }) => name)
      .sort()
  }

  async open(name: string, mode: 'create' | 'existing'): Promise<File> {
    const path = this.path(name)
    const { O_RDWR, O_CREAT, O_EXCL } = constants
    const flags = mode === 'create' ? O_RDWR | O_CREAT | O_EXCL : O_RDWR
    const handle = await attempt(mode === 'create' ? 'create' : 'open', path, () => open(path, flags, 0o600))
    const file = new NodeFile(path, handle, (closed) => this.forget(closed))
    this.files.set(path, file)
    return file
  }

  async rename(from: string, to: string): Promise<void> {
    const [before, path] = [this.path(from), this.path(to)]
    await attempt('rename', before, () => rename(before, path))
    const file = this.files.get(before)
    if (file === undefined) return
    this.files.delete(before)
    this.files.set(path, file)
    file.path = path
  }

  async remove(name: string): Promise<void> {
    await attempt('remove', this.path(name), () => unlink(this.path(name)))
  }

  async syncFolder(): Promise<void> {
    await syncFolder(this.folder)
  }

  private path(name: string): string {
    return join(this.folder, name)
  }

  /** A file of the same name may have been opened after it. */
  private forget(file: NodeFile): void {
    if (this.files.get(file.path) === file) this.files.delete(file.path)
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder, and keeps names in its journal by itself.
  if (process.platform === 'win32') return
  await attempt('sync', path, async () => {
    const handle = await open(path, constants.O_RDONLY)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  })
}

/** What one call of writev takes (IOV_MAX on Linux and macOS). */
const MAX_PIECES = 1024
const ZEROS = new Uint8Array(2 ** 20)

class NodeFile implements File {
  /** As it is called now. */
  path: string
  private readonly handle: FileHandle
  private readonly onClose: (file: NodeFile) => void
  private length: number

  constructor(path: string, handle: FileHandle, onClose: (file: NodeFile) => void) {
    this.path = path
    this.handle = handle
    this.onClose = onClose
    this.length = fstatSync(handle.fd).size
  }

  get size(): number {
    return this.length
  }

  write(offset: number, pieces: readonly Uint8Array[]): void {
    try {
      for (let i = 0; i < pieces.length; i += MAX_PIECES) {
        offset += this.writeAll(offset, pieces.length <= MAX_PIECES ? pieces : pieces.slice(i, i + MAX_PIECES))
      }
    } catch (error) {
      throw translate(error, 'write', this.path)
    }
  }

  async sync(): Promise<void> {
    await attempt(
      'sync',
      this.path,
      () =>
        new Promise<void>((resolve, reject) =>
          fdatasync(this.handle.fd, (error) => (error === null ? resolve() : reject(error))),
        ),
    )
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const wanted = Math.max(Math.min(length, this.length - offset), 0)
    // Not from Node's pool of small buffers: an entry that lives long would keep its neighbours alive.
    const bytes = new Uint8Array(wanted)
    let done = 0
    while (done < wanted) {
      const { bytesRead } = await attempt('read', this.path, () =>
        this.handle.read(bytes, done, wanted - done, offset + done),
      )
      if (bytesRead === 0) break
      done += bytesRead
    }
    return bytes.subarray(0, done)
  }

  async resize(size: number): Promise<void> {
    if (size < this.length) {
      await attempt('cut', this.path, () => this.handle.truncate(size))
      this.length = size
    }
    while (this.length < size) {
      const step = Math.min(size - this.length, ZEROS.length)
      const { bytesWritten } = await attempt('lengthen', this.path, () =>
        this.handle.write(ZEROS, 0, step, this.length),
      )
      this.length += bytesWritten
    }
  }

  async close(): Promise<void> {
    this.onClose(this)
    await attempt('close', this.path, () => this.handle.close())
  }

  /** Writes the pieces whole, over as many short writes as the system likes. @returns how many bytes that was */
  private writeAll(offset: number, pieces: readonly Uint8Array[]): number {
    let rest = pieces
    let done = 0
    while (rest.length > 0) {
      const written = writevSync(this.handle.fd, rest, offset + done)
      done += written
      this.length = Math.max(this.length, offset + done)
      rest = behind(rest, written)
    }
    return done
  }
}

/** What is left of the pieces behind their first `count` bytes. */
function behind(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = count
  for (const [i, piece] of pieces.entries()) {
    if (skip < piece.length) return [piece.subarray(skip), ...pieces.slice(i + 1)]
    skip -= piece.length
  }
  return []
}

async function attempt<T>(operation: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw translate(error, operation, path)
  }
}

function translate(error: unknown, operation: string, path: string): FileSystemError {
  const { code } = error as NodeJS.ErrnoException
  return new FileSystemError(code ?? 'EIO', operation, path, error)
}

/**
 * Bytes that the disk does not give back are damage like any other, and the operator wants to know which: a read that
 * fails is tried again in small pieces, and what is thrown names the file and the first piece that failed.
 */
import { DamageError } from './errors.ts'
import { type File, type FileSystem, FileSystemError } from './file-system.ts'

/** What disks read as one. */
const PIECE_BYTES = 512

/** The same file system, whose reads reject with a DamageError where they would with a FileSystemError. */
export function locateReadFailures(inner: FileSystem): FileSystem {
  return {
    folder: inner.folder,
    lock: () => inner.lock(),
    list: () => inner.list(),
    open: async (name, mode) => new LocatedFile(await inner.open(name, mode), `${inner.folder}/${name}`),
    rename: (from, to) => inner.rename(from, to),
    remove: (name) => inner.remove(name),
    syncFolder: () => inner.syncFolder(),
  }
}

class LocatedFile implements File {
  private readonly inner: File
  private readonly path: string

  constructor(inner: File, path: string) {
    this.inner = inner
    this.path = path
  }

  get size(): number {
    return this.inner.size
  }

  write(offset: number, pieces: readonly Uint8Array[]): void {
    this.inner.write(offset, pieces)
  }

  sync(): Promise<void> {
    return this.inner.sync()
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    try {
      return await this.inner.read(offset, length)
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error
      throw new DamageError(this.path, await this.placeOf(offset, length), `it cannot be read (${error.message})`)
    }
  }

  resize(size: number): Promise<void> {
    return this.inner.resize(size)
  }

  close(): Promise<void> {
    return this.inner.close()
  }

  /** `offset` itself when all pieces can be read by now: a disk may think better of it, and what was asked for failed. */
  private async placeOf(offset: number, length: number): Promise<number> {
    const end = Math.min(offset + length, this.size)
    for (let at = offset; at < end; at += PIECE_BYTES - (at % PIECE_BYTES)) {
      const isReadable = await this.inner.read(at, Math.min(PIECE_BYTES - (at % PIECE_BYTES), end - at)).then(
        () => true,
        () => false,
      )
      if (!isReadable) return at
    }
    return offset
  }
}

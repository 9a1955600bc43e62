/** What lies on one server's disk, taken off it while the server is down, and put on another one. */
import type { MemoryFileSystem } from '../../../storage/memory-file-system.ts'

/** One file as it is, and as it was some writes ago: what a block reads as whose last write went astray. */
export interface StoredFile {
  readonly bytes: Uint8Array
  /** Empty when there was no such file yet. */
  readonly earlier: Uint8Array
}

/** A server's files by their names, in ascending order. */
export type Folder = ReadonlyMap<string, StoredFile>

/** The bytes of every file. */
export function copyFiles(files: MemoryFileSystem): Map<string, Uint8Array> {
  return new Map(files.names().map((name) => [name, contentOf(files, name)]))
}

export function contentOf(files: MemoryFileSystem, name: string): Uint8Array {
  const image = files.image(name)
  return image.read(0, image.size)
}

export function toFolder(now: ReadonlyMap<string, Uint8Array>, earlier: ReadonlyMap<string, Uint8Array>): Folder {
  const none = new Uint8Array(0)
  return new Map([...now].map(([name, bytes]) => [name, { bytes, earlier: earlier.get(name) ?? none }]))
}

/**
 * A FileSystem in memory that crashes and fails on request: the disk of the tests and of the simulator. It forgets
 * whatever a real one may forget, and no more. A process dies with `crash` and its files with it: handles and locks
 * from before are dead.
 */
import { concat } from '../util/bytes.ts'
import type { Random } from '../util/random.ts'
import { StorageError } from './errors.ts'
import {
  type File,
  type FileSystem,
  FileSystemError,
  type FileSystemErrorCode,
  type FolderLock,
} from './file-system.ts'
import { FileImage } from './memory-file-image.ts'

/** What can be made to fail. */
export type OperationKind = 'open' | 'rename' | 'remove' | 'syncFolder' | 'write' | 'sync' | 'read' | 'resize'

/** One call of the port, before it is carried out. */
export interface Operation {
  readonly kind: OperationKind
  /** The file it is about; empty for `syncFolder`. */
  readonly name: string
  /** 1 for the first operation of this file system's life. */
  readonly number: number
}

/** How an operation fails: its caller gets a FileSystemError with this code, whatever the disk has done meanwhile. */
export interface Fault {
  readonly code: FileSystemErrorCode
  /** What happens nevertheless: 'part' writes half of the bytes, or lets half of the pending writes arrive. */
  readonly effect: 'none' | 'part' | 'whole'
}

/** Without any of them it is a disk that never fails and takes no time; crashes come from `crash` and `kill` alone. */
export interface MemoryFileSystemOptions {
  readonly folder?: string
  /** Asked before each operation: null lets it happen. */
  readonly fault?: (operation: Operation) => Fault | null
  /** How long syncs and reads take; at once when absent. */
  readonly delay?: (operation: Operation) => Promise<void>
}

type NameChange =
  | { readonly type: 'create'; readonly name: string; readonly image: FileImage }
  | { readonly type: 'rename'; readonly from: string; readonly to: string; readonly image: FileImage }
  | { readonly type: 'remove'; readonly name: string }

export class MemoryFileSystem implements FileSystem {
  readonly folder: string
  /** Replace them at any time. */
  fault: ((operation: Operation) => Fault | null) | null
  delay: ((operation: Operation) => Promise<void>) | null
  /** How many operations there were. */
  operations = 0
  private seenNames = new Map<string, FileImage>()
  private durableNames = new Map<string, FileImage>()
  private pending: NameChange[] = []
  private locked = false
  // Counts crashes; what was opened in an earlier life is dead.
  private life = 0

  constructor(options: MemoryFileSystemOptions = {}) {
    this.folder = options.folder ?? '/memory'
    this.fault = options.fault ?? null
    this.delay = options.delay ?? null
  }

  async lock(): Promise<FolderLock> {
    if (this.locked) throw new StorageError('ERR_QUORATE_LOCKED', `${this.folder} is in use: stop its other user first`)
    this.locked = true
    const life = this.life
    return {
      release: async () => {
        if (life === this.life) this.locked = false
      },
    }
  }

  async list(): Promise<string[]> {
    return this.names()
  }

  async open(name: string, mode: 'create' | 'existing'): Promise<File> {
    await this.perform('open', name, () => {
      if (mode === 'existing') this.find(name, 'open')
      else if (this.seenNames.has(name)) throw new FileSystemError('EEXIST', 'create', this.path(name))
      else this.change({ type: 'create', name, image: new FileImage() })
    })
    return new MemoryFile(this, name, this.find(name, 'open'))
  }

  async rename(from: string, to: string): Promise<void> {
    await this.perform('rename', from, () =>
      this.change({ type: 'rename', from, to, image: this.find(from, 'rename') }),
    )
  }

  async remove(name: string): Promise<void> {
    await this.perform('remove', name, () => {
      this.find(name, 'remove')
      this.change({ type: 'remove', name })
    })
  }

  async syncFolder(): Promise<void> {
    await this.perform('syncFolder', '', (part) => {
      const count = part ? this.pending.length >> 1 : this.pending.length
      for (const change of this.pending.splice(0, count)) applyTo(this.durableNames, change)
    })
  }

  /** The power goes, and the process with it. What was not synced stays in part, as `random` has it. */
  crash(random: Random): void {
    const keep = random.pick([0, 0.2, 0.5, 0.8, 1])
    for (const change of this.pending) if (random.chance(keep)) applyTo(this.durableNames, change)
    this.pending = []
    for (const image of new Set(this.durableNames.values())) image.crash(random, keep)
    this.seenNames = new Map(this.durableNames)
    this.kill()
  }

  /** The process goes, the machine stays up: nothing is lost, and nothing more is synced than was before. */
  kill(): void {
    this.life++
    this.locked = false
  }

  /** Of all files, in ascending order, without waiting. */
  names(): string[] {
    return [...this.seenNames.keys()].sort()
  }

  /** For tests that look at, or tamper with, what is on the disk. */
  image(name: string): FileImage {
    return this.find(name, 'look at')
  }

  /** A file as it lies on a disk that somebody brings: there durably, and whole. Replaces the one of this name. */
  put(name: string, bytes: Uint8Array): FileImage {
    const image = new FileImage()
    image.write(0, bytes)
    image.settle(1)
    for (const names of [this.seenNames, this.durableNames]) names.set(name, image)
    return image
  }

  path(name: string): string {
    return `${this.folder}/${name}`
  }

  /** Carries out one operation under the rules of faults, delays and lives; for MemoryFile. */
  async perform(kind: OperationKind, name: string, action: (part: boolean) => void): Promise<void> {
    const { life } = this
    const operation = this.count(kind, name)
    const fault = this.fault?.(operation) ?? null
    if (this.delay !== null) await this.delay(operation)
    this.requireLife(life, kind, name)
    this.finish(operation, fault, action)
  }

  /** The same for what has no time to wait. */
  performNow(kind: OperationKind, name: string, life: number, action: (part: boolean) => void): void {
    this.requireLife(life, kind, name)
    const operation = this.count(kind, name)
    this.finish(operation, this.fault?.(operation) ?? null, action)
  }

  get currentLife(): number {
    return this.life
  }

  requireLife(life: number, kind: OperationKind, name: string): void {
    if (life !== this.life) throw new FileSystemError('EIO', `${kind} after a crash`, this.path(name))
  }

  private finish(operation: Operation, fault: Fault | null, action: (part: boolean) => void): void {
    if (fault === null || fault.effect !== 'none') action(fault?.effect === 'part')
    if (fault !== null) throw new FileSystemError(fault.code, operation.kind, this.path(operation.name))
  }

  private count(kind: OperationKind, name: string): Operation {
    this.operations++
    return { kind, name, number: this.operations }
  }

  private find(name: string, operation: string): FileImage {
    const image = this.seenNames.get(name)
    if (image === undefined) throw new FileSystemError('ENOENT', operation, this.path(name))
    return image
  }

  private change(change: NameChange): void {
    applyTo(this.seenNames, change)
    this.pending.push(change)
  }
}

function applyTo(names: Map<string, FileImage>, change: NameChange): void {
  if (change.type === 'create') names.set(change.name, change.image)
  if (change.type === 'remove') names.delete(change.name)
  if (change.type === 'rename') {
    names.delete(change.from)
    names.set(change.to, change.image)
  }
}

class MemoryFile implements File {
  private readonly system: MemoryFileSystem
  private readonly name: string
  private readonly image: FileImage
  private readonly life: number
  private closed = false

  constructor(system: MemoryFileSystem, name: string, image: FileImage) {
    this.system = system
    this.name = name
    this.image = image
    this.life = system.currentLife
  }

  get size(): number {
    return this.image.size
  }

  write(offset: number, pieces: readonly Uint8Array[]): void {
    this.requireOpen('write')
    const bytes = concat(pieces)
    this.system.performNow('write', this.name, this.life, (part) =>
      this.image.write(offset, part ? bytes.subarray(0, bytes.length >> 1) : bytes),
    )
  }

  async sync(): Promise<void> {
    this.requireOpen('sync')
    const covered = this.image.pendingCount
    await this.system.perform('sync', this.name, (part) => {
      if (part) this.image.forget(covered)
      else this.image.settle(covered)
    })
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.requireOpen('read')
    let bytes: Uint8Array | undefined
    await this.system.perform('read', this.name, () => {
      this.requireOpen('read')
      const isReadable = this.image.isReadable(offset, length)
      if (!isReadable) throw new FileSystemError('EIO', 'read', this.system.path(this.name))
      bytes = this.image.read(offset, length)
    })
    return bytes ?? new Uint8Array(0)
  }

  async resize(size: number): Promise<void> {
    this.requireOpen('resize')
    await this.system.perform('resize', this.name, (part) =>
      this.image.resize(part ? (this.image.size + size) >> 1 : size),
    )
  }

  async close(): Promise<void> {
    this.closed = true
  }

  private requireOpen(kind: OperationKind): void {
    this.system.requireLife(this.life, kind, this.name)
    if (this.closed) throw new FileSystemError('EBADF', `${kind} after close`, this.system.path(this.name))
  }
}

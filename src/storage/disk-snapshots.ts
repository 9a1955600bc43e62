/**
 * Snapshots on the disk (SnapshotStore port). Each is written under a temporary name, synced, renamed, and the folder
 * synced; then those older than its predecessor go. The predecessor stays: should the newest turn out to be damaged,
 * the server can still start from it, provided that the log reaches back that far.
 */

import type { SnapshotMeta } from '../raft/ready.ts'
import type { Random } from '../util/random.ts'
import { carryOut } from './carry-out.ts'
import { DamageError, diskFull, StorageError, snapshotUnopened, snapshotVoid } from './errors.ts'
import { type File, type FileSystem, isDiskFull } from './file-system.ts'
import { checkSnapshotFile, readSnapshotFile, SnapshotFileWriter } from './snapshot-file.ts'
import { isSnapshotName, isUnfinishedSnapshot, snapshotName } from './snapshot-format.ts'
import type { OpenedSnapshots, SnapshotStore, SnapshotWriter, StoredSnapshot } from './snapshot-store.ts'

/** What the store is made from. The folder may hold a log as well: files with other names are left alone. */
export interface DiskSnapshotsOptions {
  readonly fileSystem: FileSystem
  /** For ids: seeded so that no two servers make up the same. */
  readonly random: Random
}

/** Snapshots as files in a folder. */
export class DiskSnapshots implements SnapshotStore {
  private readonly fileSystem: FileSystem
  private readonly random: Random
  private newest: StoredSnapshot | null = null
  private readonly writers = new Set<SnapshotWriter>()
  private created = 0
  private closed = false
  // Commits happen one after the other: which one is the newest must not change meanwhile.
  private committing: Promise<unknown> = Promise.resolve()

  constructor(options: DiskSnapshotsOptions) {
    this.fileSystem = options.fileSystem
    this.random = options.random
  }

  async open(): Promise<OpenedSnapshots> {
    const names = await this.fileSystem.list()
    const damaged: { file: string; reason: string }[] = []
    for (const name of names.filter(isSnapshotName).reverse()) {
      const found = await this.check(name)
      if (typeof found !== 'string') {
        this.newest = found
        break
      }
      damaged.push({ file: this.path(name), reason: found })
    }
    if (this.newest === null && damaged[0] !== undefined) {
      throw new DamageError(damaged[0].file, 0, `${damaged[0].reason}, and no older snapshot is whole`)
    }
    for (const name of names.filter(isUnfinishedSnapshot)) await this.fileSystem.remove(name)
    return { latest: this.newest, damaged }
  }

  latest(): StoredSnapshot | null {
    return this.newest
  }

  async create(meta: SnapshotMeta, id?: string): Promise<SnapshotWriter> {
    this.requireOpen()
    this.created++
    const name = `snapshot-${this.created}.tmp`
    const file = await carryOut('begin a snapshot', () => this.fileSystem.open(name, 'create'), snapshotVoid)
    try {
      const writer = new DiskSnapshotWriter(this, { file, name, id: id ?? this.makeId(), meta })
      this.writers.add(writer)
      return writer
    } catch (error) {
      await file.close()
      await this.fileSystem.remove(name)
      throw isDiskFull(error) ? diskFull('begin a snapshot', error) : snapshotVoid('begin a snapshot', error)
    }
  }

  async *read(snapshot: StoredSnapshot, offset = 0): AsyncGenerator<Uint8Array> {
    this.requireOpen()
    const name = snapshotName(snapshot.meta)
    const file = await this.openToRead(name)
    try {
      yield* readSnapshotFile(file, this.path(name), snapshot, offset)
    } finally {
      await file.close()
    }
  }

  async close(): Promise<void> {
    this.closed = true
    await this.committing
    for (const writer of [...this.writers]) await writer.abort()
  }

  /** For the writer: its file is whole and durable, and wants to be the newest. */
  adopt(writer: SnapshotWriter, temporary: string, snapshot: StoredSnapshot): Promise<StoredSnapshot> {
    const adopted = this.committing.then(() => this.replaceNewest(temporary, snapshot))
    this.committing = adopted.catch(() => undefined)
    return adopted.finally(() => this.writers.delete(writer))
  }

  /** For the writer: it gave up. */
  async discard(writer: SnapshotWriter, temporary: string): Promise<void> {
    this.writers.delete(writer)
    await this.fileSystem.remove(temporary)
  }

  private async replaceNewest(temporary: string, snapshot: StoredSnapshot): Promise<StoredSnapshot> {
    const previous = this.newest
    if (previous !== null && previous.meta.index >= snapshot.meta.index) {
      await this.fileSystem.remove(temporary)
      return previous
    }
    await this.fileSystem.rename(temporary, snapshotName(snapshot.meta))
    await this.fileSystem.syncFolder()
    this.newest = snapshot
    await this.removeAllBut([snapshot, ...(previous === null ? [] : [previous])])
    return snapshot
  }

  private async removeAllBut(kept: readonly StoredSnapshot[]): Promise<void> {
    const names = new Set(kept.map(({ meta }) => snapshotName(meta)))
    for (const name of await this.fileSystem.list()) {
      if (isSnapshotName(name) && !names.has(name)) await this.fileSystem.remove(name)
    }
  }

  private async check(name: string): Promise<StoredSnapshot | string> {
    const file = await this.fileSystem.open(name, 'existing')
    try {
      const found = await checkSnapshotFile(file)
      if (typeof found === 'string') return found
      return snapshotName(found.meta) === name ? found : `it is the snapshot of ${found.meta.index} under another name`
    } catch (error) {
      if (error instanceof DamageError) return error.what
      throw error
    } finally {
      await file.close()
    }
  }

  /** What fails while the bytes are read is damage, and says where; what cannot be opened may be there and well. */
  private async openToRead(name: string): Promise<File> {
    try {
      return await this.fileSystem.open(name, 'existing')
    } catch (error) {
      throw snapshotUnopened(this.path(name), error)
    }
  }

  private makeId(): string {
    const word = () => this.random.uint32().toString(16).padStart(8, '0')
    return word() + word() + word() + word()
  }

  private requireOpen(): void {
    if (this.closed) throw new StorageError('ERR_QUORATE_STORAGE_CLOSED', 'the snapshot store is closed')
  }

  private path(name: string): string {
    return `${this.fileSystem.folder}/${name}`
  }
}

interface WriterPlace {
  readonly file: File
  readonly name: string
  readonly id: string
  readonly meta: SnapshotMeta
}

class DiskSnapshotWriter implements SnapshotWriter {
  readonly id: string
  private readonly store: DiskSnapshots
  private readonly place: WriterPlace
  private readonly content: SnapshotFileWriter
  private ended = false

  constructor(store: DiskSnapshots, place: WriterPlace) {
    this.id = place.id
    this.store = store
    this.place = place
    this.content = new SnapshotFileWriter(place.file, place.id, place.meta)
  }

  get sizeBytes(): number {
    return this.content.sizeBytes
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.requireUnderWay()
    await carryOut('write a snapshot', () => this.content.write(bytes), snapshotVoid)
  }

  async commit(): Promise<StoredSnapshot> {
    this.requireUnderWay()
    const { id, meta, file, name } = this.place
    await carryOut('finish a snapshot', () => this.content.finish(), snapshotVoid)
    this.ended = true
    await file.close()
    const snapshot = { id, meta, sizeBytes: this.sizeBytes }
    return carryOut('put a snapshot in its place', () => this.store.adopt(this, name, snapshot), snapshotVoid)
  }

  async abort(): Promise<void> {
    if (this.ended) return
    this.ended = true
    await this.place.file.close()
    await this.store.discard(this, this.place.name)
  }

  private requireUnderWay(): void {
    if (this.ended) throw new StorageError('ERR_QUORATE_STORAGE_CLOSED', 'this snapshot was committed or aborted')
  }
}

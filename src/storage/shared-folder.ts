/**
 * One flat folder for the files of many groups: each group's carry its name in front, `group-orders.snapshot-…`, and its
 * stores see a folder of their own, without the prefix. No other file of the folder begins with `group-`: without it, a
 * group called `log-00000001` took the first segment of everybody's log for a file of its own. Names are read from the disk once; the folder is locked, so
 * nobody else changes them, and a thousand groups that open do not each read two thousand names.
 */
import { assert } from '../util/assert.ts'
import type { File, FileSystem, FolderLock } from './file-system.ts'

const PREFIX = 'group-'
/** Between the group's name, in which it does not occur, and the file's. */
const SEPARATOR = '.'

export class SharedFolder {
  private readonly fileSystem: FileSystem
  private readonly names = new Map<string, Set<string>>()

  private constructor(fileSystem: FileSystem, names: readonly string[]) {
    this.fileSystem = fileSystem
    for (const name of names) {
      const end = name.indexOf(SEPARATOR)
      if (name.startsWith(PREFIX) && end > 0) this.namesOf(name.slice(PREFIX.length, end)).add(name.slice(end + 1))
    }
  }

  /** The folder is locked already. */
  static async open(fileSystem: FileSystem): Promise<SharedFolder> {
    return new SharedFolder(fileSystem, await fileSystem.list())
  }

  /** The folder as one group sees it. */
  part(group: string): FileSystem {
    assert(group !== '' && !group.includes(SEPARATOR), `'${group}' cannot stand in front of a file's name`)
    return new FolderPart(this.fileSystem, group, this.namesOf(group))
  }

  /** Removes all files of a group but this one, durably. */
  async clear(group: string, kept: string): Promise<void> {
    const part = this.part(group)
    const names = (await part.list()).filter((name) => name !== kept)
    for (const name of names) await part.remove(name)
    if (names.length > 0) await part.syncFolder()
  }

  private namesOf(group: string): Set<string> {
    let names = this.names.get(group)
    if (names === undefined) {
      names = new Set()
      this.names.set(group, names)
    }
    return names
  }
}

class FolderPart implements FileSystem {
  readonly folder: string
  private readonly whole: FileSystem
  private readonly prefix: string
  private readonly names: Set<string>

  constructor(whole: FileSystem, group: string, names: Set<string>) {
    this.whole = whole
    this.prefix = `${PREFIX}${group}${SEPARATOR}`
    this.folder = `${whole.folder}/${PREFIX}${group}`
    this.names = names
  }

  /** Whoever shares the folder has locked it. */
  async lock(): Promise<FolderLock> {
    return { release: async () => {} }
  }

  async list(): Promise<string[]> {
    return [...this.names].sort()
  }

  async open(name: string, mode: 'create' | 'existing'): Promise<File> {
    const file = await this.whole.open(this.prefix + name, mode)
    this.names.add(name)
    return file
  }

  async rename(from: string, to: string): Promise<void> {
    await this.whole.rename(this.prefix + from, this.prefix + to)
    this.names.delete(from)
    this.names.add(to)
  }

  async remove(name: string): Promise<void> {
    await this.whole.remove(this.prefix + name)
    this.names.delete(name)
  }

  syncFolder(): Promise<void> {
    return this.whole.syncFolder()
  }
}

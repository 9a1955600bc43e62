import { describe, expect, test } from 'vitest'
import { votersOnly } from '../raft/configuration.ts'
import { encodeEntries, type Index, type Term } from '../raft/entry.ts'
import type { PersistBatch } from '../raft/ready.ts'
import { concat, utf8Decode, utf8Encode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { type DiskStorage, openDiskStorage } from './disk-storage.ts'
import { type Fault, MemoryFileSystem, type Operation } from './memory-file-system.ts'

const configuration = votersOnly({ a: 'a:1', b: 'b:1', c: 'c:1' })
const NOTHING: PersistBatch = { seq: 0, hardState: null, snapshot: null, truncateFrom: null, entries: [] }

function open(fileSystem: MemoryFileSystem, ids = { clusterId: 'c1', serverId: 'a' }): Promise<DiskStorage> {
  const log = { firstSegmentBytes: 8192, maxSegmentBytes: 8192 }
  return openDiskStorage({ ...ids, fileSystem, initialConfiguration: configuration, random: new Random(3), log })
}

/** What a storage holds, as the tests compare it. */
interface Contents {
  readonly vote: string
  readonly base: string
  /** `term:text` of each entry behind the base. */
  readonly entries: readonly string[]
  readonly snapshot: Index
}

const EMPTY_CONTENTS: Contents = { vote: '0 null', base: '0 0', entries: [], snapshot: 0 }

async function contentsOf({ boot, log, snapshots }: DiskStorage): Promise<Contents> {
  const { hardState, base, lastIndex, snapshot } = boot
  const entries = await log.read(base.index + 1, lastIndex, 1e9)
  const latest = snapshots.latest()
  const pieces: Uint8Array[] = []
  if (latest !== null) for await (const piece of snapshots.read(latest)) pieces.push(piece)
  expect(utf8Decode(concat(pieces))).toBe(latest === null ? '' : snapshotText(snapshot.index))
  expect(entries.length).toBe(lastIndex - base.index)
  return {
    vote: `${hardState.term} ${hardState.votedFor}`,
    base: `${base.index} ${base.term}`,
    entries: entries.map((entry) => `${entry.term}:${utf8Decode(entry.command)?.slice(0, 20)}`),
    snapshot: snapshot.index,
  }
}

function snapshotText(index: Index): string {
  return `state as of ${index} `.repeat(40)
}

/**
 * A server at work: each step says what the storage holds once it is done, and does it. What was acknowledged is
 * `states[acknowledged]`; what comes behind it in `states` was tried and may be there or not.
 */
class Work {
  readonly states: Contents[] = [EMPTY_CONTENTS]
  acknowledged = 0
  private readonly storage: DiskStorage
  private readonly patience: boolean

  constructor(storage: DiskStorage, patience: boolean) {
    this.storage = storage
    this.patience = patience
  }

  get now(): Contents {
    return this.states[this.states.length - 1] as Contents
  }

  vote(term: Term, votedFor: string): Promise<void> {
    return this.write({ vote: `${term} ${votedFor}` }, { ...NOTHING, hardState: { term, votedFor } })
  }

  append(term: Term, ...texts: string[]): Promise<void> {
    return this.write(
      { entries: [...this.now.entries, ...texts.map((text) => `${term}:${text.slice(0, 20)}`)] },
      {
        ...NOTHING,
        entries: encodeEntries(texts.map(utf8Encode), 'command', term, this.baseIndex + this.now.entries.length + 1),
      },
    )
  }

  async replaceFrom(index: Index, term: Term, text: string): Promise<void> {
    const kept = this.now.entries.slice(0, index - this.baseIndex - 1)
    const entries = encodeEntries([utf8Encode(text)], 'command', term, index)
    await this.write({ entries: [...kept, `${term}:${text}`] }, { ...NOTHING, truncateFrom: index, entries })
  }

  async snapshot(index: Index, term: Term): Promise<void> {
    await this.step({ snapshot: index }, () => this.store(index, term))
  }

  async compact(index: Index, term: Term): Promise<void> {
    const entries = this.now.entries.slice(index - this.baseIndex)
    await this.step({ base: `${index} ${term}`, entries }, () => this.storage.log.compact(index))
  }

  /** A leader's snapshot arrives, and the log gives way to it. */
  async install(index: Index, term: Term): Promise<void> {
    const meta = { index, term, configuration }
    await this.step({ base: `${index} ${term}`, entries: [], snapshot: index }, async () => {
      await this.store(index, term)
      await this.storage.log.write([{ ...NOTHING, snapshot: meta }])
    })
  }

  private write(change: Partial<Contents>, batch: PersistBatch): Promise<void> {
    return this.step(change, () => this.storage.log.write([batch]))
  }

  private async step(change: Partial<Contents>, action: () => Promise<void>): Promise<void> {
    this.states.push({ ...this.now, ...change })
    const state = this.states.length - 1
    for (let attempt = 1; ; attempt++) {
      try {
        await action()
        break
      } catch (error) {
        if (!this.patience || attempt > 3 || (error as { code: string }).code !== 'ERR_QUORATE_DISK_FULL') throw error
      }
    }
    this.acknowledged = Math.max(this.acknowledged, state)
  }

  private async store(index: Index, term: Term): Promise<void> {
    const writer = await this.storage.snapshots.create({ index, term, configuration })
    try {
      await writer.write(utf8Encode(snapshotText(index)))
      await writer.commit()
    } catch (error) {
      await writer.abort()
      throw error
    }
  }

  private get baseIndex(): Index {
    return Number(this.now.base.split(' ')[0])
  }
}

const LONG = 'long '.repeat(300)

/** Everything that a storage is asked for, in an order in which it happens. */
async function script(work: Work): Promise<void> {
  await work.vote(1, 'a')
  await work.append(1, 'one', 'two', 'three')
  await Promise.all([work.append(1, 'four'), work.append(1, 'five'), work.append(1, 'six')])
  await work.vote(2, 'b')
  await work.replaceFrom(5, 2, 'five again')
  await work.snapshot(3, 1)
  await work.compact(2, 1)
  for (const name of ['x', 'y', 'z']) await work.append(2, name, LONG, LONG, LONG)
  await work.snapshot(16, 2)
  await work.compact(16, 2)
  await work.append(2, 'eighteen')
  await work.install(30, 4)
  await work.vote(4, 'c')
  await work.append(4, 'thirty-one', LONG, LONG, LONG)
  await work.append(4, LONG, LONG, 'thirty-seven')
}

/** Runs the script on a disk that fails from one operation on, as a machine that loses its power does. */
async function runUntil(fileSystem: MemoryFileSystem, fatal: number, effect: Fault['effect']): Promise<Contents[]> {
  fileSystem.fault = ({ number }) =>
    number < fatal ? null : { code: 'EIO', effect: number === fatal ? effect : 'none' }
  let work: Work | null = null
  try {
    work = new Work(await open(fileSystem), false)
    await script(work)
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
  }
  fileSystem.fault = null
  return work === null ? [EMPTY_CONTENTS] : work.states.slice(work.acknowledged)
}

async function countOperations(): Promise<number> {
  const fileSystem = new MemoryFileSystem()
  await script(new Work(await open(fileSystem), false))
  return fileSystem.operations
}

describe('a storage', () => {
  test('holds after a restart what was written before it', async () => {
    const fileSystem = new MemoryFileSystem()
    const storage = await open(fileSystem)
    const work = new Work(storage, false)
    await script(work)
    await storage.close()
    expect(await contentsOf(await open(fileSystem))).toEqual(work.now)
    expect(work.now.entries.length).toBe(7)
  })

  test.each([
    ['EIO', 'ERR_QUORATE_STORAGE_POISONED'],
    ['ENOSPC', 'ERR_QUORATE_DISK_FULL'],
  ])('that cannot be opened for %s says so with %s and the file, whichever operation fails', async (fault, code) => {
    const whole = new MemoryFileSystem()
    const fatals: number[] = []
    // What cannot be read is damage, with a place: see read-failures.ts.
    whole.fault = ({ number, kind }) => {
      if (kind !== 'read') fatals.push(number)
      return null
    }
    await open(whole)
    for (const fatal of fatals) {
      const fileSystem = new MemoryFileSystem()
      fileSystem.fault = ({ number }) => (number === fatal ? { code: fault, effect: 'none' } : null)
      const refused = await open(fileSystem).catch((error) => error)
      expect(refused, `operation ${fatal}`).toMatchObject({ name: 'StorageError', code })
      expect(refused.message).toMatch(new RegExp(`open /memory \\(${fault}: \\w+ /memory`))
      // The folder is free again, and sound.
      await open(fileSystem)
    }
  })

  test('that cannot write down the founders says so with a code of its own', async () => {
    const fileSystem = new MemoryFileSystem()
    const storage = await open(fileSystem)
    fileSystem.fault = ({ kind }) => (kind === 'write' ? { code: 'EIO', effect: 'none' } : null)
    const refused = await storage.keepFounders({ a: '00ff' }).catch((error) => error)
    expect(refused).toMatchObject({ name: 'StorageError', code: 'ERR_QUORATE_STORAGE_POISONED' })
  })

  test.each(['none', 'part', 'whole'] as const)(
    'loses nothing that was acknowledged when the power goes, wherever it goes (the last operation: %s)',
    { timeout: 120_000 },
    async (effect) => {
      const operations = await countOperations()
      expect(operations).toBeGreaterThan(100)
      for (let fatal = 1; fatal <= operations; fatal++) {
        for (const seed of [1, 2, 3, 4]) {
          const fileSystem = new MemoryFileSystem()
          const allowed = await runUntil(fileSystem, fatal, effect)
          fileSystem.crash(new Random(seed * 1000 + fatal))
          // And once more, while it recovers.
          const dies = fileSystem.operations + (seed === 1 ? 1e9 : seed + (fatal % 17))
          fileSystem.fault = ({ number }) => (number < dies ? null : { code: 'EIO', effect: 'none' })
          await open(fileSystem).catch(() => null)
          fileSystem.fault = null
          fileSystem.crash(new Random(seed * 1000 + fatal + 1))
          const storage = await open(fileSystem)
          const found = await contentsOf(storage)
          expect(allowed, `power gone at operation ${fatal}, seed ${seed}`).toContainEqual(found)
          await expectWorks(storage, fileSystem)
        }
      }
    },
  )

  test('goes on when there is room again, wherever the disk was full', { timeout: 120_000 }, async () => {
    const operations = await countOperations()
    const takesRoom = ({ kind }: Operation) => kind === 'write' || kind === 'resize' || kind === 'open'
    for (let full = 1; full <= operations; full++) {
      for (const effect of ['none', 'part'] as const) {
        const fileSystem = new MemoryFileSystem()
        const storage = await open(fileSystem)
        fileSystem.fault = (operation) =>
          operation.number === full && takesRoom(operation) ? { code: 'ENOSPC', effect } : null
        const work = new Work(storage, true)
        await script(work)
        fileSystem.crash(new Random(full))
        expect(await contentsOf(await open(fileSystem)), `full at operation ${full}`).toEqual(work.now)
      }
    }
  })

  test('refuses to guess after a failed sync: it is final', async () => {
    const fileSystem = new MemoryFileSystem()
    const storage = await open(fileSystem)
    const work = new Work(storage, false)
    await work.append(1, 'one')
    fileSystem.fault = ({ kind }) => (kind === 'sync' ? { code: 'EIO', effect: 'part' } : null)
    await expect(work.append(1, 'two')).rejects.toMatchObject({ code: 'ERR_QUORATE_STORAGE_POISONED' })
    fileSystem.fault = null
    await expect(storage.log.write([NOTHING])).rejects.toMatchObject({ code: 'ERR_QUORATE_STORAGE_POISONED' })
    await expect(storage.log.read(1, 1, 1)).rejects.toMatchObject({ code: 'ERR_QUORATE_STORAGE_POISONED' })
    await storage.close()
    // The system shows the entry and takes its page for clean, though it is not on the disk.
    await (await open(fileSystem)).close()
    fileSystem.crash(new Random(1))
    expect((await contentsOf(await open(fileSystem))).entries).toEqual(['1:one', '1:two'])
  })

  test('leaves no trace of a write that found no room, also when another is written in its place', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const fileSystem = new MemoryFileSystem()
      const storage = await open(fileSystem)
      await new Work(storage, false).append(1, 'one')
      const write = (text: string) =>
        storage.log.write([{ ...NOTHING, entries: encodeEntries([utf8Encode(text)], 'command', 2, 2) }])
      fileSystem.fault = ({ kind }) => (kind === 'write' ? { code: 'ENOSPC', effect: 'part' } : null)
      await expect(write('x'.repeat(3000))).rejects.toMatchObject({ code: 'ERR_QUORATE_DISK_FULL' })
      fileSystem.fault = null
      const isShort = seed % 2 === 0
      if (isShort) await write('y')
      else {
        let syncs = 0
        fileSystem.fault = ({ kind }) => (kind === 'sync' && ++syncs === 2 ? { code: 'EIO', effect: 'none' } : null)
        await expect(write('y'.repeat(1000))).rejects.toThrow()
        fileSystem.fault = null
      }
      if (isShort) fileSystem.kill()
      else fileSystem.crash(new Random(seed))
      const { entries } = await contentsOf(await open(fileSystem))
      expect(isShort ? [['1:one', '2:y']] : [['1:one'], ['1:one', `2:${'y'.repeat(20)}`]]).toContainEqual(entries)
    }
  })
})

/** A storage that has recovered takes new entries and gives them back. */
async function expectWorks(storage: DiskStorage, fileSystem: MemoryFileSystem): Promise<void> {
  const { boot, log } = storage
  const [entry] = encodeEntries([utf8Encode('after')], 'command', 9, boot.lastIndex + 1)
  await log.write([{ ...NOTHING, entries: entry === undefined ? [] : [entry] }])
  await storage.close()
  const again = await open(fileSystem)
  expect((await contentsOf(again)).entries.at(-1)).toBe('9:after')
  await again.close()
}

describe('a data folder', () => {
  test('belongs to one server of one cluster', async () => {
    const fileSystem = new MemoryFileSystem({ folder: '/data/a' })
    await (await open(fileSystem)).close()
    const before = await fileSystem.list()
    await expect(open(fileSystem, { clusterId: 'c2', serverId: 'a' })).rejects.toMatchObject({
      code: 'ERR_QUORATE_WRONG_CLUSTER',
      message: '/data/a belongs to cluster c1, not to c2: give this server its own folder',
    })
    await expect(open(fileSystem, { clusterId: 'c1', serverId: 'b' })).rejects.toMatchObject({
      code: 'ERR_QUORATE_WRONG_SERVER',
      message: '/data/a belongs to server a, not to b: give this server its own folder',
    })
    expect(await fileSystem.list()).toEqual(before)
    await (await open(fileSystem)).close()
  })

  test('is open only once at a time', async () => {
    const fileSystem = new MemoryFileSystem()
    const storage = await open(fileSystem)
    await expect(open(fileSystem)).rejects.toMatchObject({ code: 'ERR_QUORATE_LOCKED' })
    await storage.close()
    await (await open(fileSystem)).close()
  })

  test('without its identity, or with one byte of it changed, is refused', async () => {
    const fileSystem = new MemoryFileSystem()
    const storage = await open(fileSystem)
    await new Work(storage, false).append(1, 'one')
    await storage.close()
    for (let offset = 0; offset < fileSystem.image('identity').size; offset++) {
      fileSystem.image('identity').flip(offset, 1)
      await expect(open(fileSystem)).rejects.toMatchObject({ code: expect.stringMatching(/DAMAGED|UNKNOWN_FORMAT/) })
      fileSystem.image('identity').flip(offset, 1)
    }
    await fileSystem.remove('identity')
    await expect(open(fileSystem)).rejects.toThrow('it is missing, but there is log-00000001.qlog')
  })

  test('without its log is refused, not taken for a new one', async () => {
    const fileSystem = new MemoryFileSystem()
    await (await open(fileSystem)).close()
    await fileSystem.remove('log-00000001.qlog')
    await expect(open(fileSystem)).rejects.toThrow('the log was here and is gone')
  })

  test('falls back to the older snapshot while the log reaches back to it, and else is refused', async () => {
    const fileSystem = new MemoryFileSystem()
    const storage = await open(fileSystem)
    const work = new Work(storage, false)
    await work.append(1, 'one', 'two', 'three', 'four')
    await work.snapshot(2, 1)
    await work.compact(2, 1)
    await work.snapshot(4, 1)
    await storage.close()
    fileSystem.image('snapshot-0000000000000004.qsnap').flip(200, 1)
    const fallen = await open(fileSystem)
    expect(fallen.boot.snapshot.index).toBe(2)
    expect(fallen.damagedSnapshots.map(({ reason }) => reason)).toEqual(['chunk 0 has the wrong checksum'])
    await fallen.log.compact(3)
    await fallen.close()
    await expect(open(fileSystem)).rejects.toThrow(
      'the log begins behind entry 3, the newest intact snapshot ends with 2',
    )
  })

  test('with a sector of the log that the disk does not give back is refused, with its place', async () => {
    const fileSystem = new MemoryFileSystem({ folder: '/data/a' })
    const storage = await open(fileSystem)
    await new Work(storage, false).append(1, 'one', LONG)
    await storage.close()
    fileSystem.image('log-00000001.qlog').spoil(1024, 512)
    const refused = await open(fileSystem).catch((error: unknown) => error)
    expect(refused).toMatchObject({ name: 'StorageError', file: '/data/a/log-00000001.qlog', offset: 1024 })
    expect(`${refused}`).toContain('cannot be read (EIO: read /data/a/log-00000001.qlog)')
  })

  test('with a newest snapshot that the disk does not give back falls back to the older one', async () => {
    const fileSystem = new MemoryFileSystem()
    const storage = await open(fileSystem)
    const work = new Work(storage, false)
    await work.append(1, 'one', 'two')
    await work.snapshot(1, 1)
    await work.snapshot(2, 1)
    await storage.close()
    fileSystem.image('snapshot-0000000000000002.qsnap').spoil(0, 512)
    const fallen = await open(fileSystem)
    expect(fallen.boot.snapshot.index).toBe(1)
    expect(fallen.damagedSnapshots.map(({ reason }) => reason)).toEqual([expect.stringContaining('cannot be read')])
  })

  test.each(['snapshot-0000000000000004.qsnap', 'founders'])(
    'that is refused for its %s is left as it was',
    async (damaged) => {
      const fileSystem = new MemoryFileSystem()
      const storage = await open(fileSystem)
      const work = new Work(storage, false)
      await storage.keepFounders({ a: '00ff' })
      await work.append(1, 'one', 'two', 'three', 'four')
      await work.snapshot(2, 1)
      await work.snapshot(4, 1)
      await work.compact(4, 1)
      await storage.close()
      fileSystem.image(damaged).flip(30, 1)
      // Behind the log's end: whoever opens the log wipes it away.
      fileSystem.image('log-00000001.qlog').flip(8000, 1)
      await expect(open(fileSystem)).rejects.toMatchObject({ file: `/memory/${damaged}` })
      expect(fileSystem.image('log-00000001.qlog').read(8000, 1)).toEqual(Uint8Array.of(1))
    },
  )

  test('holds few files however long it is written to', async () => {
    const fileSystem = new MemoryFileSystem()
    const storage = await open(fileSystem)
    const work = new Work(storage, false)
    for (let index = 4; index <= 200; index += 4) {
      await work.append(1, LONG, LONG, LONG, LONG)
      await work.snapshot(index, 1)
      await work.compact(index, 1)
    }
    const names = await fileSystem.list()
    expect(names.filter((name) => name.startsWith('snapshot')).length).toBe(2)
    expect(names.filter((name) => name.startsWith('log')).length).toBeLessThanOrEqual(3)
    await storage.close()
    expect(await contentsOf(await open(fileSystem))).toEqual(work.now)
  })
})

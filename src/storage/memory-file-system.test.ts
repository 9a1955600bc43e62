import { describe, expect, test } from 'vitest'
import { Random } from '../util/random.ts'
import type { File } from './file-system.ts'
import { MemoryFileSystem } from './memory-file-system.ts'

/** What is left of a file after each of many crashes: its bytes as a string, or null when it is gone. */
async function afterCrashes(prepare: (fileSystem: MemoryFileSystem) => Promise<void>): Promise<Set<string | null>> {
  const left = new Set<string | null>()
  for (let seed = 0; seed < 200; seed++) {
    const fileSystem = new MemoryFileSystem()
    await prepare(fileSystem)
    fileSystem.crash(new Random(seed))
    const names = await fileSystem.list()
    const { size } = names.includes('a') ? fileSystem.image('a') : { size: 0 }
    left.add(names.includes('a') ? [...fileSystem.image('a').read(0, size)].join('') : null)
  }
  return left
}

async function created(fileSystem: MemoryFileSystem, ...digits: number[]): Promise<File> {
  const file = await fileSystem.open('a', 'create')
  file.write(0, [Uint8Array.from(digits)])
  await file.sync()
  await fileSystem.syncFolder()
  return file
}

describe('a crash', () => {
  test('keeps what was synced', async () => {
    expect(await afterCrashes(async (fs) => void (await created(fs, 1, 2)))).toEqual(new Set(['12']))
  })

  test('may lose a write that was not synced, or not', async () => {
    const left = await afterCrashes(async (fs) => (await created(fs, 1, 2)).write(1, [Uint8Array.of(3)]))
    expect(left).toEqual(new Set(['12', '13']))
  })

  test('tears a write at 512 bytes, and keeps any of the sectors', async () => {
    const left = await afterCrashes(async (fs) => (await created(fs)).write(0, [new Uint8Array(1024).fill(1)]))
    const torn = (head: number, tail: number, size: number) =>
      `${head}`.repeat(Math.min(size, 512)) + `${tail}`.repeat(Math.max(size - 512, 0))
    expect(left).toEqual(new Set(['', torn(1, 0, 512), torn(0, 1, 1024), torn(1, 1, 1024)]))
  })

  test('may lose the name of a file whose bytes were synced', async () => {
    const left = await afterCrashes(async (fs) => {
      const file = await fs.open('a', 'create')
      file.write(0, [Uint8Array.of(1)])
      await file.sync()
    })
    expect(left).toEqual(new Set([null, '1']))
  })

  test('may undo a removal or a renaming that the folder was not synced after', async () => {
    const removed = await afterCrashes(async (fs) => {
      await created(fs, 1)
      await fs.remove('a')
    })
    expect(removed).toEqual(new Set([null, '1']))
    const replaced = await afterCrashes(async (fs) => {
      await created(fs, 1)
      const other = await fs.open('b', 'create')
      other.write(0, [Uint8Array.of(2)])
      await other.sync()
      await fs.rename('b', 'a')
    })
    expect(replaced).toEqual(new Set(['1', '2']))
  })

  test('is the end of open files and of the lock', async () => {
    const fileSystem = new MemoryFileSystem()
    const file = await created(fileSystem, 1)
    const lock = await fileSystem.lock()
    await expect(fileSystem.lock()).rejects.toMatchObject({ code: 'ERR_QUORATE_LOCKED' })
    fileSystem.kill()
    expect(() => file.write(0, [Uint8Array.of(1)])).toThrow('EIO')
    const second = await fileSystem.lock()
    await lock.release()
    await expect(fileSystem.lock()).rejects.toMatchObject({ code: 'ERR_QUORATE_LOCKED' })
    await second.release()
  })
})

describe('a fault', () => {
  test('fails the operation it was asked for, with its code, and tells which file', async () => {
    const fileSystem = new MemoryFileSystem({ folder: '/f' })
    const file = await created(fileSystem, 1)
    fileSystem.fault = ({ kind, name }) => (kind === 'sync' && name === 'a' ? { code: 'EIO', effect: 'none' } : null)
    await expect(file.sync()).rejects.toThrow('EIO: sync /f/a')
  })

  test('may do half of a write', async () => {
    const fileSystem = new MemoryFileSystem()
    const file = await created(fileSystem)
    fileSystem.fault = () => ({ code: 'ENOSPC', effect: 'part' })
    expect(() => file.write(0, [Uint8Array.of(1, 2, 3, 4)])).toThrow('ENOSPC')
    expect(file.size).toBe(2)
  })

  test('of a sync loses writes for good, though they are still seen and the next sync succeeds', async () => {
    const left = await afterCrashes(async (fs) => {
      const file = await created(fs, 1)
      file.write(0, [Uint8Array.of(2)])
      fs.fault = ({ kind }) => (kind === 'sync' ? { code: 'EIO', effect: 'part' } : null)
      await file.sync().catch(() => undefined)
      fs.fault = null
      expect([...(await file.read(0, 1))]).toEqual([2])
      await file.sync()
    })
    expect(left).toEqual(new Set(['1']))
  })
})

test('a sync covers what was written before it began, not what came while it was under way', async () => {
  const left = await afterCrashes(async (fs) => {
    const file = await created(fs, 1)
    let proceed = () => {}
    fs.delay = () =>
      new Promise((resolve) => {
        proceed = resolve
      })
    file.write(0, [Uint8Array.of(2)])
    const syncing = file.sync()
    file.write(0, [Uint8Array.of(3)])
    proceed()
    await syncing
  })
  expect(left).toEqual(new Set(['2', '3']))
})

test('a spoiled sector fails to be read until it is written anew as a whole', async () => {
  const fileSystem = new MemoryFileSystem()
  fileSystem.put('file', new Uint8Array(2048)).spoil(600, 10)
  const file = await fileSystem.open('file', 'existing')
  expect((await file.read(0, 512)).length).toBe(512)
  await expect(file.read(500, 100)).rejects.toMatchObject({ code: 'EIO' })
  file.write(512, [new Uint8Array(100)])
  await expect(file.read(512, 1)).rejects.toMatchObject({ code: 'EIO' })
  file.write(512, [new Uint8Array(512)])
  expect((await file.read(0, 2048)).length).toBe(2048)
})

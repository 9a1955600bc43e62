import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Entry } from '../raft/entry.ts'
import { utf8Encode } from '../util/bytes.ts'
import { DiskLog } from './disk-log.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { MemoryLog } from './memory-log.ts'
import { appends, NOTHING, Subject, steps } from './testing/random-steps.ts'
import { createLog } from './write-ahead-log.ts'

const logId = utf8Encode('logidlog')
async function freshLog(fileSystem: MemoryFileSystem): Promise<DiskLog> {
  const options = { fileSystem, logId, firstSegmentBytes: 16_384, maxSegmentBytes: 65_536 }
  await createLog(options)
  const log = new DiskLog(options)
  await log.open()
  return log
}

/** Counts what reaches the disk, and lets a sync end when the test says so. */
function watched(fileSystem: MemoryFileSystem): { writes: () => number; endSync: () => void } {
  let writes = 0
  let end = () => {}
  fileSystem.fault = ({ kind }) => {
    if (kind === 'write') writes++
    return null
  }
  fileSystem.delay = ({ kind }) =>
    kind === 'sync'
      ? new Promise((resolve) => {
          end = resolve
        })
      : Promise.resolve()
  return { writes: () => writes, endSync: () => end() }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('the log', () => {
  test('hands the bytes over in the turn of the call, and gathers what comes while a sync is under way', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await freshLog(fileSystem)
    const { writes, endSync } = watched(fileSystem)
    const first = log.write([appends(1, 1, 10)])
    expect(writes()).toBe(1)
    const others = [2, 3, 4, 5].map((index) => log.write([appends(index, 1, 10)]))
    await settle()
    expect(writes()).toBe(1)
    endSync()
    await first
    await settle()
    expect(writes()).toBe(2)
    endSync()
    await Promise.all(others)
    expect((await log.read(1, 5, 1e9)).length).toBe(5)
  })

  test('does not hand out entries that are not durable', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await freshLog(fileSystem)
    const { endSync } = watched(fileSystem)
    const writing = log.write([appends(1, 1, 10)])
    expect(await log.read(1, 1, 1e9)).toEqual([])
    endSync()
    await writing
    expect((await log.read(1, 1, 1e9)).length).toBe(1)
  })

  test('writes the very bytes of the entries, without a copy', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await freshLog(fileSystem)
    const file = await fileSystem.open('log-00000001.qlog', 'existing')
    const seen: Uint8Array[] = []
    const write = Object.getPrototypeOf(file).write
    Object.getPrototypeOf(file).write = function (offset: number, pieces: Uint8Array[]) {
      seen.push(...pieces)
      return write.call(this, offset, pieces)
    }
    const batch = appends(1, 1, 100, 200)
    await log.write([batch])
    Object.getPrototypeOf(file).write = write
    expect(seen.length).toBe(3)
    expect(seen[1]?.buffer).toBe((batch.entries[0] as Entry).bytes.buffer)
  })

  test('makes room on a full disk by compaction', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await freshLog(fileSystem)
    let index = 1
    for (; index <= 20; index++) await log.write([appends(index, 1, 3000)])
    fileSystem.fault = ({ kind }) => (kind === 'resize' || kind === 'open' ? { code: 'ENOSPC', effect: 'none' } : null)
    const fill = async (size: number) => {
      for (; ; index++) await log.write([appends(index, 1, size)])
    }
    await expect(fill(3000)).rejects.toMatchObject({ code: 'ERR_QUORATE_DISK_FULL' })
    await expect(fill(0)).rejects.toMatchObject({ code: 'ERR_QUORATE_DISK_FULL' })
    const before = (await fileSystem.list()).length
    for (let to = 10; to < index; to += 10) await log.compact(to)
    expect((await fileSystem.list()).length).toBeLessThan(before)
    fileSystem.fault = null
    await log.write([appends(index, 1, 3000)])
    expect((await log.read(index, index, 1e9)).length).toBe(1)
  })

  test('tries once to make the next segment in advance, and again when it is needed', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await freshLog(fileSystem)
    let attempts = 0
    fileSystem.fault = ({ kind }) => {
      if (kind === 'open') attempts++
      return kind === 'resize' ? { code: 'ENOSPC', effect: 'part' } : null
    }
    for (let index = 1; index <= 4; index++) {
      await log.write([appends(index, 1, 2900)])
      await settle()
    }
    expect(attempts).toBe(1)
    expect(await fileSystem.list()).toEqual(['log-00000001.qlog'])
    await expect(log.write([appends(5, 1, 2900)])).rejects.toMatchObject({ code: 'ERR_QUORATE_DISK_FULL' })
    expect(attempts).toBe(2)
    fileSystem.fault = null
    await log.write([appends(5, 1, 2900)])
    expect(await fileSystem.list()).toEqual(['log-00000001.qlog', 'log-00000002.qlog'])
  })

  test('rejects what waits behind a write without room, and takes it again in the same order', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await freshLog(fileSystem)
    fileSystem.fault = ({ kind }) => (kind === 'write' ? { code: 'ENOSPC', effect: 'part' } : null)
    const batches = [appends(1, 1, 10), appends(2, 1, 10), appends(3, 1, 10)]
    const outcomes = await Promise.allSettled(batches.map((batch) => log.write([batch])))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    fileSystem.fault = null
    await Promise.all(batches.map((batch) => log.write([batch])))
    expect((await log.read(1, 3, 1e9)).map(({ index }) => index)).toEqual([1, 2, 3])
  })

  test('rejects a write that follows a rejected one without knowing, and not one that is made in the know', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await freshLog(fileSystem)
    fileSystem.fault = ({ number }) => (number === failing ? { code: 'ENOSPC', effect: 'none' } : null)
    const failing = fileSystem.operations + 1
    const outcomes: Promise<string>[] = []
    const vote = { ...NOTHING, hardState: { term: 9, votedFor: null } }
    let knows = false
    const first = log.write([appends(1, 1, 10)]).catch(() => {
      knows = true
      return log.write([appends(1, 1, 10)])
    })
    while (!knows) {
      outcomes.push(
        log.write([vote]).then(
          () => 'written',
          (error) => error.code,
        ),
      )
      await Promise.resolve()
    }
    await first
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['ERR_QUORATE_DISK_FULL']))
    expect((await log.read(1, 1, 1e9)).length).toBe(1)
  })

  test('refuses entries that do not follow its last, and leaves the disk as it is', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await freshLog(fileSystem)
    await log.write([appends(1, 1, 10)])
    await expect(log.write([appends(3, 1, 10)])).rejects.toThrow('entry 3 cannot be written behind entry 1')
    await log.close()
    expect((await new DiskLog({ fileSystem, logId }).open()).lastIndex).toBe(1)
  })

  test('notices while reading that a byte has changed, and names the place', async () => {
    const fileSystem = new MemoryFileSystem({ folder: '/data' })
    const log = await freshLog(fileSystem)
    await log.write([appends(1, 1, 100)])
    fileSystem.image('log-00000001.qlog').flip(200, 1)
    await expect(log.read(1, 1, 1e9)).rejects.toMatchObject({
      code: 'ERR_QUORATE_STORAGE_DAMAGED',
      file: '/data/log-00000001.qlog',
    })
  })

  test('lengthens a segment that holds nothing yet, for what is too large for it', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await freshLog(fileSystem)
    await log.write([appends(1, 1, 10_000)])
    // The first write is the new segment's header.
    let writes = 0
    fileSystem.fault = ({ kind }) => (kind === 'write' && ++writes > 1 ? { code: 'ENOSPC', effect: 'none' } : null)
    await expect(log.write([appends(2, 1, 10_000)])).rejects.toMatchObject({ code: 'ERR_QUORATE_DISK_FULL' })
    fileSystem.fault = null
    await log.write([appends(2, 1, 60_000)])
    await log.close()
    expect((await new DiskLog({ fileSystem, logId }).open()).lastIndex).toBe(2)
  })

  test('takes a batch that is larger than a segment', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await freshLog(fileSystem)
    await log.write([appends(1, 1, 10)])
    await log.write([appends(2, 1, 100_000, 100_000)])
    await log.write([appends(4, 1, 10)])
    await log.close()
    const again = new DiskLog({ fileSystem, logId })
    expect((await again.open()).lastIndex).toBe(4)
    expect((await again.read(1, 4, 1e9)).map(({ bytes }) => bytes.length)).toEqual([34, 100_024, 100_024, 34])
  })

  test('brings nothing when entries are cut off while they are being read', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await freshLog(fileSystem)
    await log.write([appends(1, 1, 10, 10, 10)])
    let proceed = () => {}
    fileSystem.delay = ({ kind }) =>
      kind === 'read'
        ? new Promise((resolve) => {
            proceed = resolve
          })
        : Promise.resolve()
    const reading = log.read(1, 3, 1e9)
    await log.write([{ ...appends(2, 2, 10), truncateFrom: 2 }])
    proceed()
    expect(await reading).toEqual([])
  })

  test('lets a read end in a segment that compaction removes meanwhile', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await freshLog(fileSystem)
    for (let index = 1; index <= 20; index++) await log.write([appends(index, 1, 3000)])
    let proceed = () => {}
    fileSystem.delay = ({ kind }) =>
      kind === 'read'
        ? new Promise((resolve) => {
            proceed = resolve
          })
        : Promise.resolve()
    const reading = log.read(1, 1, 1e9)
    await log.compact(20)
    expect(await fileSystem.list()).not.toContain('log-00000001.qlog')
    proceed()
    expect((await reading).map(({ index }) => index)).toEqual([1])
  })
})

test('a log on a disk and one in memory cannot be told apart', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const fileSystem = new MemoryFileSystem()
      const onDisk = new Subject(await freshLog(fileSystem), () => new DiskLog({ fileSystem, logId }))
      const memory = new MemoryLog()
      await memory.open()
      const inMemory = new Subject(memory, () => memory)
      for (const step of sequence) {
        await onDisk.take(step)
        await inMemory.take(step)
      }
      await onDisk.reopen()
      await inMemory.reopen()
      expect(await onDisk.view()).toEqual(await inMemory.view())
    }),
    { numRuns: 100, seed: 20_261_121 },
  )
})

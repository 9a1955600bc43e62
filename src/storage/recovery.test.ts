import { describe, expect, test } from 'vitest'
import { encodeEntries, type Index, type Term } from '../raft/entry.ts'
import type { PersistBatch } from '../raft/ready.ts'
import { equal, utf8Encode, writeUint32 } from '../util/bytes.ts'
import { crc32c } from '../util/crc32c.ts'
import { BATCH_HEADER_BYTES, type BatchHeader, batchEnd, decodeHeader, entriesEnd } from './batch.ts'
import { DiskLog } from './disk-log.ts'
import { DamageError } from './errors.ts'
import type { OpenedLog } from './log-store.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { SEGMENT_HEADER_BYTES } from './segment.ts'
import { createLog } from './write-ahead-log.ts'

const FIRST = 'log-00000001.qlog'
const SIZE = 8192
const logId = utf8Encode('logidlog')
const NOTHING: PersistBatch = { seq: 0, hardState: null, snapshot: null, truncateFrom: null, entries: [] }

function appends(first: Index, term: Term, ...texts: string[]): PersistBatch {
  return { ...NOTHING, entries: encodeEntries(texts.map(utf8Encode), 'command', term, first) }
}

function makeLog(fileSystem: MemoryFileSystem): DiskLog {
  return new DiskLog({ fileSystem, logId, firstSegmentBytes: SIZE, maxSegmentBytes: SIZE })
}

/** A log to which these batches were written one after the other, each acknowledged; then closed. */
async function logOf(...batches: PersistBatch[]): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem({ folder: '/data' })
  await createLog({ fileSystem, logId, firstSegmentBytes: SIZE })
  const log = makeLog(fileSystem)
  await log.open()
  for (const batch of batches) await log.write([batch])
  await log.close()
  return fileSystem
}

/** Opens the log; what is wrong with it comes as a value. */
async function reopen(fileSystem: MemoryFileSystem): Promise<OpenedLog | DamageError> {
  const log = makeLog(fileSystem)
  try {
    return await log.open()
  } catch (error) {
    if (error instanceof DamageError) return error
    throw error
  } finally {
    await log.close()
  }
}

async function lastIndexOf(fileSystem: MemoryFileSystem): Promise<Index | string> {
  const opened = await reopen(fileSystem)
  return opened instanceof DamageError ? opened.message : opened.lastIndex
}

/** Where each batch of the first segment starts, and where the last one ends. */
function batchOffsets(fileSystem: MemoryFileSystem): number[] {
  const bytes = fileSystem.image(FIRST).read(0, SIZE)
  const offsets = [SEGMENT_HEADER_BYTES]
  for (let header = decodeHeader(bytes, SEGMENT_HEADER_BYTES); header !== null; ) {
    offsets.push(batchEnd(header))
    header = decodeHeader(bytes, batchEnd(header))
  }
  return offsets
}

/** The bytes that fill each batch up; all that they say is that the write got so far. */
function sealBytes(fileSystem: MemoryFileSystem): Set<number> {
  const bytes = fileSystem.image(FIRST).read(0, SIZE)
  const seals = new Set<number>()
  for (const start of batchOffsets(fileSystem).slice(0, -1)) {
    const header = decodeHeader(bytes, start) as BatchHeader
    for (let offset = entriesEnd(header); offset < batchEnd(header); offset++) seals.add(offset)
  }
  return seals
}

/** The write with this number gets half of its bytes onto the disk, and fails. */
function failAtWrite(fileSystem: MemoryFileSystem, number: number, effect: 'part' | 'whole' = 'part'): void {
  let writes = 0
  fileSystem.fault = ({ kind }) => (kind === 'write' && ++writes === number ? { code: 'ENOSPC', effect } : null)
}

function overwrite(fileSystem: MemoryFileSystem, name: string, offset: number, bytes: Uint8Array): void {
  fileSystem.image(name).write(offset, bytes)
}

const SMALL = [
  { ...appends(1, 1, 'one', 'two'), hardState: { term: 1, votedFor: 'a' } },
  appends(3, 1, 'three'),
  { ...appends(3, 2, 'three again', 'four'), truncateFrom: 3, hardState: { term: 2, votedFor: null } },
  appends(5, 2, 'five', 'six'.repeat(200), 'seven'),
]

describe('one bad byte', () => {
  test.each([0x01, 0x80, 0xff])(
    'anywhere in a small log (changed by %i) is refused with its place',
    { timeout: 120_000 },
    async (mask) => {
      const fileSystem = await logOf(...SMALL)
      const seals = sealBytes(fileSystem)
      for (let offset = 0; offset < (batchOffsets(fileSystem).at(-1) as number); offset++) {
        if (seals.has(offset)) continue
        fileSystem.image(FIRST).flip(offset, mask)
        const before = fileSystem.image(FIRST).read(0, SIZE)
        const found = await reopen(fileSystem).catch((error) => error)
        expect(found, `byte ${offset}`).toBeInstanceOf(Error)
        expect(found).toMatchObject({ code: 'ERR_QUORATE_STORAGE_DAMAGED', file: `/data/${FIRST}` })
        expect(found.offset).toBeLessThanOrEqual(offset)
        expect(equal(fileSystem.image(FIRST).read(0, SIZE), before)).toBe(true)
        fileSystem.image(FIRST).flip(offset, mask)
      }
      for (const offset of seals) {
        fileSystem.image(FIRST).flip(offset, mask)
        expect(await lastIndexOf(fileSystem)).toBe(7)
      }
    },
  )

  test('behind the end of the log does no harm', async () => {
    for (const distance of [0, 1, 4, 7, 40, 47, 48, 100, 1000]) {
      const fileSystem = await logOf(...SMALL)
      fileSystem.image(FIRST).flip((batchOffsets(fileSystem).at(-1) as number) + distance, 1)
      expect(await lastIndexOf(fileSystem)).toBe(7)
    }
  })

  test('in a batch that is followed by another is refused even when it looks torn', async () => {
    const fileSystem = await logOf(...SMALL)
    const [, second, third] = batchOffsets(fileSystem) as [number, number, number]
    overwrite(fileSystem, FIRST, second, new Uint8Array(third - second))
    const found = await reopen(fileSystem)
    expect(found).toMatchObject({ file: `/data/${FIRST}`, offset: second })
    expect(`${found}`).toContain(`batch 3 at byte ${third} proves that it was once in order`)
  })
})

describe('a write that was interrupted', () => {
  test('is cut off, wherever it was interrupted, and what was there before stays', async () => {
    const whole = await logOf(...SMALL)
    const [start, end] = batchOffsets(whole).slice(-2) as [number, number]
    const seals = sealBytes(whole)
    for (let cut = start; cut < end; cut++) {
      const fileSystem = await logOf(...SMALL)
      overwrite(fileSystem, FIRST, cut, new Uint8Array(end - cut))
      const opened = (await reopen(fileSystem)) as OpenedLog
      expect(opened.lastIndex, `cut at ${cut}`).toBe(seals.has(cut) ? 7 : 4)
      if (cut > start && !seals.has(cut))
        expect(opened.recovery.tornTail).toMatchObject({ file: `/data/${FIRST}`, offset: start })
    }
  })

  test.each([1, 2])('is cut off although cutting it off was interrupted in write %i', async (number) => {
    const [start, end] = batchOffsets(await logOf(...SMALL)).slice(-2) as [number, number]
    for (let cut = start + 1; cut < end; cut++) {
      const fileSystem = await logOf(...SMALL)
      overwrite(fileSystem, FIRST, cut, new Uint8Array(end - cut))
      failAtWrite(fileSystem, number)
      await reopen(fileSystem).catch(() => {})
      fileSystem.fault = null
      expect(await lastIndexOf(fileSystem), `cut at ${cut}`).toBeTypeOf('number')
    }
  })

  test.each([1, 2, 3])('for want of room is cut off although clearing it away failed in write %i', async (number) => {
    for (let length = 1; length < 600; length += 7) {
      const fileSystem = await logOf(appends(1, 1, 'one'))
      const log = makeLog(fileSystem)
      await log.open()
      failAtWrite(fileSystem, 1, 'whole')
      await expect(log.write([appends(2, 1, 'x'.repeat(length))])).rejects.toThrow('no room')
      failAtWrite(fileSystem, number)
      await expect(log.write([appends(2, 1, 'two')])).rejects.toThrow('no room')
      fileSystem.fault = null
      expect(await lastIndexOf(fileSystem), `${length} bytes`).toBeTypeOf('number')
    }
  })

  test('is cut off when single sectors of it are missing, and nothing of it comes back later', async () => {
    const long = ['a', 'b', 'c'].map((letter) => letter.repeat(700))
    const whole = await logOf(appends(1, 1, 'one'), appends(2, 1, ...long))
    const [start, end] = batchOffsets(whole).slice(-2) as [number, number]
    for (let sector = 512 * Math.floor(start / 512); sector < end; sector += 512) {
      const fileSystem = await logOf(appends(1, 1, 'one'), appends(2, 1, ...long))
      const [from, to] = [Math.max(sector, start), Math.min(sector + 512, end)]
      overwrite(fileSystem, FIRST, from, new Uint8Array(to - from))
      expect(await lastIndexOf(fileSystem), `without the sector at ${sector}`).toBe(1)
      expect([...new Set(fileSystem.image(FIRST).read(start, SIZE))]).toEqual([0])
    }
  })

  test('in the first batch of a segment is cut off, and the log goes on in the segment before', async () => {
    const fileSystem = await logOf(appends(1, 1, 'x'.repeat(3000)), appends(2, 1, 'y'.repeat(3000)))
    overwrite(fileSystem, 'log-00000002.qlog', SEGMENT_HEADER_BYTES + 60, new Uint8Array(SIZE))
    expect(await lastIndexOf(fileSystem)).toBe(1)
    expect(await fileSystem.list()).toEqual([FIRST])
  })
})

describe('a log', () => {
  test('with a segment cut short is refused', async () => {
    const fileSystem = await logOf(...SMALL)
    fileSystem.image(FIRST).resize(SIZE - 1)
    expect(await lastIndexOf(fileSystem)).toContain('the file was cut: 8192 bytes became 8191')
  })

  test('with any of its segments missing is refused', async () => {
    const batches = [1, 2, 3, 4].map((index) => appends(index, 1, 'x'.repeat(3000)))
    const names = (await (await logOf(...batches)).list()).slice(0, 4)
    for (const name of names.slice(0, 3)) {
      const fileSystem = await logOf(...batches)
      await fileSystem.remove(name)
      expect(await lastIndexOf(fileSystem), `without ${name}`).toMatch(/is damaged/)
    }
  })

  test('with two segments exchanged, or one of another log, is refused', async () => {
    const batches = [1, 2, 3].map((index) => appends(index, 1, 'x'.repeat(3000)))
    const fileSystem = await logOf(...batches)
    await fileSystem.rename('log-00000002.qlog', 'other')
    await fileSystem.rename('log-00000003.qlog', 'log-00000002.qlog')
    await fileSystem.rename('other', 'log-00000003.qlog')
    expect(await lastIndexOf(fileSystem)).toContain('it is segment 3 under another name')
    const foreign = new DiskLog({ fileSystem: await logOf(...SMALL), logId: utf8Encode('otherlog') })
    await expect(foreign.open()).rejects.toThrow('it belongs to another log')
  })

  test('of a newer format is refused with its version', async () => {
    const fileSystem = await logOf(...SMALL)
    const header = fileSystem.image(FIRST).read(0, SEGMENT_HEADER_BYTES)
    writeUint32(header, 8, 2)
    writeUint32(header, 0, crc32c(header, 4))
    overwrite(fileSystem, FIRST, 0, header)
    await expect(makeLog(fileSystem).open()).rejects.toMatchObject({
      code: 'ERR_QUORATE_UNKNOWN_FORMAT',
      message: `/data/${FIRST} has format 2, this program reads 1: use the program that wrote it`,
    })
  })

  test('in which a batch lies at the wrong place is refused', async () => {
    const fileSystem = await logOf(...SMALL)
    const [first, second, third] = batchOffsets(fileSystem) as [number, number, number]
    const misplaced = fileSystem.image(FIRST).read(second, third - second)
    overwrite(fileSystem, FIRST, first, misplaced)
    const found = await lastIndexOf(fileSystem)
    expect(found).toContain(`a batch that belongs into segment 1 at byte ${second}`)
  })

  test('with a batch of another history, at its place and with its number, is refused', async () => {
    const ours = await logOf(appends(1, 1, 'ours!'), appends(2, 1, 'two'))
    const theirs = await logOf(appends(1, 1, 'other'), appends(2, 1, 'two'))
    const [, second, end] = batchOffsets(theirs) as [number, number, number]
    overwrite(ours, FIRST, second, theirs.image(FIRST).read(second, end - second))
    expect(await lastIndexOf(ours)).toContain('batch 2 does not continue the one before it')
  })

  test('keeps only its newest entries in memory when it is opened', async () => {
    const fileSystem = await logOf(...[1, 2, 3, 4, 5].map((index) => appends(index, index, 'x'.repeat(1000))))
    const log = new DiskLog({ fileSystem, logId, maxTailBytes: 2500 })
    const opened = await log.open()
    expect(opened.tail.map(({ index }) => index)).toEqual([4, 5])
    expect(opened.terms.length).toBe(5)
    expect((await log.read(1, 5, 1e9)).map(({ index }) => index)).toEqual([1, 2, 3, 4, 5])
  })

  test('whose cut file is shorter than a header says so', async () => {
    const fileSystem = await logOf(...SMALL)
    fileSystem.image(FIRST).resize(BATCH_HEADER_BYTES - 20)
    expect(await lastIndexOf(fileSystem)).toContain('the file has only 28 bytes')
  })
})

import { describe, expect, test } from 'vitest'
import type { SharedLog } from './shared-log.ts'
import { contentsOf, GroupWork } from './testing/group-work.ts'
import { appends, NOTHING } from './testing/random-steps.ts'
import { diskOf, indexesOf, newDisk, open, openGroup } from './testing/shared-disk.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('a group that rests', () => {
  /** A neighbour writes and compacts. */
  async function bustle(log: SharedLog, rounds: number): Promise<void> {
    const busy = await openGroup(log, 'busy')
    for (let index = busy.opened.lastIndex + 1, end = index + rounds; index < end; index++) {
      await busy.write([appends(index, 1, 3000)])
      await busy.compact(index - 2)
    }
    await busy.close()
  }

  test('does not hold what its neighbour has compacted, however much that is', async () => {
    const options = await newDisk()
    const log = await open(options)
    const resting = new GroupWork(log, 'resting')
    await resting.open()
    await resting.append(1, 'one', 'two', 'three')
    await bustle(log, 400)
    const names = await diskOf(options).list()
    expect(names.length).toBeLessThanOrEqual(6)
    expect(names[0]).not.toBe('log-00000001.qlog')
    expect(await contentsOf(await open(options), 'resting')).toEqual(resting.now)
    await resting.append(2, 'four')
    expect(await contentsOf(await open(options), 'resting')).toEqual(resting.now)
  })

  test('is copied like its neighbours when there are many, and all that they had is there', async () => {
    const options = await newDisk()
    const log = await open(options)
    const resting = Array.from({ length: 200 }, (_, i) => new GroupWork(log, `resting ${i}`))
    await Promise.all(resting.map((group) => group.open()))
    await Promise.all(resting.map((group) => group.append(1, 'one')))
    await bustle(log, 200)
    expect((await diskOf(options).list()).length).toBeLessThanOrEqual(8)
    const again = await open(options)
    for (const { name, now } of resting) expect(await contentsOf(again, name)).toEqual(now)
  })

  test('is found by a read that was under way while it was copied, when it asks again', async () => {
    const options = await newDisk()
    const log = await open(options)
    const resting = await openGroup(log, 'resting')
    await resting.write([appends(1, 1, 10, 10)])
    let proceed: (() => void) | null = null
    diskOf(options).delay = ({ kind }) =>
      kind === 'read' && proceed === null
        ? new Promise((resolve) => {
            proceed = resolve
          })
        : Promise.resolve()
    const reading = resting.read(1, 2, 1e9)
    await settle()
    await bustle(log, 100)
    expect(await diskOf(options).list()).not.toContain('log-00000001.qlog')
    ;(proceed as (() => void) | null)?.()
    expect(await reading).toEqual([])
    expect(indexesOf(await resting.read(1, 2, 1e9))).toEqual([1, 2])
  })

  test('stays where it is while the disk is full, and nobody is rejected for its sake', async () => {
    const options = await newDisk()
    const log = await open(options)
    const disk = diskOf(options)
    const resting = await openGroup(log, 'resting')
    await resting.write([appends(1, 1, 7000)])
    await resting.close()
    const other = await openGroup(log, 'other')
    const votes: Promise<void>[] = []
    // Its copy is the only batch that finds no room: nobody else's is as large.
    const prototype = Object.getPrototypeOf(await disk.open('log-00000001.qlog', 'existing'))
    const { write } = prototype
    let copies = 0
    prototype.write = function (offset: number, pieces: readonly Uint8Array[]) {
      const isCopy = pieces.some(({ length }) => length > 7000) && pieces.length > 1
      if (isCopy) votes.push(other.write([{ ...NOTHING, hardState: { term: ++copies, votedFor: null } }]))
      disk.fault = isCopy ? () => ({ code: 'ENOSPC', effect: 'part' }) : null
      return write.call(this, offset, pieces)
    }
    await bustle(log, 100)
    prototype.write = write
    disk.fault = null
    await Promise.all(votes)
    // Once for each segment that the log turned to.
    expect(copies).toBeGreaterThan(1)
    expect(copies).toBeLessThan(10)
    expect(await disk.list()).toContain('log-00000001.qlog')
    expect((await openGroup(await open(options), 'resting')).opened.lastIndex).toBe(1)
  })

  test('is copied once and left in peace, when the segments are too small for anything to be gained', async () => {
    const options = await newDisk({ firstSegmentBytes: 8192, maxSegmentBytes: 8192 })
    const disk = diskOf(options)
    const log = await open(options)
    for (let i = 0; i < 20; i++) {
      const group = await openGroup(log, `resting ${i}`)
      await group.write([appends(1, 1, 2500)])
    }
    disk.delay = async () => {
      await settle()
    }
    await bustle(log, 4)
    for (let turn = 0; turn < 3000; turn++) await settle()
    const { operations } = disk
    for (let turn = 0; turn < 100; turn++) await settle()
    expect(disk.operations).toBe(operations)
  })

  /** Forty groups rest and are being copied; the next segment is not ready before `release`. */
  async function halfCopied() {
    const options = await newDisk({ firstSegmentBytes: 2 ** 18, maxSegmentBytes: 2 ** 18 })
    const disk = diskOf(options)
    const log = await open(options)
    for (let i = 0; i < 40; i++) await (await openGroup(log, `resting ${i}`)).write([appends(1, 1, 5000)])
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    disk.delay = ({ kind, name }) => (kind === 'resize' && name === 'log-00000006.tmp' ? held : Promise.resolve())
    while (!(await disk.list()).includes('log-00000006.tmp')) await bustle(log, 1)
    return { disk, log, release }
  }

  test('is not copied so far that a write would wait for the next segment to be made', async () => {
    const { disk, log, release } = await halfCopied()
    await bustle(log, 20)
    expect(await disk.list()).toContain('log-00000001.qlog')
    release()
    await bustle(log, 100)
    expect(await disk.list()).not.toContain('log-00000001.qlog')
  })

  test('is not copied any more when the disk cannot be trusted', async () => {
    const { disk, log, release } = await halfCopied()
    await bustle(log, 20)
    release()
    await settle()
    let writes = 0
    disk.fault = ({ kind }) => {
      if (kind === 'write') writes++
      return kind === 'sync' && writes === 1 ? { code: 'EIO', effect: 'none' } : null
    }
    await expect(bustle(log, 1)).rejects.toMatchObject({ code: 'ERR_QUORATE_STORAGE_POISONED' })
    await settle()
    expect(writes).toBe(1)
  })

  test('may write while it is copied, and may be let go of or closed', async () => {
    const options = await newDisk()
    const log = await open(options)
    const resting = await openGroup(log, 'resting')
    await resting.write([appends(1, 1, 7000)])
    const prototype = Object.getPrototypeOf(await diskOf(options).open('log-00000001.qlog', 'existing'))
    const { write } = prototype
    const arriving: Promise<void>[] = []
    prototype.write = function (offset: number, pieces: readonly Uint8Array[]) {
      if (pieces.length > 1 && pieces.some(({ length }) => length > 7000) && arriving.length === 0) {
        arriving.push(
          resting.write([appends(2, 1, 10)]),
          resting.write([appends(3, 2, 10)]),
          resting.close(),
          log.close(),
        )
      }
      return write.call(this, offset, pieces)
    }
    await expect(bustle(log, 400)).rejects.toMatchObject({ code: 'ERR_QUORATE_STORAGE_CLOSED' })
    prototype.write = write
    await Promise.all(arriving)
    expect(arriving.length).toBe(4)
    const { opened } = await openGroup(await open(options), 'resting')
    expect(indexesOf(opened.tail)).toEqual([1, 2, 3])
  })

  test('is left to its snapshot when it has more than a segment holds', async () => {
    const options = await newDisk()
    const log = await open(options)
    const resting = await openGroup(log, 'resting')
    for (let index = 1; index <= 10; index++) await resting.write([appends(index, 1, 8000)])
    await bustle(log, 200)
    expect(await diskOf(options).list()).toContain('log-00000001.qlog')
    await resting.compact(10)
    await bustle(await open(options), 100)
    expect(await diskOf(options).list()).not.toContain('log-00000001.qlog')
  })
})

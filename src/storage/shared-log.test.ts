import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryLog } from './memory-log.ts'
import { SharedLog } from './shared-log.ts'
import { appends, NOTHING, type Step, Subject, steps } from './testing/random-steps.ts'
import { diskOf, indexesOf, newDisk, open, openGroup } from './testing/shared-disk.ts'
import type { DiskLogOptions } from './write-ahead-log.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('groups that share a log', () => {
  test('are there with what they wrote when it is opened again, opened by somebody or not', async () => {
    const options = await newDisk()
    const log = await open(options)
    const [a, b] = [await openGroup(log, 'a'), await openGroup(log, 'b')]
    await Promise.all([a.write([appends(1, 1, 10, 20)]), b.write([appends(1, 3, 30)]), a.write([appends(3, 2, 40)])])
    await log.close()
    const again = new SharedLog(options)
    expect((await again.open()).groups).toEqual(['a', 'b'])
    expect((await openGroup(again, 'b')).opened).toMatchObject({ lastIndex: 1, terms: [{ index: 1, term: 3 }] })
    await again.close()
    const { opened } = await openGroup(await open(options), 'a')
    expect(opened.tail.map(({ term, size }) => [term, size - 24])).toEqual([
      [1, 10],
      [1, 20],
      [2, 40],
    ])
  })

  test('share one write and one sync for whatever they hand in meanwhile', async () => {
    const options = await newDisk({ firstSegmentBytes: 2 ** 20 })
    const log = await open(options)
    const groups = await Promise.all(Array.from({ length: 50 }, (_, i) => openGroup(log, `group ${i}`)))
    const counts = { write: 0, sync: 0 }
    diskOf(options).fault = ({ kind }) => {
      if (kind === 'write' || kind === 'sync') counts[kind]++
      return null
    }
    await Promise.all(groups.map((group) => group.write([appends(1, 1, 10)])))
    // The first finds the log idle and leaves at once; the others gather while it is synced.
    expect(counts).toEqual({ write: 2, sync: 2 })
    await settle()
    await Promise.all(groups.map((group) => group.compact(1)))
    expect(counts).toEqual({ write: 4, sync: 4 })
  })

  test('are made together with one sync, and by their first opening only', async () => {
    const options = await newDisk()
    const log = await open(options)
    let syncs = 0
    diskOf(options).fault = ({ kind }) => {
      if (kind === 'sync') syncs++
      return null
    }
    const groups = await Promise.all(Array.from({ length: 100 }, (_, i) => openGroup(log, `group ${i}`)))
    expect(syncs).toBe(2)
    for (const group of groups) await group.close()
    for (let i = 0; i < 100; i++) await openGroup(log, `group ${i}`)
    expect(syncs).toBe(2)
  })

  test('are opened one at a time, and let go of one by one', async () => {
    const log = await open(await newDisk())
    const [a, b] = [await openGroup(log, 'a'), await openGroup(log, 'b')]
    await expect(openGroup(log, 'a')).rejects.toThrow('group a is in use: close its log first')
    await expect(log.remove('a')).rejects.toThrow('group a is in use: close its log first')
    let written = false
    void a.write([appends(1, 1, 10, 10)]).then(() => {
      written = true
    })
    await a.close()
    expect(written).toBe(true)
    await expect(a.write([appends(3, 1, 10)])).rejects.toMatchObject({ code: 'ERR_QUORATE_STORAGE_CLOSED' })
    await b.write([appends(1, 1, 10)])
    const again = await openGroup(log, 'a')
    expect(indexesOf(again.opened.tail)).toEqual([1, 2])
    await again.write([appends(3, 1, 10)])
  })

  test('have a name that can be written down', async () => {
    const log = await open(await newDisk())
    expect(() => log.group('')).toThrow("a group's name has 1 to 255 bytes of UTF-8, '' does not")
    expect(() => log.group('ø'.repeat(128))).toThrow('1 to 255 bytes')
    expect(() => log.group('half \ud800')).toThrow('1 to 255 bytes')
    await openGroup(log, 'ø'.repeat(127))
  })

  test('that are removed are gone for good, and one of the same name begins anew', async () => {
    const options = await newDisk()
    const log = await open(options)
    const [a, b] = [await openGroup(log, 'a'), await openGroup(log, 'b')]
    await Promise.all([a.write([appends(1, 1, 10)]), b.write([appends(1, 1, 10)])])
    await a.close()
    await log.remove('a')
    await log.remove('a')
    await log.remove('never there')
    const anew = await openGroup(log, 'a')
    expect(anew.opened.lastIndex).toBe(0)
    await anew.write([appends(1, 4, 10, 10, 10)])
    await log.close()
    const again = await open(options)
    expect((await openGroup(again, 'a')).opened.terms).toEqual([{ index: 1, term: 4 }])
    expect((await openGroup(again, 'b')).opened.lastIndex).toBe(1)
  })

  test('get their newest entries in memory in equal shares, as copies', async () => {
    const options = await newDisk({ maxTailBytes: 4200 })
    const log = await open(options)
    for (const name of ['a', 'b']) {
      const group = await openGroup(log, name)
      for (let index = 1; index <= 5; index++) await group.write([appends(index, 1, 1000)])
    }
    await log.close()
    const again = await open(options)
    for (const name of ['a', 'b']) {
      const { opened } = await openGroup(again, name)
      expect(indexesOf(opened.tail)).toEqual([4, 5])
      expect(opened.tail.map(({ source }) => source.length)).toEqual([1024, 1024])
    }
  })

  test('are all rejected when there is no room, and all are written when there is', async () => {
    const options = await newDisk()
    const log = await open(options)
    const groups = [await openGroup(log, 'a'), await openGroup(log, 'b'), await openGroup(log, 'c')]
    diskOf(options).fault = ({ kind }) => (kind === 'write' ? { code: 'ENOSPC', effect: 'part' } : null)
    const outcomes = await Promise.allSettled(groups.map((group) => group.write([appends(1, 1, 10)])))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    diskOf(options).fault = null
    await Promise.all(groups.map((group) => group.write([appends(1, 1, 10)])))
    for (const group of groups) expect(indexesOf(await group.read(1, 1, 1e9))).toEqual([1])
  })

  test('may compact at once and in any order', async () => {
    const options = await newDisk()
    const log = await open(options)
    const [a, b] = [await openGroup(log, 'a'), await openGroup(log, 'b')]
    await Promise.all([a.write([appends(1, 1, 1, 2, 3, 4)]), b.write([appends(1, 1, 1, 2, 3, 4)])])
    await Promise.all([b.compact(1), a.compact(3), b.compact(2), a.compact(2), b.compact(9)])
    expect(indexesOf(await a.read(4, 4, 1e9))).toEqual([4])
    const again = await open(options)
    expect((await openGroup(again, 'a')).opened).toMatchObject({ base: { index: 3 }, lastIndex: 4 })
    expect((await openGroup(again, 'b')).opened).toMatchObject({ base: { index: 4 }, lastIndex: 4 })
  })

  test('are read in one piece where their writes lie near each other', async () => {
    const options = await newDisk({ firstSegmentBytes: 2 ** 20 })
    const log = await open(options)
    const groups = [await openGroup(log, 'a'), await openGroup(log, 'b'), await openGroup(log, 'c')]
    for (let index = 1; index <= 30; index++) {
      await Promise.all(groups.map((group) => group.write([appends(index, 1, 100)])))
    }
    let reads = 0
    diskOf(options).fault = ({ kind }) => {
      if (kind === 'read') reads++
      return null
    }
    expect(indexesOf((await groups[1]?.read(1, 30, 1e9)) ?? []).length).toBe(30)
    expect(reads).toBe(1)
    expect(indexesOf((await groups[2]?.read(5, 30, 3 * 124)) ?? [])).toEqual([5, 6, 7])
    expect(indexesOf((await groups[0]?.read(29, 40, 1e9)) ?? [])).toEqual([29, 30])
  })

  test('fall together when the disk cannot be trusted', async () => {
    const options = await newDisk()
    const log = await open(options)
    const [a, b] = [await openGroup(log, 'a'), await openGroup(log, 'b')]
    diskOf(options).fault = ({ kind }) => (kind === 'sync' ? { code: 'EIO', effect: 'none' } : null)
    await expect(a.write([appends(1, 1, 10)])).rejects.toMatchObject({ code: 'ERR_QUORATE_STORAGE_POISONED' })
    diskOf(options).fault = null
    await expect(b.write([NOTHING])).rejects.toMatchObject({ code: 'ERR_QUORATE_STORAGE_POISONED' })
    await expect(b.read(1, 1, 1)).rejects.toMatchObject({ code: 'ERR_QUORATE_STORAGE_POISONED' })
  })

  test('are all refused when one of them is damaged, or when a segment is missing that one of them needs', async () => {
    const options = await newDisk({ maxSegmentBytes: 16_384 })
    const log = await open(options)
    const [a, b] = [await openGroup(log, 'a'), await openGroup(log, 'b')]
    await a.write([appends(1, 1, 100)])
    for (let index = 1; index <= 5; index++) await b.write([appends(index, 1, 9000)])
    await log.close()
    diskOf(options).image('log-00000001.qlog').flip(300, 1)
    await expect(open(options)).rejects.toMatchObject({ code: 'ERR_QUORATE_STORAGE_DAMAGED' })
    await diskOf(options).remove('log-00000001.qlog')
    await expect(open(options)).rejects.toThrow(
      '/data/log-00000001.qlog is damaged at byte 0: entry 1 of group a is missing, and so is this file',
    )
  })

  test('make room on a full disk by compaction and by removal', async () => {
    const options = await newDisk()
    const log = await open(options)
    const [a, b] = [await openGroup(log, 'a'), await openGroup(log, 'b')]
    for (let index = 1; index <= 12; index++) await a.write([appends(index, 1, 3000)])
    await b.write([appends(1, 1, 10)])
    for (const name of ['c', 'd']) await (await openGroup(log, name)).close()
    await b.close()
    diskOf(options).fault = ({ kind }) =>
      kind === 'resize' || kind === 'open' ? { code: 'ENOSPC', effect: 'none' } : null
    let index = 13
    const fill = async (size: number) => {
      for (; ; index++) await a.write([appends(index, 1, size)])
    }
    await expect(fill(3000)).rejects.toMatchObject({ code: 'ERR_QUORATE_DISK_FULL' })
    await expect(fill(0)).rejects.toMatchObject({ code: 'ERR_QUORATE_DISK_FULL' })
    const before = await diskOf(options).list()
    // A removal is smaller than any write: one may find room, but not three.
    for (const name of ['b', 'c', 'd']) await log.remove(name)
    await a.compact(12)
    expect((await diskOf(options).list()).length).toBeLessThan(before.length)
  })
})

type Round = { readonly steps: readonly (readonly Step[])[]; readonly end: 'reopen' | 'remove' | 'nothing' }

const rounds: fc.Arbitrary<Round[]> = fc.array(
  fc.record({
    steps: fc.tuple(steps, steps, steps),
    end: fc.constantFrom('reopen' as const, 'remove' as const, 'nothing' as const),
  }),
  { maxLength: 4 },
)

/** Three groups of a shared log, each with a log of its own in memory to compare it with. */
class Trio {
  private log: SharedLog | null = null
  private readonly options: DiskLogOptions
  private subjects: { readonly shared: Subject; readonly alone: Subject }[] = []

  constructor(options: DiskLogOptions) {
    this.options = options
  }

  async begin(): Promise<void> {
    this.log = await open(this.options)
    for (const place of [0, 1, 2]) await this.make(place)
  }

  async live({ steps: walks, end }: Round): Promise<void> {
    await Promise.all(
      this.subjects.map(async ({ shared, alone }, place) => {
        for (const step of walks[place] ?? []) await Promise.all([shared.take(step), alone.take(step)])
      }),
    )
    if (end === 'reopen') await this.reopen()
    if (end === 'remove') await this.remove(1)
  }

  async reopen(): Promise<void> {
    await this.log?.close()
    this.log = await open(this.options)
    for (const { shared, alone } of this.subjects) await Promise.all([shared.reopen(), alone.reopen()])
  }

  async expectAlike(): Promise<void> {
    for (const { shared, alone } of this.subjects) expect(await shared.view()).toEqual(await alone.view())
  }

  private async remove(place: number): Promise<void> {
    await this.subjects[place]?.shared.close()
    await this.log?.remove(`group ${place}`)
    await this.make(place)
  }

  private async make(place: number): Promise<void> {
    const view = () => (this.log as SharedLog).group(`group ${place}`)
    const store = view()
    await store.open()
    const memory = new MemoryLog()
    await memory.open()
    this.subjects[place] = { shared: new Subject(store, view), alone: new Subject(memory, () => memory) }
  }
}

test('a group of a shared log and a log of its own cannot be told apart', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(rounds, async (sequence) => {
      const trio = new Trio(await newDisk({ maxSegmentBytes: 32_768 }))
      await trio.begin()
      for (const round of sequence) await trio.live(round)
      await trio.reopen()
      await trio.expectAlike()
    }),
    { numRuns: 60, seed: 20_261_121 },
  )
})

/** A shared log on a disk that fails, at each of its operations in turn: what was acknowledged to any group is there. */
import { describe, expect, test } from 'vitest'
import { Random } from '../util/random.ts'
import { type Fault, MemoryFileSystem, type Operation } from './memory-file-system.ts'
import { SharedLog } from './shared-log.ts'
import { type Contents, contentsOf, GroupWork, NO_CONTENTS } from './testing/group-work.ts'
import { createLog } from './write-ahead-log.ts'

const LONG = 'long '.repeat(280)

async function open(fileSystem: MemoryFileSystem): Promise<SharedLog> {
  const log = new SharedLog(optionsOf(fileSystem))
  await log.open()
  return log
}

function optionsOf(fileSystem: MemoryFileSystem) {
  return { fileSystem, logId: new Uint8Array(8).fill(7), firstSegmentBytes: 8192, maxSegmentBytes: 8192 }
}

async function newDisk(): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem()
  await createLog(optionsOf(fileSystem))
  return fileSystem
}

class Household {
  readonly busy: GroupWork
  readonly other: GroupWork
  readonly idle: GroupWork
  readonly gone: GroupWork

  constructor(log: SharedLog, patience: boolean) {
    this.busy = new GroupWork(log, 'busy', patience)
    this.other = new GroupWork(log, 'other', patience)
    this.idle = new GroupWork(log, 'idle', patience)
    this.gone = new GroupWork(log, 'gone', patience)
  }

  get all(): GroupWork[] {
    return [this.busy, this.other, this.idle, this.gone]
  }

  /** Two groups that write, cut and compact, one that is removed and made anew, and one whose entries are copied. */
  async live(): Promise<void> {
    const { busy, other, idle, gone } = this
    await Promise.all(this.all.map((group) => group.open()))
    await Promise.all([
      idle.append(1, 'one', 'two', 'three'),
      idle.vote(2, 'v'),
      gone.append(1, 'one'),
      other.vote(1, 'a'),
    ])
    await Promise.all([busy.append(1, 'one', 'two'), other.append(1, 'one', 'two', 'three')])
    await Promise.all([idle.replaceFrom(3, 2, 'three again'), other.replaceFrom(2, 2, 'two again'), busy.vote(1, 'b')])
    await gone.remove()
    await this.bustle(6)
    await Promise.all([gone.open(), other.install(20, 5)])
    await Promise.all([gone.vote(7, 'w'), other.append(5, 'twenty-one'), busy.append(3, 'last')])
  }

  /** The busy group fills segments and compacts: nobody but the idle one holds what it has left. */
  private async bustle(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      await Promise.all([this.busy.append(3, LONG, LONG), this.other.append(3, `round ${round}`)])
      await Promise.all([this.busy.compact(this.busy.lastIndex - 1, 3), this.other.vote(3 + round, 'c')])
    }
  }
}

/** Runs the script on a disk that fails from one operation on, as a machine that loses its power does. */
async function runUntil(fileSystem: MemoryFileSystem, fatal: number, effect: Fault['effect']): Promise<Household> {
  const log = await open(fileSystem)
  fileSystem.fault = ({ number }) =>
    number < fatal ? null : { code: 'EIO', effect: number === fatal ? effect : 'none' }
  const household = new Household(log, false)
  await household.live().catch((error) => expect(error).toBeInstanceOf(Error))
  // Nobody is in the middle of something when the power goes.
  await log.close().catch((error) => expect(error).toBeInstanceOf(Error))
  fileSystem.fault = null
  return household
}

async function operationsOfScript(): Promise<{ readonly first: number; readonly last: number }> {
  const fileSystem = await newDisk()
  const log = await open(fileSystem)
  const first = fileSystem.operations + 1
  await new Household(log, false).live()
  return { first, last: fileSystem.operations }
}

async function expectAcknowledged(log: SharedLog, groups: readonly string[], household: Household, story: string) {
  for (const { name, states, acknowledged } of household.all) {
    const found: Contents | null = groups.includes(name) ? await contentsOf(log, name) : null
    expect(states.slice(acknowledged), `${story}, group ${name}`).toContainEqual(found)
  }
}

describe('a shared log', () => {
  test('copies the entries of the group that rests, and the oldest segments go', async () => {
    const fileSystem = await newDisk()
    const household = new Household(await open(fileSystem), false)
    await household.live()
    expect((await fileSystem.list())[0]).not.toBe('log-00000001.qlog')
    const again = await open(fileSystem)
    for (const { name, now } of household.all) expect(await contentsOf(again, name)).toEqual(now)
    expect(household.idle.now.entries).toEqual(['1:idle one', '1:idle two', '2:idle three again'])
    expect(household.gone.now).toEqual({ ...NO_CONTENTS, vote: '7 w' })
  })

  test.each(['none', 'part', 'whole'] as const)(
    'loses nothing that was acknowledged to any group, wherever the power goes (the last operation: %s)',
    { timeout: 120_000 },
    async (effect) => {
      const { first, last } = await operationsOfScript()
      expect(last - first).toBeGreaterThan(100)
      for (let fatal = first; fatal <= last; fatal++) {
        for (const seed of [1, 2, 3]) {
          const fileSystem = await newDisk()
          const household = await runUntil(fileSystem, fatal, effect)
          fileSystem.crash(new Random(seed * 1000 + fatal))
          // And once more, while it recovers.
          const dies = fileSystem.operations + (seed === 1 ? 1e9 : seed + (fatal % 17))
          fileSystem.fault = ({ number }) => (number < dies ? null : { code: 'EIO', effect: 'none' })
          await open(fileSystem).catch((error) => expect(error).toBeInstanceOf(Error))
          fileSystem.fault = null
          fileSystem.crash(new Random(seed * 1000 + fatal + 1))
          await expectWorks(fileSystem, household, `power gone at operation ${fatal}, seed ${seed}`)
        }
      }
    },
  )

  test('goes on when there is room again, wherever the disk was full', { timeout: 120_000 }, async () => {
    const { first, last } = await operationsOfScript()
    const takesRoom = ({ kind }: Operation) => kind === 'write' || kind === 'resize' || kind === 'open'
    for (let full = first; full <= last; full++) {
      for (const effect of ['none', 'part'] as const) {
        const fileSystem = await newDisk()
        const log = await open(fileSystem)
        fileSystem.fault = (operation) =>
          operation.number === full && takesRoom(operation) ? { code: 'ENOSPC', effect } : null
        const household = new Household(log, true)
        await household.live()
        fileSystem.crash(new Random(full))
        const again = await open(fileSystem)
        for (const { name, now } of household.all) {
          expect(await contentsOf(again, name), `full at operation ${full}, group ${name}`).toEqual(now)
        }
      }
    }
  })
})

/** What was acknowledged is there, and the log takes new entries of every group and gives them back. */
async function expectWorks(fileSystem: MemoryFileSystem, household: Household, story: string): Promise<void> {
  const log = new SharedLog(optionsOf(fileSystem))
  const { groups } = await log.open()
  await expectAcknowledged(log, groups, household, story)
  const newcomer = new GroupWork(log, 'newcomer')
  await newcomer.open()
  await newcomer.append(9, LONG, LONG, 'after')
  await log.close()
  const again = await open(fileSystem)
  expect((await contentsOf(again, 'newcomer')).entries.at(-1)).toBe('9:newcomer after')
  await expectAcknowledged(again, [...groups], household, story)
  await again.close()
}

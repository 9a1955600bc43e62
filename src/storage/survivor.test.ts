import { describe, expect, test } from 'vitest'
import { encodeConfiguration, votersOnly } from '../raft/configuration.ts'
import { encodeEntries } from '../raft/entry.ts'
import type { PersistBatch } from '../raft/ready.ts'
import { utf8Decode, utf8Encode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { type DiskStorage, openDiskStorage } from './disk-storage.ts'
import { readIdentity } from './identity.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { type RecoveredCluster, recoverFolder, Survivor } from './survivor.ts'

const MEMBERS = votersOnly({ a: 'a:1', b: 'b:1', c: 'c:1' })
const NOTHING: PersistBatch = { seq: 0, hardState: null, snapshot: null, truncateFrom: null, entries: [] }

function open(fileSystem: MemoryFileSystem, clusterId: string): Promise<DiskStorage> {
  const options = { fileSystem, clusterId, serverId: 'a', initialConfiguration: MEMBERS, random: new Random(3) }
  return openDiskStorage({ ...options, log: { firstSegmentBytes: 8192 } })
}

/** The folder of server a, one of three, which has voted in term 5 and holds three commands of term 4. */
async function survivor(withSnapshot = true): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem({ folder: 'a' })
  const storage = await open(fileSystem, 'old')
  const entries = encodeEntries(['x', 'y', 'z'].map(utf8Encode), 'command', 4, 1)
  await storage.log.write([{ ...NOTHING, hardState: { term: 5, votedFor: 'b' }, entries }])
  if (withSnapshot) {
    const writer = await storage.snapshots.create({ index: 2, term: 4, configuration: MEMBERS })
    await writer.write(utf8Encode('x,y'))
    await writer.commit()
  }
  await storage.close()
  return fileSystem
}

function recover(fileSystem: MemoryFileSystem, change: object = {}): Promise<RecoveredCluster> {
  return recoverFolder(fileSystem, new Random(7), { clusterId: 'new', serverId: 'a', address: undefined, ...change })
}

/** The log's commands, and who votes. */
async function contentsOf(fileSystem: MemoryFileSystem, clusterId: string): Promise<[string, readonly string[]]> {
  const { boot, log, close } = await open(fileSystem, clusterId)
  const entries = await log.read(1, boot.lastIndex, 1e9)
  await close()
  const commands = entries.filter(({ kind }) => kind === 'command').map(({ command }) => utf8Decode(command))
  return [commands.join(), (boot.configurations.at(-1)?.configuration ?? boot.snapshot.configuration).voters]
}

describe('recovery', () => {
  test('makes the survivor the only voter of a cluster with another name, and keeps all that it had', async () => {
    const fileSystem = await survivor()
    expect(await recover(fileSystem)).toMatchObject({ clusterId: 'new', index: 4, term: 6, address: 'a:1' })
    expect(await contentsOf(fileSystem, 'new')).toEqual(['x,y,z', ['a']])
    await expect(open(fileSystem, 'old')).rejects.toMatchObject({ code: 'ERR_QUORATE_WRONG_CLUSTER' })
  })

  test('forgets the vote: it was given in a term that is over', async () => {
    const fileSystem = await survivor()
    await recover(fileSystem)
    const { boot, close } = await open(fileSystem, 'new')
    expect(boot.hardState).toEqual({ term: 6, votedFor: null })
    await close()
  })

  test('keeps a copy of what it replaces', async () => {
    const fileSystem = await survivor()
    const { copy } = await recover(fileSystem)
    expect(copy).toBe('a/recovery-to-new.json')
    const image = fileSystem.image('recovery-to-new.json')
    expect(JSON.parse(utf8Decode(image.read(0, image.size)) ?? '')).toMatchObject({
      to: 'new',
      before: { clusterId: 'old', serverId: 'a', term: 5, lastIndex: 3, configuration: { voters: ['a', 'b', 'c'] } },
    })
  })

  test('says first what is there', async () => {
    const opened = await Survivor.open(await survivor(), new Random(7))
    expect(opened.report).toEqual({
      ...{ folder: 'a', clusterId: 'old', serverId: 'a', term: 5, firstIndex: 1, lastIndex: 3, lastTerm: 4 },
      ...{ snapshotIndex: 2, configuration: MEMBERS, interrupted: null },
    })
    await opened.close()
  })

  test('of a recovered server is possible again, to another name', async () => {
    const fileSystem = await survivor()
    await recover(fileSystem)
    expect(await recover(fileSystem, { clusterId: 'newer' })).toMatchObject({ index: 5, term: 7 })
    expect(await contentsOf(fileSystem, 'newer')).toEqual(['x,y,z', ['a']])
  })

  test('counts the newest configuration, committed or not', async () => {
    const fileSystem = await survivor()
    const { log, close } = await open(fileSystem, 'old')
    const joint = encodeConfiguration({ ...MEMBERS, votersOutgoing: ['a', 'd'], learners: ['e'] })
    await log.write([{ ...NOTHING, entries: encodeEntries([joint], 'configuration', 5, 4) }])
    await close()
    await recover(fileSystem)
    const opened = await Survivor.open(fileSystem, new Random(7))
    const retired = ['b', 'c', 'd', 'e']
    expect(opened.report.configuration).toEqual({ ...votersOnly({ a: 'a:1' }), retired })
    await opened.close()
  })
})

describe('recovery is refused', () => {
  test('while a server runs on the folder', async () => {
    const fileSystem = await survivor()
    const running = await open(fileSystem, 'old')
    await expect(recover(fileSystem)).rejects.toMatchObject({ code: 'ERR_QUORATE_LOCKED' })
    await running.close()
  })

  test('under the name of the old cluster', async () => {
    const fileSystem = await survivor()
    await expect(recover(fileSystem, { clusterId: 'old' })).rejects.toMatchObject({ code: 'ERR_QUORATE_WRONG_CLUSTER' })
    expect(await contentsOf(fileSystem, 'old')).toEqual(['x,y,z', ['a', 'b', 'c']])
  })

  test('twice under one name', async () => {
    const fileSystem = await survivor()
    await recover(fileSystem)
    await expect(recover(fileSystem)).rejects.toMatchObject({ code: 'ERR_QUORATE_WRONG_CLUSTER' })
  })

  test('for another server, and for a folder without one', async () => {
    const other = recover(await survivor(), { serverId: 'b' })
    await expect(other).rejects.toMatchObject({ code: 'ERR_QUORATE_WRONG_SERVER' })
    const empty = new MemoryFileSystem()
    await expect(recover(empty)).rejects.toMatchObject({ code: 'ERR_QUORATE_NOTHING_TO_RECOVER' })
    expect(await empty.list()).toEqual([])
  })

  test('without an address, where the folder does not know one', async () => {
    const fileSystem = await survivor(false)
    await expect(recover(fileSystem)).rejects.toMatchObject({ code: 'ERR_QUORATE_NOTHING_TO_RECOVER' })
    expect(await recover(fileSystem, { address: 'a:9' })).toMatchObject({ address: 'a:9', index: 4 })
  })

  test('for a damaged log, which it leaves as it is', async () => {
    const fileSystem = await survivor()
    fileSystem.image('log-00000001.qlog').flip(100, 1)
    await expect(recover(fileSystem)).rejects.toMatchObject({ code: 'ERR_QUORATE_STORAGE_DAMAGED' })
    expect((await readIdentity(fileSystem))?.clusterId).toBe('old')
  })
})

describe('recovery that is interrupted', () => {
  /** How many operations of the file system it takes. */
  async function operationsNeeded(): Promise<number> {
    const fileSystem = await survivor()
    const before = fileSystem.operations
    await recover(fileSystem)
    return fileSystem.operations - before
  }

  /** Fails at its operation `place`; then the power goes. */
  async function interruptedAt(place: number, effect: 'none' | 'part' | 'whole'): Promise<MemoryFileSystem> {
    const fileSystem = await survivor()
    const last = fileSystem.operations + place
    fileSystem.fault = ({ number }) => (number >= last ? { code: 'EIO', effect } : null)
    await recover(fileSystem).catch(() => {})
    fileSystem.fault = null
    fileSystem.crash(new Random(100 * place + effect.length))
    return fileSystem
  }

  test('leaves the old cluster’s server or the new one’s, never one of the old name that elects itself', async () => {
    const seen = new Set<string>()
    const count = await operationsNeeded()
    for (let place = 1; place <= count; place++) {
      for (const effect of ['none', 'part', 'whole'] as const) {
        const fileSystem = await interruptedAt(place, effect)
        const clusterId = (await readIdentity(fileSystem))?.clusterId ?? ''
        const [commands, voters] = await contentsOf(fileSystem, clusterId)
        seen.add(`${clusterId}: ${voters.join()}`)
        expect(commands).toBe('x,y,z')
      }
    }
    expect([...seen].sort()).toEqual(['new: a', 'new: a,b,c', 'old: a,b,c'])
  })

  test('is finished by running it again, from every point', async () => {
    const count = await operationsNeeded()
    for (let place = 1; place <= count; place++) {
      for (const effect of ['none', 'part', 'whole'] as const) {
        const fileSystem = await interruptedAt(place, effect)
        // Only where everything had arrived, and nobody was told.
        await recover(fileSystem).catch((error) => expect(error.code).toBe('ERR_QUORATE_WRONG_CLUSTER'))
        expect(await contentsOf(fileSystem, 'new')).toEqual(['x,y,z', ['a']])
      }
    }
  })

  test('goes on under its own name only', async () => {
    let place = 1
    let fileSystem = await interruptedAt(place, 'none')
    while ((await readIdentity(fileSystem))?.clusterId === 'old') fileSystem = await interruptedAt(++place, 'none')
    const another = recover(fileSystem, { clusterId: 'another' })
    await expect(another).rejects.toThrow('recovery to cluster new was interrupted')
  })
})

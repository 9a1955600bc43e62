// A group's way out of a host's folder, with the power going at every step of it.
import { describe, expect, test } from 'vitest'
import { votersOnly } from '../raft/configuration.ts'
import { encodeEntries } from '../raft/entry.ts'
import { utf8Encode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { openDiskStorage } from './disk-storage.ts'
import { type HostStorage, openHostStorage } from './host-storage.ts'
import { MemoryFileSystem } from './memory-file-system.ts'

const initial = votersOnly({ a: 'a:1', b: 'b:1', c: 'c:1' })

function open(fileSystem: MemoryFileSystem): Promise<HostStorage> {
  const log = { firstSegmentBytes: 8192, maxSegmentBytes: 8192 }
  return openHostStorage({ fileSystem, clusterId: 'c1', serverId: 'a', random: new Random(3), log })
}

/** A host with an entry and a vote in each of two groups, both closed again. */
async function hostOf(fileSystem: MemoryFileSystem): Promise<HostStorage> {
  const storage = await open(fileSystem)
  for (const name of ['orders', 'stock']) {
    const group = await storage.openGroup(name, initial)
    const entries = encodeEntries([utf8Encode(name)], 'command', 1, 1)
    await group.log.write([
      { seq: 1, hardState: { term: 1, votedFor: 'b' }, snapshot: null, truncateFrom: null, entries },
    ])
    await group.close()
  }
  return storage
}

async function lastIndexOf(storage: HostStorage, name: string): Promise<number | string> {
  try {
    return (await storage.openGroup(name, initial)).boot.lastIndex
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

/** The power goes at this operation of the removal; null when it had fewer. */
async function interrupted(
  at: number,
  seed: number,
): Promise<readonly [orders: number | string, stock: number | string] | null> {
  const fileSystem = new MemoryFileSystem()
  const storage = await hostOf(fileSystem)
  const first = fileSystem.operations
  fileSystem.fault = ({ number }) => (number >= first + at ? { code: 'EIO', effect: 'part' } : null)
  const isWhole = await storage.removeGroup('orders').then(
    () => true,
    () => false,
  )
  fileSystem.crash(new Random(seed))
  fileSystem.fault = null
  const again = await open(fileSystem)
  const found = [await lastIndexOf(again, 'orders'), await lastIndexOf(again, 'stock')] as const
  await again.close()
  return isWhole ? null : found
}

describe('a group that is being removed when the power goes', () => {
  test('is whole, or does not begin again; and its neighbour is whole', async () => {
    const seen = new Set<number | string>()
    for (let at = 1, seed = 1; ; at++) {
      const found = await interrupted(at, seed)
      if (found === null) break
      for (; seed % 8 !== 0; seed++) {
        const [orders, stock] = (await interrupted(at, seed)) ?? []
        expect([1, 'ERR_QUORATE_GROUP_REMOVED'], `operation ${at}, seed ${seed}`).toContain(orders)
        expect(stock, `operation ${at}, seed ${seed}`).toBe(1)
        if (orders !== undefined) seen.add(orders)
      }
      seed++
    }
    expect([...seen].sort()).toEqual([1, 'ERR_QUORATE_GROUP_REMOVED'])
  })

  test('can be removed again', async () => {
    const fileSystem = new MemoryFileSystem()
    const storage = await hostOf(fileSystem)
    fileSystem.fault = ({ kind, name }) =>
      kind === 'write' && name.startsWith('log-') ? { code: 'ENOSPC', effect: 'none' } : null
    await expect(storage.removeGroup('orders')).rejects.toMatchObject({ code: 'ERR_QUORATE_DISK_FULL' })
    fileSystem.fault = null
    await storage.removeGroup('orders')
    expect(storage.groups()).toEqual(['stock'])
    expect((await fileSystem.list()).filter((name) => name.startsWith('group-'))).toEqual(['group-orders.removed'])
  })
})

test('the folder of a host is not opened as that of a single node, nor the other way round', async () => {
  const fileSystem = new MemoryFileSystem()
  await (await open(fileSystem)).close()
  const options = { fileSystem, clusterId: 'c1', serverId: 'a', random: new Random(3), initialConfiguration: initial }
  await expect(openDiskStorage(options)).rejects.toThrow('is the folder of many groups: open it with startHost')
})

import { expect, test } from 'vitest'
import { votersOnly } from '../raft/configuration.ts'
import { Random } from '../util/random.ts'
import { DiskSnapshots } from './disk-snapshots.ts'
import { MemoryFileSystem } from './memory-file-system.ts'

const META = { index: 7, term: 2, configuration: votersOnly({ a: 'a:1' }) }

test.each(['ENOSPC', 'EIO', 'ENOENT'])(
  'a snapshot that cannot be opened for %s says so with a code of its own',
  async (code) => {
    const fileSystem = new MemoryFileSystem()
    const store = new DiskSnapshots({ fileSystem, random: new Random(1) })
    await store.open()
    const snapshot = await (await store.create(META)).commit()
    fileSystem.fault = ({ kind }) => (kind === 'open' ? { code, effect: 'none' } : null)
    const bytes = store.read(snapshot)[Symbol.asyncIterator]()
    const refused = await bytes.next().catch((error) => error)
    expect(refused).toMatchObject({ name: 'StorageError', code: 'ERR_QUORATE_STORAGE_POISONED' })
    expect(refused.message).toContain('could not open the snapshot /memory/snapshot-')
  },
)

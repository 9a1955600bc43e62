import { describe, test } from 'vitest'
import { Random } from '../util/random.ts'
import { DiskSnapshots } from './disk-snapshots.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { MemorySnapshots } from './memory-snapshots.ts'
import type { SnapshotStore } from './snapshot-store.ts'
import { type SnapshotStoreStage, snapshotStoreAcceptance } from './snapshot-store-acceptance.ts'

describe('snapshots in memory', () => {
  for (const { title, run } of snapshotStoreAcceptance)
    test(title, () => run(stageOf(() => new MemorySnapshots(), true)))
})

describe('snapshots on a disk', () => {
  for (const { title, run } of snapshotStoreAcceptance) {
    const fileSystem = new MemoryFileSystem()
    const random = new Random(1)
    test(title, () => run(stageOf(() => new DiskSnapshots({ fileSystem, random }), false)))
  }
})

function stageOf(make: () => SnapshotStore, keep: boolean): SnapshotStoreStage {
  let store: SnapshotStore | null = null
  return {
    reopen: async () => {
      await store?.close()
      store = keep && store !== null ? store : make()
      await store.open()
      return store
    },
  }
}

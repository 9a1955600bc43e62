/**
 * What every SnapshotStore must do, as a list of stories that any test runner can run.
 *
 * ```ts
 * for (const { title, run } of snapshotStoreAcceptance) test(title, () => run(stage()))
 * ```
 */
import { votersOnly } from '../raft/configuration.ts'
import type { SnapshotMeta } from '../raft/ready.ts'
import { assert } from '../util/assert.ts'
import { concat, equal } from '../util/bytes.ts'
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.ts'

/** What a story needs of the snapshot store under test. */
export interface SnapshotStoreStage {
  /** Closes what was opened before, and opens what it left, as after a restart. The first time there is nothing. */
  reopen(): Promise<SnapshotStore>
}

/**
 * One story. `run` wants a new, empty stage, and rejects with what it found instead when the store breaks its contract.
 */
export interface SnapshotStoreCase {
  readonly title: string
  run(stage: SnapshotStoreStage): Promise<void>
}

/** What every SnapshotStore must do, as stories for any test runner. */
export const snapshotStoreAcceptance: readonly SnapshotStoreCase[] = [
  {
    title: 'a new store has no snapshot',
    run: async (stage) => expectEqual((await stage.reopen()).latest(), null, 'latest'),
  },
  {
    title: 'a snapshot is there after a restart, byte for byte, with its place and its members',
    run: async (stage) => {
      const store = await stage.reopen()
      const bytes = sample(300_000)
      const written = await write(store, metaAt(7), bytes)
      expectEqual(written, { id: written.id, meta: metaAt(7), sizeBytes: bytes.length }, 'snapshot')
      const again = await stage.reopen()
      expectEqual(again.latest(), written, 'latest')
      assert(equal(await readAll(again, again.latest()), bytes), 'other bytes')
    },
  },
  {
    title: 'reading may start anywhere',
    run: async (stage) => {
      const store = await stage.reopen()
      const bytes = sample(200_000)
      const snapshot = await write(store, metaAt(1), bytes)
      for (const offset of [0, 1, 65_535, 65_536, 65_537, 131_072, 199_999, 200_000]) {
        assert(equal(await readAll(store, snapshot, offset), bytes.subarray(offset)), `other bytes from ${offset}`)
      }
    },
  },
  {
    title: 'an empty snapshot is one, too',
    run: async (stage) => {
      await write(await stage.reopen(), metaAt(3), new Uint8Array(0))
      const store = await stage.reopen()
      expectEqual([store.latest()?.meta.index, store.latest()?.sizeBytes], [3, 0], 'latest')
      expectEqual((await readAll(store, store.latest())).length, 0, 'bytes')
    },
  },
  {
    title: 'before commit nobody sees it, and an aborted one never counts',
    run: async (stage) => {
      const store = await stage.reopen()
      const aborted = await store.create(metaAt(5))
      await aborted.write(sample(1000))
      expectEqual(store.latest(), null, 'latest before')
      await aborted.abort()
      const unfinished = await store.create(metaAt(6))
      await unfinished.write(sample(1000))
      expectEqual((await stage.reopen()).latest(), null, 'latest after a restart')
    },
  },
  {
    title: 'the newest counts, whatever the order of the commits',
    run: async (stage) => {
      const store = await stage.reopen()
      const older = await store.create(metaAt(4))
      const newer = await store.create(metaAt(9))
      await older.write(sample(10))
      await newer.write(sample(20))
      expectEqual((await newer.commit()).meta.index, 9, 'the newer')
      expectEqual((await older.commit()).meta.index, 9, 'the answer to the older')
      expectEqual((await stage.reopen()).latest()?.sizeBytes, 20, 'latest')
    },
  },
  {
    title: 'an incoming snapshot keeps its id, and own ones have different ids',
    run: async (stage) => {
      const store = await stage.reopen()
      const first = await write(store, metaAt(1), sample(1))
      const incoming = await store.create(metaAt(2), 'their-id')
      expectEqual([incoming.id, incoming.sizeBytes], ['their-id', 0], 'writer')
      await incoming.write(sample(100))
      expectEqual(incoming.sizeBytes, 100, 'written so far')
      await incoming.commit()
      assert(first.id !== (await write(store, metaAt(3), sample(1))).id, 'the same id twice')
    },
  },
  {
    title: 'a snapshot that is being read stays readable when newer ones replace it',
    run: async (stage) => {
      const store = await stage.reopen()
      const bytes = sample(200_000)
      const reading = store.read(await write(store, metaAt(1), bytes))[Symbol.asyncIterator]()
      const pieces = [(await reading.next()).value as Uint8Array]
      for (const index of [2, 3, 4]) await write(store, metaAt(index), sample(10))
      for (let next = await reading.next(); next.done !== true; next = await reading.next()) pieces.push(next.value)
      assert(equal(concat(pieces), bytes), 'other bytes')
    },
  },
]

function metaAt(index: number): SnapshotMeta {
  return { index, term: 2, configuration: votersOnly({ a: 'a:1', b: 'b:1' }) }
}

function sample(length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => i * 31 + (i >> 8))
}

/** In pieces of an odd size, through a buffer that is used again. */
async function write(store: SnapshotStore, meta: SnapshotMeta, bytes: Uint8Array): Promise<StoredSnapshot> {
  const writer = await store.create(meta)
  const buffer = new Uint8Array(50_001)
  for (let offset = 0; offset < bytes.length; offset += buffer.length) {
    const piece = bytes.subarray(offset, offset + buffer.length)
    buffer.set(piece)
    await writer.write(buffer.subarray(0, piece.length))
  }
  return writer.commit()
}

async function readAll(store: SnapshotStore, snapshot: StoredSnapshot | null, offset = 0): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  if (snapshot !== null) for await (const piece of store.read(snapshot, offset)) pieces.push(piece)
  return concat(pieces)
}

function expectEqual(found: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)]
  assert(left === right, `${what}: ${left} instead of ${right}`)
}

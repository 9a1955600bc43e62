/**
 * What every LogStore must do, as a list of stories that any test runner can run. Whoever writes a log store brings a
 * stage: a way to open it, again and again, on the same data.
 *
 * ```ts
 * for (const { title, run } of logStoreAcceptance) test(title, () => run(stage()))
 * ```
 */
import { encodeConfiguration, votersOnly } from '../raft/configuration.ts'
import { type Entry, encodeEntries, type Index, type Term } from '../raft/entry.ts'
import type { PersistBatch } from '../raft/ready.ts'
import { assert } from '../util/assert.ts'
import { equal, utf8Encode } from '../util/bytes.ts'
import type { LogStore, OpenedLog } from './log-store.ts'

/** What a story needs of the log store under test. */
export interface LogStoreStage {
  /** Closes what was opened before, and opens what it left, as after a restart. The first time there is nothing. */
  reopen(): Promise<{ readonly store: LogStore; readonly opened: OpenedLog }>
}

/**
 * One story. `run` wants a new, empty stage, and rejects with what it found instead when the store breaks its contract.
 */
export interface LogStoreCase {
  readonly title: string
  run(stage: LogStoreStage): Promise<void>
}

const NOTHING: PersistBatch = { seq: 0, hardState: null, snapshot: null, truncateFrom: null, entries: [] }

/** A batch that appends entries, by their terms: `appends(4, 2, 2, 3)` is entries 4 and 5 of term 2 and 6 of term 3. */
function appends(first: Index, ...terms: Term[]): PersistBatch {
  return { ...NOTHING, entries: terms.map((term, i) => entry(first + i, term)) }
}

function entry(index: Index, term: Term, text = `${index} of ${term}`): Entry {
  return encodeEntries([utf8Encode(text)], 'command', term, index)[0] as Entry
}

/** What every LogStore must do, as stories for any test runner. */
export const logStoreAcceptance: readonly LogStoreCase[] = [
  {
    title: 'a new log is empty and knows no vote',
    run: async (stage) => {
      const { opened } = await stage.reopen()
      expectEqual(opened.hardState, { term: 0, votedFor: null }, 'hard state')
      expectEqual(
        [opened.base, opened.lastIndex, opened.terms, opened.tail.length],
        [{ index: 0, term: 0 }, 0, [], 0],
        'log',
      )
    },
  },
  {
    title: 'hard state and entries are there after a restart, with the terms where they change',
    run: async (stage) => {
      const { store } = await stage.reopen()
      await store.write([{ ...appends(1, 1, 1, 2), hardState: { term: 2, votedFor: 'servør' } }])
      await store.write([{ ...appends(4, 2, 5), hardState: { term: 5, votedFor: null } }])
      const { opened } = await stage.reopen()
      expectEqual(opened.hardState, { term: 5, votedFor: null }, 'hard state')
      expectEqual(opened.lastIndex, 5, 'last index')
      const runs = [1, 3, 5].map((index, i) => ({ index, term: [1, 2, 5][i] }))
      expectEqual(opened.terms, runs, 'terms')
      expectEqual(textsOf(opened.tail), ['1@1', '2@1', '3@2', '4@2', '5@5'], 'tail')
    },
  },
  {
    title: 'the bytes of an entry come back as they were written',
    run: async (stage) => {
      const { store } = await stage.reopen()
      const command = new Uint8Array(100_000).map((_, i) => i * 7)
      const entries = encodeEntries([command, new Uint8Array(0), command.subarray(1)], 'command', 3, 1)
      await store.write([{ ...NOTHING, entries }])
      await stage.reopen()
      const { store: again } = await stage.reopen()
      const read = await again.read(1, 3, Number.MAX_SAFE_INTEGER)
      assert(read.length === 3 && read.every((e, i) => equal(e.bytes, (entries[i] as Entry).bytes)), 'other bytes')
    },
  },
  {
    title: 'writes that overlap become durable in the order in which they were made',
    run: async (stage) => {
      const { store } = await stage.reopen()
      const order: number[] = []
      const writes = Array.from({ length: 50 }, (_, i) =>
        store.write([appends(i + 1, 1)]).then(() => {
          order.push(i)
        }),
      )
      await Promise.all(writes)
      expectEqual(
        order,
        Array.from({ length: 50 }, (_, i) => i),
        'order',
      )
      const { opened } = await stage.reopen()
      expectEqual(opened.lastIndex, 50, 'last index')
    },
  },
  {
    title: 'entries that were cut off do not come back, those written in their place do',
    run: async (stage) => {
      const { store } = await stage.reopen()
      await store.write([appends(1, 1, 1, 1, 2, 2)])
      await store.write([{ ...appends(3, 3, 3), truncateFrom: 3 }])
      expectEqual(textsOf(await store.read(1, 9, 1e9)), ['1@1', '2@1', '3@3', '4@3'], 'read')
      const { opened, store: again } = await stage.reopen()
      expectEqual(
        [opened.lastIndex, opened.terms],
        [
          4,
          [
            { index: 1, term: 1 },
            { index: 3, term: 3 },
          ],
        ],
        'log',
      )
      expectEqual(textsOf(await again.read(1, 9, 1e9)), ['1@1', '2@1', '3@3', '4@3'], 'read after restart')
    },
  },
  {
    title: 'several batches of one write count one after the other',
    run: async (stage) => {
      const { store } = await stage.reopen()
      const first = { ...appends(1, 1, 1), hardState: { term: 1, votedFor: 'a' } }
      const second = { ...appends(2, 2, 2), truncateFrom: 2, hardState: { term: 2, votedFor: 'b' } }
      const third = { ...appends(3, 4), truncateFrom: 3 }
      await store.write([first, second, third])
      expectEqual(textsOf(await store.read(1, 3, 1e9)), ['1@1', '2@2', '3@4'], 'read')
      const { opened } = await stage.reopen()
      expectEqual(textsOf(opened.tail), ['1@1', '2@2', '3@4'], 'tail')
      expectEqual(opened.hardState, { term: 2, votedFor: 'b' }, 'hard state')
    },
  },
  {
    title: 'a read brings at least one entry, and not much more than maxBytes',
    run: async (stage) => {
      const { store } = await stage.reopen()
      await store.write([{ ...NOTHING, entries: [1, 2, 3, 4].map((index) => entry(index, 1, 'x'.repeat(1000))) }])
      expectEqual(textsOf(await store.read(2, 4, 1)), ['2@1'], 'one')
      expectEqual(textsOf(await store.read(1, 4, 2100)), ['1@1', '2@1'], 'two')
      expectEqual(textsOf(await store.read(3, 3, 1e9)), ['3@1'], 'up to its end')
      expectEqual(textsOf(await store.read(5, 9, 1e9)), [], 'behind the end')
    },
  },
  {
    title: 'compaction forgets the entries up to its mark and keeps those behind it',
    run: async (stage) => {
      const { store } = await stage.reopen()
      await store.write([appends(1, 1, 1, 2, 2, 3)])
      await store.compact(3)
      await store.compact(2)
      expectEqual(textsOf(await store.read(3, 5, 1e9)), [], 'compacted')
      expectEqual(textsOf(await store.read(4, 5, 1e9)), ['4@2', '5@3'], 'kept')
      const { opened, store: again } = await stage.reopen()
      expectEqual(
        [opened.base, opened.lastIndex, opened.terms],
        [{ index: 3, term: 2 }, 5, [{ index: 5, term: 3 }]],
        'log',
      )
      expectEqual(textsOf(opened.tail), ['4@2', '5@3'], 'tail')
      await again.compact(5)
      await again.write([appends(6, 3)])
      const { opened: last } = await stage.reopen()
      expectEqual([last.base, last.lastIndex, textsOf(last.tail)], [{ index: 5, term: 3 }, 6, ['6@3']], 'log')
    },
  },
  {
    title: 'a snapshot that is installed replaces the whole log',
    run: async (stage) => {
      const { store } = await stage.reopen()
      await store.write([appends(1, 1, 1, 1)])
      const meta = { index: 10, term: 4, configuration: votersOnly({ a: 'a:1' }) }
      await store.write([{ ...appends(11, 4, 5), snapshot: meta }])
      expectEqual(textsOf(await store.read(1, 12, 1e9)), [], 'what was before')
      const { opened } = await stage.reopen()
      expectEqual(
        [opened.base, opened.lastIndex, opened.terms],
        [{ index: 10, term: 4 }, 12, [{ index: 12, term: 5 }]],
        'log',
      )
      expectEqual(textsOf(opened.tail), ['11@4', '12@5'], 'tail')
    },
  },
  {
    title: 'configurations are found with their indexes, unless they were cut off or compacted',
    run: async (stage) => {
      const { store } = await stage.reopen()
      const one = votersOnly({ a: 'a:1' })
      const configuration = (index: Index) => encodeEntries([encodeConfiguration(one)], 'configuration', 1, index)
      await store.write([
        { ...NOTHING, entries: [...configuration(1), entry(2, 1), ...configuration(3), ...configuration(4)] },
      ])
      await store.write([{ ...appends(4, 2), truncateFrom: 4 }])
      await store.compact(1)
      const { opened } = await stage.reopen()
      expectEqual(opened.configurations, [{ index: 3, configuration: one }], 'configurations')
    },
  },
  {
    title: 'after close, calls are refused',
    run: async (stage) => {
      const { store } = await stage.reopen()
      const written = store.write([appends(1, 1)])
      await store.close()
      await written
      expectEqual(await codeOf(store.write([appends(2, 1)])), 'ERR_QUORATE_STORAGE_CLOSED', 'write')
      expectEqual(await codeOf(store.compact(1)), 'ERR_QUORATE_STORAGE_CLOSED', 'compact')
      expectEqual(await codeOf(store.read(1, 1, 1)), 'ERR_QUORATE_STORAGE_CLOSED', 'read')
    },
  },
]

function textsOf(entries: readonly Entry[]): string[] {
  return entries.map(({ index, term }) => `${index}@${term}`)
}

function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? 'no code',
  )
}

function expectEqual(found: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)]
  assert(left === right, `${what}: ${left} instead of ${right}`)
}

import { describe, test } from 'vitest'
import { encodeEntries } from '../raft/entry.ts'
import type { PersistBatch } from '../raft/ready.ts'
import { DiskLog } from './disk-log.ts'
import type { LogStore } from './log-store.ts'
import { type LogStoreStage, logStoreAcceptance } from './log-store-acceptance.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { MemoryLog } from './memory-log.ts'
import { SharedLog } from './shared-log.ts'
import { createLog } from './write-ahead-log.ts'

describe('the log in memory', () => {
  for (const { title, run } of logStoreAcceptance) test(title, () => run(memoryStage()))
})

describe('the log on a disk', () => {
  for (const { title, run } of logStoreAcceptance) test(title, () => run(diskStage()))
})

describe('the log of a group with busy neighbours', () => {
  for (const { title, run } of logStoreAcceptance) test(title, () => run(groupStage()))
})

describe('the log of a group that comes back to a log which stays open', () => {
  for (const { title, run } of logStoreAcceptance) test(title, () => run(returnStage()))
})

function memoryStage(): LogStoreStage {
  const store = new MemoryLog()
  return {
    reopen: async () => {
      await store.close()
      return { store, opened: await store.open() }
    },
  }
}

function optionsOf(fileSystem: MemoryFileSystem) {
  return { fileSystem, logId: new Uint8Array(8).fill(7), firstSegmentBytes: 16_384, maxSegmentBytes: 16_384 }
}

function diskStage(): LogStoreStage {
  const options = optionsOf(new MemoryFileSystem())
  let store: LogStore | null = null
  return {
    reopen: async () => {
      if (store === null) await createLog(options)
      await store?.close()
      store = new DiskLog(options)
      return { store, opened: await store.open() }
    },
  }
}

function groupStage(): LogStoreStage {
  const options = optionsOf(new MemoryFileSystem())
  let log: SharedLog | null = null
  return {
    reopen: async () => {
      if (log === null) await createLog(options)
      await log?.close()
      log = new SharedLog(options)
      await log.open()
      const store = log.group('under test')
      const opened = await store.open()
      return {
        store: amongNeighbours(store, [await Neighbour.in(log, 'left'), await Neighbour.in(log, 'right')]),
        opened,
      }
    },
  }
}

function returnStage(): LogStoreStage {
  const options = optionsOf(new MemoryFileSystem())
  let log: SharedLog | null = null
  let store: LogStore | null = null
  return {
    reopen: async () => {
      if (log === null) {
        await createLog(options)
        log = new SharedLog(options)
        await log.open()
      }
      await store?.close()
      store = log.group('under test')
      return { store, opened: await store.open() }
    },
  }
}

/** Writes two entries of 1 KB whenever it is told to, and compacts at times. */
class Neighbour {
  private readonly store: LogStore
  private last: number

  private constructor(store: LogStore, last: number) {
    this.store = store
    this.last = last
  }

  static async in(log: SharedLog, name: string): Promise<Neighbour> {
    const store = log.group(name)
    return new Neighbour(store, (await store.open()).lastIndex)
  }

  stir(): void {
    const entries = encodeEntries([new Uint8Array(1000), new Uint8Array(1000)], 'command', 1, this.last + 1)
    const batch: PersistBatch = { seq: 0, hardState: null, snapshot: null, truncateFrom: null, entries }
    this.last += 2
    void this.store.write([batch])
    if (this.last % 10 === 0) void this.store.compact(this.last - 4)
  }
}

/** Whatever is asked of the store, its neighbours have something to write before and after. */
function amongNeighbours(store: LogStore, neighbours: readonly Neighbour[]): LogStore {
  const stirred = <Result>(work: () => Promise<Result>): Promise<Result> => {
    neighbours[0]?.stir()
    const result = work()
    neighbours[1]?.stir()
    return result
  }
  return {
    open: () => store.open(),
    write: (batches) => stirred(() => store.write(batches)),
    read: (from, to, maxBytes) => stirred(() => store.read(from, to, maxBytes)),
    compact: (to) => stirred(() => store.compact(to)),
    close: () => store.close(),
  }
}

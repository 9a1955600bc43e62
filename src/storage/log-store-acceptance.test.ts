import { describe, test } from 'vitest'
import { createLog, DiskLog } from './disk-log.ts'
import type { LogStore } from './log-store.ts'
import { type LogStoreStage, logStoreAcceptance } from './log-store-acceptance.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { MemoryLog } from './memory-log.ts'

describe('the log in memory', () => {
  for (const { title, run } of logStoreAcceptance) test(title, () => run(memoryStage()))
})

describe('the log on a disk', () => {
  for (const { title, run } of logStoreAcceptance) test(title, () => run(diskStage()))
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

function diskStage(): LogStoreStage {
  const options = { fileSystem: new MemoryFileSystem(), logId: new Uint8Array(8).fill(7), firstSegmentBytes: 16_384 }
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

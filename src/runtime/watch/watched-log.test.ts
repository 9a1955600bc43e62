import { beforeEach, describe, expect, test } from 'vitest'
import type { PersistBatch } from '../../raft/ready.ts'
import { StorageError } from '../../storage/errors.ts'
import type { LogStore } from '../../storage/log-store.ts'
import { TestClock } from '../testing/test-clock.ts'
import { Counters } from './counters.ts'
import { WatchedLog } from './watched-log.ts'

const BATCHES: readonly PersistBatch[] = [
  { seq: 1, hardState: { term: 1, votedFor: null }, snapshot: null, truncateFrom: null, entries: [] },
]
const FULL = new StorageError('ERR_QUORATE_DISK_FULL', 'no room')

let clock: TestClock
let counters: Counters
let seen: string[]
let log: WatchedLog
/** The store's own promises, with what settles them. */
let writes: { readonly promise: Promise<void>; readonly resolve: () => void; readonly reject: (error: Error) => void }[]

beforeEach(() => {
  clock = new TestClock()
  counters = new Counters()
  seen = []
  writes = []
  log = new WatchedLog(store(), clock, counters, (name, event) => void seen.push(`${name} ${JSON.stringify(event)}`))
})

function store(): LogStore {
  const write = (): Promise<void> => {
    let [resolve, reject]: [() => void, (error: Error) => void] = [() => {}, () => {}]
    const promise = new Promise<void>((yes, no) => {
      resolve = yes
      reject = no
    })
    writes.push({ promise, resolve, reject })
    return promise
  }
  return { write } as Partial<LogStore> as LogStore
}

describe('a write', () => {
  test('gives back the store’s own promise, so that nobody hears of a refusal later than the store thinks', () => {
    expect(log.write(BATCHES)).toBe(writes[0]?.promise)
  })

  test('is as old as the oldest one that is under way', async () => {
    expect(log.oldestWriteMs()).toBe(0)
    void log.write(BATCHES)
    clock.stall(10)
    void log.write(BATCHES)
    clock.stall(5)
    expect(log.oldestWriteMs()).toBe(15)
    writes[0]?.resolve()
    await clock.advance(0)
    expect(log.oldestWriteMs()).toBe(5)
    expect(counters.logWriteMs.read()).toMatchObject({ count: 1, sum: 15 })
  })

  test('that is refused for want of room is told once, and once when there is room', async () => {
    for (let i = 0; i < 3; i++) {
      log.write(BATCHES).catch(() => {})
      writes[i]?.reject(FULL)
    }
    await clock.advance(0)
    expect(log.oldestWriteMs()).toBe(0)
    expect(seen).toEqual(['diskFull {"full":true}'])
    void log.write(BATCHES)
    writes[3]?.resolve()
    await clock.advance(0)
    expect(seen).toEqual(['diskFull {"full":true}', 'diskFull {"full":false}'])
  })

  test('without entries is no batch of entries', async () => {
    void log.write(BATCHES)
    writes[0]?.resolve()
    await clock.advance(0)
    expect(counters.logWriteEntries.read().count).toBe(0)
  })
})

import { beforeEach, describe, expect, test } from 'vitest'
import type { Message } from '../../raft/message.ts'
import type { PersistBatch } from '../../raft/ready.ts'
import { StorageError } from '../../storage/errors.ts'
import type { LogStore } from '../../storage/log-store.ts'
import { SILENT } from '../logger.ts'
import { TestClock } from '../testing/test-clock.ts'
import { Disk } from './disk.ts'

const FULL = new StorageError('ERR_QUORATE_DISK_FULL', 'no room')
const BROKEN = new StorageError('ERR_QUORATE_STORAGE_POISONED', 'could not sync')

/** A write that the test lets succeed or fail. */
interface Write {
  readonly seqs: readonly number[]
  readonly done: () => Promise<void>
  readonly fail: (error: Error) => Promise<void>
}

let clock: TestClock
let writes: Write[]
let seen: string[]
let disk: Disk

beforeEach(() => {
  clock = new TestClock()
  writes = []
  seen = []
  disk = new Disk(store(), clock, SILENT, {
    onPersisted: (seq) => void seen.push(`durable ${seq}`),
    onSend: ({ to }) => {
      if (to === 'nobody') throw new Error('larger than a frame')
      seen.push(`to ${to}`)
    },
    onFailure: ({ message }) => void seen.push(`failed: ${message}`),
  })
})

function store(): LogStore {
  const write = (batches: readonly PersistBatch[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const settled = (): Promise<void> => clock.advance(0)
      writes.push({
        seqs: batches.map(({ seq }) => seq),
        done: () => {
          resolve()
          return settled()
        },
        fail: (error) => {
          reject(error)
          return settled()
        },
      })
    })
  return { write } as Partial<LogStore> as LogStore
}

function write(...seqs: number[]): void {
  for (const seq of seqs) disk.write({ seq, hardState: null, snapshot: null, truncateFrom: null, entries: [] })
}

function send(to: string, after: number): void {
  disk.send({ message: { type: 'TimeoutNow', from: 'a', to, term: 1 } as Message, after })
}

describe('messages', () => {
  test('that depend on nothing leave at once', () => {
    send('b', 0)
    expect(seen).toEqual(['to b'])
  })

  test('leave when what they say is durable, after the core has heard of it', async () => {
    write(1, 2)
    send('b', 1)
    send('c', 2)
    await writes[0]?.done()
    expect(seen).toEqual(['durable 1', 'to b'])
    await writes[1]?.done()
    expect(seen).toEqual(['durable 1', 'to b', 'durable 2', 'to c'])
  })

  test('never leave when the write failed', async () => {
    write(1)
    send('b', 1)
    await writes[0]?.fail(BROKEN)
    expect(seen).toEqual(['failed: could not sync'])
  })

  test('are forgotten when the node stops, and so is the confirmation', async () => {
    write(1)
    send('b', 1)
    disk.stop()
    await writes[0]?.done()
    expect(seen).toEqual([])
  })

  test('that the transport refuses end the node, not the process', async () => {
    write(1)
    send('nobody', 1)
    await writes[0]?.done()
    expect(seen).toEqual(['durable 1', 'failed: larger than a frame'])
  })
})

describe('a full disk', () => {
  test('is written to again after a while: everything, in order, once', async () => {
    write(1, 2)
    await writes[0]?.fail(FULL)
    await writes[1]?.fail(FULL)
    write(3)
    expect(disk.isFull).toBe(true)
    await clock.advance(250)
    expect(writes.map(({ seqs }) => seqs)).toEqual([[1], [2], [1, 2, 3]])
    await writes[2]?.done()
    expect(disk.isFull).toBe(false)
    expect(seen).toEqual(['durable 3'])
  })

  test('that stays full is tried again and again', async () => {
    write(1)
    await writes[0]?.fail(FULL)
    for (let i = 1; i <= 3; i++) {
      await clock.advance(250)
      await writes[i]?.fail(FULL)
    }
    expect(writes).toHaveLength(4)
    expect(disk.isFull).toBe(true)
  })

  test('lets what came during the trial follow it, and what comes then at once', async () => {
    write(1)
    await writes[0]?.fail(FULL)
    await clock.advance(250)
    write(2)
    expect(writes).toHaveLength(2)
    await writes[1]?.done()
    write(3)
    expect(writes.map(({ seqs }) => seqs)).toEqual([[1], [1], [2], [3]])
  })

  test('keeps nothing waiting that was durable before', async () => {
    write(1, 2)
    await writes[0]?.done()
    await writes[1]?.fail(FULL)
    send('b', 1)
    send('c', 2)
    expect(seen).toEqual(['durable 1', 'to b'])
    await clock.advance(250)
    expect(writes[2]?.seqs).toEqual([2])
  })

  test('that breaks ends the node', async () => {
    write(1)
    await writes[0]?.fail(FULL)
    await clock.advance(250)
    await writes[1]?.fail(BROKEN)
    expect(seen).toEqual(['failed: could not sync'])
  })

  test('is no longer tried when the node has stopped', async () => {
    write(1)
    await writes[0]?.fail(FULL)
    await clock.advance(250)
    disk.stop()
    await writes[1]?.fail(FULL)
    expect(clock.waiting).toBe(0)
  })
})

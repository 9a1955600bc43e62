import { beforeEach, describe, expect, test } from 'vitest'
import { votersOnly } from '../../raft/configuration.ts'
import type { SendSnapshot, SnapshotMeta } from '../../raft/ready.ts'
import { MemorySnapshots } from '../../storage/memory-snapshots.ts'
import type { Transport } from '../../transport/transport.ts'
import { SILENT } from '../logger.ts'
import { ReplicatedState } from '../replicated-state.ts'
import { Journal } from '../testing/journal.ts'
import { TestClock } from '../testing/test-clock.ts'
import { Snapshots } from './snapshots.ts'

/** A transfer that the test lets succeed or fail. */
interface Transfer {
  readonly words: string
  readonly done: () => Promise<void>
  readonly fail: () => Promise<void>
}

let clock: TestClock
let store: MemorySnapshots
let transfers: Transfer[]
let seen: string[]
let warnings: string[]
let snapshots: Snapshots
let machine: Journal
/** What the leader knows of its followers: behind which entry their snapshots must end. */
let needed: number

beforeEach(async () => {
  clock = new TestClock()
  machine = new Journal(clock)
  store = new MemorySnapshots()
  await store.open()
  transfers = []
  seen = []
  needed = 0
  warnings = []
  const logger = { ...SILENT, warn: (message: string) => void warnings.push(message) }
  snapshots = new Snapshots(store, transport(), clock, logger, {
    describe: (index) => (index > 100 ? null : metaOf(index)),
    onTaken: ({ index }) => void seen.push(`taken ${index}`),
    onTakeFailed: () => void seen.push('not taken'),
    needsNewer: (_to, _session, index) => needed > index,
    onSendFailed: (to, session) => void seen.push(`not sent to ${to} in ${session}`),
  })
})

function transport(): Transport {
  const sendSnapshot: Transport['sendSnapshot'] = ({ to, term, lastIncludedIndex }) =>
    new Promise((resolve, reject) => {
      transfers.push({
        words: `${lastIncludedIndex} to ${to} in term ${term}`,
        done: () => {
          resolve()
          return clock.advance(0)
        },
        fail: () => {
          reject(new Error('interrupted'))
          return clock.advance(0)
        },
      })
    })
  return { sendSnapshot } as Partial<Transport> as Transport
}

function metaOf(index: number): SnapshotMeta {
  return { index, term: 1, configuration: votersOnly({ a: 'a:1' }) }
}

async function take(index: number): Promise<void> {
  snapshots.take(machine, index)
  await clock.advance(0)
}

function send(to: string, term: number, index = 1): void {
  const order: SendSnapshot = { to, term, session: term, meta: metaOf(index) }
  snapshots.send('a', order)
}

describe('taking a snapshot', () => {
  test('stores the state as it was at the call', async () => {
    machine.lines = ['x']
    snapshots.take(machine, 5)
    machine.lines = ['x', 'y']
    await clock.advance(0)
    expect(seen).toEqual(['taken 5'])
    expect(store.latest()).toMatchObject({ meta: metaOf(5), sizeBytes: 1 })
  })

  test('for which there is no room lets go of what the machine holds open for it', async () => {
    let isOpen = true
    const view = {
      next: () => Promise.reject(new Error('nobody reads')),
      return: async () => {
        isOpen = false
        return { done: true, value: undefined } as const
      },
    }
    machine.snapshot = () => ({ [Symbol.asyncIterator]: () => view })
    store.create = () => Promise.reject(new Error('no room'))
    snapshots.take(new ReplicatedState(machine), 5)
    await clock.advance(0)
    expect(seen).toEqual(['not taken'])
    expect(isOpen).toBe(false)
  })

  test('happens once at a time, and not for what is stored already', async () => {
    snapshots.take(machine, 5)
    snapshots.take(machine, 6)
    expect(snapshots.isTaking).toBe(true)
    await clock.advance(0)
    await take(5)
    await take(4)
    expect(seen).toEqual(['taken 5'])
  })

  test('does not happen for an index of which nothing is known', async () => {
    await take(101)
    expect(store.latest()).toBe(null)
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('a bug')
      },
    ],
    [
      'breaks off',
      async function* () {
        yield new Uint8Array(1)
        throw new Error('a bug')
      },
    ],
  ] as const)('that %s leaves the node as it was, and can be tried again', async (_what, snapshot) => {
    machine.snapshot = snapshot as Journal['snapshot']
    await take(5)
    machine.snapshot = new Journal(clock).snapshot
    await take(6)
    expect(seen).toEqual(['not taken', 'taken 6'])
  })

  test('that a leader’s newer one has overtaken is not reported', async () => {
    snapshots.take(machine, 5)
    await (await store.create(metaOf(9))).commit()
    await clock.advance(0)
    expect(seen).toEqual([])
  })
})

describe('sending a snapshot', () => {
  beforeEach(async () => {
    await take(5)
    seen = []
  })

  test('goes to each follower once at a time', async () => {
    send('b', 1)
    send('b', 1)
    send('c', 1)
    expect(transfers.map(({ words }) => words)).toEqual(['5 to b in term 1', '5 to c in term 1'])
    await transfers[0]?.done()
    send('b', 1)
    expect(transfers).toHaveLength(3)
  })

  test('that failed is reported after a while, and may be asked for again', async () => {
    send('b', 1)
    await transfers[0]?.fail()
    send('b', 1)
    expect(transfers).toHaveLength(1)
    await clock.advance(1000)
    expect(seen).toEqual(['not sent to b in 1'])
    send('b', 1)
    expect(transfers).toHaveLength(2)
  })

  test('that fails again and again for one reason is complained of once', async () => {
    for (let i = 0; i < 3; i++) {
      send('b', 1)
      await transfers[i]?.fail()
      await clock.advance(1000)
    }
    expect(warnings).toEqual(['a snapshot was not delivered; it will be tried again'])
  })

  test('of a new term follows the one of the old term at once', async () => {
    send('b', 1)
    send('b', 3)
    await transfers[0]?.done()
    expect(transfers[1]?.words).toBe('5 to b in term 3')
  })

  test('that is newer follows at once, if the follower still needs it', async () => {
    send('b', 1, 5)
    await take(9)
    send('b', 1, 9)
    needed = 9
    await transfers[0]?.done()
    expect(transfers.map(({ words }) => words)).toEqual(['5 to b in term 1', '9 to b in term 1'])
  })

  test('that is newer does not follow when the log goes on from the one before', async () => {
    send('b', 1, 5)
    await take(9)
    send('b', 1, 9)
    await transfers[0]?.done()
    expect(transfers).toHaveLength(1)
  })

  test('leaves nothing behind when the node stops', async () => {
    send('b', 1)
    send('c', 1)
    await transfers[0]?.fail()
    snapshots.stop()
    await transfers[1]?.fail()
    expect(clock.waiting).toBe(0)
    expect(seen).toEqual([])
  })
})

describe('opening a snapshot', () => {
  test('gives the bytes of that one, and never those of another', async () => {
    machine.lines = ['x']
    await take(5)
    let sizeBytes = 0
    for await (const piece of snapshots.open(metaOf(5))) sizeBytes += piece.length
    expect(sizeBytes).toBe(1)
    expect(() => snapshots.open(metaOf(4))).toThrow('to restore is 4, the store has 5')
  })
})

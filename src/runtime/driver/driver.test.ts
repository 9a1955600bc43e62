// The driver's own promises: what it makes of time, of turns and of what its ports throw. That it carries out a Ready in
// the right order is shown by whole clusters, in test/runtime.
import { beforeEach, describe, expect, test } from 'vitest'
import { votersOnly } from '../../raft/configuration.ts'
import type { Message } from '../../raft/message.ts'
import { Raft } from '../../raft/raft.ts'
import type { BootState } from '../../raft/ready.ts'
import { MemoryLog } from '../../storage/memory-log.ts'
import { MemorySnapshots } from '../../storage/memory-snapshots.ts'
import type { Transport, TransportHandlers } from '../../transport/transport.ts'
import { utf8Encode } from '../../util/bytes.ts'
import { Random } from '../../util/random.ts'
import { SILENT } from '../logger.ts'
import { ReplicatedState } from '../replicated-state.ts'
import { Journal } from '../testing/journal.ts'
import { TestClock } from '../testing/test-clock.ts'
import { Driver } from './driver.ts'

let clock: TestClock
let machine: Journal
let log: MemoryLog
let sent: Message[]
let failures: string[]
let handlers: TransportHandlers
let send: (message: Message) => void

beforeEach(() => {
  clock = new TestClock()
  machine = new Journal(clock)
  log = new MemoryLog()
  sent = []
  failures = []
  send = (message) => void sent.push(message)
})

/** A driver of server `a` among these. */
async function start(...members: string[]): Promise<Driver> {
  const configuration = votersOnly(Object.fromEntries(members.map((id) => [id, `${id}:1`])))
  const { hardState, base, lastIndex, terms, configurations, tail } = await log.open()
  const snapshot = { index: 0, term: 0, configuration }
  const boot: BootState = { hardState, snapshot, base, lastIndex, terms, configurations, tail }
  const raft = new Raft({ id: 'a', applyBeforeDurable: true, maxApplyBytes: 100 }, boot, new Random(1), clock.now())
  const snapshots = new MemorySnapshots()
  await snapshots.open()
  const transport = {
    start: async (given) => {
      handlers = given
    },
    setPeers() {},
    send: (message) => send(message),
    stop: async () => {},
  } as Partial<Transport> as Transport
  const gate = { isFormed: true, admit: () => null, isStranger: () => false }
  const storage = { log, snapshots, snapshotEveryBytes: 1e9 }
  const ports = { ...storage, transport, clock, logger: SILENT, state: new ReplicatedState(machine), gate }
  const driver = new Driver(raft, ports, {
    beforeTurn() {},
    afterTurn() {},
    onRead() {},
    onAnswer() {},
    onApplied() {},
    onSnapshotFailed() {},
    onSnapshotRestored() {},
    onEvent() {},
    onFailure: ({ message }) => void failures.push(message),
  })
  await driver.start(() => Promise.reject(new Error('nobody asks')))
  await clock.advance(0)
  return driver
}

function heartbeat(term: number): Message {
  const reference = { prevLogIndex: 0, prevLogTerm: 0, leaderCommit: 0, session: 1, readRound: 0, restMs: 0 }
  return { type: 'AppendEntries', from: 'b', to: 'a', term, entries: [], ...reference }
}

describe('time', () => {
  test('makes a server campaign that hears nobody', async () => {
    await start('a', 'b', 'c')
    await clock.advance(1000)
    expect(sent[0]).toMatchObject({ type: 'RequestVote', term: 1 })
  })

  test('that passed while the process stood still first lets what has arrived be read', async () => {
    const { raft } = await start('a', 'b', 'c')
    handlers.onMessage(heartbeat(5))
    await clock.advance(200)
    sent.length = 0
    clock.stall(5000)
    // What lies in the socket is handed over between the late timer and what it asked for.
    clock.schedule(0, () => handlers.onMessage(heartbeat(5)))
    await clock.advance(100)
    expect(raft.inspect()).toMatchObject({ role: 'follower', leaderId: 'b' })
    expect(sent.map(({ type }) => type)).toEqual(['AppendEntriesReply'])
  })

  test('costs one timer, however many heartbeats push the deadline away', async () => {
    await start('a', 'b', 'c')
    for (let i = 0; i < 20; i++) {
      handlers.onMessage(heartbeat(5))
      await clock.advance(50)
    }
    expect(clock.waiting).toBe(1)
  })

  test('stands still for a driver that has stopped', async () => {
    const driver = await start('a', 'b', 'c')
    await driver.stop()
    await clock.advance(5000)
    expect(clock.waiting).toBe(0)
    expect(sent).toEqual([])
  })
})

describe('a turn', () => {
  test('takes in all that came with it: one write for all of them', async () => {
    const driver = await start('a')
    await clock.advance(1000)
    let writes = 0
    const write = log.write.bind(log)
    log.write = (batches) => {
      writes++
      return write(batches)
    }
    for (const line of ['x', 'y', 'z']) driver.input(() => void driver.raft.propose([utf8Encode(line)], clock.now()))
    await clock.advance(0)
    expect(machine.lines).toEqual(['x', 'y', 'z'])
    expect(writes).toBe(1)
  })

  test('that applies for long makes room for what has arrived', async () => {
    const driver = await start('a')
    await clock.advance(1000)
    machine.answer = () => {
      clock.stall(4)
      return new Uint8Array(0)
    }
    const lines = Array.from({ length: 100 }, (_, i) => utf8Encode(`line ${i}`))
    driver.input(() => void driver.raft.propose(lines, clock.now()))
    let appliedWhenHeard = 0
    const hear = (): void => {
      appliedWhenHeard = machine.lines.length
    }
    clock.soon(() => clock.soon(hear))
    await clock.advance(1000)
    expect(machine.lines).toHaveLength(100)
    expect(appliedWhenHeard).toBeLessThan(20)
  })
})

describe('what goes wrong in a port', () => {
  test('while sending ends the driver, once, and no timer is left', async () => {
    await start('a', 'b', 'c')
    send = () => {
      throw new Error('larger than a frame')
    }
    await clock.advance(5000)
    expect(failures).toEqual(['larger than a frame'])
    expect(clock.waiting).toBe(0)
  })

  test('while reading the log ends the driver', async () => {
    const driver = await start('a', 'b', 'c')
    log.read = () => Promise.reject(new Error('a wrong checksum'))
    const fetches = [{ id: 1, from: 1, to: 1, maxBytes: 1 }]
    const takeReady = driver.raft.takeReady.bind(driver.raft)
    driver.raft.takeReady = () => ({ ...takeReady(), fetches })
    await clock.advance(1000)
    expect(failures).toEqual(['a wrong checksum'])
  })

  test('while compacting only costs room', async () => {
    const driver = await start('a')
    log.compact = () => Promise.reject(new Error('no permission'))
    const takeReady = driver.raft.takeReady.bind(driver.raft)
    driver.raft.takeReady = () => ({ ...takeReady(), compactTo: 1 })
    await clock.advance(1000)
    expect(failures).toEqual([])
    expect(driver.raft.inspect().role).toBe('leader')
  })

  test('while starting is the caller’s to hear', async () => {
    const taken = { start: () => Promise.reject(new Error('the address is taken')) }
    const driver = await start('a')
    Object.assign(driver, { ports: { ...driver['ports'], transport: taken } })
    await expect(driver.start(() => Promise.reject(new Error('nobody asks')))).rejects.toThrow('the address is taken')
  })
})

// How a node begins and ends with its ports. What it does in between is told in test/runtime.
import { beforeEach, describe, expect, test } from 'vitest'
import { votersOnly } from '../raft/configuration.ts'
import type { BootState } from '../raft/ready.ts'
import { MemoryLog } from '../storage/memory-log.ts'
import { MemorySnapshots } from '../storage/memory-snapshots.ts'
import { MemorySwitchboard } from '../transport/memory-transport.ts'
import { TransportError } from '../transport/transport.ts'
import { utf8Encode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import type { RaftNodeOptions } from './node-options.ts'
import { RaftNode } from './raft-node.ts'
import { Journal } from './testing/journal.ts'
import { TestClock } from './testing/test-clock.ts'

let clock: TestClock
let ended: string[]
let options: RaftNodeOptions

beforeEach(async () => {
  clock = new TestClock()
  ended = []
  const log = new MemoryLog()
  const { hardState, base, lastIndex, terms, configurations, tail } = await log.open()
  const snapshot = { index: 0, term: 0, configuration: votersOnly({ a: 'a:1' }) }
  const boot: BootState = { hardState, snapshot, base, lastIndex, terms, configurations, tail }
  const snapshots = new MemorySnapshots()
  await snapshots.open()
  const transport = new MemorySwitchboard(clock, new Random(1)).transport('a')
  const stop = transport.stop.bind(transport)
  transport.stop = () => {
    ended.push('transport')
    return stop()
  }
  const closeStorage = async (): Promise<void> => void ended.push('storage')
  const stateMachine = new Journal(clock)
  options = { id: 'a', boot, log, snapshots, transport, clock, random: new Random(2), stateMachine, closeStorage }
})

describe('a node that cannot start', () => {
  test('because its address is taken leaves nothing open', async () => {
    options.transport.start = () => Promise.reject(new TransportError('ERR_QUORATE_ADDRESS_IN_USE', 'a:1 is taken'))
    await expect(RaftNode.open(options)).rejects.toThrow('a:1 is taken')
    expect(ended).toEqual(['transport', 'storage'])
    expect(clock.waiting).toBe(0)
  })

  test('because its options contradict each other leaves nothing open', async () => {
    const raft = { electionTimeoutMinMs: 10 }
    await expect(RaftNode.open({ ...options, raft })).rejects.toMatchObject({ code: 'ERR_QUORATE_OPTIONS' })
    expect(ended).toEqual(['transport', 'storage'])
  })
})

describe('a node that stops', () => {
  test('lets go of the network first and of the disk last, once', async () => {
    const node = await RaftNode.open(options)
    await Promise.all([node.stop(), node.stop()])
    expect(ended).toEqual(['transport', 'storage'])
  })

  test('lets go of the disk even if the network does not let go of it', async () => {
    const node = await RaftNode.open(options)
    options.transport.stop = () => Promise.reject(new Error('the port is stuck'))
    await expect(node.stop()).rejects.toThrow('the port is stuck')
    expect(ended).toEqual(['storage'])
  })

  test('by itself closes as well, and `stop` waits for that', async () => {
    options.log.write = () => Promise.reject(new Error('the disk is gone'))
    const node = await RaftNode.open(options)
    await clock.advance(1000)
    expect(await node.failed).toMatchObject({ message: 'the disk is gone' })
    await node.stop()
    expect(ended).toEqual(['transport', 'storage'])
    expect(node.status().stopped).toBe('the node has stopped itself: the disk is gone')
  })
})

describe('a node that stops itself while it is being started', () => {
  test('leaves no timer behind', async () => {
    options.log.write = () => Promise.reject(new Error('the disk is gone'))
    options.transport.start = async ({ onConnectionLost }) => {
      onConnectionLost('b')
      await clock.advance(1000)
    }
    const node = await RaftNode.open(options)
    expect(node.status().stopped).toMatch('the disk is gone')
    await clock.advance(0)
    expect(clock.waiting).toBe(0)
  })
})

describe('an idle node', () => {
  test('has no timers but Raft’s own and the watch’s', async () => {
    const node = await RaftNode.open({ ...options, boot: { ...options.boot, snapshot: elsewhere(options.boot) } })
    await clock.advance(0)
    const idle = clock.waiting
    node.propose(utf8Encode('x'), { timeoutMs: 100 }).catch(() => {})
    await clock.advance(0)
    expect(clock.waiting).toBe(idle + 1)
    await clock.advance(200)
    expect(clock.waiting).toBe(idle)
  })
})

describe('a read', () => {
  test('whose answer was late does not see the half of a snapshot that came meanwhile', async () => {
    const node = await RaftNode.open(options)
    await clock.advance(1000)
    let served = false
    const restoring = (is: boolean): void => void Object.assign(node['raft'].inspect(), { restoring: is })
    restoring(true)
    const read = node.read(() => {
      served = true
    })
    await clock.advance(100)
    expect(served).toBe(false)
    restoring(false)
    await Promise.all([node.propose(utf8Encode('x')), read, clock.advance(100)])
    expect(served).toBe(true)
  })
})

/** Of a cluster with more members, so that nobody is elected here. */
function elsewhere({ snapshot }: BootState): BootState['snapshot'] {
  return { ...snapshot, configuration: votersOnly({ a: 'a:1', b: 'b:1', c: 'c:1' }) }
}

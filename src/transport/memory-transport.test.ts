import { describe, expect, test } from 'vitest'
import { systemClock } from '../io/system-clock.ts'
import type { Message } from '../raft/message.ts'
import { utf8Encode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { type TransportStage, transportAcceptance } from './acceptance.ts'
import { MemorySwitchboard } from './memory-transport.ts'
import { groupedStage } from './testing/grouped-stage.ts'
import { SAMPLE_MESSAGES } from './testing/samples.ts'
import { VirtualClock } from './testing/virtual-clock.ts'
import type { Transport, TransportHandlers } from './transport.ts'

const ADDRESSES = { a: 'a:1', b: 'b:1' }
const refuse = () => Promise.reject(new Error('no snapshots here'))

function memoryStage(): TransportStage {
  const clock = systemClock()
  const switchboard = new MemorySwitchboard(clock, new Random(1))
  const opened: Transport[] = []
  return {
    clock,
    open: async (handlers) => {
      const transports: { [id: string]: Transport } = {}
      for (const [id, handler] of Object.entries(handlers)) {
        const transport = switchboard.transport(id)
        await transport.start(handler)
        transport.setPeers(ADDRESSES)
        opened.push(transport)
        transports[id] = transport
      }
      return transports
    },
    hangUp: (one, other) => switchboard.hangUp(one, other),
    close: async () => {
      for (const transport of opened) await transport.stop()
    },
  }
}

describe('the memory transport is a Transport:', () => {
  for (const { title, run } of transportAcceptance) test(title, () => run(memoryStage()))
})

describe('a group of the memory transport, beside others, is a Transport:', () => {
  for (const { title, run } of transportAcceptance) test(title, () => run(groupedStage(memoryStage())))
})

describe('the switchboard', () => {
  test('cuts one direction and leaves the other', async () => {
    const { clock, switchboard, a, b } = await twoServers()
    switchboard.setLink('a', 'b', { up: false })
    a.transport.send(timeoutNow('a', 'b'))
    b.transport.send(timeoutNow('b', 'a'))
    await clock.advance(10)
    expect([a.messages.length, b.messages.length]).toEqual([1, 0])
  })

  test('delays by the clock, and nothing overtakes', async () => {
    const { clock, switchboard, a, b } = await twoServers()
    switchboard.setLink('a', 'b', { minDelayMs: 50, maxDelayMs: 100 })
    for (let term = 1; term <= 50; term++) a.transport.send({ ...timeoutNow('a', 'b'), term })
    await clock.advance(49)
    expect(b.messages).toEqual([])
    await clock.advance(60)
    expect(b.messages.map((message) => message.term)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
  })

  test('loses about as many as it was told, the same ones for the same seed', async () => {
    const survivors = async (): Promise<number[]> => {
      const { clock, switchboard, a, b } = await twoServers()
      switchboard.setLink('a', 'b', { lossProbability: 0.3 })
      for (let term = 1; term <= 1000; term++) a.transport.send({ ...timeoutNow('a', 'b'), term })
      await clock.advance(10)
      return b.messages.map((message) => message.term)
    }
    const first = await survivors()
    expect(first.length).toBeGreaterThan(630)
    expect(first.length).toBeLessThan(770)
    expect(await survivors()).toEqual(first)
  })

  test('a cut link is silent: a request over it ends with its time-out, outcome unknown', async () => {
    const { clock, switchboard, a } = await twoServers()
    switchboard.setLink('b', 'a', { up: false })
    const asking = a.transport.request('b', utf8Encode('?'), 500).catch((error: unknown) => error)
    await clock.advance(501)
    expect(await asking).toMatchObject({ code: 'ERR_QUORATE_REQUEST_TIMEOUT', delivery: 'unknown' })
    expect(a.lost).toEqual([])
  })

  test('what was under way when the connection broke does not arrive after it', async () => {
    const { clock, switchboard, a, b } = await twoServers()
    switchboard.setLink('a', 'b', { minDelayMs: 50, maxDelayMs: 50 })
    a.transport.send(timeoutNow('a', 'b'))
    switchboard.hangUp('a', 'b')
    await clock.advance(100)
    expect(b.messages).toEqual([])
    expect([a.lost, b.lost]).toEqual([['b'], ['a']])
  })

  test.each(['a', 'b'] as const)('a group that stops at %s ends the snapshot that is under way', async (end) => {
    const { clock, switchboard, a, b } = await twoServers()
    switchboard.setLink('a', 'b', { minDelayMs: 10, maxDelayMs: 10 })
    const calls: string[] = []
    const note = (what: string) => async () => void calls.push(what)
    const sink = {
      offset: 0,
      write: note('write'),
      finish: note('finish'),
      interrupt: () => void calls.push('interrupt'),
    }
    const groups = { a: a.transport.group('x'), b: b.transport.group('x') }
    for (const group of [groups.a, groups.b])
      await group.start({ ...recorder().handlers, onSnapshot: async () => sink })
    const read = async function* () {
      for (let piece = 0; piece < 10; piece++) yield new Uint8Array(1)
    }
    const source = { id: 's', sizeBytes: 10, read }
    const bringing = groups.a.sendSnapshot(SAMPLE_MESSAGES.InstallSnapshot, source).catch((error: unknown) => error)
    await clock.advance(25)
    await groups[end].stop()
    await clock.advance(1)
    expect(calls).toEqual(['write', 'interrupt'])
    expect(await bringing).toMatchObject({ code: 'ERR_QUORATE_SNAPSHOT_INTERRUPTED' })
  })

  test('two servers of one name cannot be plugged in', async () => {
    const { switchboard } = await twoServers()
    const twin = switchboard.transport('a').start(recorder().handlers)
    await expect(twin).rejects.toMatchObject({ code: 'ERR_QUORATE_ADDRESS_IN_USE' })
  })
})

function timeoutNow(from: string, to: string): Message {
  return { type: 'TimeoutNow', from, to, term: 1 }
}

function recorder() {
  const messages: Message[] = []
  const lost: string[] = []
  const handlers: TransportHandlers = {
    onMessage: (message) => void messages.push(message),
    onRequest: async (_from, body) => body,
    onConnectionLost: (peer) => void lost.push(peer),
    onSnapshot: async () => Promise.reject(new Error('no snapshots here')),
  }
  return { messages, lost, handlers }
}

async function twoServers() {
  const clock = new VirtualClock()
  const switchboard = new MemorySwitchboard(clock, new Random(7))
  const open = async (id: string) => {
    const transport = switchboard.transport(id)
    const { messages, lost, handlers } = recorder()
    await transport.start(handlers)
    transport.setPeers(ADDRESSES)
    return { transport, messages, lost }
  }
  return { clock, switchboard, a: await open('a'), b: await open('b') }
}

test('an answer to a server that has restarted meanwhile is not taken for one to its new life', async () => {
  const clock = new VirtualClock()
  const switchboard = new MemorySwitchboard(clock, new Random(1))
  const answers: ((answer: Uint8Array) => void)[] = []
  const start = async (id: string): Promise<Transport> => {
    const transport = switchboard.transport(id)
    const onRequest = () => new Promise<Uint8Array>((resolve) => answers.push(resolve))
    await transport.start({ onMessage() {}, onRequest, onConnectionLost() {}, onSnapshot: refuse })
    transport.setPeers(ADDRESSES)
    return transport
  }
  await start('b')
  const earlier = await start('a')
  const lost = earlier.request('b', utf8Encode('first life'), 1000).catch(() => 'lost')
  await clock.advance(5)
  await earlier.stop()
  const later = await start('a')
  const answered = later.request('b', utf8Encode('second life'), 1000)
  await clock.advance(5)
  answers[0]?.(utf8Encode('to the first'))
  await clock.advance(5)
  answers[1]?.(utf8Encode('to the second'))
  await clock.advance(5)
  expect(await lost).toBe('lost')
  expect(await answered).toEqual(utf8Encode('to the second'))
})

import { describe, expect, test } from 'vitest'
import type { Message } from '../raft/message.ts'
import { utf8Decode, utf8Encode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { DEFAULT_LIMITS, type TransportLimits } from './limits.ts'
import { StreamTransport } from './stream-transport.ts'
import { MemoryNetwork, type MemoryPipe } from './testing/memory-network.ts'
import { VirtualClock } from './testing/virtual-clock.ts'
import type { TransportError, TransportHandlers, TransportTrouble } from './transport.ts'

const { minBackOffMs, maxBackOffMs, keepAliveMs, idleTimeoutMs, helloTimeoutMs } = DEFAULT_LIMITS

describe('a peer that is not there', () => {
  test('is dialled less and less often, but at least every two seconds', async () => {
    const world = new World()
    await world.start('a', { b: 'b' })
    await world.clock.advance(1000)
    expect(world.network.dials).toBeLessThan(10)
    const dialsBefore = world.network.dials
    await world.clock.advance(60_000)
    const dials = world.network.dials - dialsBefore
    expect(dials).toBeGreaterThanOrEqual(60_000 / maxBackOffMs - 1)
    expect(dials).toBeLessThanOrEqual((60_000 / maxBackOffMs) * 2 + 1)
  })

  test('is dialled by different servers at different moments', async () => {
    const moments = async (seed: number): Promise<number> => {
      const world = new World()
      await world.start('a', { b: 'b' }, { seed })
      await world.clock.advance(200)
      const before = world.network.dials
      while (world.network.dials === before) await world.clock.advance(1)
      return world.clock.now()
    }
    const seen = await Promise.all([1, 2, 3, 4, 5].map(moments))
    expect(new Set(seen).size).toBeGreaterThan(3)
  })

  test('gets nothing of what was sent before it came', async () => {
    const world = new World()
    const a = await world.start('a', { b: 'b' })
    a.transport.send(timeoutNow('a', 'b', 1)) // While the first attempt is being made.
    await world.clock.advance(1)
    a.transport.send(timeoutNow('a', 'b', 2)) // While it waits for the next one.
    const b = await world.start('b', {})
    await world.clock.advance(maxBackOffMs * 2)
    a.transport.send(timeoutNow('a', 'b', 3))
    await world.clock.advance(1)
    expect(b.terms()).toEqual([3])
  })

  test('fails a request that waited for the first attempt, as certainly not delivered', async () => {
    const world = new World()
    const a = await world.start('a', { b: 'b' })
    const error = await world.failure(a.transport.request('b', utf8Encode('?'), 10_000), 1)
    expect(error).toMatchObject({ code: 'ERR_QUORATE_UNREACHABLE', delivery: 'never' })
  })

  test('fails a request at once, as certainly not delivered', async () => {
    const world = new World()
    const a = await world.start('a', { b: 'b' })
    await world.clock.advance(1)
    const error = await world.failure(a.transport.request('b', utf8Encode('?'), 10_000), 0)
    expect(error).toMatchObject({ code: 'ERR_QUORATE_UNREACHABLE', delivery: 'never' })
  })

  test('is answered on the connection that it made, while ours is still being dialled', async () => {
    const world = new World()
    const a = await world.start('a', {})
    const b = await world.start('b', { a: 'a' })
    await world.clock.advance(1)
    world.network.connect = () => new Promise(() => {})
    a.transport.setPeers({ b: 'b' })
    a.transport.send(timeoutNow('a', 'b', 9))
    await world.clock.advance(1)
    expect(b.terms()).toEqual([9])
  })

  test('is dialled at once when it dials us', async () => {
    const world = new World()
    await world.start('a', { b: 'b' })
    await world.clock.advance(60_000)
    const before = world.network.dials
    await world.start('b', { a: 'a' })
    await world.clock.advance(1)
    expect(world.network.dials - before).toBe(2)
  })
})

describe('a connection', () => {
  test('carries in its first write what was sent while it was being made', async () => {
    const world = new World()
    const b = await world.start('b', {})
    const a = await world.start('a', { b: 'b' })
    for (let term = 1; term <= 3; term++) a.transport.send(timeoutNow('a', 'b', term))
    await world.clock.advance(1)
    expect(b.terms()).toEqual([1, 2, 3])
    expect(world.pipe.dialled.writes).toHaveLength(2)
  })

  test('sends what was sent in one turn in one write', async () => {
    const { world, a } = await connected()
    const before = world.pipe.dialled.writes.length
    for (let term = 1; term <= 50; term++) a.transport.send(timeoutNow('a', 'b', term))
    await world.clock.advance(1)
    expect(world.pipe.dialled.writes.length - before).toBe(1)
  })

  test('that breaks is told at once to both ends, and made again', async () => {
    const { world, a, b } = await connected()
    world.network.cutAll()
    expect([a.lost, b.lost]).toEqual([['b'], ['a']])
    await world.clock.advance(minBackOffMs + 1)
    a.transport.send(timeoutNow('a', 'b', 7))
    await world.clock.advance(1)
    expect(b.terms()).toEqual([7])
  })

  test('that breaks right after each hello is not made fifty times a second', async () => {
    const { world } = await connected()
    const before = world.network.dials
    for (let i = 0; i < 1000; i++) {
      await world.clock.advance(10)
      world.network.cutAll()
    }
    expect(world.network.dials - before).toBeLessThan(20)
  })

  test('to a peer that fell silent is given up after the idle time-out, and not before', async () => {
    const { world, a } = await connected()
    world.pipe.listening.isBlackHole = true
    await world.clock.advance(idleTimeoutMs - keepAliveMs)
    expect(a.lost).toEqual([])
    await world.clock.advance(keepAliveMs * 2 + 1)
    expect(a.lost).toEqual(['b'])
    expect(a.troubles.at(-1)?.message).toMatch(/silent for \d+ ms/)
  })

  test('is given up by the listening end too when the pings stay away', async () => {
    const { world, b } = await connected()
    world.pipe.dialled.isBlackHole = true
    await world.clock.advance(idleTimeoutMs + keepAliveMs * 2)
    expect(b.lost).toEqual(['a'])
  })

  test('that is idle lives on', async () => {
    const { world, a, b } = await connected()
    await world.clock.advance(3_600_000)
    expect([a.lost, b.lost, world.network.dials]).toEqual([[], [], 1])
  })

  test('that is full keeps the oldest up to the bound, and sends them when it drains', async () => {
    const { world, a, b } = await connected({ maxOutboxMessages: 10 })
    world.pipe.dialled.isFull = true
    a.transport.send(timeoutNow('a', 'b', 1))
    await world.clock.advance(1)
    for (let term = 2; term <= 100; term++) a.transport.send(timeoutNow('a', 'b', term))
    await world.clock.advance(1)
    expect(b.terms()).toEqual([1])
    world.pipe.dialled.drain()
    await world.clock.advance(1)
    expect(b.terms()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  test('of whoever dials again replaces the earlier one, and nobody is reported lost for it', async () => {
    const { world, b } = await connected()
    world.pipe.listening.isBlackHole = true
    world.pipe.dialled.isBlackHole = true
    await world.start('a', { b: 'b' }, { address: 'elsewhere' })
    await world.clock.advance(idleTimeoutMs + 2 * keepAliveMs)
    expect(b.lost).toEqual([])
  })
})

describe('whom to dial', () => {
  test('changes with setPeers: who is gone is hung up on, who moved is dialled there', async () => {
    const { world, a, b } = await connected()
    a.transport.setPeers({})
    await world.clock.advance(1)
    expect([a.lost, b.lost]).toEqual([[], ['a']])
    const moved = await world.start('c', {}, { address: 'c2' })
    a.transport.setPeers({ c: 'c1' })
    await world.clock.advance(1)
    a.transport.setPeers({ c: 'c2' })
    await world.clock.advance(1)
    a.transport.send(timeoutNow('a', 'c', 4))
    await world.clock.advance(1)
    expect(moved.terms()).toEqual([4])
  })

  test('never includes ourselves', async () => {
    const world = new World()
    await world.start('a', { a: 'a' })
    await world.clock.advance(10_000)
    expect(world.network.dials).toBe(0)
  })

  test('can be vetoed, and the refused server hears why', async () => {
    const world = new World()
    await world.start('b', {}, { admit: ({ id }) => (id === 'a' ? 'was removed' : null) })
    const a = await world.start('a', { b: 'b' })
    await world.clock.advance(10)
    expect(a.troubles[0]).toMatchObject({ peer: 'b', message: 'notAdmitted: was removed' })
    await world.clock.advance(maxBackOffMs / 2 - 20)
    expect(world.network.dials).toBe(1)
  })

  test('a server that accepts and never answers the hello is tried again', async () => {
    const world = new World()
    await world.network.listen('b', (stream) => stream.open({ onData: () => {}, onDrain: () => {}, onClose: () => {} }))
    const a = await world.start('a', { b: 'b' })
    await world.clock.advance(helloTimeoutMs + 1)
    expect(a.troubles[0]?.message).toBe(`no hello from listener within ${helloTimeoutMs} ms`)
    await world.clock.advance(maxBackOffMs)
    expect(world.network.dials).toBe(2)
  })
})

describe('a request', () => {
  test('is answered', async () => {
    const { world, a } = await connected()
    const asking = a.transport.request('b', utf8Encode('hello'), 1000)
    await world.clock.advance(1)
    expect(utf8Decode(await asking)).toBe('hello')
  })

  test('that waited in the outbox until its time was over is never sent', async () => {
    const { world, a, b } = await connected()
    world.pipe.dialled.isFull = true
    a.transport.send(timeoutNow('a', 'b', 1))
    await world.clock.advance(1)
    const error = await world.failure(a.transport.request('b', utf8Encode('late'), 100), 101)
    expect(error).toMatchObject({ code: 'ERR_QUORATE_REQUEST_TIMEOUT', delivery: 'never' })
    world.pipe.dialled.drain()
    await world.clock.advance(10)
    expect(b.requests).toEqual([])
  })

  test('that was written when the connection broke is unknown, one that was not is not', async () => {
    const { world, a } = await connected()
    const written = caught(a.transport.request('b', utf8Encode('hang'), 60_000))
    await world.clock.advance(1)
    const waiting = caught(a.transport.request('b', utf8Encode('hang'), 60_000))
    world.network.cutAll()
    expect(await written).toMatchObject({ code: 'ERR_QUORATE_CONNECTION_LOST', delivery: 'unknown' })
    expect(await waiting).toMatchObject({ code: 'ERR_QUORATE_UNREACHABLE', delivery: 'never' })
  })

  test('too many at once are refused, undelivered', async () => {
    const { world, a, b } = await connected({ maxConcurrentRequests: 5 })
    const failures: Promise<TransportError>[] = []
    for (let i = 0; i < 8; i++) failures.push(world.failure(a.transport.request('b', utf8Encode('hang'), 1000), 2000))
    const errors = await Promise.all(failures)
    expect(errors.filter(({ delivery }) => delivery === 'never')).toHaveLength(3)
    expect(b.requests).toHaveLength(5)
  })

  test('larger than a frame is refused before it leaves', async () => {
    const { world, a, b } = await connected({ maxFrameBytes: 1000 })
    const error = await world.failure(a.transport.request('b', new Uint8Array(1001), 1000), 10)
    expect(error).toMatchObject({ code: 'ERR_QUORATE_REQUEST_FAILED', delivery: 'never' })
    expect(b.requests).toEqual([])
  })

  test('with an answer larger than a frame fails in words, and the connection lives', async () => {
    const { world, a } = await connected({ maxFrameBytes: 1000 })
    const error = await world.failure(a.transport.request('b', utf8Encode('large'), 1000), 10)
    expect(error.message).toContain('its answer of 5000 bytes exceeds maxFrameBytes')
    expect(a.lost).toEqual([])
  })

  test('under way when the transport stops ends, and no timer is left behind', async () => {
    const { world, a, b } = await connected()
    const failing = caught(a.transport.request('b', utf8Encode('hang'), 60_000))
    await world.clock.advance(1)
    await a.transport.stop()
    await b.transport.stop()
    expect(await failing).toMatchObject({ delivery: 'unknown' })
    await world.clock.advance(1)
    expect(world.clock.waiting).toBe(0)
  })
})

// ---- vocabulary

interface StartOptions extends Partial<TransportLimits> {
  readonly seed?: number
  readonly address?: string
  readonly admit?: NonNullable<TransportHandlers['admit']>
}

class World {
  readonly clock = new VirtualClock()
  readonly network = new MemoryNetwork(this.clock)

  /** The newest connection. */
  get pipe(): MemoryPipe {
    const pipe = this.network.pipes.at(-1)
    if (pipe === undefined) throw new Error('nobody has connected')
    return pipe
  }

  async start(id: string, peers: { readonly [id: string]: string }, options: StartOptions = {}) {
    const { seed = 1, address = id, admit = () => null, ...limits } = options
    const messages: Message[] = []
    const lost: string[] = []
    const requests: string[] = []
    const troubles: TransportTrouble[] = []
    const self = { cluster: 'test', id, incarnation: `disk-${id}`, address }
    const transport = new StreamTransport(
      { ...self, clock: this.clock, random: new Random(seed), limits },
      this.network,
    )
    const onRequest = async (_from: string, body: Uint8Array): Promise<Uint8Array> => {
      const question = utf8Decode(body) ?? ''
      requests.push(question)
      if (question === 'hang') return new Promise(() => {})
      return question === 'large' ? new Uint8Array(5000) : body
    }
    await transport.start({
      onMessage: (message) => void messages.push(message),
      onRequest,
      onConnectionLost: (peer) => void lost.push(peer),
      onSnapshot: async () => Promise.reject(new Error('no snapshots here')),
      admit,
      onTrouble: (trouble) => void troubles.push(trouble),
    })
    transport.setPeers(peers)
    return { transport, messages, lost, requests, troubles, terms: () => messages.map(({ term }) => term) }
  }

  /** The error with which a promise ends within this time. */
  async failure(promise: Promise<unknown>, withinMs: number): Promise<TransportError> {
    const outcome = caught(promise)
    await this.clock.advance(withinMs)
    return Promise.race([outcome, Promise.reject(new Error('it is still under way'))])
  }
}

function caught(promise: Promise<unknown>): Promise<TransportError> {
  return promise.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: TransportError) => error,
  )
}

/** Two servers, a having dialled b. */
async function connected(limits: StartOptions = {}) {
  const world = new World()
  const b = await world.start('b', {}, limits)
  const a = await world.start('a', { b: 'b' }, limits)
  await world.clock.advance(1)
  return { world, a, b }
}

function timeoutNow(from: string, to: string, term: number): Message {
  return { type: 'TimeoutNow', from, to, term }
}

// The acceptance tests of the lab's own network, on the virtual clock.

import { describe, expect, test } from 'vitest'
import { Random } from '../util/random.ts'
import type { LabEvent } from './event.ts'
import type { ClientEnd, Handlers } from './lab.ts'
import { Labgob } from './labgob.ts'
import { Network } from './labrpc.ts'
import { VirtualClock } from './virtual-clock.ts'

interface World {
  readonly network: Network
  readonly clock: VirtualClock
  readonly events: LabEvent[]
  readonly errors: unknown[]
  sleep(ms: number): Promise<void>
  /** An enabled end that leads to a server. */
  endTo(server: number): ClientEnd
}

/** Plays a story in a world of its own; time passes as the story needs it. */
async function play(story: (world: World) => Promise<void>, seed = 1): Promise<void> {
  const clock = new VirtualClock(setImmediate)
  const events: LabEvent[] = []
  const errors: unknown[] = []
  const network = new Network({
    clock,
    random: new Random(seed),
    labgob: new Labgob(),
    handOver: (action) => clock.schedule(0.02, action),
    onEvent: (event) => events.push(event),
    onError: (error) => errors.push(error),
  })
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      clock.schedule(ms, resolve)
    })
  const endTo = (server: number): ClientEnd => {
    const end = network.makeEnd()
    network.connect(end, server)
    network.enable(end, true)
    return end
  }
  await clock.run(story({ network, clock, events, errors, sleep, endTo }))
}

/** A server that answers in several ways and remembers what it was sent. */
function junkServer(sleep: (ms: number) => Promise<void>): { handlers: Handlers; received: unknown[] } {
  const received: unknown[] = []
  const handlers: Handlers = {
    'Junk.Echo': (args: unknown) => {
      received.push(args)
      return { echo: args }
    },
    'Junk.Slow': async (args: unknown) => {
      await sleep(20_000)
      return { echo: args }
    },
    'Junk.Long': (count: number) => 'x'.repeat(count),
    'Junk.Nothing': () => undefined,
    'Junk.Broken': () => {
      throw new Error('index out of range')
    },
    'Nested.Junk.Echo': () => 'nested',
  }
  return { handlers, received }
}

describe('a call', () => {
  test('reaches its handler and brings back the reply, nearly at once', () =>
    play(async ({ network, clock, sleep, endTo }) => {
      network.addServer(99, junkServer(sleep).handlers)
      expect(await endTo(99).call('Junk.Echo', 111)).toEqual({ echo: 111 })
      expect(await endTo(99).call('Nested.Junk.Echo', 0)).toBe('nested')
      expect(clock.now()).toBeLessThan(1)
    }))

  test('copies its arguments when it is made', () =>
    play(async ({ network, sleep, endTo }) => {
      const { handlers, received } = junkServer(sleep)
      network.addServer(99, handlers)
      const args = { entries: [1, 2] }
      const call = endTo(99).call('Junk.Echo', args)
      args.entries.push(3)
      expect(await call).toEqual({ echo: { entries: [1, 2] } })
      expect(received[0]).not.toBe(args)
    }))

  test('fails from an end that is not enabled, and works once it is', () =>
    play(async ({ network, sleep }) => {
      network.addServer(99, junkServer(sleep).handlers)
      const end = network.makeEnd()
      network.connect(end, 99)
      expect(await end.call('Junk.Echo', 1)).toBeNull()
      network.enable(end, true)
      expect(await end.call('Junk.Echo', 1)).toEqual({ echo: 1 })
    }))

  test('to nowhere fails within 100 ms, with long delays within 7 s', () =>
    play(async ({ network, clock, endTo }) => {
      const times = async (): Promise<number[]> => {
        const begin = clock.now()
        const end = endTo(42)
        return Promise.all(Array.from({ length: 200 }, () => end.call('Junk.Echo', 0).then(() => clock.now() - begin)))
      }
      const short = await times()
      expect(Math.max(...short)).toBeGreaterThan(80)
      expect(Math.max(...short)).toBeLessThan(100)
      network.longDelays = true
      const long = await times()
      expect(Math.max(...long)).toBeGreaterThan(6500)
      expect(Math.max(...long)).toBeLessThan(7000)
    }))

  test('fails at once when the network has been closed', () =>
    play(async ({ network, clock, sleep, endTo }) => {
      network.addServer(99, junkServer(sleep).handlers)
      network.close()
      expect(await endTo(99).call('Junk.Echo', 1)).toBeNull()
      expect(clock.now()).toBe(0)
      expect(network.totalCount).toBe(0)
    }))
})

describe('counting', () => {
  test('finds each of 17 calls at the server', () =>
    play(async ({ network, sleep, endTo }) => {
      network.addServer(99, junkServer(sleep).handlers)
      const end = endTo(99)
      for (let i = 0; i < 17; i++) await end.call('Junk.Echo', i)
      expect(network.count(99)).toBe(17)
      expect(network.totalCount).toBe(17)
    }))

  test('adds up the bytes of requests and replies', () =>
    play(async ({ network, sleep, endTo }) => {
      network.addServer(99, junkServer(sleep).handlers)
      const end = endTo(99)
      for (let i = 0; i < 17; i++) await end.call('Junk.Long', 'x'.repeat(284).length)
      const replies = network.totalBytes
      expect(replies).toBeGreaterThanOrEqual(17 * 284)
      expect(replies).toBeLessThan(6000)
      for (let i = 0; i < 17; i++) await end.call('Junk.Long', 107)
      expect(network.totalBytes - replies).toBeGreaterThanOrEqual(1800)
      expect(network.totalBytes - replies).toBeLessThan(2500)
    }))

  test('includes requests that got nowhere', () =>
    play(async ({ network, endTo }) => {
      await endTo(42).call('Junk.Echo', new Uint8Array(100))
      expect([network.totalCount, network.totalBytes]).toEqual([1, 102])
    }))

  test('begins again when a server is registered anew', () =>
    play(async ({ network, sleep, endTo }) => {
      network.addServer(99, junkServer(sleep).handlers)
      await endTo(99).call('Junk.Echo', 1)
      network.addServer(99, junkServer(sleep).handlers)
      expect(network.count(99)).toBe(0)
    }))
})

describe('many calls at a time', () => {
  test('from 20 clients with 10 calls each all succeed', () =>
    play(async ({ network, sleep, endTo }) => {
      network.addServer(1000, junkServer(sleep).handlers)
      const client = async (me: number): Promise<void> => {
        const end = endTo(1000)
        for (let j = 0; j < 10; j++) {
          expect(await end.call('Junk.Echo', me * 100 + j)).toEqual({ echo: me * 100 + j })
        }
      }
      await Promise.all(Array.from({ length: 20 }, (_, me) => client(me)))
      expect(network.count(1000)).toBe(200)
    }))

  test('through one end all succeed', () =>
    play(async ({ network, sleep, endTo }) => {
      network.addServer(1000, junkServer(sleep).handlers)
      const end = endTo(1000)
      const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => end.call('Junk.Echo', i)))
      expect(replies).toEqual(Array.from({ length: 20 }, (_, i) => ({ echo: i })))
      expect(network.count(1000)).toBe(20)
    }))

  test('of 300 on an unreliable network some succeed and some fail', () =>
    play(async ({ network, events, sleep, endTo }) => {
      network.addServer(1000, junkServer(sleep).handlers)
      network.reliable = false
      const replies = await Promise.all(Array.from({ length: 300 }, (_, i) => endTo(1000).call('Junk.Echo', i)))
      const succeeded = replies.filter((reply) => reply !== null).length
      // 81 % are expected, with a deviation of 2.3 %.
      expect(succeeded).toBeGreaterThan(215)
      expect(succeeded).toBeLessThan(275)
      const reasons = new Set(events.map((event) => (event.kind === 'rpc dropped' ? event.reason : null)))
      expect(reasons).toContain('request lost')
      expect(reasons).toContain('reply lost')
    }))
})

describe('a bad network', () => {
  test('delays requests by 0 to 26 ms, so that they overtake each other', () =>
    play(async ({ network, clock, sleep, endTo }) => {
      const { handlers, received } = junkServer(sleep)
      network.addServer(99, handlers)
      network.reliable = false
      const end = endTo(99)
      await Promise.all(Array.from({ length: 300 }, (_, i) => end.call('Junk.Echo', i)))
      expect(received).not.toEqual([...received].sort((a, b) => Number(a) - Number(b)))
      expect(clock.now()).toBeGreaterThan(25)
      expect(clock.now()).toBeLessThan(27)
    }))

  test('with long reordering holds two replies of three back for 0.2 to 2.2 s', () =>
    play(async ({ network, clock, sleep, endTo }) => {
      network.addServer(99, junkServer(sleep).handlers)
      network.longReordering = true
      const end = endTo(99)
      const times = await Promise.all(
        Array.from({ length: 900 }, () => end.call('Junk.Echo', 0).then(() => clock.now())),
      )
      const late = times.filter((time) => time > 1)
      expect(late.length).toBeGreaterThan(540)
      expect(late.length).toBeLessThan(660)
      expect(Math.min(...late)).toBeGreaterThanOrEqual(200)
      expect(Math.max(...late)).toBeLessThan(2200)
      const mean = late.reduce((sum, time) => sum + time, 0) / late.length
      expect(mean).toBeGreaterThan(630)
      expect(mean).toBeLessThan(770)
    }))
})

describe('a server that goes', () => {
  test('under calls that wait long does not hold up the calls that follow', () =>
    play(async ({ network, clock, sleep }) => {
      const { handlers, received } = junkServer(sleep)
      network.addServer(1000, handlers)
      const end = network.makeEnd()
      network.connect(end, 1000)
      for (let i = 0; i < 20; i++) void end.call('Junk.Echo', i)
      await sleep(100)
      const begin = clock.now()
      network.enable(end, true)
      expect(await end.call('Junk.Echo', 99)).toEqual({ echo: 99 })
      expect(clock.now() - begin).toBeLessThan(30)
      expect(received).toEqual([99])
      expect(network.count(1000)).toBe(1)
    }))

  test('while its handler sleeps lets the caller go within 100 ms', () =>
    play(async ({ network, clock, events, sleep, endTo }) => {
      network.addServer(99, junkServer(sleep).handlers)
      let reply: unknown = 'waiting'
      void endTo(99)
        .call('Junk.Slow', 1)
        .then((outcome) => {
          reply = outcome
        })
      await sleep(1100)
      expect(reply).toBe('waiting')
      network.deleteServer(99)
      await sleep(100)
      expect(reply).toBeNull()
      await sleep(30_000)
      expect(events.filter(({ kind }) => kind === 'rpc replied')).toEqual([])
      expect(clock.now()).toBeGreaterThan(31_000)
    }))

  test('and is replaced gives no reply from its old life', () =>
    play(async ({ network, sleep, endTo }) => {
      network.addServer(99, { 'Junk.Wait': () => sleep(50).then(() => 'old') })
      const call = endTo(99).call('Junk.Wait', 0)
      await sleep(20)
      network.addServer(99, { 'Junk.Wait': () => 'new' })
      expect(await call).toBeNull()
    }))
})

describe('a mistake in the code under test', () => {
  test.each([
    ['Junk.Nope', 'server 99 has no handler Junk.Nope; it has Junk.Echo, Junk.Slow'],
    ['toString', 'no handler toString'],
    ['Junk.Nothing', 'Junk.Nothing of server 99 returned undefined'],
    ['Junk.Broken', 'index out of range'],
  ])('in a call of %s is reported', (method, message) =>
    play(async ({ network, errors, sleep, endTo }) => {
      network.addServer(99, junkServer(sleep).handlers)
      void endTo(99).call(method, 1)
      await sleep(1)
      expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining(message) })])
    }),
  )
})

test(
  'a hundred thousand calls in a row take a few seconds',
  () =>
    play(async ({ network, sleep, endTo }) => {
      network.addServer(99, junkServer(sleep).handlers)
      const end = endTo(99)
      const begin = performance.now()
      for (let i = 0; i < 100_000; i++) await end.call('Junk.Echo', 'x')
      expect(network.count(99)).toBe(100_000)
      expect(performance.now() - begin).toBeLessThan(20_000)
    }),
  30_000,
)

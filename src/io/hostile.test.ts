// The same rudeness against plain TCP and against TLS.
import type { Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { TransportLimits } from '../transport/limits.ts'
import { drawMalice } from '../transport/testing/malice.ts'
import { utf8Encode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import {
  closeAll,
  dial as dialTcp,
  eventually,
  greeting,
  type RudeClient,
  startOne,
  type TestServer,
  until,
} from './testing/tcp-servers.ts'
import { certificatesOf, dialTls, startTls } from './testing/tls-servers.ts'

afterEach(closeAll)

interface Kind {
  readonly name: string
  start(id: string, limits?: Partial<TransportLimits>): Promise<TestServer>
  /** A socket on which member b may say what it likes. */
  dial(address: string): Promise<RudeClient>
}

const KINDS: readonly Kind[] = [
  { name: 'plain TCP', start: startOne, dial: dialTcp },
  { name: 'TLS', start: startTls, dial: (address) => dialTls(address, certificatesOf('b')) },
]

describe.each(KINDS)('over $name', ({ start, dial }) => {
  test('a hundred enemies are closed and counted, and a peer is served as before', { timeout: 30_000 }, async () => {
    const random = new Random(11)
    const server = await start('a', { maxPendingHellosPerHost: 64 })
    for (let round = 0; round < 100; round++) {
      const { socket, closed } = await dial(server.address)
      for (const frame of drawMalice(random, greeting('b', 'a', random.pick(['messages', 'snapshot']))))
        socket.write(frame)
      if (random.chance(0.5)) socket.end()
      else setTimeout(() => leave(socket), random.below(5))
      await closed
    }
    await until(() => endsOf(server) === 100)
    expect(server.transport.counters.callers).toBe(100)
    expect(server.transport.counters.closed.badFrame).toBeGreaterThan(10)
    await expectServed(server, start)
  })

  test('who says nothing is closed at the deadline', async () => {
    const server = await start('a', { helloTimeoutMs: 50 })
    await (await dial(server.address)).closed
    expect(server.transport.counters.closed.helloTimeout).toBe(1)
  })

  test('who says its hello one byte at a time is closed at the same deadline', async () => {
    const server = await start('a', { helloTimeoutMs: 100 })
    const client = await dial(server.address)
    const stop = drip(client.socket, greeting('b', 'a'))
    await client.closed
    stop()
    expect(server.transport.counters.closed.helloTimeout).toBe(1)
  })

  test('who says its first frame one byte at a time is closed, although it is alive', async () => {
    const server = await start('a', { frameTimeoutMs: 100 })
    const client = await dial(server.address)
    client.socket.write(greeting('b', 'a'))
    await client.answered
    const stop = drip(client.socket, new Uint8Array(16).fill(5, 4, 5).fill(1, 5, 6))
    await client.closed
    stop()
    expect(server.transport.counters.closed.frameTimeout).toBe(1)
  })

  test('many who say nothing keep a peer out no longer than the deadline', async () => {
    const server = await start('a', { helloTimeoutMs: 200, maxPendingHellosPerHost: 3 })
    void Array.from({ length: 30 }, () => dial(server.address))
    await until(() => server.transport.counters.closed.noPlace >= 27)
    await expectServed(server, start)
  })

  test('who resets the connection as soon as it is there costs nothing', async () => {
    const server = await start('a')
    const clients = Array.from({ length: 50 }, () => dialTcp(server.address))
    for (const client of await Promise.all(clients)) client.socket.resetAndDestroy()
    await expectServed(server, start)
    // Some were gone before anybody looked. Of the others only the one that was served is still there.
    await until(() => endsOf(server) === server.transport.counters.callers - 1)
  })
})

describe('at a TLS port', () => {
  test('who connects and makes no handshake is closed at the deadline of the hello', async () => {
    const server = await startTls('a', { helloTimeoutMs: 50 })
    await (await dialTcp(server.address)).closed
    expect(server.transport.counters.closed.helloTimeout).toBe(1)
  })

  test('who makes its handshake one byte at a time, too', async () => {
    const server = await startTls('a', { helloTimeoutMs: 100 })
    const client = await dialTcp(server.address)
    const stop = drip(client.socket, Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, ...new Uint8Array(500)))
    await client.closed
    stop()
    expect(server.transport.counters.closed.helloTimeout).toBe(1)
  })

  test('noise in place of a handshake ends the connection and nothing else', async () => {
    const random = new Random(5)
    const server = await startTls('a')
    for (let round = 0; round < 50; round++) {
      const client = await dialTcp(server.address)
      const noise = Uint8Array.from({ length: 300 }, () => random.below(256))
      // As a record of TLS, every other time, so that it is looked into.
      client.socket.write(round % 2 === 0 ? noise : Uint8Array.of(22, 3, 1, 1, 0, ...noise))
      client.socket.end()
      await client.closed
    }
    await until(() => endsOf(server) === 50)
    await expectServed(server, startTls)
  })

  test('a server that stops while handshakes are under way stops at once', async () => {
    const server = await startTls('a')
    const half = await Promise.all(Array.from({ length: 5 }, () => dialTcp(server.address)))
    const whole = await Promise.all(Array.from({ length: 5 }, () => dialTls(server.address, certificatesOf('b'))))
    await server.transport.stop()
    await Promise.all([...half, ...whole].map((client) => client.closed))
  })
})

// ---- vocabulary

function endsOf({ transport }: TestServer): number {
  return Object.values(transport.counters.closed).reduce((all, count) => all + count, 0)
}

function leave(socket: Socket): void {
  if (!socket.destroyed) socket.destroy()
}

/** One byte every 10 ms, until told to stop. */
function drip(socket: Socket, bytes: Uint8Array): () => void {
  let next = 0
  const timer = setInterval(() => {
    if (next < bytes.length && socket.writable) socket.write(bytes.subarray(next, ++next))
  }, 10)
  return () => clearInterval(timer)
}

async function expectServed(server: TestServer, start: Kind['start']): Promise<void> {
  const visitor = await start('visitor')
  visitor.transport.setPeers({ [server.id]: server.address })
  await eventually(() => visitor.transport.request(server.id, utf8Encode('well?'), 1000))
}

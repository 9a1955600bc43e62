import { afterEach, describe, expect, test } from 'vitest'
import { encodeMessage } from '../transport/codec.ts'
import { concat, utf8Encode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import {
  bigMessage,
  closeAll,
  dial,
  eventually,
  expectWell,
  greeting,
  startDeafPeer,
  startOne,
  timeoutNow,
  until,
} from './testing/tcp-servers.ts'

afterEach(closeAll)

describe('whoever is at the other end,', () => {
  test('a silent client is hung up on', async () => {
    const server = await startOne('a', { helloTimeoutMs: 50 })
    const client = await dial(server.address)
    await client.closed
    expect(server.troubles[0]?.message).toMatch(/no hello from 127\.0\.0\.1:\d+ within 50 ms/)
  })

  test('a hundred silent clients do not keep a peer out for longer than the hello deadline', async () => {
    const server = await startOne('a', { helloTimeoutMs: 100, maxPendingHellos: 10 })
    await Promise.all(Array.from({ length: 100 }, () => dial(server.address)))
    const peer = await startOne('b')
    peer.transport.setPeers({ a: server.address })
    await eventually(() => peer.transport.request('a', utf8Encode('?'), 1000))
  })

  test('more silent clients than may wait are hung up on at once', async () => {
    const server = await startOne('a', { maxPendingHellos: 2 })
    const clients = await Promise.all(Array.from({ length: 5 }, () => dial(server.address)))
    let closed = 0
    for (const client of clients) void client.closed.then(() => closed++)
    await until(() => closed === 3)
  })

  test('garbage ends the connection and nothing else', async () => {
    const server = await startOne('a')
    const random = new Random(3)
    for (let round = 0; round < 30; round++) {
      const client = await dial(server.address)
      client.socket.write(Uint8Array.from({ length: 500 }, () => random.below(256)))
      await client.closed
    }
    expect(server.troubles.every((trouble) => trouble.code === 'ERR_QUORATE_BAD_FRAME')).toBe(true)
    await expectWell(server)
  })

  test('a claim of 4 GiB costs no memory, before the hello and after it', async () => {
    const server = await startOne('a')
    const before = process.memoryUsage().arrayBuffers
    for (const first of [new Uint8Array(0), greeting('b', 'a')]) {
      const client = await dial(server.address)
      const claim = concat(encodeMessage(timeoutNow('b', 'a')).pieces)
      claim.set([0xff, 0xff, 0xff, 0xff], 0)
      claim[4] = 20
      client.socket.write(concat([first, claim]))
      await client.closed
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8_000_000)
    await expectWell(server)
  })

  test('a reset in the middle of a frame delivers nothing, whichever byte it cuts at', async () => {
    const server = await startOne('a')
    const hello = greeting('b', 'a')
    const frame = concat(encodeMessage(timeoutNow('b', 'a')).pieces)
    for (let cut = 0; cut < frame.length; cut++) {
      const client = await dial(server.address)
      client.socket.write(concat([hello, frame.subarray(0, cut)]))
      await client.answered
      client.socket.resetAndDestroy()
      await client.closed
    }
    expect(server.messages).toEqual([])
    await expectWell(server)
  })

  test('more connections than allowed are refused, and the ones that are there live on', async () => {
    const server = await startOne('a', { maxConnections: 2 })
    const [b, c, d] = [await startOne('b'), await startOne('c'), await startOne('d')]
    for (const peer of [b, c]) {
      peer.transport.setPeers({ a: server.address })
      await eventually(() => peer.transport.request('a', utf8Encode('?'), 1000))
    }
    d.transport.setPeers({ a: server.address })
    await until(() => d.troubles.length > 0)
    expect(d.troubles[0]?.message).toBe('tooManyConnections: 2 connections are open, which is the limit')
    await b.transport.request('a', utf8Encode('?'), 1000)
  })

  test('a peer that does not read costs no more than the outbox and the socket buffer', async () => {
    const deaf = await startDeafPeer('b')
    const server = await startOne('a', { maxOutboxBytes: 4_000_000, idleTimeoutMs: 60_000 })
    server.transport.setPeers({ b: deaf.address })
    await deaf.greeted
    const before = process.memoryUsage().arrayBuffers
    const message = bigMessage('a', 'b', 100_000)
    for (let i = 0; i < 1000; i++) {
      server.transport.send(message)
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => {
      globalThis.gc?.()
      return process.memoryUsage().arrayBuffers - before < 10_000_000
    })
  })
})

import { afterEach, describe, expect, test } from 'vitest'
import { transportAcceptance } from '../transport/acceptance.ts'
import { groupedStage } from '../transport/testing/grouped-stage.ts'
import { utf8Encode } from '../util/bytes.ts'
import { tcpTransport } from './tcp-transport.ts'
import {
  closeAll,
  closeLater,
  eventually,
  installSnapshot,
  optionsOf,
  recorder,
  socketStage,
  startAll,
  startOne,
  startProxy,
  until,
} from './testing/tcp-servers.ts'

afterEach(closeAll)

describe('TCP is a Transport:', () => {
  for (const { title, run } of transportAcceptance) test(title, () => run(socketStage(tcpTransport)))
})

describe('a group over TCP, beside others, is a Transport:', () => {
  for (const { title, run } of transportAcceptance) test(title, () => run(groupedStage(socketStage(tcpTransport))))
})

describe('over TCP', () => {
  test('three servers all reach each other', async () => {
    const servers = await startAll(['a', 'b', 'c'])
    for (const from of servers) {
      for (const to of servers) {
        if (from !== to) await eventually(() => from.transport.request(to.id, utf8Encode('?'), 1000))
      }
    }
    expect(servers.map((server) => server.requests).every((count) => count >= 2)).toBe(true)
  })

  test('an address that is taken is one clear error', async () => {
    const [a] = await startAll(['a'])
    const second = tcpTransport(optionsOf('b', a?.address ?? ''))
    await expect(second.start(recorder().handlers)).rejects.toMatchObject({
      code: 'ERR_QUORATE_ADDRESS_IN_USE',
      message: `${a?.address} is taken by another process: stop it, or listen elsewhere`,
    })
  })

  test('the address is free again once stop has returned', async () => {
    const [a] = await startAll(['a'])
    await a?.transport.stop()
    const again = await startOne('a', {}, a?.address)
    expect(again.address).toBe(a?.address)
  })

  test.each(['0.0.0.0:0', '192.0.2.1:7000', '[::]:0', 'example.com:1'])(
    'plaintext at %s is refused unless asked for by name',
    async (address) => {
      const transport = tcpTransport(optionsOf('a', address))
      await expect(transport.start(recorder().handlers)).rejects.toMatchObject({
        code: 'ERR_QUORATE_PLAINTEXT_REFUSED',
      })
    },
  )

  test('plaintext beyond loopback works when asked for', async () => {
    const transport = tcpTransport({ ...optionsOf('a', '0.0.0.0:0'), allowPlaintext: true })
    closeLater(() => transport.stop())
    await transport.start(recorder().handlers)
    expect(transport.listeningAt).toMatch(/^0\.0\.0\.0:\d+$/)
  })

  test.each(['nonsense', 'host:', ':1', 'host:99999', '::1:80'])('%s is no address', async (address) => {
    const transport = tcpTransport(optionsOf('a', address))
    await expect(transport.start(recorder().handlers)).rejects.toMatchObject({ code: 'ERR_QUORATE_ADDRESS_INVALID' })
  })

  test('a server that knows no peers answers whoever dialled it, on that connection', async () => {
    const newcomer = await startOne('n')
    const leader = await startOne('l')
    leader.transport.setPeers({ n: newcomer.address })
    await eventually(() => leader.transport.request('n', utf8Encode('?'), 1000))
    newcomer.transport.send({ type: 'TimeoutNow', from: 'n', to: 'l', term: 3 })
    await until(() => leader.messages.length === 1)
    expect(leader.messages[0]).toMatchObject({ type: 'TimeoutNow', from: 'n', to: 'l' })
  })

  test('dialling b and reaching c is refused, in words', async () => {
    const [a, , c] = await startAll(['a', 'b', 'c'])
    a?.transport.setPeers({ b: c?.address ?? '' })
    await until(() => a?.troubles.some((trouble) => trouble.code === 'ERR_QUORATE_HELLO_REFUSED') === true)
    expect(a?.troubles.at(-1)?.message).toBe("wrongServer: you meant to reach 'b', this is 'c'")
  })
})

describe('a snapshot over TCP', () => {
  const size = 50 * 1024 * 1024

  test('of 50 MB survives a connection that breaks in the middle', { timeout: 30_000 }, async () => {
    const [a, b] = await startAll(['a', 'b'])
    const proxy = await startProxy(b?.address ?? '')
    a?.transport.setPeers({ b: proxy.address })
    const reads: number[] = []
    const read = (cutAt: number) =>
      async function* (offset: number): AsyncGenerator<Uint8Array> {
        reads.push(offset)
        for (let from = offset; from < size; from += 65_536) {
          if (from > cutAt) proxy.cut()
          yield new Uint8Array(65_536).fill(from / 65_536)
        }
      }
    const attempt = (cutAt: number) =>
      a?.transport.sendSnapshot(installSnapshot(), { id: 's', sizeBytes: size, read: read(cutAt) })
    await expect(attempt(size / 2)).rejects.toMatchObject({ code: 'ERR_QUORATE_SNAPSHOT_INTERRUPTED' })
    await until(() => b?.snapshot.interruptions === 1)
    await attempt(size)
    expect(b?.snapshot).toMatchObject({ received: size, finished: 1, wrong: 0 })
    expect(reads[1]).toBeGreaterThan(size / 2 - 4_000_000)
  })

  test('waits for a slow receiver and reads no further than the window', async () => {
    const [a, b] = await startAll(['a', 'b'], { snapshotWindowBytes: 1_000_000 })
    const gate = b?.snapshot.holdAt(500_000)
    let furthest = 0
    const read = async function* (offset: number): AsyncGenerator<Uint8Array> {
      for (let from = offset; from < 10_000_000; from += 100_000) {
        furthest = from
        yield new Uint8Array(100_000).fill(from / 65_536)
      }
    }
    const sending = a?.transport.sendSnapshot(installSnapshot(), { id: 's', sizeBytes: 10_000_000, read })
    await gate?.reached
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(furthest).toBeLessThan(2_000_000)
    gate?.open()
    await sending
    expect(b?.snapshot.finished).toBe(1)
  })

  test('keeps to the bytes a second that it was given', async () => {
    const [a] = await startAll(['a', 'b'], { snapshotBytesPerSecond: 10_000_000 })
    const read = async function* (): AsyncGenerator<Uint8Array> {
      for (let from = 0; from < 2_000_000; from += 100_000) yield new Uint8Array(100_000)
    }
    const start = performance.now()
    await a?.transport.sendSnapshot(installSnapshot(), { id: 's', sizeBytes: 2_000_000, read })
    expect(performance.now() - start).toBeGreaterThan(180)
  })
})

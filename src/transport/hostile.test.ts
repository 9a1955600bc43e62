import { expect, test } from 'vitest'
import { concat } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { encodeHello, helloFor, type Purpose } from './handshake.ts'
import { StreamTransport } from './stream-transport.ts'
import { drawMalice } from './testing/malice.ts'
import { MemoryNetwork } from './testing/memory-network.ts'
import { VirtualClock } from './testing/virtual-clock.ts'
import type { TransportHandlers } from './transport.ts'

const ROUNDS = 3000

const HANDLERS: TransportHandlers = {
  onMessage: () => {},
  onRequest: async (_from, body) => body,
  onConnectionLost: () => {},
  onSnapshot: async () => ({ offset: 0, write: async () => {}, finish: async () => {}, interrupt: () => {} }),
}

test(`${ROUNDS} enemies: nothing throws, each is closed and counted once, and a peer is served as before`, async () => {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const random = new Random(7)
  const server = await start('b', network)
  const group = { messages: 0 }
  await server.group('orders').start({ ...HANDLERS, onMessage: () => void group.messages++ })
  for (let round = 0; round < ROUNDS; round++) {
    const purpose = random.pick<Purpose>(['messages', 'snapshot'])
    const connecting = network.connect('b')
    await clock.advance(0)
    const stream = await connecting
    stream.open({ onData: () => {}, onDrain: () => {}, onClose: () => {} })
    for (const frame of drawMalice(random, hello(`e${random.below(20)}`, purpose))) {
      stream.write([frame])
      if (random.chance(0.3)) await clock.advance(random.below(3000))
    }
    await clock.advance(1)
    stream.close()
    await clock.advance(1)
  }
  const { callers, closed } = server.counters
  const ends = Object.values(closed).reduce((all, count) => all + count, 0)
  expect([callers, ends]).toEqual([ROUNDS, ROUNDS])
  expect(closed.badFrame).toBeGreaterThan(ROUNDS / 10)
  expect(closed.unknownFrame).toBeGreaterThan(10)
  expect(closed.helloRefused).toBeGreaterThan(10)
  expect(closed.badSlot).toBeGreaterThan(100)
  expect(server.counters.framesWithoutGroup).toBeGreaterThan(100)
  expect(group.messages).toBeGreaterThan(100)
  const peer = await start('a', network)
  peer.setPeers({ b: 'b' })
  const asking = peer.request('b', Uint8Array.of(1), 1000)
  await clock.advance(1)
  expect(await asking).toEqual(Uint8Array.of(1))
})

function hello(from: string, purpose: Purpose): Uint8Array {
  return concat(encodeHello(helloFor({ cluster: 'test', id: from, incarnation: 'x' }, 'b', purpose)).pieces)
}

async function start(id: string, network: MemoryNetwork): Promise<StreamTransport> {
  const self = { cluster: 'test', id, incarnation: `disk-${id}`, address: id }
  const transport = new StreamTransport({ ...self, clock: network.clock, random: new Random(1) }, network)
  await transport.start(HANDLERS)
  return transport
}

import { describe, expect, test } from 'vitest'
import type { Message } from '../raft/message.ts'
import { concat, utf8Encode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { encodeMessage } from './codec.ts'
import type { TransportCounters } from './counters.ts'
import { FRAME_TYPES } from './frame.ts'
import { encodeHello, encodeRefusal, encodeWelcome, helloFor } from './handshake.ts'
import { DEFAULT_LIMITS, type TransportLimits } from './limits.ts'
import type { ByteStream } from './network.ts'
import { StreamTransport } from './stream-transport.ts'
import { MemoryNetwork, type MemoryStream } from './testing/memory-network.ts'
import { VirtualClock } from './testing/virtual-clock.ts'
import type { TransportError, TransportTrouble } from './transport.ts'

const { helloTimeoutMs, idleTimeoutMs, keepAliveMs, frameTimeoutMs, minBackOffMs } = DEFAULT_LIMITS
const HELLO = concat(encodeHello(helloFor({ cluster: 'test', id: 'a', incarnation: 'x' }, 'b', 'messages')).pieces)
const MESSAGE = concat(encodeMessage({ type: 'TimeoutNow', from: 'a', to: 'b', term: 1 }).pieces)

describe('a caller is closed, and counted, who', () => {
  test('hangs up', async () => {
    const { caller, counters } = await called([HELLO])
    caller.break('gone')
    caller.other?.break('gone')
    expect(closedBy(counters)).toEqual({ lost: 1 })
  })

  test('sends what is no frame', async () => {
    const { counters } = await called([HELLO, MESSAGE.with(12, (MESSAGE[12] ?? 0) ^ 1)])
    expect(closedBy(counters)).toEqual({ badFrame: 1 })
  })

  test('sends a frame of an unknown type', async () => {
    const { counters, troubles } = await called([MESSAGE.with(4, 99)])
    expect(closedBy(counters)).toEqual({ unknownFrame: 1 })
    expect(troubles[0]?.message).toBe('dialler: unknown frame type 99')
  })

  test('says nothing', async () => {
    const { counters, clock } = await called([])
    await clock.advance(helloTimeoutMs)
    expect(closedBy(counters)).toEqual({ helloTimeout: 1 })
  })

  test('says its hello one byte a second', async () => {
    const { counters, caller, clock } = await called([])
    for (const byte of HELLO.subarray(0, helloTimeoutMs / 1000)) {
      caller.write([Uint8Array.of(byte)])
      await clock.advance(1000)
    }
    expect(closedBy(counters)).toEqual({ helloTimeout: 1 })
  })

  test('says its frames one byte a second', async () => {
    const { counters, caller, clock } = await called([HELLO])
    for (const byte of MESSAGE.subarray(0, frameTimeoutMs / 1000 + 1)) {
      caller.write([Uint8Array.of(byte)])
      await clock.advance(1000)
    }
    expect(closedBy(counters)).toEqual({ frameTimeout: 1 })
  })

  test('falls silent', async () => {
    const { counters, clock } = await called([HELLO])
    await clock.advance(idleTimeoutMs + 2 * keepAliveMs)
    expect(closedBy(counters)).toEqual({ idle: 1 })
  })

  test('is of another cluster', async () => {
    const stranger = helloFor({ cluster: 'other', id: 'a', incarnation: 'x' }, 'b', 'messages')
    const { counters } = await called([concat(encodeHello(stranger).pieces)])
    expect(closedBy(counters)).toEqual({ helloRefused: 1 })
  })

  test('has not proved its name', async () => {
    const { counters, troubles } = await called([HELLO], ['quorate://test/c'])
    expect(closedBy(counters)).toEqual({ certificateRefused: 1 })
    expect(troubles[0]).toMatchObject({ code: 'ERR_QUORATE_CERTIFICATE_REFUSED', peer: null })
  })

  test('finds that we have not proved ours', async () => {
    const no = concat(encodeRefusal({ code: 'wrongCertificate', reason: 'the certificate names c' }).pieces)
    const { counters, troubles } = await called([no])
    expect(closedBy(counters)).toEqual({ certificateRefused: 1 })
    expect(troubles[0]?.message).toBe('dialler: wrongCertificate: the certificate names c')
  })

  test('dials again', async () => {
    const { counters, network, clock } = await called([HELLO])
    await call(network, clock, [HELLO])
    expect(closedBy(counters)).toEqual({ replaced: 1 })
  })

  test('finds no place any more', async () => {
    const { counters, network, clock } = await called([], null, { maxPendingHellosPerHost: 1 })
    await call(network, clock, [])
    expect([counters.callers, closedBy(counters)]).toEqual([2, { noPlace: 1 }])
  })

  test('is there when we stop', async () => {
    const { counters, transport } = await called([HELLO])
    await transport.stop()
    expect(closedBy(counters)).toEqual({ ended: 1 })
  })
})

describe('a dialled server that has not proved its name', () => {
  test('is told no hello but why, and is not dialled again at once', async () => {
    const { network, clock, a, troubles } = await dialled(['quorate://test/c'])
    expect(troubles[0]).toMatchObject({ peer: 'b', code: 'ERR_QUORATE_CERTIFICATE_REFUSED' })
    expect(troubles[0]?.message).toBe(
      'wrongCertificate: the certificate names quorate://test/c, and should name quorate://test/b',
    )
    expect(network.pipes[0]?.dialled.writes.map((bytes) => bytes[4])).toEqual([FRAME_TYPES.Refusal])
    await clock.advance(minBackOffMs * 4)
    expect([a.counters.dials, a.counters.closed.certificateRefused]).toEqual([1, 1])
  })

  test('is not believed when it says Welcome without being asked', async () => {
    const { a, clock } = await dialled(['quorate://test/c'], (stream) => {
      stream.write([concat(encodeWelcome({ version: 1, cluster: 'test', id: 'b', incarnation: 'x' }).pieces)])
    })
    const asking = a.request('b', utf8Encode('?'), 1000).catch((error: TransportError) => error.delivery)
    await clock.advance(1)
    expect([await asking, closedBy(a.counters)]).toEqual(['never', { certificateRefused: 1 }])
  })

  test('is connected to when it has', async () => {
    const { a } = await dialled(['quorate://test/b'])
    expect([closedBy(a.counters), a.counters.dials]).toEqual([{}, 1])
  })
})

describe('what passes is counted:', () => {
  test('the same frames and bytes leave one end and reach the other', async () => {
    const { a, b, clock } = await pair()
    for (let term = 1; term <= 10; term++) a.send(timeoutNow('a', 'b', term))
    void a.request('b', utf8Encode('?'), 1000)
    await clock.advance(1)
    expect(b.counters.framesIn).toBe(a.counters.framesOut)
    expect(b.counters.bytesIn).toBe(a.counters.bytesOut)
    expect([a.counters.framesOut, a.counters.framesIn]).toEqual([12, 2])
  })

  test('what is dropped', async () => {
    const { a } = await pair()
    a.send(timeoutNow('a', 'nobody', 1))
    expect(a.counters.framesDropped).toBe(1)
  })

  test('attempts, and connections that were made again', async () => {
    const { a, network, clock } = await pair()
    network.cutAll()
    a.send(timeoutNow('a', 'b', 1))
    await clock.advance(minBackOffMs + 1)
    expect(a.counters).toMatchObject({ dials: 2, dialsFailed: 0, reconnections: 1, framesDropped: 1 })
    a.setPeers({ c: 'nowhere' })
    await clock.advance(1)
    expect(a.counters).toMatchObject({ dials: 3, dialsFailed: 1, reconnections: 1 })
  })
})

// ---- vocabulary

function timeoutNow(from: string, to: string, term: number): Message {
  return { type: 'TimeoutNow', from, to, term }
}

/** Only what is not zero. */
function closedBy({ closed }: TransportCounters): Record<string, number> {
  return Object.fromEntries(Object.entries(closed).filter(([, count]) => count > 0))
}

async function start(
  id: string,
  network: MemoryNetwork,
  troubles: TransportTrouble[] = [],
  limits: Partial<TransportLimits> = {},
): Promise<StreamTransport> {
  const self = { cluster: 'test', id, incarnation: `disk-${id}`, address: id }
  const transport = new StreamTransport({ ...self, clock: network.clock, random: new Random(1), limits }, network)
  await transport.start({
    onMessage: () => {},
    onRequest: async (_from, body) => body,
    onConnectionLost: () => {},
    onSnapshot: async () => Promise.reject(new Error('no snapshots here')),
    onTrouble: (trouble) => void troubles.push(trouble),
  })
  return transport
}

/** Server b, and somebody who has dialled it and said this. */
async function called(
  said: readonly Uint8Array[],
  peerNames: readonly string[] | null = null,
  limits: Partial<TransportLimits> = {},
) {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const troubles: TransportTrouble[] = []
  const transport = await start('b', network, troubles, limits)
  const caller = await call(network, clock, said, peerNames)
  return { clock, network, transport, caller, troubles, counters: transport.counters }
}

async function call(
  network: MemoryNetwork,
  clock: VirtualClock,
  said: readonly Uint8Array[],
  peerNames: readonly string[] | null = null,
): Promise<MemoryStream> {
  const connecting = network.connect('b')
  await clock.advance(0)
  const stream = (await connecting) as MemoryStream
  if (stream.other !== null) stream.other.peerNames = peerNames
  stream.open({ onData: () => {}, onDrain: () => {}, onClose: () => {} })
  if (said.length > 0) stream.write(said)
  await clock.advance(1)
  return stream
}

/** Server a dials b, of which these names are proved. */
async function dialled(namesOfB: readonly string[], greet: ((stream: ByteStream) => void) | null = null) {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  network.provenByListener = namesOfB
  if (greet === null) await start('b', network)
  else await network.listen('b', greet)
  const troubles: TransportTrouble[] = []
  const a = await start('a', network, troubles)
  a.setPeers({ b: 'b' })
  await clock.advance(1)
  return { clock, network, a, troubles }
}

async function pair() {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const b = await start('b', network)
  const a = await start('a', network)
  a.setPeers({ b: 'b' })
  await clock.advance(1)
  return { clock, network, a, b }
}

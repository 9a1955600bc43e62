import { describe, expect, test } from 'vitest'
import { concat, utf8Encode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { type Frame, FrameReader, type OutgoingFrame } from './frame.ts'
import { encodeHello, encodeWelcome, helloFor } from './handshake.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { ByteStream } from './network.ts'
import { encodeBare, encodeChunk, encodeOffer, encodeOffset } from './snapshot-frames.ts'
import { StreamTransport } from './stream-transport.ts'
import { MemoryNetwork } from './testing/memory-network.ts'
import { SAMPLE_MESSAGES } from './testing/samples.ts'
import { VirtualClock } from './testing/virtual-clock.ts'
import type { SnapshotSink, TransportTrouble } from './transport.ts'

const MESSAGE = SAMPLE_MESSAGES.InstallSnapshot
const OFFER = encodeOffer({ message: MESSAGE, offer: { id: 's', sizeBytes: 10 } })

describe('a receiver', () => {
  test('writes the pieces in order, acknowledges each, and finishes once', async () => {
    const { say, heard, calls } = await receiver()
    await say(OFFER)
    await say(encodeChunk(0, utf8Encode('hello')), encodeChunk(5, utf8Encode('world')))
    expect(heard()).toEqual(['Welcome', 'SnapshotResume 0', 'SnapshotAck 5', 'SnapshotAck 10', 'SnapshotDone'])
    expect(calls).toEqual(['write 5', 'write 5', 'finish'])
  })

  test('says how far it has come', async () => {
    const { say, heard, calls } = await receiver({ offset: 7 })
    await say(OFFER)
    await say(encodeChunk(7, utf8Encode('abc')))
    expect(heard()).toEqual(['Welcome', 'SnapshotResume 7', 'SnapshotAck 10', 'SnapshotDone'])
    expect(calls).toEqual(['write 3', 'finish'])
  })

  test('that has it all already finishes without a piece', async () => {
    const { say, heard, calls } = await receiver({ offset: 10 })
    await say(OFFER)
    expect(heard()).toEqual(['Welcome', 'SnapshotResume 10', 'SnapshotDone'])
    expect(calls).toEqual(['finish'])
  })

  test.each<[string, OutgoingFrame[], string]>([
    ['leaves a gap', [encodeChunk(3, utf8Encode('x'))], 'SnapshotChunk of 1 bytes at 3, expected at 0'],
    ['is empty', [encodeChunk(0, utf8Encode(''))], 'SnapshotChunk of 0 bytes at 0, expected at 0'],
    ['goes beyond the end', [encodeChunk(0, utf8Encode('12345678901'))], 'SnapshotChunk beyond the end at 10'],
    ['is followed by a second offer', [OFFER], 'a second SnapshotOffer'],
  ])('hangs up on a piece that %s, and tells its sink', async (_title, frames, words) => {
    const { say, calls, troubles } = await receiver()
    await say(OFFER)
    await say(...frames)
    expect(troubles.map(({ message }) => message)).toEqual([words])
    expect(calls).toEqual(['interrupt'])
  })

  test('hangs up on a piece before the offer', async () => {
    const { say, calls, troubles } = await receiver()
    await say(encodeChunk(0, utf8Encode('x')))
    expect(troubles[0]?.message).toBe('SnapshotChunk before the SnapshotResume')
    expect(calls).toEqual([])
  })

  test('whose disk is full says so, once, and lets the pieces pass that were on their way', async () => {
    const { say, heard, calls, troubles } = await receiver({ failAt: 'write' })
    await say(OFFER)
    await say(encodeChunk(0, utf8Encode('hello')))
    await say(encodeChunk(5, utf8Encode('world')))
    expect(heard().slice(2)).toEqual(['SnapshotRefusal'])
    expect([calls, troubles]).toEqual([['write 5'], []])
  })

  test('whose check of the whole fails does not say done', async () => {
    const { say, heard } = await receiver({ failAt: 'finish' })
    await say(OFFER)
    await say(encodeChunk(0, utf8Encode('helloworld')))
    expect(heard().slice(2)).toEqual(['SnapshotAck 10', 'SnapshotRefusal'])
  })

  test('that is told it has more than there is refuses', async () => {
    const { say, heard, calls } = await receiver({ offset: 11 })
    await say(OFFER)
    expect(heard()).toEqual(['Welcome', 'SnapshotRefusal'])
    expect(calls).toEqual(['interrupt'])
  })

  test('whose sender falls silent interrupts its sink', async () => {
    const { say, calls, clock } = await receiver()
    await say(OFFER)
    await clock.advance(DEFAULT_LIMITS.idleTimeoutMs + 2 * DEFAULT_LIMITS.keepAliveMs)
    expect(calls).toEqual(['interrupt'])
  })
})

describe('a sender', () => {
  test.each<[string, OutgoingFrame[], string]>([
    ['resumes beyond the end', [encodeOffset('SnapshotResume', 11)], 'a bad SnapshotResume'],
    ['resumes twice', [encodeOffset('SnapshotResume', 0), encodeOffset('SnapshotResume', 0)], 'a bad SnapshotResume'],
    ['acknowledges what was not sent', [encodeOffset('SnapshotAck', 5)], 'a bad SnapshotAck'],
    ['is done before the beginning', [encodeBare('SnapshotDone')], 'SnapshotDone before the end'],
  ])('gives up on a receiver that %s', async (_title, frames, words) => {
    const { outcome, say } = await sender()
    await say(...frames)
    expect(await outcome()).toMatchObject({ code: 'ERR_QUORATE_SNAPSHOT_INTERRUPTED' })
    expect((await outcome()).message).toContain(words)
  })

  test.each([
    ['less', 9, 'its source ended at 9 of 10 bytes'],
    ['more', 11, 'its source has more than the 10 bytes that it promised'],
  ])('whose source has %s than it promised says so', async (_title, bytes, words) => {
    const { outcome, say } = await sender(bytes)
    await say(encodeOffset('SnapshotResume', 0))
    expect((await outcome()).message).toContain(words)
  })

  test('closes its source when the connection breaks', async () => {
    const { outcome, say, network, closed } = await sender(10)
    await say(encodeOffset('SnapshotResume', 0))
    network.cutAll()
    expect(await outcome()).toMatchObject({ code: 'ERR_QUORATE_SNAPSHOT_INTERRUPTED' })
    expect(closed()).toBe(true)
  })

  test('that is stopped while it waits ends', async () => {
    const { outcome, transport } = await sender()
    await transport.stop()
    expect(await outcome()).toMatchObject({ code: 'ERR_QUORATE_STOPPED' })
  })
})

// ---- vocabulary

interface SinkBehaviour {
  readonly offset?: number
  readonly failAt?: 'write' | 'finish'
}

/** A server b that takes a snapshot in, and a scripted sender a. */
async function receiver({ offset = 0, failAt }: SinkBehaviour = {}) {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const calls: string[] = []
  const troubles: TransportTrouble[] = []
  const note = async (call: string, fails: boolean): Promise<void> => {
    calls.push(call)
    if (fails) throw new Error('disk full')
  }
  const sink: SnapshotSink = {
    offset,
    write: (chunk) => note(`write ${chunk.length}`, failAt === 'write'),
    finish: () => note('finish', failAt === 'finish'),
    interrupt: () => void calls.push('interrupt'),
  }
  await openTransport('b', clock, network, async () => sink, troubles)
  const dialling = network.connect('b')
  await clock.advance(0)
  const { say, heard } = script(clock, await dialling)
  await say(encodeHello(helloFor({ cluster: 'test', id: 'a', incarnation: 'x' }, 'b', 'snapshot')))
  return { clock, say, heard, calls, troubles }
}

/** A server a that sends ten bytes, and a scripted receiver b. */
async function sender(bytes = 10) {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const accepted: ByteStream[] = []
  await network.listen('b', (stream) => void accepted.push(stream))
  const transport = await openTransport('a', clock, network, () => Promise.reject(new Error('unused')), [])
  let closed = false
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      yield new Uint8Array(bytes)
      await new Promise<void>((resolve) => clock.schedule(1000, resolve))
    } finally {
      closed = true
    }
  }
  transport.setPeers({ b: 'b' })
  const ending = transport.sendSnapshot(MESSAGE, { id: 's', sizeBytes: 10, read }).then(
    () => new Error('it succeeded'),
    (error: Error) => error,
  )
  await clock.advance(0)
  // The first connection is the peer's for messages, the second the snapshot's.
  const { say } = script(clock, accepted[1] as ByteStream)
  await say(encodeWelcome({ version: 1, cluster: 'test', id: 'b', incarnation: 'y' }))
  const outcome = async (): Promise<Error> => {
    await clock.advance(2000)
    return Promise.race([ending, Promise.resolve(new Error('it is still under way'))])
  }
  return { transport, network, say, outcome, closed: () => closed }
}

async function openTransport(
  id: string,
  clock: VirtualClock,
  network: MemoryNetwork,
  onSnapshot: () => Promise<SnapshotSink>,
  troubles: TransportTrouble[],
): Promise<StreamTransport> {
  const options = { cluster: 'test', id, incarnation: `disk-${id}`, address: id, clock, random: new Random(1) }
  const transport = new StreamTransport(options, network)
  await transport.start({
    onMessage: () => {},
    onRequest: async (_from, body) => body,
    onConnectionLost: () => {},
    onSnapshot,
    onTrouble: (trouble) => void troubles.push(trouble),
  })
  return transport
}

/** One end of a stream, played by the test: says frames, and hears the other end's by name and offset. */
function script(clock: VirtualClock, stream: ByteStream) {
  const heard: string[] = []
  const reader = new FrameReader(() => 1_000_000)
  const onFrame = ({ type, body }: Frame): null => {
    const hasOffset = type === 'SnapshotResume' || type === 'SnapshotAck'
    heard.push(hasOffset ? `${type} ${body[0]}` : type)
    return null
  }
  stream.open({ onData: (chunk) => void reader.push(chunk, onFrame), onDrain: () => {}, onClose: () => {} })
  const say = async (...frames: OutgoingFrame[]): Promise<void> => {
    stream.write([concat(frames.flatMap(({ pieces }) => pieces))])
    await clock.advance(0)
    await clock.advance(0)
  }
  return { say, heard: () => heard }
}

import { describe, expect, test } from 'vitest'
import { systemClock } from '../io/system-clock.ts'
import type { Message } from '../raft/message.ts'
import { concat, utf8Decode, utf8Encode } from '../util/bytes.ts'
import { Random } from '../util/random.ts'
import { type TransportStage, transportAcceptance } from './acceptance.ts'
import { encodeMessage } from './codec.ts'
import { bodyLimit, FrameReader, type OutgoingFrame } from './frame.ts'
import { encodeGroup, encodeGroupEnded } from './groups.ts'
import { encodeHello, helloFor, type Purpose } from './handshake.ts'
import type { TransportLimits } from './limits.ts'
import { encodeRequest } from './requests.ts'
import { encodeBare, encodeOffer } from './snapshot-frames.ts'
import { StreamTransport } from './stream-transport.ts'
import { groupedStage } from './testing/grouped-stage.ts'
import { MemoryNetwork, type MemoryPipe } from './testing/memory-network.ts'
import { SAMPLE_MESSAGES } from './testing/samples.ts'
import { VirtualClock } from './testing/virtual-clock.ts'
import type { SnapshotSource, Transport, TransportError, TransportHandlers, TransportTrouble } from './transport.ts'

describe('a group on a shared transport, beside others, is a Transport:', () => {
  for (const { title, run } of transportAcceptance) test(title, () => run(groupedStage(sharedStage())))
})

describe('groups on one connection', () => {
  test('each hear what is theirs, however the two ends number them', async () => {
    const { world, a, b } = await connected()
    const [ax, ay, by, bx] = [await a.open('x'), await a.open('y'), await b.open('y'), await b.open('x')]
    ax.send(timeoutNow('a', 'b', 1))
    ay.send(timeoutNow('a', 'b', 2))
    a.send(timeoutNow('a', 'b', 3))
    bx.send(timeoutNow('b', 'a', 4))
    await world.clock.advance(1)
    expect([bx.terms(), by.terms(), b.terms(), ax.terms(), ay.terms()]).toEqual([[1], [2], [3], [4], []])
  })

  test('leave together: what a hundred send in one turn is one write', async () => {
    const { world, a, b } = await connected()
    const here = await Promise.all(Array.from({ length: 100 }, (_, i) => a.open(`g${i}`)))
    const there = await Promise.all(Array.from({ length: 100 }, (_, i) => b.open(`g${i}`)))
    const before = world.pipe.dialled.writes.length
    for (const [i, group] of here.entries()) group.send(timeoutNow('a', 'b', i))
    await world.clock.advance(1)
    expect(world.pipe.dialled.writes.length - before).toBe(1)
    expect(there.map(({ terms }) => terms())).toEqual(Array.from({ length: 100 }, (_, i) => [i]))
  })

  test('are announced once on each connection, before their first frame', async () => {
    const { world, a } = await connected()
    const x = await a.open('x')
    for (const term of [1, 2]) {
      x.send(timeoutNow('a', 'b', term))
      await world.clock.advance(1)
    }
    expect(framesOf(world.pipe).slice(1)).toEqual(['Group 1', 'TimeoutNow 1', 'TimeoutNow 1'])
    world.network.cutAll()
    await world.clock.advance(100)
    x.send(timeoutNow('a', 'b', 3))
    await world.clock.advance(1)
    expect(framesOf(world.pipe).slice(1)).toEqual(['Group 1', 'TimeoutNow 1'])
  })

  test('cost a server without groups nothing, not even a byte', async () => {
    const { world, a } = await connected()
    const before = world.pipe.dialled.writes.length
    await a.open('resting')
    a.send(timeoutNow('a', 'b', 5))
    await world.clock.advance(1)
    const alone = Uint8Array.of(6, 0, 0, 0, 24, 1, 0, 0, 6, 0, 0, 0, 0x6e, 0xef, 0xa3, 0xce, 5, 0, 0, 0, 0, 0)
    expect(world.pipe.dialled.writes.slice(before)).toEqual([alone])
  })

  test('get what was sent while the connection was being made', async () => {
    const world = new World()
    const b = await world.start('b')
    const [by, bx] = [await b.open('y'), await b.open('x')]
    const a = await world.start('a')
    const [ax, ay] = [await a.open('x'), await a.open('y')]
    ax.transport.setPeers({ b: 'b' })
    ay.send(timeoutNow('a', 'b', 2))
    ax.send(timeoutNow('a', 'b', 1))
    await world.clock.advance(1)
    expect([bx.terms(), by.terms()]).toEqual([[1], [2]])
  })

  test('all hear of its end, and so does the host', async () => {
    const { world, a, b } = await connected()
    const members = [a, b, await a.open('x'), await a.open('y'), await b.open('z')]
    world.network.cutAll()
    expect(members.map(({ lost }) => lost)).toEqual([['b'], ['a'], ['b'], ['b'], ['a']])
  })

  test('ask nobody but the host whom to admit', async () => {
    const world = new World()
    const b = await world.start('b', { admit: () => 'was removed' })
    await b.open('x', { admit: () => null })
    const a = await world.start('a')
    const x = await a.open('x')
    x.transport.setPeers({ b: 'b' })
    await world.clock.advance(1)
    expect([a.troubles.map(({ message }) => message), x.troubles]).toEqual([['notAdmitted: was removed'], []])
  })
})

describe('a group that does not run at the other end', () => {
  test('has its messages dropped and counted, its requests and snapshots refused', async () => {
    const { world, a, b } = await connected()
    const x = await a.open('x')
    x.send(timeoutNow('a', 'b', 1))
    const asking = caught(x.transport.request('b', utf8Encode('?'), 1000))
    const bringing = caught(x.transport.sendSnapshot({ ...SAMPLE_MESSAGES.InstallSnapshot }, source(10)))
    await world.clock.advance(10)
    expect(await asking).toMatchObject({
      delivery: 'never',
      message: expect.stringContaining("group 'x' does not run"),
    })
    expect(await bringing).toMatchObject({ code: 'ERR_QUORATE_SNAPSHOT_REFUSED' })
    expect(b.transport.counters.framesWithoutGroup).toBe(3)
    expect([b.terms(), b.requests, a.lost]).toEqual([[], [], []])
  })

  test('is served as soon as it runs there, on the same connection', async () => {
    const { world, a, b } = await connected()
    const ax = await a.open('x')
    ax.send(timeoutNow('a', 'b', 1))
    await world.clock.advance(1)
    const bx = await b.open('x')
    ax.send(timeoutNow('a', 'b', 2))
    await world.clock.advance(1)
    expect(bx.terms()).toEqual([2])
  })
})

describe('a group that stops', () => {
  test('hears nothing more, fails what it asked, and leaves the others alone', async () => {
    const { world, a, b } = await connected()
    const [ax, ay, bx, by] = [await a.open('x'), await a.open('y'), await b.open('x'), await b.open('y')]
    const asking = [ax, ay].map((group) => caught(group.transport.request('b', utf8Encode('hang'), 60_000)))
    await world.clock.advance(1)
    const unsent = caught(ax.transport.request('b', utf8Encode('late'), 60_000))
    await ax.transport.stop()
    expect(await asking[0]).toMatchObject({ code: 'ERR_QUORATE_STOPPED', delivery: 'unknown' })
    expect(await unsent).toMatchObject({ code: 'ERR_QUORATE_STOPPED', delivery: 'never' })
    bx.send(timeoutNow('b', 'a', 1))
    by.send(timeoutNow('b', 'a', 2))
    await world.clock.advance(1)
    expect([ax.terms(), ay.terms(), bx.requests]).toEqual([[], [2], ['hang']])
    expect(await Promise.race([asking[1], Promise.resolve('under way')])).toBe('under way')
  })

  test('is missed by its own members, and by nobody else', async () => {
    const { world, a, b } = await connected()
    const [ax, ay, bx] = [await a.open('x'), await a.open('y'), await b.open('x')]
    bx.send(timeoutNow('b', 'a', 1))
    await world.clock.advance(1)
    await bx.transport.stop()
    await world.clock.advance(1)
    expect([ax.lost, ay.lost, a.lost, world.network.pipes.length]).toEqual([['b'], [], [], 1])
  })

  test('may run again under its name, and under one transport only', async () => {
    const { world, a, b } = await connected()
    const [first, ax] = [await b.open('x'), await a.open('x')]
    const twin = b.transport.group('x').start(recorder().handlers)
    await expect(twin).rejects.toMatchObject({ code: 'ERR_QUORATE_ADDRESS_IN_USE' })
    await first.transport.stop()
    const second = await b.open('x')
    await first.transport.stop()
    ax.send(timeoutNow('a', 'b', 1))
    await world.clock.advance(1)
    expect([first.terms(), second.terms()]).toEqual([[], [1]])
    await expect(first.transport.request('a', utf8Encode('?'), 10)).rejects.toMatchObject({
      code: 'ERR_QUORATE_STOPPED',
    })
  })

  test('in the middle of a snapshot ends it, at either end', async () => {
    for (const end of ['a', 'b'] as const) {
      const { world, a, b } = await connected({ snapshotBytesPerSecond: 1000 })
      const groups = { a: await a.open('x'), b: await b.open('x'), other: await b.open('y') }
      const bringing = caught(groups.a.transport.sendSnapshot({ ...SAMPLE_MESSAGES.InstallSnapshot }, source(10_000)))
      await world.clock.advance(100)
      await groups.other.transport.stop()
      expect(groups.b.snapshot).toEqual(['write'])
      await groups[end].transport.stop()
      await world.clock.advance(1)
      const code = end === 'a' ? 'ERR_QUORATE_STOPPED' : 'ERR_QUORATE_SNAPSHOT_INTERRUPTED'
      expect([(await bringing).code, groups.b.snapshot]).toEqual([code, ['write', 'interrupt']])
    }
  })

  test('because everything stops calls no handler and leaves no timer', async () => {
    const { world, a, b } = await connected()
    const [ax, bx] = [await a.open('x'), await b.open('x')]
    const asking = caught(ax.transport.request('b', utf8Encode('hang'), 60_000))
    await world.clock.advance(1)
    await a.transport.stop()
    await ax.transport.stop()
    await b.transport.stop()
    await world.clock.advance(1)
    expect([(await asking).delivery, ax.lost, bx.lost, world.clock.waiting]).toEqual(['unknown', [], [], 0])
    await expect(a.transport.group('y').start(recorder().handlers)).rejects.toMatchObject({
      code: 'ERR_QUORATE_STOPPED',
    })
  })
})

describe('whom groups name', () => {
  test('is dialled once for all, and hung up on when nobody names it any more', async () => {
    const world = new World()
    await world.start('b')
    const a = await world.start('a')
    const [x, y] = [await a.open('x'), await a.open('y')]
    for (const { transport } of [x, y, a]) transport.setPeers({ b: 'b' })
    await world.clock.advance(1)
    expect(world.network.dials).toBe(1)
    a.transport.setPeers({})
    x.transport.setPeers({})
    await world.clock.advance(1)
    expect(a.transport.counters.closed.ended).toBe(0)
    await y.transport.stop()
    await world.clock.advance(1)
    expect(a.transport.counters.closed.ended).toBe(1)
  })

  test('is remembered until the group runs and the transport listens', async () => {
    const world = new World()
    await world.start('b')
    const a = world.transport('a')
    const x = a.group('x')
    x.setPeers({ b: 'b' })
    await x.start(recorder().handlers)
    expect(world.network.dials).toBe(0)
    await a.start(recorder().handlers)
    expect(world.network.dials).toBe(1)
  })

  test.each([
    ['', '0'],
    ['x'.repeat(256), '256'],
    ['木'.repeat(86), '258'],
  ])('%s is no name', (name, bytes) => {
    const { group } = new World().transport('a')
    expect(() => group.call(new World().transport('a'), name)).toThrow(`has ${bytes}`)
  })

  test('a name that UTF-8 does not know is none, and one of 255 bytes is', () => {
    const transport = new World().transport('a')
    expect(() => transport.group('\ud800')).toThrow('no form in UTF-8')
    transport.group('木'.repeat(85))
  })

  test('one group more than maxGroups is too many, and the same one again is not', () => {
    const transport = new World().transport('a', { maxGroups: 2 })
    for (const name of ['x', 'y', 'x']) transport.group(name)
    expect(() => transport.group('z')).toThrow("group 'z' would be number 3 of this process, and maxGroups is 2")
  })
})

describe('a caller is closed, and counted, for', () => {
  const x = encodeGroup(3, utf8Encode('x'))
  const message = encodeMessage(SAMPLE_MESSAGES.TimeoutNow, 3)

  test.each<[string, OutgoingFrame[], string]>([
    ['a message without an announcement', [message], 'TimeoutNow for slot 3, which was not announced'],
    [
      'a request without an announcement',
      [encodeRequest(1, x.pieces[0] ?? concat([]), 7)],
      'Request for slot 7, which',
    ],
    [
      'one of another slot',
      [encodeGroup(4, utf8Encode('x')), message],
      'TimeoutNow for slot 3, which was not announced',
    ],
    ['two names', [x, encodeGroup(3, utf8Encode('y'))], "slot 3 is group 'x', and now 'y'"],
    ['a name for slot 0', [encodeGroup(0, utf8Encode('x'))], 'a Group for slot 0 whose name of 1 bytes is none'],
    ['an empty name', [encodeGroup(3, utf8Encode(''))], 'a Group for slot 3 whose name of 0 bytes is none'],
    [
      'a name that is no text',
      [encodeGroup(3, Uint8Array.of(0xff))],
      'a Group for slot 3 whose name of 1 bytes is none',
    ],
    ['too many groups', [1, 2, 9].map((slot) => encodeGroup(slot, utf8Encode(`${slot}`))), 'more than 2 groups'],
  ])('%s', async (_title, frames, words) => {
    const { troubles, counters } = await called('messages', frames, { maxGroups: 2 })
    expect(troubles[0]?.message).toContain(words)
    expect([counters.closed.badSlot, counters.closed.badFrame]).toEqual([1, 0])
  })

  test.each<[string, OutgoingFrame[]]>([
    ['a name of 256 bytes', [encodeGroup(3, new Uint8Array(256).fill(120))]],
    ['the end of no group', [encodeGroupEnded(0)]],
  ])('%s, as a bad frame', async (_title, frames) => {
    expect((await called('messages', frames)).counters.closed.badFrame).toBe(1)
  })

  test('a snapshot of a slot that was not announced', async () => {
    const offer = { message: SAMPLE_MESSAGES.InstallSnapshot, offer: { id: 's', sizeBytes: 1 } }
    expect((await called('snapshot', [encodeOffer(offer, 3)])).counters.closed.badSlot).toBe(1)
  })

  test('nothing of that when it says the same twice, two slots for one name, or the end of a stranger', async () => {
    const again = [x, x, encodeGroup(8, utf8Encode('x')), encodeGroupEnded(8), message, encodeBare('Ping')]
    const { counters } = await called('messages', again)
    expect([counters.closed.badSlot, counters.closed.badFrame, counters.framesWithoutGroup]).toEqual([0, 0, 1])
  })
})

describe('a peer that freezes', () => {
  const limits = { keepAliveMs: 50, idleTimeoutMs: 250 }

  test.each([0, 10, 49])('%d ms after a ping is missed within 300 ms, on both connections', async (phaseMs) => {
    const { world, a, b } = await connected(limits)
    b.transport.setPeers({ a: 'a' })
    const x = await a.open('x')
    await world.clock.advance(1000 + phaseMs)
    expect([a.lost, b.lost, world.network.pipes.length]).toEqual([[], [], 2])
    const [ofA, ofB] = world.network.pipes as [MemoryPipe, MemoryPipe]
    ofA.listening.isBlackHole = ofB.dialled.isBlackHole = true
    await world.clock.advance(200)
    expect(a.lost).toEqual([])
    await world.clock.advance(100)
    expect([a.lost, x.lost]).toEqual([
      ['b', 'b'],
      ['b', 'b'],
    ])
  })

  test('is not missed when it was this process that stood still', async () => {
    const { world, a, b } = await connected(limits)
    await world.clock.advance(1000)
    for (const pauseMs of [200, 249, 1000, 60_000]) {
      world.clock.stall(pauseMs)
      await world.clock.advance(70)
    }
    await world.clock.advance(1000)
    expect([a.lost, b.lost]).toEqual([[], []])
  })
})

// ---- vocabulary

interface StartOptions extends Partial<TransportLimits> {
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

  transport(id: string, limits: Partial<TransportLimits> = {}): StreamTransport {
    const self = { cluster: 'test', id, incarnation: `disk-${id}`, address: id }
    return new StreamTransport({ ...self, clock: this.clock, random: new Random(1), limits }, this.network)
  }

  /** A host, and what reaches it; `open` starts a group on it. */
  async start(id: string, { admit, ...limits }: StartOptions = {}) {
    const transport = this.transport(id, limits)
    const open = async (name: string, more: Partial<TransportHandlers> = {}) => member(transport.group(name), more)
    return { ...(await member(transport, admit === undefined ? {} : { admit })), transport, open }
  }
}

/** Starts it, with a record of what reaches it. */
async function member(transport: Transport, more: Partial<TransportHandlers> = {}) {
  const notes = recorder()
  await transport.start({ ...notes.handlers, ...more })
  return { ...notes, transport, send: (message: Message) => transport.send(message) }
}

function recorder() {
  const messages: Message[] = []
  const lost: string[] = []
  const requests: string[] = []
  const troubles: TransportTrouble[] = []
  const snapshot: string[] = []
  const note = (what: string) => async () => void snapshot.push(what)
  const handlers: TransportHandlers = {
    onMessage: (message) => void messages.push(message),
    onRequest: async (_from, body) => {
      requests.push(utf8Decode(body) ?? '')
      return requests.at(-1) === 'hang' ? new Promise<never>(() => {}) : body
    },
    onConnectionLost: (peer) => void lost.push(peer),
    onSnapshot: async () => ({
      offset: 0,
      write: note('write'),
      finish: note('finish'),
      interrupt: () => void snapshot.push('interrupt'),
    }),
    onTrouble: (trouble) => void troubles.push(trouble),
  }
  return { messages, lost, requests, troubles, snapshot, handlers, terms: () => messages.map(({ term }) => term) }
}

/** Two hosts, a having dialled b. */
async function connected(limits: StartOptions = {}) {
  const world = new World()
  const b = await world.start('b', limits)
  const a = await world.start('a', limits)
  a.transport.setPeers({ b: 'b' })
  await world.clock.advance(1)
  return { world, a, b }
}

/** Host b, and somebody who has dialled it, said hello and then this. */
async function called(purpose: Purpose, said: readonly OutgoingFrame[], limits: Partial<TransportLimits> = {}) {
  const world = new World()
  const b = await world.start('b', limits)
  const connecting = world.network.connect('b')
  await world.clock.advance(0)
  const stream = await connecting
  stream.open({ onData: () => {}, onDrain: () => {}, onClose: () => {} })
  const hello = encodeHello(helloFor({ cluster: 'test', id: 'a', incarnation: 'x' }, 'b', purpose))
  for (const { pieces } of [hello, ...said]) stream.write(pieces)
  await world.clock.advance(1)
  return { troubles: b.troubles, counters: b.transport.counters }
}

/** What was written where it was dialled, by type and slot. */
function framesOf({ dialled }: MemoryPipe): string[] {
  const frames: string[] = []
  const reader = new FrameReader((type) => bodyLimit(type, 1_000_000))
  for (const bytes of dialled.writes)
    reader.push(bytes, ({ type, slot }) => {
      frames.push(slot === 0 ? type : `${type} ${slot}`)
      return null
    })
  return frames
}

function timeoutNow(from: string, to: string, term: number): Message {
  return { type: 'TimeoutNow', from, to, term }
}

function source(sizeBytes: number): SnapshotSource {
  async function* read(offset: number): AsyncGenerator<Uint8Array> {
    for (let from = offset; from < sizeBytes; from += 1000) yield new Uint8Array(Math.min(1000, sizeBytes - from))
  }
  return { id: 's', sizeBytes, read }
}

function caught(promise: Promise<unknown>): Promise<TransportError> {
  return promise.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: TransportError) => error,
  )
}

/** Over streams without sockets, on the real clock. */
function sharedStage(): TransportStage {
  const clock = systemClock()
  const network = new MemoryNetwork(clock)
  const opened: StreamTransport[] = []
  return {
    clock,
    open: async (handlers) => {
      const ids = Object.keys(handlers)
      for (const [id, handler] of Object.entries(handlers)) {
        const self = { cluster: 'test', id, incarnation: `disk-${id}`, address: id }
        const transport = new StreamTransport({ ...self, clock, random: new Random(1) }, network)
        await transport.start(handler)
        opened.push(transport)
      }
      for (const transport of opened) transport.setPeers(Object.fromEntries(ids.map((id) => [id, id])))
      return Object.fromEntries(opened.map((transport, i) => [ids[i], transport]))
    },
    hangUp: () => network.cutAll(),
    close: async () => {
      for (const transport of opened) await transport.stop()
    },
  }
}

import { describe, expect, test } from 'vitest'
import type { Message } from '../raft/message.ts'
import { utf8Encode } from '../util/bytes.ts'
import { bodyLimit, FrameReader } from './frame.ts'
import { caught, connected, recorder, World } from './testing/hosts.ts'
import type { MemoryPipe } from './testing/memory-network.ts'
import { SAMPLE_MESSAGES } from './testing/samples.ts'
import type { SnapshotSource } from './transport.ts'

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

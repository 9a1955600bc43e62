// Sessions as their clients hold them: whatever happens to leaders, servers and connections, a command is applied once,
// and its retry is told what the first time was answered.
import { describe, expect, test } from 'vitest'
import type { RequestOptions } from '../../src/runtime/node-options.ts'
import type { Session } from '../../src/runtime/sessions/session.ts'
import { utf8Decode, utf8Encode } from '../../src/util/bytes.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'

const OFTEN = { snapshotEveryBytes: 400, raft: { retainEntries: 1 } }
const TTL_MS = 3000

interface Scene {
  readonly cluster: Cluster
  readonly leader: string
  /** The client's server; it does not lead. */
  readonly home: string
  readonly third: string
  readonly session: Session
}

/** A client on a follower, with a session. */
async function scene(options: ClusterOptions = {}, ttlMs = TTL_MS): Promise<Scene> {
  const cluster = await Cluster.start(options)
  const leader = await cluster.leader()
  const [home = '', third = ''] = await cluster.followers()
  const session = await cluster.value(cluster.node(home).openSession({ ttlMs }))
  return { cluster, leader, home, third, session }
}

function say(session: Session, line: string, options: RequestOptions = {}): Promise<string> {
  return session.propose(utf8Encode(line), options).then((answer) => utf8Decode(answer) ?? '')
}

describe('a command of a session', () => {
  test('is answered and applied like any other, from any server', async () => {
    const { cluster, leader, session } = await scene()
    expect(await cluster.value(say(session, 'x'))).toBe('1')
    const own = await cluster.value(cluster.node(leader).openSession())
    expect(await cluster.value(say(own, 'y'))).toBe('2')
    expect(await cluster.value(cluster.propose(leader, 'z'))).toBe('3')
    expect(await cluster.converge()).toEqual(['x', 'y', 'z'])
  })

  test('outlives its leader, and is applied once', async () => {
    const { cluster, leader, session } = await scene()
    const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`)
    const answers = Promise.all(lines.map((line) => say(session, line)))
    await cluster.clock.advance(3)
    await cluster.crash(leader)
    expect(new Set(await cluster.value(answers)).size).toBe(20)
    expect([...(await cluster.converge())].sort()).toEqual([...lines].sort())
  })

  test('that was committed before its leader could answer is told the answer of that time', async () => {
    const { cluster, leader, home, session } = await scene()
    cluster.machine(leader).applyMs = 5000
    const answer = say(session, 'x', { timeoutMs: 10_000 })
    await cluster.until(() => cluster.machine(home).lines.includes('x'), 'the command on the client’s server')
    await cluster.crash(leader)
    expect(await cluster.value(answer)).toBe('1')
    expect(await cluster.converge()).toEqual(['x'])
  })

  test('whose attempts time out one by one is applied once when the leader gets through at last', async () => {
    const { cluster, leader, session } = await scene()
    cluster.machine(leader).applyMs = 2500
    expect(await cluster.value(say(session, 'x', { timeoutMs: 10_000 }))).toBe('1')
    expect(await cluster.converge()).toEqual(['x'])
  })

  test('is told its first answer after all servers were restarted', async () => {
    const { cluster, home, third, session } = await scene()
    const serial = session.nextSerial
    expect(await cluster.value(say(session, 'x'))).toBe('1')
    await cluster.value(cluster.propose(home, 'y'))
    for (const id of cluster.ids) await cluster.crash(id)
    for (const id of cluster.ids) await cluster.restart(id)
    await cluster.leader()
    const resumed = await cluster.value(cluster.node(third).resumeSession(session.id, serial))
    expect(await cluster.value(say(resumed, 'x'))).toBe('1')
    expect(await cluster.converge()).toEqual(['x', 'y'])
  })

  test('is told its first answer by a server that knows it only from a snapshot', async () => {
    const { cluster, leader, home, third, session } = await scene(OFTEN, 60_000)
    cluster.cut(third)
    const serial = session.nextSerial
    expect(await cluster.value(say(session, 'x'))).toBe('1')
    for (let i = 0; i < 20; i++) await cluster.value(cluster.propose(leader, `line ${i}`))
    cluster.heal()
    await cluster.until(() => cluster.machine(third).lines.length === 21, 'the snapshot')
    expect(cluster.machine(third).restored).toBeGreaterThan(0)
    await cluster.value(cluster.node(await cluster.leader()).transferLeadership(third))
    await cluster.crash(leader)
    const resumed = await cluster.value(cluster.node(home).resumeSession(session.id, serial))
    expect(await cluster.value(say(resumed, 'x'))).toBe('1')
  })

  test('certainly has no effect when nobody could be reached until its time was up', async () => {
    const { cluster, home, session } = await scene()
    cluster.cut(home)
    await cluster.clock.advance(1500)
    const error = await cluster.error(say(session, 'x', { timeoutMs: 2500 }))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_NO_LEADER', applied: 'no' })
  })

  test('is of unknown outcome when any of its attempts was', async () => {
    const { cluster, home, session } = await scene()
    const lost = cluster.error(say(session, 'x', { timeoutMs: 4000 }))
    await cluster.clock.advance(0)
    cluster.cut(home)
    const error = await lost
    expect(error.applied).toBe('unknown')
    expect(error.message).toMatch(/may .*be.* applied/)
  })

  test('is never applied late, once the client has gone on without it', async () => {
    const { cluster, home, leader, third, session } = await scene()
    cluster.links({ minDelayMs: 5000, maxDelayMs: 5000 }, [home, leader])
    expect((await cluster.error(say(session, 'late', { timeoutMs: 100 }))).applied).toBe('unknown')
    const resumed = await cluster.value(cluster.node(third).resumeSession(session.id, session.nextSerial))
    expect(await cluster.value(say(resumed, 'next'))).toBe('1')
    await cluster.clock.advance(10_000)
    expect(cluster.machine(leader).lines).toEqual(['next'])
  })

  test('ends with the caller’s signal', async () => {
    const { cluster, home, session } = await scene()
    cluster.cut(home)
    await cluster.clock.advance(1500)
    const controller = new AbortController()
    const error = cluster.error(say(session, 'x', { signal: controller.signal, timeoutMs: 60_000 }))
    await cluster.clock.advance(500)
    controller.abort()
    expect(await error).toMatchObject({ code: 'ERR_QUORATE_ABORTED', applied: 'no' })
  })

  test('is refused at once when a thousand are under way', async () => {
    const { cluster, home, session } = await scene()
    cluster.cut(home)
    await cluster.clock.advance(1500)
    const waiting = Array.from({ length: 1000 }, (_, i) => say(session, `${i}`, { timeoutMs: 300 }))
    expect(await cluster.error(say(session, 'one more'))).toMatchObject({
      code: 'ERR_QUORATE_OVERLOADED',
      applied: 'no',
    })
    cluster.heal()
    await cluster.outcome(Promise.allSettled(waiting))
    expect(await cluster.value(say(session, 'room again'))).toMatch(/\d+/)
  })

  test('that is no bytes is refused at the door', async () => {
    const { cluster, session } = await scene()
    expect(await cluster.error(session.propose('text' as unknown as Uint8Array))).toBeInstanceOf(TypeError)
  })
})

describe('a session', () => {
  test('lives on while it is idle', async () => {
    const { cluster, session } = await scene()
    await cluster.clock.advance(20 * TTL_MS)
    expect(await cluster.value(say(session, 'x'))).toBe('1')
  })

  test('whose client is gone ends on every server, and not before its time', async () => {
    const { cluster, leader, home, third, session } = await scene()
    await cluster.crash(home)
    await cluster.clock.advance(TTL_MS - 1500)
    expect(cluster.machine(leader).lines).toEqual([])
    await cluster.clock.advance(2500)
    const ended = [`session ${session.id} closed`]
    expect([cluster.machine(leader).lines, cluster.machine(third).lines]).toEqual([ended, ended])
  })

  test('costs an idle cluster nothing once it has ended', async () => {
    const { cluster, leader, session } = await scene()
    await cluster.value(session.close())
    await cluster.clock.advance(5000)
    const { lastApplied } = cluster.node(leader).status()
    await cluster.clock.advance(60_000)
    expect(cluster.node(leader).status().lastApplied).toBe(lastApplied)
  })

  test('does not end while there is no leader', async () => {
    const { cluster, session } = await scene()
    for (const id of cluster.ids) cluster.cut(id)
    await cluster.clock.advance(20 * TTL_MS)
    cluster.heal()
    await cluster.leader()
    expect(await cluster.value(say(session, 'x'))).toBe('1')
  })

  test('does not end while all servers are down, however long', async () => {
    const { cluster, session, home } = await scene()
    for (const id of cluster.ids) await cluster.crash(id)
    await cluster.clock.advance(20 * TTL_MS)
    for (const id of cluster.ids) await cluster.restart(id)
    await cluster.leader()
    const resumed = await cluster.value(cluster.node(home).resumeSession(session.id, session.nextSerial))
    expect(await cluster.value(say(resumed, 'x'))).toBe('1')
  })

  test('ends in its time under a later leader as well, however much time is in the log', async () => {
    const { cluster } = await scene({ raft: { maxApplyBytes: 64 } }, 60_000)
    await cluster.clock.advance(120_000)
    for (const id of cluster.ids) await cluster.crash(id)
    for (const id of cluster.ids) await cluster.restart(id)
    const leader = await cluster.leader()
    const [home = ''] = await cluster.followers()
    const session = await cluster.value(cluster.node(home).openSession({ ttlMs: TTL_MS }))
    await cluster.crash(home)
    await cluster.clock.advance(TTL_MS + 1000)
    expect(cluster.machine(leader).lines).toEqual([`session ${session.id} closed`])
  })

  test('that has ended tells its client, and takes no more commands', async () => {
    const { cluster, home, session } = await scene()
    let told = false
    void session.expired.then(() => {
      told = true
    })
    cluster.cut(home)
    await cluster.clock.advance(3 * TTL_MS)
    expect(told).toBe(false)
    cluster.heal()
    await cluster.until(() => told, 'the news')
    const error = await cluster.error(say(session, 'x'))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_SESSION_EXPIRED', applied: 'no' })
  })

  test('that ended while a command was under way says that nobody can tell', async () => {
    const { cluster, home, session } = await scene()
    const lost = cluster.error(say(session, 'x', { timeoutMs: 60_000 }))
    await cluster.clock.advance(0)
    cluster.cut(home)
    await cluster.clock.advance(3 * TTL_MS)
    cluster.heal()
    expect(await lost).toMatchObject({ code: 'ERR_QUORATE_SESSION_EXPIRED', applied: 'unknown' })
  })

  test('that ended before the first attempt got through says that there was no effect', async () => {
    const { cluster, home, session } = await scene()
    cluster.cut(home)
    await cluster.clock.advance(1500)
    const lost = cluster.error(say(session, 'x', { timeoutMs: 60_000 }))
    await cluster.clock.advance(3 * TTL_MS)
    cluster.heal()
    expect(await lost).toMatchObject({ code: 'ERR_QUORATE_SESSION_EXPIRED', applied: 'no' })
    expect(await cluster.converge()).toEqual([`session ${session.id} closed`])
  })

  test('is closed behind the commands that are under way, once', async () => {
    const { cluster, session } = await scene()
    const answer = say(session, 'x')
    await cluster.value(Promise.all([session.close(), session.close(), session[Symbol.asyncDispose]()]))
    expect(await answer).toBe('1')
    expect(await cluster.error(say(session, 'y'))).toMatchObject({ code: 'ERR_QUORATE_SESSION_EXPIRED' })
    expect(await cluster.converge()).toEqual(['x', `session ${session.id} closed`])
  })

  test('is not closed under a command that has to be sent again', async () => {
    const { cluster, leader, home, session } = await scene()
    cluster.links({ lossProbability: 1 }, [home, leader])
    const answer = say(session, 'x')
    await cluster.clock.advance(100)
    cluster.links({ lossProbability: 0 }, [home, leader])
    await cluster.value(session.close())
    expect(await cluster.value(answer)).toBe('1')
    expect(await cluster.converge()).toEqual(['x', `session ${session.id} closed`])
  })

  test('that nobody could be told to close says so; disposing of it does not', async () => {
    const { cluster, home, session } = await scene()
    const other = await cluster.value(cluster.node(home).openSession())
    cluster.cut(home)
    expect(await cluster.error(session.close({ timeoutMs: 500 }))).toBeInstanceOf(Error)
    await cluster.value(other[Symbol.asyncDispose]())
  })

  test('leaves nothing behind on a node that stops', async () => {
    const { cluster, home, session } = await scene()
    await cluster.value(cluster.node(home).stop())
    expect(await cluster.error(say(session, 'x'))).toMatchObject({ code: 'ERR_QUORATE_STOPPED', applied: 'no' })
    await cluster.stopAll()
    await cluster.clock.advance(100)
    expect(cluster.clock.waiting).toBe(0)
  })

  test.each([999, 86_400_001, 1500.5, Number.NaN])('does not live for %d ms', async (ttlMs) => {
    const { cluster, home } = await scene()
    const error = await cluster.error(cluster.node(home).openSession({ ttlMs }))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_OPTIONS' })
  })
})

describe('a session that is taken up again', () => {
  test('goes on with the next number, and lives on', async () => {
    const { cluster, home, third, session } = await scene()
    await cluster.value(say(session, 'x'))
    await cluster.value(cluster.node(home).stop())
    const resumed = await cluster.value(cluster.node(third).resumeSession(session.id, session.nextSerial))
    expect([resumed.id, resumed.ttlMs, resumed.nextSerial]).toEqual([session.id, TTL_MS, 2])
    await cluster.clock.advance(5 * TTL_MS)
    expect(await cluster.value(say(resumed, 'y'))).toBe('2')
  })

  test('does not say of a command that it has no effect: it may have been sent before', async () => {
    const { cluster, leader, third, session } = await scene()
    const serial = session.nextSerial
    await cluster.value(say(session, 'x'))
    const resumed = await cluster.value(cluster.node(third).resumeSession(session.id, serial))
    cluster.fillDisk(leader)
    await cluster.outcome(cluster.propose(leader, 'fills it'))
    const error = await cluster.error(say(resumed, 'x', { timeoutMs: 300 }))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_DISK_FULL', applied: 'unknown' })
  })

  test('must not fall back behind what is settled', async () => {
    const { cluster, third, session } = await scene()
    for (const line of ['x', 'y', 'z']) await cluster.value(say(session, line))
    const error = await cluster.error(cluster.node(third).resumeSession(session.id, 1))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_OPTIONS' })
    expect(error.message).toContain('it has come to 3')
  })

  test('must be there, and have numbers', async () => {
    const { cluster, third } = await scene()
    const error = await cluster.error(cluster.node(third).resumeSession(999, 1))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_SESSION_EXPIRED', applied: 'no' })
    expect((await cluster.error(cluster.node(third).resumeSession(0, 1))).code).toBe('ERR_QUORATE_OPTIONS')
    expect((await cluster.error(cluster.node(third).resumeSession(1, 0))).code).toBe('ERR_QUORATE_OPTIONS')
  })
})

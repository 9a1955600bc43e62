// What becomes of proposals, seen from outside: whichever server is asked, whatever happens meanwhile.
import { describe, expect, test } from 'vitest'
import { Cluster } from './cluster.ts'

describe('a proposal', () => {
  test('is answered by the leader, and applied on every server', async () => {
    const cluster = await Cluster.start()
    expect(await cluster.value(cluster.propose(await cluster.leader(), 'x'))).toBe('1')
    expect(await cluster.converge()).toEqual(['x'])
  })

  test('may be made on any server, which hands it to the leader', async () => {
    const cluster = await Cluster.start()
    const [follower = ''] = await cluster.followers()
    expect(await cluster.value(cluster.propose(follower, 'x'))).toBe('1')
  })

  test('waits for a leader where there is none yet', async () => {
    const cluster = new Cluster()
    for (const id of cluster.ids) await cluster.restart(id)
    expect(await cluster.value(cluster.propose('b', 'x'))).toBe('1')
  })

  test('of many in one turn keeps its place among them', async () => {
    const cluster = await Cluster.start()
    const lines = Array.from({ length: 500 }, (_, i) => `line ${i}`)
    const [follower = ''] = await cluster.followers()
    await cluster.value(Promise.all(lines.map((line) => cluster.propose(follower, line))))
    expect(await cluster.converge()).toEqual(lines)
  })

  test('certainly has no effect when no majority can be reached by a server that knows no leader', async () => {
    const cluster = await Cluster.start()
    const [alone = ''] = await cluster.followers()
    cluster.cut(alone)
    await cluster.clock.advance(2000)
    const start = cluster.clock.now()
    const error = await cluster.error(cluster.propose(alone, 'x', { timeoutMs: 1000 }))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_NO_LEADER', applied: 'no' })
    expect(cluster.clock.now() - start).toBeLessThan(1100)
  })

  test('is of unknown outcome when the leader has it and cannot reach a majority', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    cluster.cut(leader)
    const error = await cluster.error(cluster.propose(leader, 'x', { timeoutMs: 1000 }))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_OUTCOME_UNKNOWN', applied: 'unknown' })
  })

  test('is certainly lost when another leader put something else in its place', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const others = await cluster.followers()
    cluster.cut(leader)
    const lost = cluster.error(cluster.propose(leader, 'lost', { timeoutMs: 60_000 }))
    await cluster.value(cluster.propose(await cluster.leader(others), 'kept'))
    cluster.heal()
    expect(await lost).toMatchObject({ code: 'ERR_QUORATE_SUPERSEDED', applied: 'no' })
    expect(await cluster.converge()).toEqual(['kept'])
  })

  test('that timed out and is committed later disturbs nobody behind it', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    for (const id of await cluster.followers()) cluster.machine(id).applyMs = 0
    cluster.machine(leader).applyMs = 300
    const early = cluster.error(cluster.propose(leader, 'early', { timeoutMs: 50 }))
    const late = cluster.propose(leader, 'late')
    expect(await early).toMatchObject({ code: 'ERR_QUORATE_OUTCOME_UNKNOWN' })
    expect(await cluster.value(late)).toBe('2')
  })

  test('of an old term of office is told apart from one of the new at the same place', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    cluster.cut(leader)
    const old = Array.from({ length: 5 }, (_, i) =>
      cluster.error(cluster.propose(leader, `old ${i}`, { timeoutMs: 60_000 })),
    )
    await cluster.leader(await rest(cluster, leader))
    cluster.heal()
    await cluster.leader()
    await cluster.value(cluster.node(await cluster.leader()).transferLeadership(leader))
    await cluster.until(() => cluster.node(leader).status().role === 'leader', 'the old leader again')
    expect(await cluster.value(cluster.propose(leader, 'new'))).toBe('1')
    for (const error of old) expect((await error).code).toMatch(/SUPERSEDED|UNKNOWN/)
  })

  test('that is no bytes is refused at the door', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const wrong = cluster.node(leader).propose('text' as unknown as Uint8Array)
    expect(await cluster.error(wrong)).toBeInstanceOf(TypeError)
    expect(cluster.isUp(leader)).toBe(true)
  })

  test('that is too large is refused, on a follower too', async () => {
    const cluster = await Cluster.start({ raft: { maxEntryBytes: 1000 } })
    for (const id of cluster.ids) {
      const error = await cluster.error(cluster.propose(id, 'x'.repeat(1001)))
      expect(error).toMatchObject({ code: 'ERR_QUORATE_TOO_LARGE', applied: 'no' })
    }
  })

  test('is refused when too much waits for a leader already', async () => {
    const cluster = await Cluster.start({ maxQueuedBytes: 1000, raft: { maxEntryBytes: 900 } })
    const [alone = ''] = await cluster.followers()
    cluster.cut(alone)
    await cluster.clock.advance(2000)
    const waiting = cluster.error(cluster.propose(alone, 'x'.repeat(800), { timeoutMs: 500 }))
    expect(await cluster.error(cluster.propose(alone, 'y'.repeat(800)))).toMatchObject({
      code: 'ERR_QUORATE_OVERLOADED',
    })
    await waiting
    const room = await cluster.error(cluster.propose(alone, 'y'.repeat(800), { timeoutMs: 100 }))
    expect(room).toMatchObject({ code: 'ERR_QUORATE_NO_LEADER' })
  })

  test('is refused when too much is under way to a leader that does not answer', async () => {
    const cluster = await Cluster.start({ maxQueuedBytes: 1000, raft: { maxEntryBytes: 900 } })
    const [follower = ''] = await cluster.followers()
    cluster.cut(follower)
    const first = cluster.error(cluster.propose(follower, 'x'.repeat(800), { timeoutMs: 200 }))
    await cluster.clock.advance(10)
    const error = await cluster.error(cluster.propose(follower, 'y'.repeat(800)))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_OVERLOADED', applied: 'no' })
    expect(await first).toMatchObject({ applied: 'unknown' })
  })
})

describe('a proposal that is given up', () => {
  test('before a leader took it is certainly not applied', async () => {
    const cluster = await Cluster.start()
    const [alone = ''] = await cluster.followers()
    cluster.cut(alone)
    await cluster.clock.advance(2000)
    const giveUp = new AbortController()
    const error = cluster.error(cluster.propose(alone, 'x', { signal: giveUp.signal }))
    giveUp.abort()
    expect(await error).toMatchObject({ code: 'ERR_QUORATE_ABORTED', applied: 'no' })
    cluster.heal()
    expect(await cluster.converge()).toEqual([])
  })

  test('after a leader took it may be applied, and the next one gets its own answer', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const giveUp = new AbortController()
    const error = cluster.error(cluster.propose(leader, 'x', { signal: giveUp.signal }))
    await cluster.clock.advance(0)
    giveUp.abort()
    expect(await error).toMatchObject({ code: 'ERR_QUORATE_ABORTED', applied: 'unknown' })
    expect(await cluster.value(cluster.propose(leader, 'y'))).toBe('2')
  })

  test('with a signal that has fired already never starts', async () => {
    const cluster = await Cluster.start()
    const error = await cluster.error(cluster.propose('a', 'x', { signal: AbortSignal.abort() }))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_ABORTED', applied: 'no' })
    expect(await cluster.error(cluster.read('a', { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'ERR_QUORATE_ABORTED',
    })
  })
})

describe('a forwarded proposal', () => {
  test('goes to the new leader when the old one is gone and certainly has not seen it', async () => {
    const cluster = await Cluster.start()
    const [follower = ''] = await cluster.followers()
    await cluster.crash(await cluster.leader())
    expect(await cluster.value(cluster.propose(follower, 'x'))).toBe('1')
  })

  test('is of unknown outcome when the connection breaks before the answer', async () => {
    const cluster = await Cluster.start()
    const [follower = ''] = await cluster.followers()
    const leader = await cluster.leader()
    const error = cluster.error(cluster.propose(follower, 'x'))
    await cluster.clock.advance(2)
    cluster.hangUp(follower, leader)
    expect(await error).toMatchObject({ code: 'ERR_QUORATE_OUTCOME_UNKNOWN', applied: 'unknown' })
  })

  test('has a time-out of its own, whatever others travel with it', async () => {
    const cluster = await Cluster.start()
    const [follower = ''] = await cluster.followers()
    cluster.cut(follower)
    const patient = cluster.error(cluster.propose(follower, 'x', { timeoutMs: 3000 }))
    const start = cluster.clock.now()
    expect(await cluster.error(cluster.propose(follower, 'y', { timeoutMs: 100 }))).toMatchObject({
      applied: 'unknown',
    })
    expect(cluster.clock.now() - start).toBeLessThan(200)
    expect(await patient).toMatchObject({ applied: 'unknown' })
  })

  test('with an answer too large for a message says so, and the others come through', async () => {
    const cluster = await Cluster.start({ maxMessageBytes: 2 ** 21 })
    const [follower = ''] = await cluster.followers()
    for (const id of cluster.ids) {
      cluster.machine(id).answer = (line) => (line === 'large' ? new Uint8Array(2 ** 22) : new Uint8Array([111, 107]))
    }
    const large = cluster.error(cluster.propose(follower, 'large'))
    const small = cluster.value(cluster.propose(follower, 'small'))
    expect(await large).toMatchObject({ code: 'ERR_QUORATE_ANSWER_LOST' })
    expect(await small).toBe('ok')
  })
})

async function rest(cluster: Cluster, without: string): Promise<string[]> {
  return cluster.ids.filter((id) => id !== without)
}

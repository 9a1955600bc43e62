// A node's life: starting, stopping, failing, handing over.
import { describe, expect, test } from 'vitest'
import { Cluster } from './cluster.ts'

describe('stopping', () => {
  test('settles every promise, and what no leader has taken certainly has no effect', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    cluster.cut(leader)
    const taken = cluster.error(cluster.propose(leader, 'taken', { timeoutMs: 60_000 }))
    const read = cluster.error(cluster.read(leader, { timeoutMs: 60_000 }))
    await cluster.clock.advance(1)
    const transfer = cluster.error(
      cluster.node(leader).transferLeadership(cluster.ids.find((id) => id !== leader) ?? ''),
    )
    await cluster.clock.advance(50)
    const waiting = cluster.error(cluster.propose(leader, 'waiting', { timeoutMs: 60_000 }))
    await cluster.stop(leader)
    expect(await taken).toMatchObject({ code: 'ERR_QUORATE_STOPPED', applied: 'unknown' })
    expect(await waiting).toMatchObject({ code: 'ERR_QUORATE_STOPPED', applied: 'no' })
    expect(await read).toMatchObject({ code: 'ERR_QUORATE_STOPPED' })
    expect((await transfer).code).toMatch(/STOPPED|NOT_TRANSFERRED/)
  })

  test('twice is the same as once', async () => {
    const cluster = await Cluster.start()
    const node = cluster.node('a')
    await cluster.value(Promise.all([node.stop(), node.stop(), node[Symbol.asyncDispose]()]))
    await cluster.value(node.stop())
  })

  test('leaves no timer behind', async () => {
    const cluster = await Cluster.start({ size: 1 })
    await cluster.value(cluster.propose('a', 'x'))
    await cluster.stop('a')
    await cluster.clock.advance(0)
    expect(cluster.clock.waiting).toBe(0)
  })

  test('while a snapshot is being restored, and while the state machine is at work', async () => {
    const cluster = await Cluster.start({ snapshotEveryBytes: 300, raft: { retainEntries: 1 } })
    const [behind = ''] = await cluster.followers()
    cluster.cut(behind)
    const leader = await cluster.leader(cluster.ids.filter((id) => id !== behind))
    for (let i = 0; i < 30; i++) await cluster.value(cluster.propose(leader, `line ${i}`))
    cluster.machine(behind).restoreMs = 500
    cluster.heal()
    await cluster.until(() => cluster.machine(behind).isHalf, 'a restore')
    await cluster.stop(behind)
    cluster.machine(leader).applyMs = 500
    void cluster.propose(leader, 'x').catch(() => {})
    await cluster.clock.advance(50)
    await cluster.stop(leader)
  })

  test('frees disk and address: the server starts again in the same process', async () => {
    const cluster = await Cluster.start()
    await cluster.stop('a')
    await cluster.restart('a')
    expect(await cluster.value(cluster.propose('a', 'x'))).toBe('1')
  })
})

describe('a state machine', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('out of order')
      },
      'out of order',
    ],
    ['gives no bytes', () => null as unknown as Uint8Array, "the state machine's answer 1 of 1 is no Uint8Array"],
  ])('that %s stops its node, and the reason is told', async (_what, answer, reason) => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const node = cluster.node(leader)
    cluster.machine(leader).answer = answer
    const error = cluster.error(cluster.propose(leader, 'x'))
    expect((await cluster.value(node.failed)).message).toBe(reason)
    expect(await error).toMatchObject({ code: 'ERR_QUORATE_STOPPED', applied: 'unknown' })
  })

  test('that is slow holds up no heartbeat: its leader stays', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const { term } = cluster.node(leader).status()
    cluster.machine(leader).applyMs = 3000
    await cluster.value(cluster.propose(leader, 'x'))
    expect(cluster.node(leader).status()).toMatchObject({ role: 'leader', term })
  })

  test('that throws while it is restored at the start lets go of everything', async () => {
    const cluster = await Cluster.start({ snapshotEveryBytes: 100 })
    for (let i = 0; i < 10; i++) await cluster.value(cluster.propose('a', `line ${i}`))
    await cluster.stop('a')
    const broken = cluster.restart('a', () => Promise.reject(new Error('an unknown format')))
    await expect(broken).rejects.toThrow('an unknown format')
    await cluster.restart('a')
    expect(await cluster.converge()).toHaveLength(10)
  })
})

describe('leadership', () => {
  test('is handed over on request', async () => {
    const cluster = await Cluster.start()
    const [next = ''] = await cluster.followers()
    await cluster.value(cluster.node(await cluster.leader()).transferLeadership(next))
    await cluster.until(() => cluster.node(next).status().role === 'leader', 'the new leader')
  })

  test('stays when the other does not answer, and the request says so', async () => {
    const cluster = await Cluster.start()
    const [next = ''] = await cluster.followers()
    cluster.cut(next)
    const error = await cluster.error(
      cluster.node(await cluster.leader(cluster.ids.filter((id) => id !== next))).transferLeadership(next),
    )
    expect(error).toMatchObject({ code: 'ERR_QUORATE_NOT_TRANSFERRED' })
  })

  test('cannot be handed over by a follower', async () => {
    const cluster = await Cluster.start()
    const [follower = ''] = await cluster.followers()
    const error = await cluster.error(cluster.node(follower).transferLeadership('a'))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_NOT_TRANSFERRED' })
  })

  test('survives a stall of the leader that is shorter than an election time-out', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const { term } = cluster.node(leader).status()
    cluster.clock.stall(250)
    await cluster.clock.advance(1000)
    expect(cluster.node(leader).status()).toMatchObject({ role: 'leader', term })
  })
})

describe('a listener', () => {
  test('that throws is logged, and the node goes on', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    for (const id of cluster.ids) {
      cluster.node(id).on('leader', () => {
        throw new Error('of the user')
      })
    }
    await cluster.crash(leader)
    await cluster.leader()
    const [survivor = ''] = cluster.ids.filter((id) => id !== leader)
    expect(cluster.log(survivor)).toContain("a listener of 'leader' threw")
  })
})

describe('options', () => {
  test('under which an entry would fit into no message are refused', async () => {
    const starting = Cluster.start({ size: 1, maxMessageBytes: 2 ** 20 })
    await expect(starting).rejects.toThrow('maxEntryBytes 1572928 and maxAppendBytes 1048576 need messages of')
  })
})

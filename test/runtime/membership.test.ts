// Changes of members with whole nodes: servers that join, leave and are replaced while others write.
import { afterEach, describe, expect, test } from 'vitest'
import type { ConfigurationChange } from '../../src/raft/configuration-change.ts'
import { Cluster } from './cluster.ts'

let cluster: Cluster

afterEach(async () => {
  await cluster.stopAll()
  expect(cluster.failures).toEqual([])
})

const votersSeenBy = (id: string): readonly string[] => cluster.node(id).status().configuration.voters

async function isVoter(id: string): Promise<void> {
  await cluster.until(() => votersSeenBy(id).includes(id), `${id} among the voters`)
}

describe('a server that joins', () => {
  test('asks any member, gets the log, and becomes a voter when it has caught up', async () => {
    cluster = await Cluster.start()
    for (const line of ['x', 'y', 'z']) await cluster.value(cluster.propose('a', line))
    const [follower = ''] = await cluster.followers()
    await cluster.join('d', follower)
    await isVoter('d')
    expect(await cluster.value(cluster.propose('d', 'from d'))).toBe('4')
    expect(await cluster.converge()).toEqual(['x', 'y', 'z', 'from d'])
  })

  test('asks until somebody answers', async () => {
    cluster = await Cluster.start()
    cluster.cut('a')
    await cluster.join('d', 'a')
    await cluster.clock.advance(5000)
    cluster.heal()
    await isVoter('d')
  })

  test('goes on where it was when it crashes in the middle', async () => {
    cluster = await Cluster.start()
    await cluster.join('d', 'a')
    await cluster.until(() => cluster.node('d').status().lastIndex > 0, 'entries at d')
    await cluster.crash('d')
    await cluster.restart('d')
    await isVoter('d')
  })

  test('gets a snapshot when the log is compacted', async () => {
    cluster = await Cluster.start({ snapshotEveryBytes: 2000, raft: { retainEntries: 5 } })
    for (let i = 0; i < 100; i++) await cluster.value(cluster.propose('a', `line ${i}`))
    await cluster.join('d', 'b')
    await isVoter('d')
    expect(cluster.machine('d').restored).toBe(1)
    expect(await cluster.converge()).toHaveLength(100)
  })
})

describe('a server that leaves', () => {
  test('is told, and the others go on', async () => {
    cluster = await Cluster.start()
    const [gone = '', other = ''] = await cluster.followers()
    await cluster.value(cluster.node(other).change({ type: 'remove', id: gone }))
    await cluster.until(() => cluster.node(gone).status().configuration.retired.includes(gone), 'word of it')
    expect(votersSeenBy(other)).not.toContain(gone)
    expect(await cluster.value(cluster.propose(other, 'x'))).toBe('1')
  })

  test('may be the leader: another takes over before an election time-out', async () => {
    cluster = await Cluster.start()
    const leader = await cluster.leader()
    const rest = cluster.ids.filter((id) => id !== leader)
    await cluster.value(cluster.node(leader).change({ type: 'remove', id: leader }))
    const begun = cluster.clock.now()
    await cluster.leader(rest)
    expect(cluster.clock.now() - begun).toBeLessThan(100)
  })

  test('cannot come back under its name', async () => {
    cluster = await Cluster.start()
    const [gone = ''] = await cluster.followers()
    const leader = await cluster.leader()
    await cluster.value(cluster.node(leader).change({ type: 'remove', id: gone }))
    const again = cluster.node(leader).change({
      type: 'addLearner',
      id: gone,
      address: 'elsewhere:1',
      incarnation: '',
      promote: true,
    })
    expect(await cluster.error(again)).toMatchObject({ code: 'ERR_QUORATE_CHANGE_REFUSED', applied: 'no' })
  })
})

describe('a change', () => {
  test('is refused when it would leave no majority', async () => {
    cluster = await Cluster.start()
    const leader = await cluster.leader()
    const [down = '', other = ''] = await cluster.followers()
    await cluster.crash(down)
    await cluster.clock.advance(700)
    const error = await cluster.error(cluster.node(leader).change({ type: 'remove', id: other }))
    expect(error).toMatchObject({ code: 'ERR_QUORATE_CHANGE_REFUSED', applied: 'no' })
    expect(error.message).toContain(`${down} cannot be heard`)
  })

  test('that makes no sense is refused before it goes anywhere', async () => {
    cluster = await Cluster.start()
    const ask = (change: unknown): Promise<unknown> => cluster.node('a').change(change as ConfigurationChange)
    for (const change of [null, { remove: ['b'] }, { type: 'remove' }, { type: 'replaceVoters', voters: 'b' }]) {
      expect(await cluster.error(ask(change))).toMatchObject({ name: 'OptionsError' })
    }
    expect(cluster.isUp('a')).toBe(true)
  })

  test('waits for the one before it', async () => {
    cluster = await Cluster.start({ size: 5 })
    const leader = cluster.node(await cluster.leader())
    const [one = '', two = ''] = await cluster.followers()
    const both = [leader.change({ type: 'demote', id: one }), leader.change({ type: 'demote', id: two })]
    await cluster.value(Promise.all(both))
    expect(leader.status().configuration).toMatchObject({ learners: [one, two].sort(), votersOutgoing: [] })
  })

  test('that nobody can commit ends with its time, as unknown', async () => {
    cluster = await Cluster.start()
    const leader = await cluster.leader()
    const [one = ''] = await cluster.followers()
    cluster.cut(leader)
    const change = cluster.node(leader).change({ type: 'demote', id: one }, { timeoutMs: 200 })
    expect(await cluster.error(change)).toMatchObject({ applied: 'unknown' })
    cluster.heal()
    await cluster.leader()
  })

  test('of a whole set of voters goes through a joint configuration', async () => {
    cluster = await Cluster.start()
    const leader = await cluster.leader()
    await cluster.join('d', leader)
    await isVoter('d')
    await cluster.join('e', 'd')
    await isVoter('e')
    const after = await cluster.value(
      cluster.node(leader).change({ type: 'replaceVoters', voters: [leader, 'd', 'e'] }, { timeoutMs: 10_000 }),
    )
    expect(after).toMatchObject({ voters: [leader, 'd', 'e'].sort(), votersOutgoing: [] })
  })
})

test('all three servers are replaced, one after the other, while clients write, and nothing is lost', async () => {
  cluster = await Cluster.start({ snapshotEveryBytes: 3000, raft: { retainEntries: 20 } })
  const written: string[] = []
  let isOver = false
  const write = async (client: number): Promise<void> => {
    for (let i = 0; !isOver; i++) {
      const line = `${client}.${i}`
      const via = cluster.random.pick(cluster.ids.filter((id) => cluster.isUp(id)))
      const done = await cluster.propose(via, line, { timeoutMs: 2000 }).then(
        () => true,
        () => false,
      )
      if (done) written.push(line)
    }
  }
  const writing = Promise.all([1, 2, 3, 4].map(write))
  for (const [place, joiner] of ['d', 'e', 'f'].entries()) {
    const leaving = ['a', 'b', 'c'][place] as string
    await cluster.join(joiner, await cluster.leader(cluster.ids.filter((id) => cluster.isUp(id))))
    await isVoter(joiner)
    await cluster.value(cluster.node(joiner).change({ type: 'remove', id: leaving }, { timeoutMs: 10_000 }))
    await cluster.clock.advance(200)
    await cluster.stop(leaving)
  }
  isOver = true
  await cluster.outcome(writing)
  const lines = await cluster.converge()
  expect(written.length).toBeGreaterThan(50)
  expect(written.filter((line) => !lines.includes(line))).toEqual([])
  expect(votersSeenBy('d')).toEqual(['d', 'e', 'f'])
})

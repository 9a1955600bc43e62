// How a cluster begins, and why an emptied disk cannot come back under its old name.
import { afterEach, expect, test } from 'vitest'
import { Cluster } from './cluster.ts'

let cluster: Cluster

afterEach(async () => {
  await cluster.stopAll()
  expect(cluster.failures).toEqual([])
})

test('a new cluster begins when all of its first members have met', async () => {
  cluster = new Cluster()
  await cluster.restart('a')
  await cluster.restart('b')
  await cluster.clock.advance(5000)
  expect([cluster.node('a').status().forming, cluster.node('a').status().term]).toEqual([['c'], 0])
  await cluster.restart('c')
  await cluster.leader()
  expect(cluster.ids.some((id) => cluster.isForming(id))).toBe(false)
})

test('once it has begun, a majority is enough, after a restart of all, too', async () => {
  cluster = await Cluster.start()
  await cluster.value(cluster.propose('a', 'x'))
  for (const id of ['a', 'b', 'c']) await cluster.crash(id)
  for (const id of ['b', 'c']) await cluster.restart(id)
  await cluster.leader(['b', 'c'])
  expect(await cluster.value(cluster.read('b'))).toEqual(['x'])
})

test('a server whose disk was emptied helps nobody to lose what it had acknowledged', async () => {
  cluster = await Cluster.start()
  const leader = await cluster.leader()
  const [witness = '', late = ''] = await cluster.followers()
  cluster.cut(late)
  await cluster.value(cluster.propose(leader, 'acknowledged by two'))
  await cluster.crash(leader)
  await cluster.emptyDisk(witness)
  cluster.heal()
  await cluster.clock.advance(10_000)
  const roles = [witness, late].map((id) => cluster.node(id).status().role)
  expect([roles.includes('leader'), cluster.isForming(witness)]).toEqual([false, true])
  await cluster.restart(leader)
  await cluster.leader([leader, late])
  expect(await cluster.value(cluster.read(late))).toEqual(['acknowledged by two'])
})

test('it is told why, by everybody who knew it', async () => {
  cluster = await Cluster.start()
  await cluster.emptyDisk('c')
  await cluster.clock.advance(3000)
  const words = 'c is known here with another disk'
  expect(['a', 'b', 'c'].map((id) => cluster.log(id).some((line) => line.includes(words)))).toContain(true)
})

test('a member that joined later is known by its disk as well', async () => {
  cluster = await Cluster.start()
  await cluster.join('d', 'a')
  await cluster.until(() => cluster.node('d').status().configuration.voters.includes('d'), 'd among the voters')
  await cluster.emptyDisk('d')
  await cluster.clock.advance(3000)
  expect(cluster.node('d').status()).toMatchObject({ term: 0, lastIndex: 0 })
})

test('not even a snapshot brings it back, from a leader that has joined later and never met it', async () => {
  cluster = await Cluster.start({ snapshotEveryBytes: 200, raft: { retainEntries: 0 } })
  await cluster.join('d', 'a')
  await cluster.until(() => cluster.node('d').status().configuration.voters.includes('d'), 'd among the voters')
  await cluster.value(cluster.node(await cluster.leader()).transferLeadership('d'))
  await cluster.emptyDisk('c')
  for (let i = 0; i < 20; i++) await cluster.value(cluster.propose('d', `line ${i}`))
  await cluster.clock.advance(3000)
  expect(cluster.node('c').status()).toMatchObject({ term: 0, lastIndex: 0, snapshotIndex: 0 })
})

test('it does not take those for met who dial it and turn away', async () => {
  cluster = await Cluster.start()
  await cluster.emptyDisk('c')
  await cluster.clock.advance(3000)
  expect(cluster.node('c').status().forming).toEqual(['a', 'b'])
})

test('a cluster of one begins at once', async () => {
  cluster = await Cluster.start({ size: 1 })
  expect(await cluster.value(cluster.propose('a', 'x'))).toBe('1')
})

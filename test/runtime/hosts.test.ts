// Many groups in one process: what they share, and what none of them may notice of the others.
import { afterEach, expect, test } from 'vitest'
import { Journal } from '../../src/runtime/testing/journal.ts'
import { Hosts } from './hosts.ts'

let hosts: Hosts

afterEach(async () => {
  await hosts.stopAll()
})

test('each group has commands of its own', async () => {
  hosts = await Hosts.start('orders', 'stock')
  await hosts.propose('a', 'orders', 'one')
  await hosts.propose('b', 'stock', 'two')
  await hosts.until(() => hosts.lines('c', 'orders').length + hosts.lines('c', 'stock').length === 2, 'both')
  expect([hosts.lines('c', 'orders'), hosts.lines('c', 'stock')]).toEqual([['one'], ['two']])
})

test('what was acknowledged is there after all hosts have lost their power', async () => {
  hosts = await Hosts.start('orders', 'stock')
  for (let i = 1; i <= 20; i++) await hosts.propose('a', i % 2 === 0 ? 'orders' : 'stock', `${i}`)
  for (const id of hosts.ids) await hosts.crash(id)
  for (const id of hosts.ids) await hosts.restart(id, ['stock', 'orders'])
  await hosts.propose('c', 'orders', 'last')
  const leader = await hosts.leader('orders')
  expect(hosts.lines(leader, 'orders')).toEqual(['2', '4', '6', '8', '10', '12', '14', '16', '18', '20', 'last'])
})

test('groups that write at the same time share a sync', async () => {
  const names = Array.from({ length: 20 }, (_, i) => `group-${i}`)
  hosts = await Hosts.start(...names)
  let syncs = 0
  hosts.disk('a').delay = async ({ kind }) => {
    if (kind === 'sync') syncs++
    return new Promise((resolve) => void hosts.clock.schedule(kind === 'sync' ? 5 : 0, resolve))
  }
  await hosts.value(Promise.all(names.map((name) => hosts.node('a', name).propose(new Uint8Array([49])))))
  await hosts.until(() => names.every((name) => hosts.lines('a', name).length === 1), 'all of them')
  expect(syncs).toBeLessThan(10)
})

test('idle groups rest: they say nothing and set no timers', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `group-${i}`)
  hosts = await Hosts.start(...names)
  await hosts.until(() => hosts.ids.every((id) => hosts.host(id).status().resting === 30), 'rest')
  await hosts.clock.advance(500)
  let messages = 0
  for (const id of hosts.ids) for (const name of names) messages -= sent(id, name)
  await hosts.clock.advance(5000)
  for (const id of hosts.ids) for (const name of names) messages += sent(id, name)
  expect(messages).toBe(0)
})

test('a command wakes its group, and no other', async () => {
  hosts = await Hosts.start('orders', 'stock')
  await hosts.until(() => hosts.ids.every((id) => hosts.host(id).status().resting === 2), 'rest')
  await hosts.propose('b', 'orders', 'one')
  expect(hosts.ids.map((id) => hosts.node(id, 'stock').status().resting)).toEqual([true, true, true])
  await hosts.until(() => hosts.ids.every((id) => hosts.host(id).status().resting === 2), 'rest again')
})

test('a host whose connections break loses the office in all the groups that it led, at once', async () => {
  const names = ['one', 'two', 'three', 'four', 'five', 'six']
  hosts = await Hosts.start(...names)
  await hosts.until(() => hosts.ids.every((id) => hosts.host(id).status().resting === 6), 'rest')
  await hosts.crash('a')
  const before = hosts.clock.now()
  for (const name of names) expect(await hosts.leader(name)).not.toBe('a')
  expect(hosts.clock.now() - before).toBeLessThan(600)
})

test('a group may live on some of the hosts only', async () => {
  hosts = await Hosts.start()
  for (const id of ['a', 'b']) await hosts.startGroup(id, 'pair', ['a', 'b'])
  await hosts.propose('a', 'pair', 'one')
  await expect(hosts.startGroup('c', 'pair', ['a', 'b'])).rejects.toThrow(/members a, b, and this host is c/)
  expect(hosts.host('c').status().running).toBe(0)
})

test('a new host takes the place of another in a group', async () => {
  hosts = await Hosts.start('orders')
  for (let i = 1; i <= 5; i++) await hosts.propose('a', 'orders', `${i}`)
  await hosts.add('d')
  await hosts.startGroup('d', 'orders')
  await hosts.until(() => hosts.node('d', 'orders').status().configuration.voters.includes('d'), 'd as a voter')
  const leader = await hosts.leader('orders')
  const victim = ['a', 'b', 'c'].find((id) => id !== leader) as string
  await hosts.value(hosts.node(leader, 'orders').change({ type: 'remove', id: victim }))
  await hosts.value(hosts.host(victim).removeGroup('orders'))
  await hosts.propose('d', 'orders', '6')
  await hosts.until(() => hosts.lines('d', 'orders').length === 6, 'the last command')
  expect(hosts.lines('d', 'orders')).toEqual(['1', '2', '3', '4', '5', '6'])
})

test('a group that was removed is gone, also its files', async () => {
  hosts = await Hosts.start('orders', 'stock')
  await hosts.propose('a', 'orders', 'one')
  await hosts.value(hosts.node('a', 'orders').snapshot())
  await hosts.value(hosts.host('a').removeGroup('orders'))
  expect((await hosts.disk('a').list()).filter((name) => name.startsWith('group-orders'))).toEqual([
    'group-orders.removed',
  ])
  await hosts.crash('a')
  await hosts.restart('a', ['stock'])
  expect(hosts.host('a').status().notStarted).toEqual([])
})

test('a group may be called like a file of the log, and harms nothing', async () => {
  hosts = await Hosts.start('orders')
  await hosts.propose('a', 'orders', 'one')
  for (const id of hosts.ids) await hosts.startGroup(id, 'log-00000001')
  for (const id of hosts.ids) await hosts.crash(id)
  for (const id of hosts.ids) await hosts.restart(id, ['orders'])
  await hosts.propose('a', 'orders', 'two')
  await hosts.until(() => hosts.ids.every((id) => hosts.lines(id, 'orders').length === 2), 'both commands')
})

test('a group that was removed does not begin anew under its name: it has forgotten its votes', async () => {
  hosts = await Hosts.start('orders')
  await hosts.propose('a', 'orders', 'one')
  await hosts.value(hosts.host('a').removeGroup('orders'))
  await expect(hosts.startGroup('a', 'orders')).rejects.toThrow(/group 'orders' was removed from this host/)
  await hosts.crash('a')
  await hosts.restart('a', [])
  await expect(hosts.startGroup('a', 'orders')).rejects.toThrow(/group 'orders' was removed from this host/)
  expect(await hosts.propose('b', 'orders', 'two')).toBe('2')
})

test('a group whose state machine throws stops, and the others go on', async () => {
  hosts = await Hosts.start('orders', 'stock')
  const failures: unknown[] = []
  hosts.host('a').on('failure', (failure) => failures.push(failure))
  const machine = hosts.machineOf('a', 'orders')
  machine.apply = () => {
    throw new Error('no more')
  }
  const leader = await hosts.leader('orders')
  await hosts.propose(leader === 'a' ? 'b' : leader, 'orders', 'one').catch(() => {})
  await hosts.until(() => failures.length === 1, 'a failure')
  expect(failures).toEqual([{ group: 'orders', error: new Error('no more') }])
  await hosts.propose('a', 'stock', 'two')
  expect(hosts.host('a').status().notStarted).toEqual(['orders'])
})

test('a disk that fails ends the whole host, aloud', async () => {
  hosts = await Hosts.start('orders', 'stock')
  const host = hosts.host('a')
  hosts.disk('a').fault = ({ kind }) => (kind === 'sync' ? { code: 'EIO', effect: 'none' } : null)
  await hosts.propose('b', 'orders', 'one')
  expect(await hosts.value(host.failed)).toMatchObject({ code: 'ERR_QUORATE_STORAGE_POISONED' })
  expect(host.status().stopped).toMatch(/^the host has stopped itself: /)
  expect(await hosts.propose('b', 'stock', 'two')).toBe('1')
})

test('the groups that are in the folder and were not started are told', async () => {
  hosts = await Hosts.start('orders', 'stock')
  await hosts.crash('a')
  await hosts.restart('a', ['stock'])
  expect(hosts.host('a').status()).toMatchObject({ running: 1, notStarted: ['orders'], stopped: null })
})

test('a group that runs cannot be started again', async () => {
  hosts = await Hosts.start('orders')
  const again = hosts.host('a').startGroup({ name: 'orders', stateMachine: new Journal(hosts.clock) })
  await expect(hosts.value(again)).rejects.toThrow("group 'orders' runs here already: stop it first")
})

test.each([
  [{ name: 'Orders' }, /name is 'Orders': use 1 to 64 lower-case letters/],
  [{ name: 'orders', members: [] }, /members is .*: it must be a list of hosts, at least one/],
  [{ name: 'orders', members: ['a', 'x'] }, /x is none of the hosts a, b, c/],
  [{ name: 'orders', member: ['a'] }, /there is no option member: did you mean members\?/],
])('group options %j are refused', async (options, words) => {
  hosts = await Hosts.start()
  const starting = hosts.host('a').startGroup({ stateMachine: new Journal(hosts.clock), ...options } as never)
  await expect(hosts.value(starting)).rejects.toThrow(words)
})

function sent(id: string, group: string): number {
  const { messagesSent } = hosts.node(id, group).metrics()
  return Object.values(messagesSent).reduce((sum, count) => sum + count, 0)
}

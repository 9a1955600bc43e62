// Disks that are full, that break, and that lose power.
import { describe, expect, test } from 'vitest'
import { Cluster } from './cluster.ts'

describe('a full disk', () => {
  test('at the leader refuses proposals, from everywhere, and says why', async () => {
    const cluster = await Cluster.start()
    const [follower = ''] = await cluster.followers()
    const leader = await cluster.leader()
    cluster.fillDisk(leader)
    await cluster.value(cluster.propose(leader, 'the one that finds out'))
    for (const id of [leader, follower]) {
      const error = await cluster.error(cluster.propose(id, 'refused'))
      expect(error).toMatchObject({ code: 'ERR_QUORATE_DISK_FULL', applied: 'no' })
    }
    expect(cluster.node(leader).status().diskFull).toBe(true)
  })

  test('loses nothing that was acknowledged, and all comes back when there is room', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    cluster.fillDisk(leader)
    await cluster.value(cluster.propose(leader, 'x'))
    cluster.freeDisk(leader)
    await cluster.until(() => !cluster.node(leader).status().diskFull, 'room')
    await cluster.value(cluster.propose(leader, 'y'))
    for (const id of cluster.ids) await cluster.crash(id)
    for (const id of cluster.ids) await cluster.restart(id)
    expect(await cluster.converge()).toEqual(['x', 'y'])
  })

  test('is spoken of once, and once when there is room, however long it lasts', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    cluster.fillDisk(leader)
    await cluster.value(cluster.propose(leader, 'x'))
    await cluster.clock.advance(5000)
    cluster.freeDisk(leader)
    await cluster.clock.advance(1000)
    const lines = cluster.log(leader).filter((line) => line.includes('disk'))
    expect(lines.map((line) => line.slice(0, 20))).toEqual(['the disk is full: pr', 'there is room on the'])
  })

  test('at a follower holds up nobody, and it catches up when there is room', async () => {
    const cluster = await Cluster.start()
    const [follower = ''] = await cluster.followers()
    cluster.fillDisk(follower)
    for (let i = 0; i < 5; i++) await cluster.value(cluster.propose(await cluster.leader(), `line ${i}`))
    await cluster.clock.advance(1000)
    cluster.freeDisk(follower)
    await cluster.clock.advance(1000)
    const { durableIndex, lastIndex } = cluster.node(follower).status()
    expect(durableIndex).toBe(lastIndex)
    expect(await cluster.converge()).toHaveLength(5)
  })
})

describe('a disk that breaks', () => {
  test('stops the node, aloud: every promise settles, its address is free, and the others go on', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const node = cluster.node(leader)
    let event = ''
    node.on('failure', ({ message }) => {
      event = message
    })
    cluster.breakDisk(leader)
    const proposal = cluster.error(cluster.propose(leader, 'x', { timeoutMs: 60_000 }))
    const read = cluster.outcome(cluster.read(leader, { timeoutMs: 60_000 }))
    expect((await cluster.value(node.failed)).message).toMatch('could not sync the log')
    expect(event).toMatch('could not sync the log')
    expect(await proposal).toMatchObject({ code: 'ERR_QUORATE_STOPPED', applied: 'unknown' })
    await read
    expect(node.status().stopped).toMatch('could not sync the log')
    cluster.freeDisk(leader)
    await cluster.stop(leader)
    await cluster.restart(leader)
    await cluster.value(cluster.propose(leader, 'y'))
  })

  test('refuses everything afterwards', async () => {
    const cluster = await Cluster.start()
    const leader = await cluster.leader()
    const node = cluster.node(leader)
    cluster.breakDisk(leader)
    await cluster.error(cluster.propose(leader, 'x'))
    await cluster.value(node.failed)
    expect(await cluster.error(cluster.propose(leader, 'y'))).toMatchObject({
      code: 'ERR_QUORATE_STOPPED',
      applied: 'no',
    })
    expect(await cluster.error(cluster.read(leader))).toMatchObject({ code: 'ERR_QUORATE_STOPPED' })
    expect(await cluster.error(node.transferLeadership('a'))).toMatchObject({ code: 'ERR_QUORATE_STOPPED' })
  })
})

describe('a crash', () => {
  test('of all servers at once loses nothing that was acknowledged', async () => {
    const cluster = await Cluster.start()
    for (let i = 0; i < 10; i++) await cluster.value(cluster.propose('a', `line ${i}`))
    for (const id of cluster.ids) await cluster.crash(id)
    for (const id of cluster.ids) await cluster.restart(id)
    expect(await cluster.converge()).toHaveLength(10)
  })

  test('of the leader costs less than a second', async () => {
    const cluster = await Cluster.start()
    const [follower = ''] = await cluster.followers()
    await cluster.crash(await cluster.leader())
    const start = cluster.clock.now()
    await cluster.value(cluster.propose(follower, 'x'))
    expect(cluster.clock.now() - start).toBeLessThan(1000)
  })
})

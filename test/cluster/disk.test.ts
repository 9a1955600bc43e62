import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/io/system-clock.ts'
import { encodeCommand, KvStateMachine } from '../../src/kv/index.ts'
import { votersOnly } from '../../src/raft/configuration.ts'
import { RaftNode } from '../../src/runtime/raft-node.ts'
import { openDiskStorage } from '../../src/storage/disk-storage.ts'
import { type Fault, MemoryFileSystem, type OperationKind } from '../../src/storage/memory-file-system.ts'
import { MemorySwitchboard } from '../../src/transport/memory-transport.ts'
import { utf8Encode } from '../../src/util/bytes.ts'
import { Random } from '../../src/util/random.ts'
import { Cluster } from './cluster.ts'
import { eventually, freePorts, killAll } from './server-process.ts'

const RAFT = { heartbeatIntervalMs: 10, electionTimeoutMinMs: 50, electionTimeoutMaxMs: 100 }

describe('One node on a disk that fails on request', () => {
  let fileSystem: MemoryFileSystem
  let node: RaftNode
  let machine: KvStateMachine

  async function start(): Promise<void> {
    const random = new Random(1)
    const clock = systemClock()
    const initialConfiguration = votersOnly({ a: 'memory' })
    const storage = await openDiskStorage({
      fileSystem,
      clusterId: 'test',
      serverId: 'a',
      initialConfiguration,
      random,
    })
    const { boot, log, snapshots } = storage
    machine = new KvStateMachine()
    node = await RaftNode.open({
      ...{ id: 'a', boot, log, snapshots, clock, random, stateMachine: machine, raft: RAFT },
      transport: new MemorySwitchboard(clock, random).transport('a'),
      closeStorage: () => storage.close(),
    })
  }

  afterEach(() => node.stop())

  function put(key: string): Promise<Uint8Array> {
    const command = encodeCommand({ type: 'put', key: utf8Encode(key), value: utf8Encode('v'), withPrevious: false })
    return node.propose(command, { timeoutMs: 1000 })
  }

  function failAt(kind: OperationKind, fault: Fault): void {
    fileSystem.fault = (operation) => (operation.kind === kind ? fault : null)
  }

  test('a sync that fails stops the node, and the write is not acknowledged', async () => {
    fileSystem = new MemoryFileSystem()
    await start()
    await put('before')
    failAt('sync', { code: 'EIO', effect: 'none' })
    await expect(put('lost')).rejects.toMatchObject({ applied: 'unknown' })
    expect(await node.failed).toMatchObject({ code: 'ERR_QUORATE_STORAGE_POISONED' })
    await expect(put('after')).rejects.toMatchObject({ code: 'ERR_QUORATE_STOPPED', applied: 'no' })
  })

  test('a full disk refuses writes, keeps what it has, and takes writes again when there is room', async () => {
    fileSystem = new MemoryFileSystem()
    await start()
    await put('before')
    failAt('write', { code: 'ENOSPC', effect: 'none' })
    await expect(put('waits')).rejects.toMatchObject({ applied: 'unknown' })
    await expect(put('refused')).rejects.toMatchObject({ code: 'ERR_QUORATE_DISK_FULL', applied: 'no' })
    fileSystem.fault = null
    await eventually('there is room', async () => !node.status().diskFull)
    await put('after')
    await node.stop()
    await start()
    await put('restarted')
    expect(machine.size).toBe(4)
  })
})

test('a server whose disk fails stops itself with status 1, and starts again with what it acknowledged', async () => {
  const cluster = await Cluster.configure()
  const [port] = await freePorts(1)
  cluster.reconfigure('a', { members: { a: `127.0.0.1:${port}` } })
  await cluster.start('a')
  await cluster.stop('a')
  // From here on writing behind the first 1 or 2 MiB of a file fails, in the middle of a segment that is made already.
  const server = cluster.launch('a', ['sh', '-c', 'trap "" XFSZ; ulimit -f 2048; exec "$@"', 'sh'])
  await server.untilReady()
  await cluster.leader(['a'])
  const acknowledged: string[] = []
  for (let i = 100; (await cluster.tryPut('a', `key${i}`, 'x'.repeat(100_000)))?.status === 200; i++)
    acknowledged.push(`key${i}`)
  expect(await server.ended).toMatchObject({ status: 1 })
  expect(server.events.at(-1)).toMatchObject({ event: 'failed', code: 'ERR_QUORATE_STORAGE_POISONED' })

  await cluster.start('a')
  await cluster.leader(['a'])
  const kept = (await cluster.list('a', 'key')).map(({ key }) => key)
  expect(kept).toEqual(expect.arrayContaining(acknowledged))
  expect(acknowledged.length).toBeGreaterThan(5)
}, 30_000)

/** A file system of its own for one process takes the right to mount; elsewhere the memory disk above must do. */
const canMount = spawnSync('unshare', ['--mount', 'true']).status === 0

function aServerOnASmallFileSystem(): void {
  afterEach(killAll)

  test('that is full refuses writes and answers reads, and goes on when there is room', async () => {
    const cluster = await Cluster.configure({ storage: { firstSegmentBytes: 1_048_576, maxSegmentBytes: 1_048_576 } })
    const disk = join(cluster.folder, 'disk')
    mkdirSync(disk)
    const [port] = await freePorts(1)
    cluster.reconfigure('a', { data: join(disk, 'a'), members: { a: `127.0.0.1:${port}` } })
    const script = `mount -t tmpfs -o size=16m none ${disk} && head -c 6000000 /dev/zero > ${disk}/filler && exec "$@"`
    const server = cluster.launch('a', ['unshare', '--mount', 'sh', '-c', script, 'sh'])
    await server.untilReady()
    await cluster.leader(['a'])
    const acknowledged = await fill(cluster)
    expect(await cluster.status('a')).toMatchObject({ diskFull: true })
    expect(await cluster.list('a', 'key', true)).toHaveLength(acknowledged)

    // The process's own view of the file system, which nobody else has mounted.
    const filler = join('/proc', String(server.pid), 'root', disk, 'filler')
    expect(existsSync(filler)).toBe(true)
    rmSync(filler)
    await eventually('it takes writes again', async () => (await cluster.put('a', 'again', 'value')).status === 200)
    expect((await cluster.list('a', 'key')).length).toBeGreaterThanOrEqual(acknowledged)
  }, 30_000)

  /** Writes until the server says that its disk is full. @returns how many writes were acknowledged */
  async function fill(cluster: Cluster): Promise<number> {
    let acknowledged = 0
    for (let i = 0; i < 300; i++) {
      const { status, body } = await cluster.put('a', `key${String(i).padStart(3, '0')}`, 'x'.repeat(100_000))
      if (status === 200) acknowledged++
      else if (body['reason'] === 'ERR_QUORATE_DISK_FULL') return acknowledged
      else expect(body).toMatchObject({ reason: 'ERR_QUORATE_OUTCOME_UNKNOWN', applied: 'unknown' })
    }
    throw new Error('300 writes of 100,000 bytes did not fill 16 MiB')
  }
}

if (canMount) describe('A server on a small file system', aServerOnASmallFileSystem)

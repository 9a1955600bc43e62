import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Cluster } from './cluster.ts'
import { freePorts, killAll, QuorateProcess, temporaryFolder } from './server-process.ts'

/** Runs a command to its end. @returns exit status and standard error */
async function run(...args: string[]): Promise<{ status: number | null; stderr: string }> {
  const process = new QuorateProcess(args)
  const { status } = await process.ended
  return { status, stderr: process.stderr }
}

describe('A command that is called wrongly says so in one line and ends with status 2', () => {
  afterEach(killAll)

  test.each([
    ['an unknown flag', ['serve', '--nonsense'], "Unknown option '--nonsense'"],
    ['a word too many', ['status', 'now'], "unexpected 'now'"],
    ['no id', ['serve', '--members', 'a=127.0.0.1:1', '--data', 'x'], 'id is missing: give --id'],
    ['no members', ['serve', '--id', 'a', '--data', 'x'], 'members are missing'],
    [
      'an id that is no member',
      ['serve', '--id', 'z', '--members', 'a=127.0.0.1:1', '--data', 'x'],
      "id 'z' is not among",
    ],
    ['a configuration that is not there', ['serve', '--config', '/nowhere.json'], 'cannot read the configuration file'],
  ])('%s', async (_title, args, message) => {
    const { status, stderr } = await run(...args)
    expect([status, stderr.trim().split('\n')]).toEqual([2, [expect.stringContaining(message)]])
  })

  test('a configuration that is not JSON', async () => {
    const path = join(temporaryFolder(), 'config.json')
    writeFileSync(path, '{ "id": "a", ')
    const { status, stderr } = await run('serve', '--config', path)
    expect([status, stderr]).toEqual([2, expect.stringContaining(`${path} is not JSON`)])
  })

  test('a cluster whose port is taken names the port and starts nothing', async () => {
    const [port = 0, clientPort = 0] = await freePorts(2)
    const holder = createServer().listen(clientPort, '127.0.0.1')
    const folder = join(temporaryFolder(), 'data')
    const args = ['--port', String(port), '--client-port', String(clientPort), '--data', folder]
    const { status, stderr } = await run('cluster', ...args)
    holder.close()
    expect([status, stderr]).toEqual([2, expect.stringContaining(`127.0.0.1:${clientPort} is in use`)])
  })

  test('a client whose servers are not there says where it looked, and ends with status 1', async () => {
    const [port] = await freePorts(1)
    const { status, stderr } = await run('get', 'key', '--endpoints', `127.0.0.1:${port}`)
    expect([status, stderr]).toEqual([1, expect.stringContaining(`http://127.0.0.1:${port}: nobody listens there`)])
  })
})

describe('Beside a running cluster', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await Cluster.start()
    expect(await cluster.put('a', 'key', 'value')).toMatchObject({ status: 200 })
  }, 30_000)

  afterAll(killAll)

  /** Runs `serve` with a's configuration, changed. */
  async function serve(...flags: string[]): Promise<{ status: number | null; stderr: string }> {
    return run('serve', '--config', cluster.configOf('a'), '--log-level', 'silent', ...flags)
  }

  async function expectUnharmed(): Promise<void> {
    expect(await cluster.list('a', 'key')).toMatchObject([{ key: 'key', value: 'value' }])
  }

  test('a second server in the same folder is refused, with the pid of the first', async () => {
    const [port] = await freePorts(1)
    const { status, stderr } = await serve('--client-listen', `127.0.0.1:${port}`)
    expect([status, stderr]).toEqual([1, expect.stringContaining(`process ${cluster.processOf('a').pid}`)])
    await expectUnharmed()
  })

  test('a client port that is taken is found before the folder is touched', async () => {
    const { status, stderr } = await serve('--data', join(cluster.folder, 'new'))
    expect([status, stderr]).toEqual([2, expect.stringContaining('is in use by another process')])
    await expectUnharmed()
  })

  test('a raft port that is taken', async () => {
    const [port] = await freePorts(1)
    const flags = ['--client-listen', `127.0.0.1:${port}`, '--data', join(cluster.folder, 'new')]
    const { status, stderr } = await serve(...flags)
    expect([status, stderr]).toEqual([1, expect.stringContaining('is taken by another process')])
    await expectUnharmed()
  })

  test('a folder of another cluster or another server is refused and left alone', async () => {
    await cluster.stop('c')
    const flags = ['serve', '--config', cluster.configOf('c'), '--log-level', 'silent']
    const wrongCluster = await run(...flags, '--cluster', 'other')
    expect([wrongCluster.status, wrongCluster.stderr]).toEqual([1, expect.stringContaining('belongs to cluster test')])
    const wrongServer = await run(...flags, '--id', 'a', '--listen', `127.0.0.1:${(await freePorts(1))[0]}`)
    expect([wrongServer.status, wrongServer.stderr]).toEqual([1, expect.stringContaining('belongs to server c')])
    await cluster.start('c')
    expect(await cluster.list('c', 'key')).toMatchObject([{ value: 'value' }])
  })

  test('a request that is too large gets 413, and one that is no JSON 400', async () => {
    const large = await cluster.put('a', 'large', 'x'.repeat(1_300_000))
    expect(large).toMatchObject({ status: 413, body: { code: 3, reason: 'ERR_QUORATE_TOO_LARGE' } })
    const malformed = await cluster.request('a', '/v3/kv/put', '{"key": ')
    expect(malformed).toMatchObject({ status: 400, body: { code: 3, reason: 'ERR_QUORATE_BAD_REQUEST' } })
    await expectUnharmed()
  })
})

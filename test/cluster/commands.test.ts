import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { eventually, freePortsInRow, killAll, QuorateProcess, temporaryFolder } from './server-process.ts'

afterEach(async () => {
  // The servers of `quorate cluster` end with it, because their standard input does.
  await killAll()
})

interface Started {
  readonly process: QuorateProcess
  /** Runs a client command against it. @returns what it printed, or its exit status when that is not 0 */
  client(...args: string[]): Promise<string | number | null>
  /** The process id of one server, from the table. */
  pidOf(id: string): number
}

async function startCluster(folder: string): Promise<Started> {
  const [port, clientPort] = [await freePortsInRow(3), await freePortsInRow(3)]
  const args = ['--data', folder, '--port', String(port), '--client-port', String(clientPort)]
  const process = new QuorateProcess(['cluster', ...args])
  await process.until('it says how to stop it', () => process.stdout.includes('Ctrl-C stops all three'))
  const endpoints = [0, 1, 2].map((i) => `127.0.0.1:${clientPort + i}`).join(',')
  return {
    process,
    client: async (...words) => {
      const client = new QuorateProcess([...words, '--endpoints', endpoints])
      const { status } = await client.ended
      return status === 0 ? client.stdout.trim() : status
    },
    pidOf: (id) => Number(new RegExp(`^${id} +(\\d+)`, 'm').exec(process.stdout)?.[1]),
  }
}

async function stop({ process }: Started): Promise<number | null> {
  process.signal('SIGINT')
  return (await process.ended).status
}

test('quorate cluster: put, get, del and status work; stopped and started again, it has all its data', async () => {
  const folder = join(temporaryFolder(), 'data')
  const first = await startCluster(folder)
  expect(first.process.stdout).toMatch(/^[abc] leads \(term \d+\)\.$/m)
  expect([await first.client('put', 'fruit/apple', 'red'), await first.client('put', 'fruit/plum', 'blue')]).toEqual([
    'ok',
    'ok',
  ])
  expect(await first.client('get', 'fruit/apple')).toBe('red')
  expect(await first.client('get', 'nothing')).toBe(1)
  expect(await first.client('get', 'fruit/', '--prefix')).toBe('fruit/apple red\nfruit/plum blue')
  expect(await first.client('del', 'fruit/plum')).toBe('1')
  expect(await first.client('status')).toMatch(/: [abc] is leader in term \d+; committed \d+/)
  expect(await stop(first)).toBe(0)

  const second = await startCluster(folder)
  expect(await second.client('get', 'fruit/', '--prefix', '--json')).toMatch(/"count":"1"/)
  expect(await stop(second)).toBe(0)
}, 60_000)

test('quorate cluster says which server ended, does not start it again, and ends with status 1 after that', async () => {
  const cluster = await startCluster(join(temporaryFolder(), 'data'))
  const leader = /^([abc]) leads/m.exec(cluster.process.stdout)?.[1] ?? ''
  process.kill(cluster.pidOf(leader), 'SIGKILL')
  await cluster.process.until('it is said', () => cluster.process.stdout.includes('was ended by SIGKILL'))
  await cluster.process.until('another leads', () => /^[abc] leads now \(term \d+\)$/m.test(cluster.process.stdout))
  expect(await cluster.client('put', 'key', 'value')).toBe('ok')
  expect(await cluster.client('status')).toContain('nobody listens there')
  expect(await stop(cluster)).toBe(1)
}, 60_000)

test('servers do not outlive a cluster that is killed', async () => {
  const cluster = await startCluster(join(temporaryFolder(), 'data'))
  const pids = ['a', 'b', 'c'].map(cluster.pidOf)
  expect(pids.every(isAlive)).toBe(true)
  cluster.process.signal('SIGKILL')
  await eventually('all three are gone', async () => !pids.some(isAlive))
}, 60_000)

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

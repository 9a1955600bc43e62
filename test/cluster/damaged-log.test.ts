import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Cluster } from './cluster.ts'
import { eventually, killAll } from './server-process.ts'

let cluster: Cluster

beforeEach(async () => {
  cluster = await Cluster.start()
  for (let i = 0; i < 20; i++) expect(await cluster.put('a', `key${i}`, `value${i}`)).toMatchObject({ status: 200 })
  await eventually('c has it all', async () => (await cluster.list('c', 'key', true)).length === 20)
  await cluster.kill('c')
}, 30_000)

afterEach(killAll)

/** Rewrites the last segment of c's log. */
function editLog(edit: (bytes: Buffer, end: number) => void): string {
  const names = readdirSync(cluster.dataOf('c')).filter((name) => name.endsWith('.qlog'))
  const path = join(cluster.dataOf('c'), names.sort().at(-1) ?? '')
  const bytes = readFileSync(path)
  edit(bytes, bytes.findLastIndex((byte) => byte !== 0) + 1)
  writeFileSync(path, bytes)
  return path
}

test('a power cut in which the last write was torn: it is cut off, and comes again from the others', async () => {
  await Promise.all([cluster.kill('a'), cluster.kill('b')])
  editLog((bytes, end) => bytes.fill(0, end - 10, end))
  await cluster.startAll()
  expect(cluster.processOf('c').stderr).toContain('was cut off')
  await eventually('c has it all', async () => (await cluster.list('c', 'key', true)).length === 20)
}, 30_000)

test('damage before intact records: the server does not start, names file and byte, and changes nothing', async () => {
  const path = editLog((bytes, end) => {
    const middle = Math.floor(end / 2)
    bytes[middle] = (bytes[middle] as number) ^ 0xff
  })
  const before = readFileSync(path)
  const server = cluster.launch('c')
  expect(await server.ended).toMatchObject({ status: 1 })
  expect(server.stderr).toContain(`${path} is damaged at byte`)
  expect(server.events).toMatchObject([{ event: 'failed', code: 'ERR_QUORATE_STORAGE_DAMAGED' }])
  expect(readFileSync(path).equals(before)).toBe(true)
  expect(await cluster.list('a', 'key')).toHaveLength(20)
}, 30_000)

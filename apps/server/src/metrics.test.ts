// GET /metrics of a whole server, which is a cluster of one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RunningServer, startServer } from './server.ts'

const QUIET = { info() {}, warn() {}, error() {} }

let folder: string
let server: RunningServer

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quorate-metrics-'))
  const addresses = { members: { a: '127.0.0.1:0' }, clientListen: '127.0.0.1:0', allowPlaintext: false }
  const configuration = { id: 'a', cluster: 'demo', data: folder, requestTimeoutMs: 5000, raft: {}, storage: {} }
  server = await startServer({ ...configuration, ...addresses, logLevel: 'silent' }, QUIET)
})

afterEach(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})

test('the figures of node, store and process are shown as Prometheus reads them', async () => {
  await server.node.waitForLeader()
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ key: 'Zm9v', value: 'YmFy' })
  await fetch(`http://${server.clientAddress}/v3/kv/put`, { method: 'POST', body, headers })
  const response = await fetch(`http://${server.clientAddress}/metrics`)
  expect(response.headers.get('content-type')).toMatch('text/plain; version=0.0.4')
  const text = await response.text()
  expect(text).toContain('quorate_is_leader{cluster="demo",server="a"} 1\n')
  expect(text).toContain('quorate_proposals_total{cluster="demo",server="a",outcome="committed"} 1\n')
  expect(text).toContain('quorate_kv_keys{cluster="demo",server="a"} 1\n')
  expect(text).toMatch(/^process_resident_memory_bytes\{cluster="demo",server="a"\} \d{7,}$/m)
  for (const line of text.trimEnd().split('\n')) expect(line).toMatch(/^# (HELP|TYPE) \S+ .+$|^\w+(\{.*\})? [\d.e+-]+$/)
})

test('it takes GET only', async () => {
  expect((await fetch(`http://${server.clientAddress}/metrics`, { method: 'POST' })).status).toBe(405)
})

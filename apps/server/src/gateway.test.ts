import { readFileSync } from 'node:fs'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { KvStateMachine } from 'quorate/kv'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HeldBytes } from './held-bytes.ts'
import { parseHostPort } from './host-port.ts'
import { HttpServer } from './http-server.ts'
import { KvService } from './kv-service.ts'
import { LonelyConsensus } from './testing/lonely-consensus.ts'

const QUIET = { info() {}, warn() {}, error() {} }
const IDENTITY = { cluster: 'demo', id: 'a' }
// The examples of etcd's documentation: foo, bar, and the end of the prefix foo.
const FOO = 'Zm9v'
const BAR = 'YmFy'
const FOP = 'Zm9w'
const KEEP_ALIVE = new Agent({ keepAlive: true })
const JSON_TYPE = { 'content-type': 'application/json' }

let server: HttpServer
let consensus: LonelyConsensus
let address: string

beforeEach(async () => {
  server = await serve()
})

async function serve(held?: HeldBytes): Promise<HttpServer> {
  const machine = new KvStateMachine()
  consensus = new LonelyConsensus(machine)
  const started = new HttpServer(QUIET, held)
  address = await started.listen('127.0.0.1:0')
  started.open(new KvService(consensus, machine, 1000), IDENTITY)
  return started
}

afterEach(() => server.close())

async function call(path: string, init: RequestInit = {}): Promise<[number, Record<string, unknown>]> {
  const response = await fetch(`http://${address}${path}`, init)
  return [response.status, (await response.json()) as Record<string, unknown>]
}

/** As `curl -d` does it, content type and all. */
function post(path: string, body: object | string): Promise<[number, Record<string, unknown>]> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return call(path, { method: 'POST', body: text, headers: { 'content-type': 'application/x-www-form-urlencoded' } })
}

const header = (revision: string) => ({
  cluster_id: expect.stringMatching(/^\d+$/),
  member_id: expect.stringMatching(/^\d+$/),
  revision,
  raft_term: '7',
})

describe("The examples of etcd's documentation", () => {
  test('put, and get it back', async () => {
    expect(await post('/v3/kv/put', { key: FOO, value: BAR })).toEqual([200, { header: header('2') }])
    const pair = { key: FOO, create_revision: '2', mod_revision: '2', version: '1', value: BAR }
    expect(await post('/v3/kv/range', { key: FOO })).toEqual([200, { header: header('2'), kvs: [pair], count: '1' }])
  })

  test('all keys with a prefix', async () => {
    await post('/v3/kv/put', { key: FOO, value: BAR })
    const [, { kvs }] = await post('/v3/kv/range', { key: FOO, range_end: FOP })
    expect(kvs).toHaveLength(1)
  })

  test('delete, with what was there', async () => {
    await post('/v3/kv/put', { key: FOO, value: BAR })
    const [status, body] = await post('/v3/kv/deleterange', { key: FOO, prev_kv: true })
    expect([status, body]).toEqual([
      200,
      { header: header('3'), deleted: '1', prev_kvs: [expect.objectContaining({ value: BAR })] },
    ])
  })
})

test('every curl line of the guide is answered', async () => {
  const guide = readFileSync(new URL('../../../docs/guide/server.md', import.meta.url), 'utf8')
  const lines = [...guide.matchAll(/^curl http:\/\/127\.0\.0\.1:2379(\S+)(?: -d '(.*)')?$/gm)]
  expect(lines).toHaveLength(7)
  for (const [, path = '', body] of lines) {
    expect(body === undefined ? await call(path) : await post(path, body)).toMatchObject([200, {}])
  }
})

describe('JSON as protobuf maps it', () => {
  test('what is at its default is left out', async () => {
    expect(await post('/v3/kv/range', { key: FOO })).toEqual([200, { header: header('1') }])
    expect(await post('/v3/kv/deleterange', { key: FOO })).toEqual([200, { header: header('1') }])
  })

  test('an empty value is left out as well', async () => {
    await post('/v3/kv/put', { key: FOO })
    const [, { kvs }] = await post('/v3/kv/range', { key: FOO })
    expect(kvs).toEqual([{ key: FOO, create_revision: '2', mod_revision: '2', version: '1' }])
  })

  test('names in lowerCamel, numbers as strings, enums by name or number, null for the default', async () => {
    for (const key of ['YQ==', 'Yg==', 'Yw==']) await post('/v3/kv/put', { key })
    const query = {
      key: 'YQ==',
      rangeEnd: 'AA==',
      limit: '2',
      sortOrder: 'DESCEND',
      sort_target: 3,
      serializable: null,
    }
    const [, { kvs, more, count }] = await post('/v3/kv/range', query)
    expect([(kvs as { key: string }[]).map(({ key }) => key), more, count]).toEqual([['Yw==', 'Yg=='], true, '3'])
  })

  test('base64 may be that of URLs, and without its padding', async () => {
    await post('/v3/kv/put', { key: '-_8', value: 'YQ' })
    const [, { kvs }] = await post('/v3/kv/range', { key: '+/8=' })
    expect(kvs).toMatchObject([{ key: '+/8=', value: 'YQ==' }])
  })

  test.each([
    ['{"key": ', 'the body is not JSON'],
    ['[1]', 'the body is not a JSON object'],
    ['', 'the body is not JSON'],
    [{ value: BAR }, 'key is not provided'],
    [{ key: 'f*o' }, 'key is not base64'],
    [{ key: 'abcde' }, 'key is not base64'],
    [{ key: 7 }, 'key is not base64'],
    [{ key: FOO, prev_kv: 'yes' }, 'prev_kv is neither true nor false'],
    [{ key: FOO, prev_kv: true, prevKv: true }, 'prev_kv is given twice'],
    [{ key: FOO, valeu: BAR }, 'unknown field "valeu"'],
  ])('%j is refused: %s', async (body, message) => {
    const [status, reply] = await post('/v3/kv/put', body)
    expect([status, reply]).toMatchObject([400, { code: 3, error: expect.stringContaining(message), applied: 'no' }])
    expect(await post('/v3/kv/range', { key: FOO })).toMatchObject([200, { header: { revision: '1' } }])
  })

  test.each([
    { limit: '9007199254740993' },
    { limit: 1.5 },
    { limit: 'many' },
    { sort_target: 'SIZE' },
    { sort_order: 9 },
  ])('the range %j is refused', async (field) => {
    expect(await post('/v3/kv/range', { key: FOO, ...field })).toMatchObject([400, { code: 3 }])
  })

  test('what etcd has and this server does not is refused, unless it is at its default', async () => {
    expect(await post('/v3/kv/put', { key: FOO, lease: '5' })).toMatchObject([501, { code: 12 }])
    expect(await post('/v3/kv/put', { key: FOO, lease: '0' })).toMatchObject([200, {}])
  })

  test('a revision that is not kept is out of range', async () => {
    await post('/v3/kv/put', { key: FOO })
    expect(await post('/v3/kv/range', { key: FOO, revision: '1' })).toMatchObject([400, { code: 11 }])
  })
})

describe('When the cluster cannot', () => {
  test.each([
    ['ERR_QUORATE_NO_LEADER', 'no', 503, 14],
    ['ERR_QUORATE_OUTCOME_UNKNOWN', 'unknown', 503, 14],
    ['ERR_QUORATE_OVERLOADED', 'no', 429, 8],
    ['ERR_QUORATE_DISK_FULL', 'no', 507, 8],
    ['ERR_QUORATE_TOO_LARGE', 'no', 413, 3],
  ] as const)('%s says whether the write was applied: %s', async (reason, applied, status, code) => {
    consensus.failWith(reason, applied)
    expect(await post('/v3/kv/put', { key: FOO })).toMatchObject([status, { code, reason, applied }])
  })

  test('a serializable read is served all the same', async () => {
    await post('/v3/kv/put', { key: FOO, value: BAR })
    consensus.failWith('ERR_QUORATE_NO_LEADER', 'no')
    expect(await post('/v3/kv/range', { key: FOO })).toMatchObject([503, {}])
    expect(await post('/v3/kv/range', { key: FOO, serializable: true })).toMatchObject([200, { count: '1' }])
  })

  test('it is not healthy', async () => {
    consensus.failWith('ERR_QUORATE_NO_LEADER', 'no')
    expect(await call('/health')).toEqual([503, { health: 'false' }])
  })

  test('an error that nobody foresaw tells the client nothing of our insides', async () => {
    consensus.propose = () => Promise.reject(new Error('secret'))
    const [status, body] = await post('/v3/kv/put', { key: FOO })
    expect([status, body['applied'], JSON.stringify(body).includes('secret')]).toEqual([500, 'unknown', false])
  })
})

describe('The HTTP side', () => {
  test('health asks the cluster once a second, however many probes there are', async () => {
    const replies = await Promise.all([1, 2, 3].map(() => call('/health')))
    expect([replies[0], consensus.reads]).toEqual([[200, { health: 'true' }], 1])
  })

  test('version and status', async () => {
    expect(await call('/version')).toMatchObject([200, { etcdserver: '3.5.0', etcdcluster: '3.5.0' }])
    expect(await call('/status')).toMatchObject([
      200,
      { cluster: 'demo', id: 'a', role: 'leader', revision: 1, keys: 0 },
    ])
  })

  test('unknown routes and wrong methods', async () => {
    expect(await call('/v3/kv/push', { method: 'POST' })).toMatchObject([404, { code: 5 }])
    expect(await call('/v3/kv/put')).toMatchObject([405, { message: '/v3/kv/put takes POST, not GET' }])
  })

  test('a body that is too large is refused, whether it says so or not, and the connection goes on', async () => {
    const body = JSON.stringify({ key: FOO, value: 'A'.repeat(1.6 * 1024 * 1024) })
    expect(await post('/v3/kv/put', body)).toMatchObject([413, { code: 3 }])
    const chunked = new Blob([body]).stream()
    const init = { method: 'POST', body: chunked, duplex: 'half' } as RequestInit
    expect(await call('/v3/kv/put', init)).toMatchObject([413, { code: 3 }])
    expect(await post('/v3/kv/put', { key: FOO })).toMatchObject([200, {}])
  })

  test('a body that claims to be enormous is not waited for, and its connection ends', async () => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const [host, port] = address.split(':')
      const headers = { 'content-length': String(2 ** 40) }
      const request = httpRequest({ host, port, method: 'POST', path: '/v3/kv/put', headers, agent: KEEP_ALIVE })
      request.on('response', resolve).on('error', reject)
      request.flushHeaders()
    })
    expect([response.statusCode, response.headers.connection]).toEqual([413, 'close'])
  })

  test('other content than JSON is refused', async () => {
    const init = { method: 'POST', body: 'key=foo', headers: { 'content-type': 'text/plain' } }
    expect(await call('/v3/kv/put', init)).toMatchObject([415, { reason: 'ERR_QUORATE_NOT_JSON' }])
  })

  test('a page from elsewhere may not write', async () => {
    const init = (origin: string) => ({
      method: 'POST',
      body: JSON.stringify({ key: FOO }),
      headers: { ...JSON_TYPE, origin },
    })
    expect(await call('/v3/kv/put', init('https://evil.example'))).toMatchObject([403, {}])
    expect(await call('/v3/kv/put', init(`http://${address}`))).toMatchObject([200, {}])
  })

  test('what is no HTTP is hung up on, and nobody else notices', async () => {
    const answer = await new Promise<string>((resolve) => {
      const [host = '', port] = address.split(':')
      const socket = connect({ host, port: Number(port) }, () => socket.write('\u0000\u0001 nonsense\r\n\r\n'))
      let text = ''
      socket.on('data', (piece) => {
        text += piece
      })
      socket.on('close', () => resolve(text))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(await call('/health')).toMatchObject([200, {}])
  })

  test('when much waits for clients that read nothing, others are told to come again until it is gone', async () => {
    await server.close()
    server = await serve(new HeldBytes(3_000_000))
    await post('/v3/kv/put', { key: FOO, value: Buffer.alloc(1_000_000, 'x').toString('base64') })
    const rude = Array.from({ length: 4 }, () => askWithoutReading(10))
    await eventually(async () => (await post('/v3/kv/range', { key: FOO }))[0] === 429)
    expect((await call('/version'))[0]).toBe(200)
    expect(consensus.reads).toBeLessThan(4 * 10)
    for (const socket of rude) socket.destroy()
    await eventually(async () => (await post('/v3/kv/range', { key: FOO }))[0] === 200)
  })

  test('who sends more requests than can wait on one connection is hung up on', async () => {
    const { host, port } = parseHostPort(address, 'address')
    const socket = connect(port, host)
    socket.write('GET /version HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(1000))
    await new Promise((resolve) => socket.resume().once('close', resolve))
    expect((await call('/version'))[0]).toBe(200)
  })

  test('until the node is there, requests are told to come again', async () => {
    const early = new HttpServer(QUIET)
    const earlyAddress = await early.listen('127.0.0.1:0')
    const response = await fetch(`http://${earlyAddress}/v3/kv/range`, {
      method: 'POST',
      body: '{}',
      headers: JSON_TYPE,
    })
    expect([response.status, await response.json()]).toMatchObject([503, { code: 14, reason: 'ERR_QUORATE_STARTING' }])
    await early.close()
  })

  test('a port that is taken is named', async () => {
    await expect(new HttpServer(QUIET).listen(address)).rejects.toThrow(`client address ${address} is in use`)
  })
})

/** So many requests for the value of foo on one connection, whose answers stay where they are. */
function askWithoutReading(count: number): Socket {
  const { host, port } = parseHostPort(address, 'address')
  const body = JSON.stringify({ key: FOO })
  const request = `POST /v3/kv/range HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  const socket = connect(port, host)
  socket.on('error', () => {}).pause()
  socket.write(request.repeat(count))
  return socket
}

async function eventually(isTrue: () => Promise<boolean>): Promise<void> {
  for (let left = 200; !(await isTrue()); left--) {
    if (left === 0) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

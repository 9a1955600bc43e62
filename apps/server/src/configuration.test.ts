import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readCommandLine } from './command-line.ts'
import { readConfiguration, SERVE_FLAGS, type ServeConfiguration } from './configuration.ts'

const MINIMAL = { id: 'a', data: '/data/a', members: { a: '127.0.0.1:7001', b: '127.0.0.1:7002' } }

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-test-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

function read(file: object, ...flags: string[]): ServeConfiguration {
  const path = join(folder, 'config.json')
  writeFileSync(path, JSON.stringify(file))
  const args = ['--config', path, ...flags]
  return readConfiguration(readCommandLine(args, { ...SERVE_FLAGS, config: { type: 'string' } }, []))
}

describe('The configuration', () => {
  test('of flags alone', () => {
    const args = ['--id', 'a', '--data', '/data/a', '--members', 'a=127.0.0.1:7001,b=[::1]:7002', '--allow-plaintext']
    expect(readConfiguration(readCommandLine(args, SERVE_FLAGS, []))).toEqual({
      ...{ id: 'a', data: '/data/a', members: { a: '127.0.0.1:7001', b: '[::1]:7002' }, allowPlaintext: true },
      ...{ cluster: 'quorate', clientListen: '127.0.0.1:2379', requestTimeoutMs: 5000, logLevel: 'info' },
      ...{ raft: {}, storage: {} },
    })
  })

  test('of a file, in which a flag wins', () => {
    const file = { ...MINIMAL, requestTimeoutMs: 100, logLevel: 'warn', snapshotEveryBytes: 1000 }
    expect(read(file, '--request-timeout-ms', '200')).toMatchObject({
      requestTimeoutMs: 200,
      logLevel: 'warn',
      snapshotEveryBytes: 1000,
    })
  })

  test('flags of Raft join those of the file', () => {
    const raft = { retainEntries: 10, heartbeatIntervalMs: 20 }
    expect(read({ ...MINIMAL, raft }, '--heartbeat-interval-ms', '30').raft).toEqual({
      retainEntries: 10,
      heartbeatIntervalMs: 30,
    })
  })

  test('of a server that joins, which is none of the members yet', () => {
    const joining = { ...MINIMAL, id: 'd', listen: '127.0.0.1:7004' }
    expect(read({ ...joining, join: true })).toMatchObject({ id: 'd', join: true })
    expect(read(joining, '--join')).toMatchObject({ join: true })
    expect(() => read({ ...joining, join: false })).toThrow("id 'd' is not among the members")
    expect(() => read({ ...joining, join: 'yes' })).toThrow('join is "yes", neither true nor false')
  })

  test('that the guide shows is one', () => {
    const guide = readFileSync(new URL('../../../docs/guide/server.md', import.meta.url), 'utf8')
    const [, example = ''] = /```json\n(.*?"clientListen".*?)```/s.exec(guide) ?? []
    expect(read(JSON.parse(example))).toMatchObject({ id: 'a', listen: '0.0.0.0:7001', allowPlaintext: true })
  })

  test('of certificates, from flags or from the file', () => {
    const peerTls = { caFile: 'ca.pem', certificateFile: 'a.pem', keyFile: 'a.key' }
    const fields = { peerCa: 'ca.pem', peerCertificate: 'a.pem', peerKey: 'a.key' }
    expect(read({ ...MINIMAL, ...fields })).toMatchObject({ peerTls, allowPlaintext: false })
    const flags = ['--peer-ca', 'ca.pem', '--peer-certificate', 'a.pem', '--peer-key', 'a.key']
    expect(read(MINIMAL, ...flags)).toMatchObject({ peerTls })
  })

  test.each([
    [{ id: undefined }, 'id is missing: give --id'],
    [{ id: 'a b' }, "id is 'a b': use 1 to 64 letters"],
    [{ id: 'z' }, "id 'z' is not among the members a, b"],
    [{ data: '' }, 'data is "", not a text'],
    [{ members: 'a' }, "member 'a' is not id=host:port"],
    [{ members: 'a=127.0.0.1:7001,a=127.0.0.1:7002' }, "member 'a' is given twice"],
    [{ members: { a: '127.0.0.1:1', b: '127.0.0.1:1' } }, 'two members have the address 127.0.0.1:1'],
    [{ members: { a: '127.0.0.1' } }, "the address of member a '127.0.0.1' is not host:port"],
    [{ clientListen: '127.0.0.1:70000' }, "clientListen '127.0.0.1:70000' is not host:port"],
    [{ requestTimeoutMs: 0 }, "requestTimeoutMs is '0', not a whole number from 1 on to 600000"],
    [{ requestTimeoutMs: '5s' }, 'requestTimeoutMs is'],
    [{ logLevel: 'loud' }, 'logLevel is "loud": use one of debug, info'],
    [{ allowPlaintext: 1 }, 'allowPlaintext is 1, neither true nor false'],
    [{ raft: { heartbeatIntervalMs: '20' } }, 'raft.heartbeatIntervalMs is "20", not a number'],
    [{ raft: [] }, 'raft is not a JSON object'],
    [{ peerCa: 'ca.pem' }, 'peerCertificate is missing: give --peer-certificate FILE'],
    [{ peerCertificate: 'a.pem', peerKey: 'a.key' }, 'peerCa is missing: give --peer-ca FILE'],
    [{ peerCa: '1', peerCertificate: '2', peerKey: '3', allowPlaintext: true }, 'contradict each other'],
    [{ colour: 'red' }, "unknown field 'colour' in"],
  ])('with %j is refused', (change, message) => {
    expect(() => read({ ...MINIMAL, ...change })).toThrow(message)
  })
})

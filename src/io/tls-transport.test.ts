import { connect as tlsTo } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { NOBODY } from '../raft/configuration.ts'
import { transportAcceptance } from '../transport/acceptance.ts'
import { encodeMessage } from '../transport/codec.ts'
import { StreamTransport } from '../transport/stream-transport.ts'
import { concat, utf8Encode } from '../util/bytes.ts'
import type { Certificates } from './certificates.ts'
import { Authority } from './testing/certificates.ts'
import {
  closeAll,
  dial,
  eventually,
  greeting,
  hostAndPort,
  serve,
  socketStage,
  startOne,
  type TestServer,
  timeoutNow,
  until,
} from './testing/tcp-servers.ts'
import {
  AUTHORITY,
  certificatesOf,
  dialTls,
  nameOf,
  STRANGER,
  serveTls,
  startAllTls,
  startTls,
} from './testing/tls-servers.ts'
import { TlsNetwork } from './tls-transport.ts'

afterEach(closeAll)

describe('TLS is a Transport:', () => {
  const stage = () =>
    socketStage(async (options) => {
      const network = await TlsNetwork.open(() => certificatesOf(options.id), nameOf(options.id))
      return new StreamTransport(options, network)
    })
  for (const { title, run } of transportAcceptance) test(title, () => run(stage()))
})

describe('over TLS', () => {
  test('three servers all reach each other, wherever they are', async () => {
    const servers = await startAllTls(['a', 'b', 'c'])
    for (const from of servers) {
      for (const to of servers) {
        if (from !== to) await eventually(() => from.transport.request(to.id, utf8Encode('?'), 1000))
      }
    }
    expect(servers.map(({ troubles }) => troubles)).toEqual([[], [], []])
  })

  test('addresses beyond loopback need no permission', async () => {
    const network = await TlsNetwork.open(() => certificatesOf('a'), nameOf('a'))
    const listener = await network.listen('0.0.0.0:0', () => {})
    expect(listener.address).toMatch(/^0\.0\.0\.0:\d+$/)
    await listener.close()
  })

  test('an address that is taken is one clear error', async () => {
    const a = await startTls('a')
    const network = await TlsNetwork.open(() => certificatesOf('b'), nameOf('b'))
    await expect(network.listen(a.address, () => {})).rejects.toMatchObject({ code: 'ERR_QUORATE_ADDRESS_IN_USE' })
  })

  test('no session is resumed: a certificate is shown every time', async () => {
    const { address } = await startTls('a')
    const sessions: Buffer[] = []
    const { ca, certificate: cert, key } = certificatesOf('b')
    const once = async (session: Buffer | undefined): Promise<boolean> => {
      const socket = tlsTo({
        ...hostAndPort(address),
        ca,
        cert,
        key,
        ...(session && { session }),
        checkServerIdentity: () => undefined,
      })
      socket.on('session', (ticket) => void sessions.push(ticket))
      socket.write(greeting('b', 'a'))
      await new Promise((resolve) => socket.once('data', resolve))
      const isReused = socket.isSessionReused()
      socket.destroy()
      return isReused
    }
    await once(undefined)
    expect(await once(sessions.at(-1))).toBe(false)
  })
})

const UNKNOWN = 'its certificate is of no authority that we believe'
const FORGED = 'its certificate was not signed by the authority that it names'
const USES = 'its certificate may not be used so: extendedKeyUsage needs both serverAuth and clientAuth'

describe('a caller is refused', () => {
  test.each<[string, Partial<Certificates>, string]>([
    ['without a certificate', {}, 'it showed no certificate'],
    ['of another authority', certificatesOf('b', {}, STRANGER), UNKNOWN],
    ['of another authority that has the name of ours', certificatesOf('b', {}, new Authority('ours')), FORGED],
    ['who signed for himself', selfSigned('b'), UNKNOWN],
    [
      'whose certificate has expired',
      certificatesOf('b', { validFromDays: -9, validToDays: -1 }),
      'its certificate has expired',
    ],
    [
      'whose certificate begins tomorrow',
      certificatesOf('b', { validFromDays: 1 }),
      'its certificate is not valid yet: compare the clocks',
    ],
    ["whose certificate is for servers' side only", certificatesOf('b', { uses: ['serverAuth'] }), USES],
  ])('%s', async (_title, has, words) => {
    const server = await startTls('a')
    const client = await dialTls(server.address, has)
    client.socket.write(concat([greeting('b', 'a'), ...encodeMessage(timeoutNow('b', 'a')).pieces]))
    await client.closed
    await until(() => server.troubles.length > 0)
    expect(server.troubles[0]).toMatchObject({ peer: null, code: 'ERR_QUORATE_CERTIFICATE_REFUSED' })
    expect(server.troubles[0]?.message).toMatch(new RegExp(`^127\\.0\\.0\\.1:\\d+: ${words}$`))
    expect([server.messages, server.transport.counters.closed.certificateRefused]).toEqual([[], 1])
    await expectWellTls(server)
  })

  test.each(['messages', 'snapshot'] as const)('with the certificate of another member, for %s', async (purpose) => {
    const server = await startTls('a')
    const client = await dialTls(server.address, certificatesOf('c'))
    client.socket.write(concat([greeting('b', 'a', purpose), ...encodeMessage(timeoutNow('b', 'a')).pieces]))
    const words = `wrongCertificate: the certificate names ${nameOf('c')}, and should name ${nameOf('b')}`
    expect(Buffer.from(await client.answered).toString()).toContain(words.replace('wrongCertificate: ', ''))
    await client.closed
    expect(server.troubles[0]?.message).toMatch(new RegExp(`^127\\.0\\.0\\.1:\\d+: ${words}$`))
    expect(server.messages).toEqual([])
  })

  test('with the certificate of that member in another cluster', async () => {
    const server = await startTls('a')
    const client = await dialTls(server.address, certificatesOf('b', { names: ['quorate://other/b'] }))
    client.socket.write(greeting('b', 'a'))
    await client.closed
    expect(server.troubles[0]?.code).toBe('ERR_QUORATE_CERTIFICATE_REFUSED')
  })

  test('who speaks TLS 1.2 at most', async () => {
    const server = await startTls('a')
    const client = await dialTls(server.address, certificatesOf('b'), { maxVersion: 'TLSv1.2' })
    await client.closed
    await expectTrouble(server, 'ERR_QUORATE_TLS_FAILED', 'it does not speak TLS 1.3')
  })

  test('who speaks plain TCP, and hears why', async () => {
    const server = await startTls('a')
    const plain = await startOne('b')
    plain.transport.setPeers({ a: server.address })
    await expectTrouble(server, 'ERR_QUORATE_TLS_FAILED', 'it does not speak TLS: give all servers tls, or none')
    await expectTrouble(plain, 'ERR_QUORATE_CONNECTION_LOST', 'hung up without a word: does it expect TLS?')
  })

  test('who speaks HTTP', async () => {
    const server = await startTls('a')
    const client = await dial(server.address)
    client.socket.write('GET /metrics HTTP/1.1\r\n\r\n')
    await client.closed
    await expectTrouble(server, 'ERR_QUORATE_TLS_FAILED', 'it speaks HTTP: this is the port for servers')
  })

  test('who does not believe us', async () => {
    const server = await startTls('a')
    const { certificate, key } = certificatesOf('b')
    const doubter = await dialTls(server.address, { certificate, key }, { ca: STRANGER.pem, rejectUnauthorized: true })
    await doubter.closed
    await expectTrouble(server, 'ERR_QUORATE_TLS_FAILED', 'hung up during the TLS handshake')
  })
})

describe('whoever is dialled is not believed', () => {
  test.each<[string, Certificates, string]>([
    ['of another authority', certificatesOf('b', {}, STRANGER), UNKNOWN],
    ['who signed for himself', selfSigned('b'), UNKNOWN],
    [
      'with an expired certificate',
      certificatesOf('b', { validFromDays: -9, validToDays: -1 }),
      'its certificate has expired',
    ],
    ['with a certificate for clients only', certificatesOf('b', { uses: ['clientAuth'] }), USES],
    [
      'with the certificate of another member',
      certificatesOf('c'),
      `wrongCertificate: the certificate names ${nameOf('c')}`,
    ],
    [
      'with one for a host',
      certificatesOf('b', { names: [], hosts: ['localhost'] }),
      'wrongCertificate: the certificate names no member',
    ],
  ])('%s', async (_title, has, words) => {
    const server = await startTls('a')
    server.transport.setPeers({ b: await serveTls('b', has) })
    await expectTrouble(server, 'ERR_QUORATE_CERTIFICATE_REFUSED', words)
    await expect(server.transport.request('b', utf8Encode('?'), 100)).rejects.toMatchObject({ delivery: 'never' })
    await expect(sendSnapshot(server)).rejects.toThrow(words)
  })

  test('who speaks TLS 1.2 at most', async () => {
    const server = await startTls('a')
    server.transport.setPeers({ b: await serveTls('b', certificatesOf('b'), { maxVersion: 'TLSv1.2' }) })
    await expectTrouble(server, 'ERR_QUORATE_TLS_FAILED', 'it does not speak TLS 1.3')
  })

  test('who speaks plain TCP', async () => {
    const plain = await startOne('b')
    const server = await startTls('a')
    server.transport.setPeers({ b: plain.address })
    await expectTrouble(server, 'ERR_QUORATE_TLS_FAILED', 'hung up during the TLS handshake: does it speak plain TCP?')
    await expectTrouble(plain, 'ERR_QUORATE_CONNECTION_LOST', 'the other end speaks TLS, and this one plain TCP')
  })

  test('who never ends the handshake', async () => {
    const address = await serve(() => {})
    const server = await startTls('a', { connectTimeoutMs: 50 })
    server.transport.setPeers({ b: address })
    await expectTrouble(server, 'ERR_QUORATE_UNREACHABLE', 'no answer within 50 ms')
  })

  test('and a server with our certificate refused hears that somebody did', async () => {
    const server = await startTls('a')
    server.transport.setPeers({ b: await serveTls('b', certificatesOf('b')) })
    await until(() => server.troubles.length === 0)
    const doubter = await startTls('d', {}, { ...STRANGER.member(nameOf('d')) })
    server.transport.setPeers({ d: doubter.address })
    await expectTrouble(server, 'ERR_QUORATE_CERTIFICATE_REFUSED', UNKNOWN)
    doubter.transport.setPeers({ a: server.address })
    await expectTrouble(doubter, 'ERR_QUORATE_CERTIFICATE_REFUSED', UNKNOWN)
  })
})

describe('new certificates', () => {
  test('of a new authority are taken up while requests run, and none is lost', async () => {
    const [a, b] = (await startAllTls(['a', 'b'])) as [TlsPair, TlsPair]
    await eventually(() => a.transport.request('b', utf8Encode('?'), 1000))
    const traffic = startTraffic(a, 'b')
    const next = new Authority('next')
    const both = AUTHORITY.pem + next.pem
    const generations = [
      (id: string): Certificates => ({ ...certificatesOf(id), ca: both }),
      (id: string): Certificates => ({ ...next.member(nameOf(id)), ca: both }),
      (id: string): Certificates => next.member(nameOf(id)),
    ]
    for (const generation of generations) {
      for (const server of [a, b]) {
        server.has = generation(server.id)
        await server.network.reload()
        await traffic.goOn(50)
      }
    }
    expect(await traffic.stop()).toEqual([])
    expect(a.transport.counters.reconnections).toBe(0)
    // Whoever comes now is judged by the new ones, in both directions.
    const newcomer = await startTls('n', {}, next.member(nameOf('n')))
    newcomer.transport.setPeers({ a: a.address })
    await eventually(() => newcomer.transport.request('a', utf8Encode('?'), 1000))
    const silent = await startTls('s', {}, next.member(nameOf('s')))
    a.transport.setPeers({ b: b.address, s: silent.address })
    await eventually(() => a.transport.request('s', utf8Encode('?'), 1000))
    const old = await dialTls(a.address, certificatesOf('o'))
    old.socket.write(greeting('o', 'a'))
    await old.closed
    await expectTrouble(a, 'ERR_QUORATE_CERTIFICATE_REFUSED', UNKNOWN)
  })

  test('that are bad are refused, and the old ones stay', async () => {
    const server = await startTls('a')
    server.has = { ...server.has, key: STRANGER.member(nameOf('a')).key }
    await expect(server.network.reload()).rejects.toMatchObject({ code: 'ERR_QUORATE_CERTIFICATE_INVALID' })
    await expectWellTls(server)
  })

  test('that cannot be had are told, and the old ones stay', async () => {
    const source = { broken: false }
    const network = await TlsNetwork.open(() => {
      if (source.broken) throw new Error('the vault is sealed')
      return certificatesOf('a')
    }, nameOf('a'))
    source.broken = true
    await expect(network.reload()).rejects.toThrow('the vault is sealed')
    expect(network.validUntilMs).toBeGreaterThan(Date.now())
  })
})

// ---- vocabulary

type TlsPair = Awaited<ReturnType<typeof startTls>>

function selfSigned(id: string): Certificates {
  const self = new Authority('self')
  return { ...self.member(nameOf(id)), ca: AUTHORITY.pem }
}

async function expectTrouble(server: TestServer, code: string, words: string): Promise<void> {
  await until(() => server.troubles.some((trouble) => trouble.code === code && trouble.message.includes(words))).catch(
    () => expect(server.troubles).toContainEqual({ code, message: words }),
  )
}

/** A newcomer is served as if nothing had happened. */
async function expectWellTls(server: TestServer): Promise<void> {
  const visitor = await startTls('visitor')
  visitor.transport.setPeers({ [server.id]: server.address })
  await eventually(() => visitor.transport.request(server.id, utf8Encode('well?'), 1000))
}

function sendSnapshot({ transport }: TestServer): Promise<void> {
  const configuration = { ...NOBODY, voters: ['a', 'b'] }
  const place = { term: 2, lastIncludedIndex: 7, lastIncludedTerm: 1, session: 1 }
  async function* read(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(3)
  }
  return transport.sendSnapshot(
    { type: 'InstallSnapshot', from: 'a', to: 'b', ...place, configuration },
    { id: 's', sizeBytes: 3, read },
  )
}

/** One request after the other, until told to stop. */
function startTraffic({ transport }: TestServer, to: string) {
  const failures: unknown[] = []
  let answered = 0
  let stopped = false
  const running = (async () => {
    while (!stopped) {
      await transport.request(to, utf8Encode('?'), 5000).then(
        () => answered++,
        (error: unknown) => failures.push(error),
      )
    }
  })()
  const goOn = (more: number): Promise<void> => {
    const goal = answered + more
    return until(() => answered >= goal || failures.length > 0)
  }
  const stop = async (): Promise<unknown[]> => {
    stopped = true
    await running
    return failures
  }
  return { goOn, stop }
}

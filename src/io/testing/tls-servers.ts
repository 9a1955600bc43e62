/** What the tests of TLS are told in: servers with certificates, and others at whose certificates something is wrong. */
import type { Socket } from 'node:net'
import { type ConnectionOptions, createServer, type TlsOptions, connect as tlsTo } from 'node:tls'
import { encodeWelcome } from '../../transport/handshake.ts'
import type { TransportLimits } from '../../transport/limits.ts'
import { memberName } from '../../transport/member-name.ts'
import { StreamTransport } from '../../transport/stream-transport.ts'
import { concat } from '../../util/bytes.ts'
import type { Certificates } from '../certificates.ts'
import { TlsNetwork } from '../tls-transport.ts'
import { Authority, type Wish } from './certificates.ts'
import {
  CLUSTER,
  closeLater,
  hostAndPort,
  optionsOf,
  type RudeClient,
  rudeClient,
  startWith,
  type TestServer,
} from './tcp-servers.ts'

/** Whom everybody believes, and one whom nobody does. */
export const AUTHORITY: Authority = new Authority('ours')
export const STRANGER: Authority = new Authority('stranger')

export function nameOf(id: string): string {
  return memberName(CLUSTER, id)
}

/** What member `id` should have, or what was changed about it. */
export function certificatesOf(id: string, change: Partial<Wish> = {}, authority: Authority = AUTHORITY): Certificates {
  return { ...authority.member(nameOf(id), change), ca: AUTHORITY.pem }
}

export interface TlsServer extends TestServer {
  readonly network: TlsNetwork
  /** What the next reload finds. */
  has: Certificates
}

export async function startTls(
  id: string,
  limits: Partial<TransportLimits> = {},
  has: Certificates = certificatesOf(id),
): Promise<TlsServer> {
  const holder = { has }
  const network = await TlsNetwork.open(() => holder.has, nameOf(id))
  const server = await startWith(id, new StreamTransport(optionsOf(id, '127.0.0.1:0', limits), network))
  return Object.assign(holder, server, { network })
}

/** All reach each other. */
export async function startAllTls(ids: readonly string[], limits: Partial<TransportLimits> = {}): Promise<TlsServer[]> {
  const servers = await Promise.all(ids.map((id) => startTls(id, limits)))
  const addresses = Object.fromEntries(servers.map(({ id, address }) => [id, address]))
  for (const server of servers) server.transport.setPeers(addresses)
  return servers
}

/** A client of the test's own, with whatever certificate, which believes everybody. */
export function dialTls(
  address: string,
  has: Partial<Certificates>,
  options: ConnectionOptions = {},
): Promise<RudeClient> {
  const { certificate: cert, key } = has
  const own = cert === undefined || key === undefined ? {} : { cert, key }
  const socket = tlsTo({ ...hostAndPort(address), ...own, rejectUnauthorized: false, ...options })
  return rudeClient(socket, 'secureConnect')
}

/** A server of the test's own, with whatever certificate, which says Welcome as member `id` to everybody. */
export async function serveTls(
  id: string,
  { certificate: cert, key }: Certificates,
  options: TlsOptions = {},
): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false, ...options }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).resume()
    socket.write(concat(encodeWelcome({ version: 1, cluster: CLUSTER, id, incarnation: 'x' }).pieces))
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closeLater(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

/**
 * The Transport over plain TCP. What is said is `transport/`'s; this file makes its streams of bytes out of sockets.
 * Nobody proves anything here, and whoever is on the way can read and forge: beyond loopback it must be asked for by name.
 */
import { createServer, isIP, connect as socketTo } from 'node:net'
import type { ByteStream, Network } from '../transport/network.ts'
import { StreamTransport, type StreamTransportOptions } from '../transport/stream-transport.ts'
import { TransportError } from '../transport/transport.ts'
import { type HostAndPort, parseAddress } from './socket-address.ts'
import { listenWith } from './socket-listener.ts'
import { HIGH_WATER_BYTES, type SocketKind, SocketStream } from './socket-stream.ts'

export interface TcpOptions {
  /**
   * Speak without encryption with other machines. Whoever reaches the port can then read and forge everything, so
   * that it is for networks which nobody else is on.
   */
  readonly allowPlaintext?: boolean
}

/** A transport over TCP; `start` listens. */
export function tcpTransport(options: StreamTransportOptions & TcpOptions): StreamTransport {
  return new StreamTransport(options, tcpNetwork(options))
}

/**
 * Connections over TCP, without anything that is said on them. Both functions reject with ERR_QUORATE_ADDRESS_INVALID
 * or ERR_QUORATE_PLAINTEXT_REFUSED before a socket is made. Later, a dial rejects with the system's own error, and
 * `listen` with ERR_QUORATE_ADDRESS_IN_USE or ERR_QUORATE_ADDRESS_INVALID.
 */
export function tcpNetwork({ allowPlaintext = false }: TcpOptions = {}): Network {
  const parse = (address: string): HostAndPort => {
    const parsed = parseAddress(address)
    if (!allowPlaintext) refuseBeyondLoopback(parsed.host, address)
    return parsed
  }
  return {
    connect: async (address, timeoutMs) => connectTo(parse(address), timeoutMs),
    listen: async (address, accept) => {
      const options = { noDelay: true, highWaterMark: HIGH_WATER_BYTES }
      const server = createServer(options, (socket) => accept(new SocketStream(socket, CALLER)))
      return listenWith(server, parse(address))
    },
  }
}

function refuseBeyondLoopback(host: string, address: string): void {
  const isLoopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  if (isLoopback) return
  const message = `${address} is beyond this machine, and plain TCP lets everybody on the way read and forge: give tls, or set allowPlaintext if that is meant`
  throw new TransportError('ERR_QUORATE_PLAINTEXT_REFUSED', message)
}

function connectTo({ host, port }: HostAndPort, timeoutMs: number): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    // Resolves the name anew each time: a container that restarts may come back under another address.
    const options = { host, port, noDelay: true, highWaterMark: HIGH_WATER_BYTES }
    const socket = socketTo(options)
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    socket.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve(new SocketStream(socket, DIALLED))
    })
  })
}

const CALLER: SocketKind = {
  peerNames: null,
  faultOf: (bytes) =>
    startsLikeTls(bytes) ? 'the other end speaks TLS, and this one plain TCP: give all servers tls, or none' : null,
  explain: (error) => new TransportError('ERR_QUORATE_CONNECTION_LOST', error?.message ?? 'the other end hung up'),
}

const DIALLED: SocketKind = {
  ...CALLER,
  explain: (error, isHeard) =>
    error === null && !isHeard
      ? new TransportError('ERR_QUORATE_CONNECTION_LOST', 'hung up without a word: does it expect TLS?')
      : CALLER.explain(error, isHeard),
}

/**
 * An alert or a handshake of TLS: 21 or 22, then 3, then 1 to 4. The first frame on a connection is a hello of at most 4 KiB
 * or its answer, whose third byte is 0.
 */
function startsLikeTls([type, major, minor]: Uint8Array): boolean {
  return (type === 21 || type === 22) && major === 3 && minor !== undefined && minor >= 1 && minor <= 4
}

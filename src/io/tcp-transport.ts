/**
 * The Transport over TCP. What is said is `transport/`'s; this file makes its streams of bytes out of sockets. Every
 * socket has its handlers from the moment it exists, so nothing that the other end does reaches the process as an
 * uncaught error. TLS will be another `Network` with the same two functions, over `node:tls`.
 */
import { createServer, isIP, type Server, type Socket, connect as socketTo } from 'node:net'
import type { ByteStream, ByteStreamHandlers, Listener, Network } from '../transport/network.ts'
import { StreamTransport, type StreamTransportOptions } from '../transport/stream-transport.ts'
import { TransportError } from '../transport/transport.ts'

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

/** What Node may hold for a socket before the channel is asked to wait. */
const HIGH_WATER_BYTES = 1024 * 1024

/**
 * Connections over TCP, without anything that is said on them. Both functions reject with ERR_QUORATE_ADDRESS_INVALID
 * or ERR_QUORATE_PLAINTEXT_REFUSED before a socket is made. Later, a dial rejects with the system's own error, and
 * `listen` with ERR_QUORATE_ADDRESS_IN_USE or ERR_QUORATE_ADDRESS_INVALID.
 */
export function tcpNetwork({ allowPlaintext = false }: TcpOptions = {}): Network {
  return {
    connect: async (address, timeoutMs) => {
      const { host, port } = parseAddress(address)
      if (!allowPlaintext) refuseBeyondLoopback(host, address)
      return connectTo(host, port, timeoutMs)
    },
    listen: async (address, accept) => {
      const { host, port } = parseAddress(address)
      if (!allowPlaintext) refuseBeyondLoopback(host, address)
      return listenAt(host, port, accept)
    },
  }
}

interface HostAndPort {
  readonly host: string
  readonly port: number
}

/** `host:port`, `1.2.3.4:port`, `[::1]:port`. */
function parseAddress(address: string): HostAndPort {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host !== undefined && port <= 65535) return { host, port }
  throw new TransportError('ERR_QUORATE_ADDRESS_INVALID', `'${address}' is no address: give host:port, or [ipv6]:port`)
}

function refuseBeyondLoopback(host: string, address: string): void {
  const isLoopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  if (isLoopback) return
  const message = `${address} is beyond this machine, and plain TCP lets everybody on the way read and forge: set allowPlaintext if that is meant`
  throw new TransportError('ERR_QUORATE_PLAINTEXT_REFUSED', message)
}

function connectTo(host: string, port: number, timeoutMs: number): Promise<ByteStream> {
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
      resolve(new SocketStream(socket))
    })
  })
}

function listenAt(host: string, port: number, accept: (stream: ByteStream) => void): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true, highWaterMark: HIGH_WATER_BYTES }, (socket) =>
      accept(new SocketStream(socket)),
    )
    server.once('error', (error: NodeJS.ErrnoException) => reject(explainListenError(error, host, port)))
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners('error')
      // Accepting can fail later (no file descriptors left); whoever dials tries again.
      server.on('error', () => {})
      resolve({ address: addressOf(server, host), close: () => closeServer(server) })
    })
  })
}

function explainListenError(error: NodeJS.ErrnoException, host: string, port: number): TransportError {
  const address = formatAddress(host, port)
  if (error.code === 'EADDRINUSE')
    return new TransportError(
      'ERR_QUORATE_ADDRESS_IN_USE',
      `${address} is taken by another process: stop it, or listen elsewhere`,
    )
  return new TransportError('ERR_QUORATE_ADDRESS_INVALID', `cannot listen at ${address}: ${error.message}`)
}

function addressOf(server: Server, host: string): string {
  const address = server.address()
  return typeof address === 'object' && address !== null ? formatAddress(host, address.port) : host
}

function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}

class SocketStream implements ByteStream {
  readonly remote: string
  private readonly socket: Socket
  private handlers: ByteStreamHandlers | null = null
  private reason = 'the other end hung up'
  private closed = false

  constructor(socket: Socket) {
    this.socket = socket
    this.remote = formatAddress(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0)
    socket.on('error', (error) => {
      this.reason = error.message
    })
    socket.on('close', () => this.onSocketClosed())
    // The other end has nothing more to say; a connection with one direction is of no use to us.
    socket.on('end', () => socket.destroy())
  }

  open(handlers: ByteStreamHandlers): void {
    this.handlers = handlers
    if (this.socket.destroyed) {
      setImmediate(() => this.onSocketClosed())
      return
    }
    this.socket.on('data', (chunk) => handlers.onData(chunk as Uint8Array))
    this.socket.on('drain', () => handlers.onDrain())
  }

  write(pieces: readonly Uint8Array[]): boolean {
    if (this.closed || this.socket.destroyed) return true
    this.socket.cork()
    for (const piece of pieces) this.socket.write(piece)
    this.socket.uncork()
    return !this.socket.writableNeedDrain
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    // A refusal that was just written should still arrive; but who does not read it must not keep the socket.
    this.socket.end()
    setImmediate(() => this.socket.destroy())
  }

  private onSocketClosed(): void {
    if (this.closed) return
    this.closed = true
    this.handlers?.onClose(this.reason)
  }
}

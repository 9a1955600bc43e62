/**
 * Those who dial a TLS port. Each is handed over with its first packet, before the TLS handshake: who connects and is
 * silent is under the transport's deadline, and takes one of the few places, like everybody else.
 */
import type { Socket } from 'node:net'
import type { Server, TLSSocket } from 'node:tls'
import type { ByteStream, ByteStreamHandlers } from '../transport/network.ts'
import { TransportError } from '../transport/transport.ts'
import { namesIn } from './certificate-names.ts'
import { formatAddress } from './socket-address.ts'
import { type SocketKind, SocketStream } from './socket-stream.ts'
import { explainRefusal, explainTlsError } from './tls-errors.ts'

/** Listens on a server that leaves the refusing of certificates to us. */
export function acceptCallers(server: Server, accept: (stream: ByteStream) => void): void {
  /** By their address: Node tells of the end of a handshake without saying of which of its sockets. */
  const waiting = new Map<string, Caller>()
  const take = (socket: TLSSocket): Caller | undefined => {
    const caller = waiting.get(remoteOf(socket))
    if (caller !== undefined) waiting.delete(caller.remote)
    return caller
  }
  server.on('connection', (socket: Socket) => {
    const caller = new Caller(socket)
    // He has hung up already, and has no address any more by which he could be found.
    if (socket.remoteAddress === undefined) return void socket.destroy()
    waiting.set(caller.remote, caller)
    socket.once('close', () => {
      if (waiting.get(caller.remote) === caller) waiting.delete(caller.remote)
      caller.hungUp()
    })
    accept(caller)
  })
  server.on('secureConnection', (socket) => {
    const caller = take(socket)
    if (caller === undefined) socket.destroy()
    else caller.secured(socket)
  })
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    take(socket)?.fail(explainTlsError(error) ?? handshakeEnded())
    socket.destroy()
  })
}

function remoteOf({ remoteAddress, remotePort }: Socket): string {
  return formatAddress(remoteAddress ?? 'unknown', remotePort ?? 0)
}

function handshakeEnded(): TransportError {
  const words = 'hung up during the TLS handshake: perhaps it does not believe our certificate'
  return new TransportError('ERR_QUORATE_TLS_FAILED', words)
}

class Caller implements ByteStream {
  readonly remote: string
  private readonly socket: Socket
  private handlers: ByteStreamHandlers | null = null
  /** Once the TLS handshake is through. */
  private stream: SocketStream | null = null
  private over = false

  constructor(socket: Socket) {
    this.socket = socket
    this.remote = remoteOf(socket)
  }

  get peerNames(): readonly string[] {
    return this.stream?.peerNames ?? []
  }

  open(handlers: ByteStreamHandlers): void {
    this.handlers = handlers
  }

  write(pieces: readonly Uint8Array[]): boolean {
    return this.stream?.write(pieces) ?? true
  }

  close(): void {
    this.over = true
    // Not at once: within the handshake's own callback Node would free what OpenSSL goes on reading, and the process dies.
    if (this.stream === null) setImmediate(() => this.socket.destroy())
    else this.stream.close()
  }

  secured(socket: TLSSocket): void {
    if (!socket.authorized) {
      const hasCertificate = socket.getPeerX509Certificate() !== undefined
      this.fail(explainRefusal(String(socket.authorizationError), hasCertificate))
      socket.destroy()
      return
    }
    this.stream = new SocketStream(socket, tlsKind(socket))
    if (this.over) this.stream.close()
    else if (this.handlers !== null) this.stream.open(this.handlers)
  }

  hungUp(): void {
    if (this.stream === null) this.fail(handshakeEnded())
  }

  fail(error: TransportError): void {
    if (this.over) return
    this.over = true
    this.handlers?.onClose(error)
  }
}

/** Names only for who has proved them: nobody else may have any, whatever was forgotten before. */
export function tlsKind(socket: TLSSocket): SocketKind {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined
  return {
    peerNames: certificate === undefined ? [] : namesIn(certificate),
    faultOf: () => null,
    explain: explainEnd,
  }
}

/** In TLS 1.3 whoever dials is through before the other end has looked at the certificate: a refusal comes as a hang-up. */
function explainEnd(error: Error | null, isHeard: boolean): TransportError {
  const words = isHeard
    ? 'the other end hung up'
    : 'hung up without a word: its log says whether our certificate is refused'
  if (error === null) return new TransportError('ERR_QUORATE_CONNECTION_LOST', words)
  return explainTlsError(error) ?? new TransportError('ERR_QUORATE_CONNECTION_LOST', error.message)
}

/**
 * Connections over TLS 1.3, where both ends show a certificate. Whose certificate it is, the handshake of `transport/`
 * asks: the streams here say by `peerNames` what was proved. Hosts and addresses are not compared with the certificate,
 * since members move; the name that counts is the member's.
 *
 * New certificates are taken up by `reload`, for connections that begin after it. Those that are there live on.
 */
import { createServer, type Server, connect as tlsTo } from 'node:tls'
import type { ByteStream, Listener, Network } from '../transport/network.ts'
import { TransportError } from '../transport/transport.ts'
import { type CertificateSource, type CheckedCertificates, loadCertificates } from './certificates.ts'
import { type HostAndPort, parseAddress } from './socket-address.ts'
import { listenWith } from './socket-listener.ts'
import { HIGH_WATER_BYTES, SocketStream } from './socket-stream.ts'
import { acceptCallers, tlsKind } from './tls-callers.ts'
import { explainTlsError } from './tls-errors.ts'

/** The Network of one member, for a StreamTransport. */
export class TlsNetwork implements Network {
  private readonly source: CertificateSource
  private readonly name: string
  private certificates: CheckedCertificates
  private readonly servers = new Set<Server>()

  /**
   * @param name what this server's own certificate must name, see `memberName`
   * @throws TransportError ERR_QUORATE_CERTIFICATE_INVALID
   */
  static async open(source: CertificateSource, name: string): Promise<TlsNetwork> {
    return new TlsNetwork(source, name, await loadCertificates(source, name))
  }

  private constructor(source: CertificateSource, name: string, certificates: CheckedCertificates) {
    this.source = source
    this.name = name
    this.certificates = certificates
  }

  /** When this server's certificate ceases to be valid, as Unix time in milliseconds. */
  get validUntilMs(): number {
    return this.certificates.validUntilMs
  }

  /**
   * Asks the source again. Connections that begin from now on, in both directions, use what it gives.
   *
   * @throws TransportError ERR_QUORATE_CERTIFICATE_INVALID: nothing has changed then
   */
  async reload(): Promise<void> {
    this.certificates = await loadCertificates(this.source, this.name)
    for (const server of this.servers) server.setSecureContext(this.certificates.options)
  }

  async connect(address: string, timeoutMs: number): Promise<ByteStream> {
    return dial(parseAddress(address), this.certificates, timeoutMs)
  }

  async listen(address: string, accept: (stream: ByteStream) => void): Promise<Listener> {
    const parsed = parseAddress(address)
    const server = createServer({
      ...this.certificates.options,
      requestCert: true,
      // Node would hang up by itself, but not say on whom and why. `Caller` looks at `authorized` before anything else.
      rejectUnauthorized: false,
      noDelay: true,
      highWaterMark: HIGH_WATER_BYTES,
    })
    acceptCallers(server, accept)
    const listener = await listenWith(server, parsed)
    this.servers.add(server)
    return {
      address: listener.address,
      close: () => {
        this.servers.delete(server)
        return listener.close()
      },
    }
  }
}

function dial({ host, port }: HostAndPort, { context }: CheckedCertificates, timeoutMs: number): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const options = {
      host,
      port,
      secureContext: context,
      rejectUnauthorized: true,
      highWaterMark: HIGH_WATER_BYTES,
      // The member's name is what must be right, and the handshake checks it; hosts are not in these certificates.
      checkServerIdentity: () => undefined,
    }
    const socket = tlsTo(options)
    socket.setNoDelay(true)
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    socket.once('error', (error) => {
      clearTimeout(timer)
      reject(explainDial(error))
    })
    socket.once('secureConnect', () => {
      clearTimeout(timer)
      resolve(new SocketStream(socket, tlsKind(socket)))
    })
  })
}

function explainDial(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ECONNRESET') return explainTlsError(error) ?? error
  return new TransportError('ERR_QUORATE_TLS_FAILED', 'hung up during the TLS handshake: does it speak plain TCP?')
}

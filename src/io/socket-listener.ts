/** What it takes to listen, for plain TCP and for TLS alike: Node's server for the one is a kind of the other. */
import type { Server } from 'node:net'
import type { Listener } from '../transport/network.ts'
import { TransportError } from '../transport/transport.ts'
import { formatAddress, type HostAndPort } from './socket-address.ts'

/** @throws TransportError ERR_QUORATE_ADDRESS_IN_USE or ERR_QUORATE_ADDRESS_INVALID */
export function listenWith(server: Server, { host, port }: HostAndPort): Promise<Listener> {
  return new Promise((resolve, reject) => {
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

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}

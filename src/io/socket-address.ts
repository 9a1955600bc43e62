/** `host:port` as text, and what it means to a socket. */
import { TransportError } from '../transport/transport.ts'

/** An address as Node's sockets want it. */
export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/** `host:port`, `1.2.3.4:port`, `[::1]:port`. @throws TransportError ERR_QUORATE_ADDRESS_INVALID */
export function parseAddress(address: string): HostAndPort {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host !== undefined && port <= 65535) return { host, port }
  throw new TransportError('ERR_QUORATE_ADDRESS_INVALID', `'${address}' is no address: give host:port, or [ipv6]:port`)
}

/** The text that `parseAddress` reads. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Addresses as people write them: `127.0.0.1:2379`, `[::1]:2379`, `example.org:2379`. */
import { UsageError } from './errors.ts'

const ADDRESS = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s/]+)):(\d{1,5})$/

interface HostPort {
  readonly host: string
  readonly port: number
}

/** @param what names the address in the error @throws UsageError */
export function parseHostPort(address: string, what: string): HostPort {
  const [, bracketed, plain, digits] = ADDRESS.exec(address) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  if (host === undefined || port > 65_535) throw new UsageError(`${what} '${address}' is not host:port`)
  return { host, port }
}

/** The option `tls`: whom a server believes, and how it proves who it is. */
import type { CertificateFiles, CertificateSource } from '../io/certificates.ts'
import type { TcpOptions } from '../io/tcp-transport.ts'
import { TlsNetwork } from '../io/tls-transport.ts'
import type { ServerId } from '../raft/entry.ts'
import { OptionsError } from '../raft/errors.ts'
import { type Checks, checkEach, isText } from '../runtime/check-options.ts'
import { asError } from '../runtime/errors.ts'
import type { Logger } from '../runtime/logger.ts'
import { memberName } from '../transport/member-name.ts'

/** What its certificate must say, and where it comes from. */
export interface SecuredServer extends TcpOptions {
  readonly id: ServerId
  readonly cluster: string
  readonly tls?: CertificateSource
}

const CERTIFICATE_FILES: Checks<CertificateFiles> = { caFile: isText, certificateFile: isText, keyFile: isText }

/** @returns what is wrong with it, or null */
export function isCertificateSource(value: unknown): string | null {
  if (typeof value === 'function') return null
  const names = Object.keys(CERTIFICATE_FILES) as (keyof CertificateFiles)[]
  const isComplete = typeof value === 'object' && value !== null && names.every((name) => Object.hasOwn(value, name))
  if (!isComplete) return 'it must be { caFile, certificateFile, keyFile }, or a function that gives the texts'
  checkEach(value as CertificateFiles, CERTIFICATE_FILES, 'tls')
  return null
}

/** @returns null for a server that speaks plain TCP. @throws OptionsError, TransportError */
export async function openTls(
  { tls, allowPlaintext, cluster, id }: SecuredServer,
  logger: Logger,
): Promise<TlsNetwork | null> {
  if (tls === undefined) return null
  if (allowPlaintext === true) throw new OptionsError('tls and allowPlaintext contradict each other: leave one out')
  const network = await TlsNetwork.open(tls, memberName(cluster, id))
  logger.info('certificate read', { validUntil: dayOf(network) })
  return network
}

/** @throws TransportError; the old ones stay in use */
export async function reload(network: TlsNetwork, logger: Logger): Promise<void> {
  try {
    await network.reload()
  } catch (error) {
    logger.error('the certificates were not reloaded, the old ones stay', { reason: asError(error).message })
    throw error
  }
  logger.info('certificates reloaded', { validUntil: dayOf(network) })
}

function dayOf({ validUntilMs }: TlsNetwork): string {
  return new Date(validUntilMs).toISOString()
}

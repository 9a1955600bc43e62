/**
 * This server's certificate, its key, and the authorities whom it believes: read, and checked for whatever would
 * otherwise show only later, at another server, as a connection that does not come about.
 */
import { constants, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { TransportError } from '../transport/transport.ts'
import { namesIn } from './certificate-names.ts'

/** PEM texts. */
export interface Certificates {
  /** Whom to believe: one authority, or several while they are being replaced. The system's own are never asked. */
  readonly ca: string
  /** This server's certificate, followed by those between it and the authority, if any. */
  readonly certificate: string
  /** Its private key, not encrypted. */
  readonly key: string
}

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly caFile: string
  readonly certificateFile: string
  readonly keyFile: string
}

/** Files, or a function for what lies elsewhere, in a vault say. Asked at the start, and again at every reload. */
export type CertificateSource = CertificateFiles | (() => Certificates | Promise<Certificates>)

/** Certificates that passed every check. */
export interface CheckedCertificates {
  readonly options: SecureContextOptions
  readonly context: SecureContext
  /** When the certificate ceases to be valid, as Unix time. */
  readonly validUntilMs: number
}

/** What each text is called in an error. */
type Labels = { readonly [Name in keyof Certificates]: string }

/**
 * @param name what the certificate must name, see `memberName`
 * @throws TransportError ERR_QUORATE_CERTIFICATE_INVALID that says what is wrong with which of them
 */
export async function loadCertificates(source: CertificateSource, name: string): Promise<CheckedCertificates> {
  if (typeof source === 'function') {
    const texts = await source()
    return check(texts, { ca: 'ca', certificate: 'certificate', key: 'key' }, name)
  }
  const { caFile, certificateFile, keyFile } = source
  const labels = {
    ca: `caFile ${caFile}`,
    certificate: `certificateFile ${certificateFile}`,
    key: `keyFile ${keyFile}`,
  }
  const [ca, certificate, key] = await Promise.all([
    readText(caFile, labels.ca),
    readText(certificateFile, labels.certificate),
    readText(keyFile, labels.key),
  ])
  return check({ ca, certificate, key }, labels, name)
}

async function readText(path: string, label: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw invalid(`${label} cannot be read: ${(error as Error).message}`)
  }
}

function check(texts: Certificates, labels: Labels, name: string): CheckedCertificates {
  const authorities = parseCertificates(texts.ca, labels.ca)
  const chain = parseCertificates(texts.certificate, labels.certificate)
  const own = chain[0] as X509Certificate
  if (!own.checkPrivateKey(parseKey(texts.key, labels.key)))
    throw invalid(`${labels.key} is not the key of ${labels.certificate}: take the two that were made together`)
  requireValidNow(own, labels.certificate)
  requireBothUses(own, labels.certificate)
  requireName(own, labels.certificate, name)
  if (!isIssuedBy(authorities, chain))
    throw invalid(`${labels.certificate} was not issued by any authority in ${labels.ca}: no server would believe it`)
  const options: SecureContextOptions = {
    ca: authorities.map((authority) => authority.toString()),
    cert: texts.certificate,
    key: texts.key,
    minVersion: 'TLSv1.3',
    // A resumed session skips the certificate: whoever was believed before a reload would be believed after it.
    secureOptions: constants.SSL_OP_NO_TICKET,
  }
  try {
    return { options, context: createSecureContext(options), validUntilMs: Date.parse(own.validTo) }
  } catch (error) {
    throw invalid(`${labels.certificate} cannot be used: ${(error as Error).message}`)
  }
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** At least one: an empty list of authorities would mean the system's own to Node. */
function parseCertificates(text: string, label: string): X509Certificate[] {
  const blocks = text.match(PEM_CERTIFICATE) ?? []
  if (blocks.length === 0) throw invalid(`${label} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`)
  return blocks.map((block, i) => {
    try {
      return new X509Certificate(block)
    } catch (error) {
      throw invalid(`certificate ${i + 1} in ${label} cannot be read: ${(error as Error).message}`)
    }
  })
}

function parseKey(text: string, label: string): KeyObject {
  if (/ENCRYPTED/.test(text))
    throw invalid(`${label} is encrypted: store it without a passphrase, readable to this server only`)
  try {
    return createPrivateKey(text)
  } catch (error) {
    throw invalid(`${label} holds no private key in PEM form: ${(error as Error).message}`)
  }
}

function requireValidNow(own: X509Certificate, label: string): void {
  const now = Date.now()
  if (now > Date.parse(own.validTo)) throw invalid(`${label} expired on ${own.validTo}: renew it`)
  if (now < Date.parse(own.validFrom))
    throw invalid(`${label} is not valid before ${own.validFrom}: check this machine's clock`)
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/** Each server dials and is dialled. Without the extension everything is allowed. */
function requireBothUses(own: X509Certificate, label: string): void {
  const uses = own.keyUsage as readonly string[] | undefined
  if (uses === undefined || (uses.includes(SERVER_AUTH) && uses.includes(CLIENT_AUTH))) return
  throw invalid(`the extendedKeyUsage of ${label} must allow both serverAuth and clientAuth, or be left out`)
}

function requireName(own: X509Certificate, label: string, name: string): void {
  const names = namesIn(own)
  if (names.includes(name)) return
  const found = names.length === 0 ? 'no member' : names.join(', ')
  throw invalid(`${label} names ${found}, and should name this server: subjectAltName = URI:${name}`)
}

/** Up the chain that came with it, until an authority is reached. */
function isIssuedBy(authorities: readonly X509Certificate[], chain: readonly X509Certificate[]): boolean {
  let [current] = chain
  for (let step = 0; step < chain.length && current !== undefined; step++) {
    const certificate: X509Certificate = current
    const issued = (issuer: X509Certificate): boolean =>
      certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
    if (authorities.some(issued)) return true
    current = chain.find((issuer) => issuer !== certificate && issued(issuer))
  }
  return false
}

function invalid(message: string): TransportError {
  return new TransportError('ERR_QUORATE_CERTIFICATE_INVALID', message)
}

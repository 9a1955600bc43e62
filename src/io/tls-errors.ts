/** What went wrong between two TLS ends, in words for an operator. OpenSSL's own are for those who know its sources. */
import { TransportError, type TransportErrorCode } from '../transport/transport.ts'

/** What Node or OpenSSL call it, and what it means here. */
type Words = { readonly [code: string]: string }

/** We looked at their certificate. */
const THEIRS: Words = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: compare the clocks',
  INVALID_PURPOSE: 'its certificate may not be used so: extendedKeyUsage needs both serverAuth and clientAuth',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of no authority that we believe',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is of no authority that we believe',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of no authority that we believe',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of no authority that we believe',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is of no authority that we believe',
  CERT_SIGNATURE_FAILURE: 'its certificate was not signed by the authority that it names',
}

/** They looked at ours. */
const OURS: Words = {
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants a certificate of us and got none',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not believe the authority of our certificate',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'it takes our certificate for expired: compare the clocks',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'it refuses our certificate',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'it refuses our certificate',
}

/** It did not come to certificates. */
const NEITHER: Words = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS: give all servers tls, or none',
  ERR_SSL_HTTP_REQUEST: 'it speaks HTTP: this is the port for servers',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS: give all servers tls, or none',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it does not speak TLS 1.3',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it does not speak TLS 1.3',
}

/** The other end's certificate was looked at and is not good; `code` is Node's `authorizationError`. */
export function explainRefusal(code: string, hasCertificate: boolean): TransportError {
  const words = hasCertificate ? (THEIRS[code] ?? `its certificate is not good (${code})`) : 'it showed no certificate'
  return new TransportError('ERR_QUORATE_CERTIFICATE_REFUSED', words)
}

/** Null: it is no matter of TLS, but of the network. */
export function explainTlsError({ code = '', message }: NodeJS.ErrnoException): TransportError | null {
  const tables: readonly (readonly [Words, TransportErrorCode])[] = [
    [THEIRS, 'ERR_QUORATE_CERTIFICATE_REFUSED'],
    [OURS, 'ERR_QUORATE_CERTIFICATE_REFUSED'],
    [NEITHER, 'ERR_QUORATE_TLS_FAILED'],
  ]
  for (const [words, as] of tables) {
    const found = words[code]
    if (found !== undefined) return new TransportError(as, found)
  }
  return /^ERR_(SSL|TLS)_/.test(code) ? new TransportError('ERR_QUORATE_TLS_FAILED', `TLS failed: ${message}`) : null
}

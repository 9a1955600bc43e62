/**
 * How a certificate names a member of a cluster: a URI among its subject alternative names, `quorate://shop/a` for member
 * `a` of cluster `shop`. Both parts are percent-encoded, so that no id can look like another cluster's. Not the host: a member
 * may move, and keeps its name. `docs/decisions/0011` says why.
 */
import type { ServerId } from '../raft/entry.ts'
import { utf8Encode } from '../util/bytes.ts'

export function memberName(cluster: string, id: ServerId): string {
  return `quorate://${percentEncode(cluster)}/${percentEncode(id)}`
}

/** What RFC 3986 calls unreserved stays as it is; every other byte becomes % and two capital digits. */
function percentEncode(text: string): string {
  let encoded = ''
  for (const byte of utf8Encode(text)) {
    const character = String.fromCharCode(byte)
    encoded += /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

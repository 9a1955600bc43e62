/**
 * The members that a certificate names: the URIs with the scheme `quorate` among its subject alternative names. Nothing else
 * counts, neither the common name nor host names, and the match is exact: a rule that is simple is one that nobody gets
 * around.
 */
import type { X509Certificate } from 'node:crypto'

/** `URI:quorate://shop/a`, or with the value as a JSON text where it holds what could be mistaken for the next entry. */
const ENTRY = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y

/** None when the list cannot be read to its end. */
export function namesIn({ subjectAltName }: Pick<X509Certificate, 'subjectAltName'>): string[] {
  const names: string[] = []
  const text = subjectAltName ?? ''
  ENTRY.lastIndex = 0
  while (ENTRY.lastIndex < text.length) {
    const [, type, value = ''] = ENTRY.exec(text) ?? []
    if (type === undefined) return []
    // What we look for is plain ASCII without quotes, so a quoted value is never one of ours.
    if (type === 'URI' && value.startsWith('quorate://')) names.push(value)
  }
  return names
}

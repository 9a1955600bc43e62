/**
 * Certificates for tests, made here and now: an authority issues what a story needs, also what no honest authority would.
 * X.509 (RFC 5280) in DER with Ed25519 keys (RFC 8410), as little of it as TLS wants to see, so that no other program
 * has to be there.
 */
import { generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto'
import type { Certificates } from '../certificates.ts'

export interface Wish {
  /** What the certificate names, each a URI. */
  readonly names: readonly string[]
  readonly commonName?: string
  /** DNS names beside them. */
  readonly hosts?: readonly string[]
  /** Days from now; both may lie in the past. */
  readonly validFromDays?: number
  readonly validToDays?: number
  readonly uses?: readonly ('serverAuth' | 'clientAuth')[]
}

export interface Issued {
  readonly certificate: string
  readonly key: string
}

/** Somebody who signs certificates: a root, or, made by `intermediate`, one below it. */
export class Authority {
  readonly pem: string
  private readonly name: string
  private readonly key: KeyObject

  constructor(name: string) {
    const pair = generateKeyPairSync('ed25519')
    this.name = name
    this.key = pair.privateKey
    this.pem = this.sign(pair.publicKey, name, { names: [] }, true)
  }

  /** A certificate and its key. */
  issue(wish: Wish): Issued {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const certificate = this.sign(publicKey, wish.commonName ?? 'server', wish, false)
    return { certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string }
  }

  /** All that a member needs. */
  member(name: string, change: Partial<Wish> = {}): Certificates {
    return { ca: this.pem, ...this.issue({ names: [name], ...change }) }
  }

  /** An authority that this one vouches for; its `pem` belongs behind the certificates that it issues. */
  intermediate(name: string): Authority {
    const lower = new Authority(name)
    const vouched = this.sign(publicKeyOf(lower.pem), name, { names: [] }, true)
    return Object.assign(lower, { pem: vouched })
  }

  private sign(publicKey: KeyObject, subject: string, wish: Wish, isAuthority: boolean): string {
    const { validFromDays = -1, validToDays = 30 } = wish
    const body = sequence(
      explicit(0, integer(2)),
      integer(1 + Math.floor(performance.now() * 1000)),
      ED25519,
      nameOf(this.name),
      sequence(timeOf(validFromDays), timeOf(validToDays)),
      nameOf(subject),
      publicKey.export({ type: 'spki', format: 'der' }),
      explicit(3, sequence(...extensionsOf(wish, isAuthority))),
    )
    const der = sequence(body, ED25519, bitString(sign(null, body, this.key)))
    const lines = der.toString('base64').match(/.{1,64}/g) ?? []
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
  }
}

function publicKeyOf(pem: string): KeyObject {
  return new X509Certificate(pem).publicKey
}

const USES = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const

function extensionsOf({ names, hosts = [], uses }: Wish, isAuthority: boolean): Buffer[] {
  const alternatives = [...names.map((name) => text(0x86, name)), ...hosts.map((host) => text(0x82, host))]
  return [
    extension('2.5.29.19', sequence(...(isAuthority ? [tagged(0x01, Buffer.of(0xff))] : []))),
    ...(isAuthority ? [extension('2.5.29.15', tagged(0x03, Buffer.of(2, 0x04)))] : []),
    ...(alternatives.length > 0 ? [extension('2.5.29.17', sequence(...alternatives))] : []),
    ...(uses === undefined ? [] : [extension('2.5.29.37', sequence(...uses.map((use) => identifier(USES[use]))))]),
  ]
}

// ---- DER: a tag, a length, the content

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, ...parts)
const explicit = (number: number, part: Buffer): Buffer => tagged(0xa0 + number, part)
const bitString = (bytes: Buffer): Buffer => tagged(0x03, Buffer.of(0), bytes)
const text = (tag: number, value: string): Buffer => tagged(tag, Buffer.from(value))
const extension = (id: string, value: Buffer): Buffer => sequence(identifier(id), tagged(0x04, value))
const nameOf = (commonName: string): Buffer =>
  sequence(tagged(0x31, sequence(identifier('2.5.4.3'), text(0x0c, commonName))))

function integer(value: number): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return tagged(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes)
}

/** 2.5.29.17: the first two numbers share a byte, the others have seven bits in each. */
function identifier(id: string): Buffer {
  const [first = 0, second = 0, ...rest] = id.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const number of rest) {
    const digits = [number & 0x7f]
    for (let left = number >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80)
    bytes.push(...digits)
  }
  return tagged(0x06, Buffer.from(bytes))
}

/** As 20260131235959Z. */
function timeOf(days: number): Buffer {
  const iso = new Date(Date.now() + days * 86_400_000).toISOString()
  return text(0x18, `${iso.slice(0, 19).replaceAll(/[-:T]/g, '')}Z`)
}

const ED25519 = sequence(identifier('1.3.101.112'))

/**
 * The first words on a connection. Whoever dialled says Hello: which cluster, who it is, whom it means to reach, which
 * protocol versions it speaks, what the connection is for. The other end answers Welcome, or Refusal with a code and
 * words, and hangs up. No other frame is looked at before that.
 *
 * It guards against mistakes: a server of the test cluster which was given the production cluster's addresses, two
 * servers whose addresses were swapped, a server that was removed and started again. Against enemies there is TLS, and
 * the handshake holds what is said against what the certificate proves.
 *
 * ```
 * Hello     magic 'QUOR' (4), lowest and highest version (1 each), purpose (1), cluster, from, to, incarnation (texts)
 * Welcome   magic 'QUOR' (4), chosen version (1), cluster, id, incarnation (texts)
 * Refusal   code (1), reason (text)
 * ```
 */
import type { ServerId } from '../raft/entry.ts'
import { ByteReader, utf8Cut, utf8Decode } from '../util/bytes.ts'
import { frameWriter } from './codec.ts'
import { type Frame, type OutgoingFrame, sealFrame } from './frame.ts'
import { memberName } from './member-name.ts'
import type { Introduction, PeerIdentity } from './transport.ts'

/** The versions of the protocol behind the hello that this code speaks. */
export const PROTOCOL_VERSIONS = { lowest: 1, highest: 1 } as const

/** 'QUOR', little-endian. */
const MAGIC = 0x524f5551

/** Longer ids and reasons are not for people; the frame limit of 4 KiB holds four of these. */
const MAX_TEXT_BYTES = 512

export type Purpose = 'messages' | 'snapshot'

export type RefusalCode =
  | 'wrongCluster'
  | 'wrongServer'
  | 'noCommonVersion'
  | 'notAdmitted'
  | 'tooManyConnections'
  | 'wrongCertificate'
  | 'malformed'

/** A place in this list is the code on the wire: add at the end only. */
const PURPOSES: readonly Purpose[] = ['messages', 'snapshot']
const REFUSAL_CODES: readonly RefusalCode[] = [
  'malformed',
  'wrongCluster',
  'wrongServer',
  'noCommonVersion',
  'notAdmitted',
  'tooManyConnections',
  'wrongCertificate',
]

/** What the dialler says first. Each name has 1 to 512 bytes of UTF-8; with another it is refused as malformed. */
export interface Hello {
  readonly lowestVersion: number
  readonly highestVersion: number
  readonly purpose: Purpose
  readonly cluster: string
  readonly from: ServerId
  /** Whom the dialler means to reach. */
  readonly to: ServerId
  readonly incarnation: string
}

/** The listener's yes: the version that both speak from here on, and who it is, for the dialler to check. */
export interface Welcome {
  readonly version: number
  readonly cluster: string
  readonly id: ServerId
  readonly incarnation: string
}

/**
 * A no, from either end: the connection is over. The reason is for an operator, since only a change of configuration,
 * or a place that becomes free, makes the next attempt succeed.
 */
export interface Refusal {
  readonly code: RefusalCode
  readonly reason: string
}

/** Who we are, in every hello and welcome. */
export interface Identity extends PeerIdentity {
  /** The same for all servers of one cluster, different for any two clusters. */
  readonly cluster: string
}

/** Null lets a server in; words refuse it. */
export type Admit = (peer: Introduction) => string | null

/** Our hello to `to`, with every version that we speak. Keep it: `checkWelcome` holds the answer against it. */
export function helloFor(self: Identity, to: ServerId, purpose: Purpose): Hello {
  const { lowest: lowestVersion, highest: highestVersion } = PROTOCOL_VERSIONS
  const { cluster, id: from, incarnation } = self
  return { lowestVersion, highestVersion, purpose, cluster, from, to, incarnation }
}

/** The listening side's decision. `peerNames` is what the caller has proved, or null where nothing is proved. */
export function answerHello(
  self: Identity,
  hello: Hello,
  peerNames: readonly string[] | null,
  admit: Admit,
): Welcome | Refusal {
  const { cluster, from, to } = hello
  if (cluster !== self.cluster)
    return { code: 'wrongCluster', reason: `this server belongs to cluster '${self.cluster}', not to '${cluster}'` }
  const stranger = checkPeerNames(self, from, peerNames)
  if (stranger !== null) return stranger
  if (to !== self.id) return { code: 'wrongServer', reason: `you meant to reach '${to}', this is '${self.id}'` }
  if (from === self.id)
    return { code: 'wrongServer', reason: `there is a server '${from}' already: this one. Ids are never shared` }
  const version = Math.min(hello.highestVersion, PROTOCOL_VERSIONS.highest)
  if (version < Math.max(hello.lowestVersion, PROTOCOL_VERSIONS.lowest))
    return { code: 'noCommonVersion', reason: `${versionsOf(hello)} offered, ${versionsOf(ownVersions())} known here` }
  const reason = admit({ id: from, incarnation: hello.incarnation, hasLetUsIn: false })
  if (reason !== null) return { code: 'notAdmitted', reason }
  return { version, cluster: self.cluster, id: self.id, incarnation: self.incarnation }
}

/**
 * Whether the other end, who is or should be member `id`, has proved it. That the certificate is of the right CA says
 * only that it is somebody's: without this, a web server's certificate of the same CA could speak for any member.
 */
export function checkPeerNames(
  { cluster }: Pick<Identity, 'cluster'>,
  id: ServerId,
  peerNames: readonly string[] | null,
): Refusal | null {
  const name = memberName(cluster, id)
  if (peerNames === null || peerNames.includes(name)) return null
  const named = peerNames.length === 0 ? 'no member' : peerNames.join(', ')
  return { code: 'wrongCertificate', reason: `the certificate names ${named}, and should name ${name}` }
}

/** The dialling side's check of the answer: the other end may be mistaken about itself, or be older than its own check. */
export function checkWelcome(hello: Hello, welcome: Welcome, admit: Admit): Refusal | null {
  const { version, cluster, id } = welcome
  if (cluster !== hello.cluster)
    return { code: 'wrongCluster', reason: `'${hello.to}' answers for cluster '${cluster}', not '${hello.cluster}'` }
  if (id !== hello.to)
    return { code: 'wrongServer', reason: `dialled '${hello.to}' and reached '${id}': check the addresses` }
  if (version < hello.lowestVersion || version > hello.highestVersion)
    return { code: 'noCommonVersion', reason: `'${id}' chose version ${version}, offered was ${versionsOf(hello)}` }
  const reason = admit({ id, incarnation: welcome.incarnation, hasLetUsIn: true })
  return reason === null ? null : { code: 'notAdmitted', reason }
}

function ownVersions(): Pick<Hello, 'lowestVersion' | 'highestVersion'> {
  return { lowestVersion: PROTOCOL_VERSIONS.lowest, highestVersion: PROTOCOL_VERSIONS.highest }
}

function versionsOf({ lowestVersion, highestVersion }: Pick<Hello, 'lowestVersion' | 'highestVersion'>): string {
  return lowestVersion === highestVersion
    ? `version ${lowestVersion}`
    : `versions ${lowestVersion} to ${highestVersion}`
}

export function encodeHello(hello: Hello): OutgoingFrame {
  const writer = frameWriter().uint32(MAGIC).uint8(hello.lowestVersion).uint8(hello.highestVersion)
  writer.uint8(PURPOSES.indexOf(hello.purpose))
  writer.text(hello.cluster).text(hello.from).text(hello.to).text(hello.incarnation)
  return sealFrame('Hello', writer.finish())
}

/** @returns the hello, or in words why the frame is none */
export function decodeHello(frame: Frame): Hello | string {
  if (frame.type !== 'Hello') return `${frame.type} instead of a Hello`
  const reader = new ByteReader(frame.body)
  if (reader.uint32() !== MAGIC) return 'the Hello does not start with QUOR: this is not Quorate'
  const [lowestVersion, highestVersion] = [reader.uint8(), reader.uint8()]
  const purpose = PURPOSES[reader.uint8()]
  const [cluster, from, to, incarnation] = [readName(reader), readName(reader), readName(reader), readName(reader)]
  // A later version may say more behind this, so bytes that are left over are no fault.
  if (!reader.ok() || cluster === null || from === null || to === null || incarnation === null)
    return 'a Hello with missing, empty or overlong names'
  if (purpose === undefined) return 'a Hello for an unknown purpose'
  return { lowestVersion, highestVersion, purpose, cluster, from, to, incarnation }
}

/** Sent once, by the listener; every frame behind it is of `welcome.version`. `decodeAnswer` reads it. */
export function encodeWelcome(welcome: Welcome): OutgoingFrame {
  const writer = frameWriter().uint32(MAGIC).uint8(welcome.version)
  writer.text(welcome.cluster).text(welcome.id).text(welcome.incarnation)
  return sealFrame('Welcome', writer.finish())
}

/**
 * The listener's last frame before it hangs up. The reason is cut to 512 bytes: a frame of more than 4 KiB would not
 * be read. `decodeAnswer` reads it.
 */
export function encodeRefusal({ code, reason }: Refusal): OutgoingFrame {
  const writer = frameWriter().uint8(REFUSAL_CODES.indexOf(code)).block(utf8Cut(reason, MAX_TEXT_BYTES))
  return sealFrame('Refusal', writer.finish())
}

/** @returns the answer to a hello, or in words why the frame is none */
export function decodeAnswer(frame: Frame): Welcome | Refusal | string {
  const reader = new ByteReader(frame.body)
  if (frame.type === 'Refusal') {
    const code = REFUSAL_CODES[reader.uint8()] ?? 'malformed'
    const reason = reader.text()
    return reader.ok() ? { code, reason } : 'a malformed Refusal'
  }
  if (frame.type !== 'Welcome') return `${frame.type} instead of a Welcome`
  if (reader.uint32() !== MAGIC) return 'the Welcome does not start with QUOR: this is not Quorate'
  const version = reader.uint8()
  const [cluster, id, incarnation] = [readName(reader), readName(reader), readName(reader)]
  if (!reader.ok() || cluster === null || id === null || incarnation === null)
    return 'a Welcome with missing, empty or overlong names'
  return { version, cluster, id, incarnation }
}

/** Tells the two answers to a hello apart, by the code that only a refusal has. */
export function isRefusal(answer: Welcome | Refusal): answer is Refusal {
  return 'code' in answer
}

function readName(reader: ByteReader): string | null {
  const bytes = reader.block()
  return bytes.length > 0 && bytes.length <= MAX_TEXT_BYTES ? utf8Decode(bytes) : null
}

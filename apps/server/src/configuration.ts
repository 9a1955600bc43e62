/**
 * What `quorate serve` needs to know, from a JSON file and from flags; a flag wins over the file. Everything is checked
 * before anything is opened.
 */
import { readFileSync } from 'node:fs'
import type { CertificateFiles, NodeOptions } from 'quorate'
import { type CommandLine, type FlagSpec, readNumber } from './command-line.ts'
import { UsageError } from './errors.ts'
import { parseHostPort } from './host-port.ts'
import { LOG_LEVELS, type LogLevel } from './logging.ts'

export interface ServeConfiguration {
  readonly id: string
  readonly cluster: string
  readonly data: string
  /** Where to listen for the other servers; absent: this server's address among the members. */
  readonly listen?: string
  readonly clientListen: string
  readonly members: { readonly [id: string]: string }
  /** This server is new in a cluster that exists: the members are asked to take it in. */
  readonly join?: true
  readonly requestTimeoutMs: number
  readonly logLevel: LogLevel
  readonly allowPlaintext: boolean
  /** The certificates for what servers say to each other; absent: plain TCP. */
  readonly peerTls?: CertificateFiles
  readonly snapshotEveryBytes?: number
  readonly raft: NonNullable<NodeOptions['raft']>
  readonly storage: NonNullable<NodeOptions['storage']>
}

export const SERVE_FLAGS: Readonly<Record<string, FlagSpec>> = {
  id: { type: 'string' },
  cluster: { type: 'string' },
  data: { type: 'string' },
  listen: { type: 'string' },
  'client-listen': { type: 'string' },
  members: { type: 'string' },
  join: { type: 'boolean' },
  'request-timeout-ms': { type: 'string' },
  'snapshot-every-bytes': { type: 'string' },
  'log-level': { type: 'string' },
  'allow-plaintext': { type: 'boolean' },
  'peer-ca': { type: 'string' },
  'peer-certificate': { type: 'string' },
  'peer-key': { type: 'string' },
  'heartbeat-interval-ms': { type: 'string' },
  'election-timeout-min-ms': { type: 'string' },
  'election-timeout-max-ms': { type: 'string' },
}

const TIMING_FLAGS = ['heartbeat-interval-ms', 'election-timeout-min-ms', 'election-timeout-max-ms']
const MAX_TIMEOUT_MS = 10 * 60 * 1000
const ID = /^[A-Za-z0-9._-]{1,64}$/

type Fields = Record<string, unknown>

/** @throws UsageError that names the field, the value and what would be right */
export function readConfiguration(line: CommandLine): ServeConfiguration {
  const path = line.text('config')
  const file = path === undefined ? {} : readFile(path)
  // The core and the log check the values; here it is only made sure that they are numbers with names.
  const raft = { ...requireNumbers(file['raft'] ?? {}, 'raft'), ...timingFlags(line) }
  return checkConfiguration({ ...file, ...topFlags(line), raft }, path)
}

/** Flags in the shape of the file. */
function topFlags(line: CommandLine): Fields {
  const fields: Fields = {}
  for (const flag of Object.keys(SERVE_FLAGS)) {
    const text = line.text(flag)
    if (TIMING_FLAGS.includes(flag)) continue
    if (text !== undefined) fields[camelCase(flag)] = NUMBERS.has(flag) ? readNumber(`--${flag}`, text, 1) : text
    if (line.has(flag)) fields[camelCase(flag)] = true
  }
  return fields
}

function timingFlags(line: CommandLine): Record<string, number> {
  const given = TIMING_FLAGS.flatMap((flag) => {
    const text = line.text(flag)
    return text === undefined ? [] : [[camelCase(flag), readNumber(`--${flag}`, text, 1)] as const]
  })
  return Object.fromEntries(given)
}

const NUMBERS: ReadonlySet<string> = new Set(['request-timeout-ms', 'snapshot-every-bytes'])

function readFile(path: string): Fields {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`cannot read the configuration file ${path}: ${(error as Error).message}`)
  }
  try {
    return requireObject(JSON.parse(text), `the configuration file ${path}`)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new UsageError(`the configuration file ${path} is not JSON: ${error.message}`)
  }
}

function checkConfiguration(fields: Fields, file: string | undefined): ServeConfiguration {
  const { id, cluster = 'quorate', data, listen, clientListen = '127.0.0.1:2379', members, ...rest } = fields
  const { requestTimeoutMs = 5000, logLevel = 'info', allowPlaintext = false, snapshotEveryBytes, join, ...more } = rest
  const { raft, storage = {}, peerCa, peerCertificate, peerKey, ...unknown } = more
  const [unknownName] = Object.keys(unknown)
  if (unknownName !== undefined) throw new UsageError(`unknown field '${unknownName}' in ${file}`)
  const peerTls = checkPeerTls(peerCa, peerCertificate, peerKey)
  if (peerTls !== null && allowPlaintext === true)
    throw new UsageError('peerCertificate and allowPlaintext contradict each other: leave one out')
  const checked = {
    id: requireName(id, 'id', '--id'),
    cluster: requireName(cluster, 'cluster', '--cluster'),
    data: requireText(data, 'data', '--data, the folder that is this server’s alone'),
    clientListen: requireAddress(clientListen, 'clientListen'),
    members: requireMembers(members),
    requestTimeoutMs: requireNumber(requestTimeoutMs, 'requestTimeoutMs', MAX_TIMEOUT_MS),
    logLevel: requireLevel(logLevel),
    allowPlaintext: requireBoolean(allowPlaintext, 'allowPlaintext'),
    raft: requireNumbers(raft, 'raft'),
    storage: requireNumbers(storage, 'storage'),
    ...(peerTls === null ? {} : { peerTls }),
    ...(listen === undefined ? {} : { listen: requireAddress(listen, 'listen') }),
    ...(join !== undefined && requireBoolean(join, 'join') ? { join: true as const } : {}),
    ...(snapshotEveryBytes === undefined
      ? {}
      : { snapshotEveryBytes: requireNumber(snapshotEveryBytes, 'snapshotEveryBytes') }),
  }
  if (checked.members[checked.id] === undefined && checked.join === undefined) {
    throw new UsageError(`id '${checked.id}' is not among the members ${Object.keys(checked.members).join(', ')}`)
  }
  return checked
}

/** All three, or none: a server with half of them must not fall back to plain TCP. */
function checkPeerTls(ca: unknown, certificate: unknown, key: unknown): CertificateFiles | null {
  if (ca === undefined && certificate === undefined && key === undefined) return null
  return {
    caFile: requireText(ca, 'peerCa', '--peer-ca FILE beside the certificate and the key'),
    certificateFile: requireText(
      certificate,
      'peerCertificate',
      '--peer-certificate FILE beside the authority and the key',
    ),
    keyFile: requireText(key, 'peerKey', '--peer-key FILE beside the authority and the certificate'),
  }
}

/** `a=host:port,b=host:port`, or an object of the same. */
function requireMembers(value: unknown): { readonly [id: string]: string } {
  if (value === undefined)
    throw new UsageError('members are missing: give --members a=host:port,b=host:port,c=host:port')
  const entries =
    typeof value === 'string' ? value.split(',').map(splitMember) : Object.entries(requireObject(value, 'members'))
  const members: Record<string, string> = {}
  for (const [id, address] of entries) {
    requireName(id, 'a member’s id', '--members')
    if (members[id] !== undefined) throw new UsageError(`member '${id}' is given twice`)
    if (Object.values(members).includes(String(address)))
      throw new UsageError(`two members have the address ${address}`)
    members[id] = requireAddress(address, `the address of member ${id}`)
  }
  return members
}

function splitMember(text: string): [string, string] {
  const [id, address, ...rest] = text.split('=')
  if (id === undefined || address === undefined || rest.length > 0) {
    throw new UsageError(`member '${text}' is not id=host:port`)
  }
  return [id.trim(), address.trim()]
}

function requireObject(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new UsageError(`${what} is not a JSON object`)
}

function requireText(value: unknown, name: string, flag: string): string {
  if (value === undefined) throw new UsageError(`${name} is missing: give ${flag}`)
  if (typeof value !== 'string' || value === '') throw new UsageError(`${name} is ${JSON.stringify(value)}, not a text`)
  return value
}

function requireName(value: unknown, name: string, flag: string): string {
  const text = requireText(value, name, flag)
  if (ID.test(text)) return text
  throw new UsageError(`${name} is '${text}': use 1 to 64 letters, digits, dots, dashes and underscores`)
}

function requireAddress(value: unknown, name: string): string {
  parseHostPort(String(value), name)
  return String(value)
}

function requireNumber(value: unknown, name: string, max: number = Number.MAX_SAFE_INTEGER): number {
  return readNumber(name, typeof value === 'number' ? String(value) : JSON.stringify(value), 1, max)
}

function requireBoolean(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw new UsageError(`${name} is ${JSON.stringify(value)}, neither true nor false`)
}

function requireNumbers(value: unknown, name: string): Record<string, number> {
  const fields = requireObject(value, name)
  for (const [field, one] of Object.entries(fields)) {
    if (typeof one !== 'number') throw new UsageError(`${name}.${field} is ${JSON.stringify(one)}, not a number`)
  }
  return fields as Record<string, number>
}

function requireLevel(value: unknown): LogLevel {
  const level = LOG_LEVELS.find((one) => one === value)
  if (level !== undefined) return level
  throw new UsageError(`logLevel is ${JSON.stringify(value)}: use one of ${LOG_LEVELS.join(', ')}`)
}

function camelCase(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

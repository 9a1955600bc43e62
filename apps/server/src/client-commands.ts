/** `quorate put`, `get`, `del` and `status`. Exit status 0 when done, 1 when not (or not found), 2 for a wrong call. */
import { text } from 'node:stream/consumers'
import { prefixEnd } from 'quorate/kv'
import { ClientError, request } from './client.ts'
import { readCommandLine } from './command-line.ts'
import { UsageError } from './errors.ts'
import { parseHostPort } from './host-port.ts'

const CLIENT_HELP = `quorate put KEY VALUE     store a value; VALUE - reads it from standard input
quorate get KEY           print a value; exit status 1 when the key is not there
quorate del KEY           delete a key; prints how many there were
quorate status            every endpoint: its role, term and how far it is

  --endpoints HOST:PORT,…  servers to ask, the first that answers (127.0.0.1:2379,127.0.0.1:2380,127.0.0.1:2381)
  --prefix                 get, del: every key that begins with KEY
  --serializable           get: from that server's own state, which may be old
  --json                   print the server's answer as it is`

const DEFAULT_ENDPOINTS = '127.0.0.1:2379,127.0.0.1:2380,127.0.0.1:2381'
const COMMON = {
  endpoints: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const
const PREFIX = { prefix: { type: 'boolean' } } as const

interface Pair {
  readonly key: string
  readonly value?: string
}

export async function putCommand(args: readonly string[]): Promise<number> {
  const line = readCommandLine(args, COMMON, ['KEY', 'VALUE'])
  if (line.has('help')) return help()
  const [key = '', value = ''] = line.words
  const content = value === '-' ? await text(process.stdin) : value
  const body = { key: encode(requireKey(key)), value: encode(content) }
  const reply = await request(endpointsOf(line.text('endpoints')), '/v3/kv/put', body, false)
  print(line.has('json') ? JSON.stringify(reply) : 'ok')
  return 0
}

export async function getCommand(args: readonly string[]): Promise<number> {
  const flags = { ...COMMON, ...PREFIX, serializable: { type: 'boolean' } } as const
  const line = readCommandLine(args, flags, ['KEY'])
  if (line.has('help')) return help()
  const body = { ...keysOf(line.words[0], line.has('prefix')), serializable: line.has('serializable') }
  const reply = await request(endpointsOf(line.text('endpoints')), '/v3/kv/range', body, true)
  const { kvs = [] } = reply as { readonly kvs?: readonly Pair[] }
  if (line.has('json')) print(JSON.stringify(reply))
  else
    for (const { key, value = '' } of kvs) print(line.has('prefix') ? `${decode(key)} ${decode(value)}` : decode(value))
  return kvs.length > 0 || line.has('prefix') ? 0 : 1
}

export async function delCommand(args: readonly string[]): Promise<number> {
  const line = readCommandLine(args, { ...COMMON, ...PREFIX }, ['KEY'])
  if (line.has('help')) return help()
  const body = keysOf(line.words[0], line.has('prefix'))
  const reply = await request(endpointsOf(line.text('endpoints')), '/v3/kv/deleterange', body, false)
  const { deleted = '0' } = reply as { readonly deleted?: string }
  print(line.has('json') ? JSON.stringify(reply) : deleted)
  return 0
}

/** Asks every endpoint. Exit status 1 when none answers. */
export async function statusCommand(args: readonly string[]): Promise<number> {
  const line = readCommandLine(args, COMMON, [])
  if (line.has('help')) return help()
  const replies = await Promise.all(endpointsOf(line.text('endpoints')).map(askStatus))
  for (const reply of replies) print(line.has('json') ? JSON.stringify(reply) : describe(reply))
  return replies.some((reply) => 'status' in reply) ? 0 : 1
}

interface StatusReply {
  readonly id: string
  readonly role: string
  readonly term: number
  readonly leaderId: string | null
  readonly commitIndex: number
  readonly lastApplied: number
  readonly revision: number
  readonly keys: number
  readonly diskFull: boolean
  readonly peers: readonly { readonly id: string; readonly slow: boolean }[]
}

type Asked =
  | { readonly endpoint: string; readonly status: StatusReply }
  | { readonly endpoint: string; readonly error: string }

async function askStatus(endpoint: string): Promise<Asked> {
  try {
    return { endpoint, status: (await request([endpoint], '/status', undefined, true)) as StatusReply }
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    return { endpoint, error: error.message }
  }
}

function describe(asked: Asked): string {
  if ('error' in asked) return asked.error
  const { id, role, term, leaderId, commitIndex, lastApplied, revision, keys, diskFull, peers } = asked.status
  const leader = role === 'leader' ? '' : `, leader ${leaderId ?? 'unknown'}`
  const disk = diskFull ? ', DISK FULL' : ''
  const slow = peers.filter((peer) => peer.slow).map((peer) => `, ${peer.id} IS BEHIND`)
  const progress = `committed ${commitIndex}, applied ${lastApplied}, revision ${revision}, ${keys} keys`
  return `${asked.endpoint}: ${id} is ${role} in term ${term}${leader}; ${progress}${disk}${slow.join('')}`
}

function keysOf(word: string | undefined, isPrefix: boolean): object {
  const key = Buffer.from(requireKey(word))
  if (!isPrefix) return { key: key.toString('base64') }
  return { key: key.toString('base64'), range_end: Buffer.from(prefixEnd(key)).toString('base64') }
}

function requireKey(word: string | undefined): string {
  if (word === undefined || word === '') throw new UsageError('KEY is empty')
  return word
}

function endpointsOf(flag: string = DEFAULT_ENDPOINTS): string[] {
  return flag.split(',').map((endpoint) => {
    const address = endpoint
      .trim()
      .replace(/^http:\/\//, '')
      .replace(/\/$/, '')
    parseHostPort(address, 'endpoint')
    return `http://${address}`
  })
}

function encode(content: string): string {
  return Buffer.from(content).toString('base64')
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString()
}

function print(line: string): void {
  console.log(line)
}

function help(): number {
  print(CLIENT_HELP)
  return 0
}

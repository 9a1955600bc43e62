/**
 * Whose data folder this is: the file `identity`, written once, before the log's first batch. It keeps an operator's
 * slip (two servers started with one folder after the other's name, a folder copied from another cluster) from
 * becoming two votes in one election.
 *
 * One line of JSON, so that it can be looked at:
 * `{"format":1,"cluster":"c1","server":"s1","incarnation":"00112233445566778899aabbccddeeff","checksum":"1a2b3c4d"}`
 * where the checksum is the CRC-32C, in hex, of `1\nc1\ns1\n0011…` in UTF-8.
 */
import type { ServerId } from '../raft/entry.ts'
import { utf8Decode, utf8Encode } from '../util/bytes.ts'
import { crc32c } from '../util/crc32c.ts'
import { DamageError, StorageError } from './errors.ts'
import type { FileSystem } from './file-system.ts'

export interface ServerIdentity {
  readonly clusterId: string
  readonly serverId: ServerId
  /** 32 hex digits, made up with the folder: an emptied disk is another server under the same name, and has another one. */
  readonly incarnation: string
}

const FORMAT_VERSION = 1
const NAME = 'identity'
const TEMPORARY = 'identity.tmp'

/** @returns null when there is none: the folder is new, or its making was interrupted */
export async function readIdentity(fileSystem: FileSystem): Promise<ServerIdentity | null> {
  const path = `${fileSystem.folder}/${NAME}`
  if (!(await fileSystem.list()).includes(NAME)) return null
  const file = await fileSystem.open(NAME, 'existing')
  try {
    const fields = parse(await file.read(0, file.size))
    if (fields === null) throw new DamageError(path, 0, 'it is not a line of JSON')
    if (fields['format'] !== FORMAT_VERSION) {
      const message = `${path} has format ${fields['format']}, this program reads ${FORMAT_VERSION}: use the program that wrote it`
      throw new StorageError('ERR_QUORATE_UNKNOWN_FORMAT', message)
    }
    const { cluster, server, incarnation, checksum } = fields as Record<string, string>
    const identity = { clusterId: `${cluster}`, serverId: `${server}`, incarnation: `${incarnation}` }
    if (checksum !== checksumOf(identity)) throw new DamageError(path, 0, 'it has the wrong checksum')
    return identity
  } finally {
    await file.close()
  }
}

/** Durable on return. */
export async function writeIdentity(fileSystem: FileSystem, identity: ServerIdentity): Promise<void> {
  if ((await fileSystem.list()).includes(TEMPORARY)) await fileSystem.remove(TEMPORARY)
  const file = await fileSystem.open(TEMPORARY, 'create')
  const { clusterId: cluster, serverId: server, incarnation } = identity
  const line = JSON.stringify({ format: FORMAT_VERSION, cluster, server, incarnation, checksum: checksumOf(identity) })
  file.write(0, [utf8Encode(`${line}\n`)])
  await file.sync()
  await file.close()
  await fileSystem.rename(TEMPORARY, NAME)
  await fileSystem.syncFolder()
}

/** @throws StorageError ERR_QUORATE_WRONG_CLUSTER or ERR_QUORATE_WRONG_SERVER */
export function requireIdentity(
  found: ServerIdentity,
  wanted: Omit<ServerIdentity, 'incarnation'>,
  folder: string,
): void {
  if (found.clusterId !== wanted.clusterId) {
    const message = `${folder} belongs to cluster ${found.clusterId}, not to ${wanted.clusterId}: give this server its own folder`
    throw new StorageError('ERR_QUORATE_WRONG_CLUSTER', message)
  }
  if (found.serverId !== wanted.serverId) {
    const message = `${folder} belongs to server ${found.serverId}, not to ${wanted.serverId}: give this server its own folder`
    throw new StorageError('ERR_QUORATE_WRONG_SERVER', message)
  }
}

function checksumOf({ clusterId, serverId, incarnation }: ServerIdentity): string {
  const text = [FORMAT_VERSION, clusterId, serverId, incarnation].join('\n')
  return crc32c(utf8Encode(text)).toString(16).padStart(8, '0')
}

function parse(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(utf8Decode(bytes) ?? '')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

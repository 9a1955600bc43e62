/**
 * Whose data folder this is: the file `identity`, written once, before the log's first batch. It keeps an operator's
 * slip (two servers started with one folder after the other's name, a folder copied from another cluster) from
 * becoming two votes in one election.
 *
 * One line of JSON, so that it can be looked at:
 * `{"format":1,"cluster":"c1","server":"s1","incarnation":"00112233445566778899aabbccddeeff","checksum":"1a2b3c4d"}`
 * where the checksum is the CRC-32C, in hex, of `1\nc1\ns1\n0011…` in UTF-8. The folder of a host of many groups has
 * `"holds":"groups"` before the checksum, and `\ngroups` at the end of what it is taken of.
 */
import type { ServerId } from '../raft/entry.ts'
import { utf8Encode } from '../util/bytes.ts'
import { crc32c } from '../util/crc32c.ts'
import { DamageError, StorageError } from './errors.ts'
import type { FileSystem } from './file-system.ts'
import { readLine, writeLine } from './line-file.ts'

/** Whose folder it is. */
export interface ServerIdentity {
  readonly clusterId: string
  readonly serverId: ServerId
  /** 32 hex digits, made up with the folder: an emptied disk is another server under the same name, and has another one. */
  readonly incarnation: string
  /** What the folder is for: one node, or the groups of a host. */
  readonly holds: 'node' | 'groups'
}

const FORMAT_VERSION = 1
const NAME = 'identity'

/** @returns null when there is none: the folder is new, or its making was interrupted */
export async function readIdentity(fileSystem: FileSystem): Promise<ServerIdentity | null> {
  const fields = await readLine(fileSystem, NAME, FORMAT_VERSION)
  if (fields === null) return null
  const { cluster, server, incarnation, checksum } = fields
  const holds: ServerIdentity['holds'] = fields['holds'] === 'groups' ? 'groups' : 'node'
  const identity = { clusterId: `${cluster}`, serverId: `${server}`, incarnation: `${incarnation}`, holds }
  if (checksum === checksumOf(identity)) return identity
  throw new DamageError(`${fileSystem.folder}/${NAME}`, 0, 'it has the wrong checksum')
}

/** Durable on return. */
export async function writeIdentity(fileSystem: FileSystem, identity: ServerIdentity): Promise<void> {
  const { clusterId: cluster, serverId: server, incarnation, holds } = identity
  const kind = holds === 'groups' ? { holds } : {}
  const fields = { format: FORMAT_VERSION, cluster, server, incarnation, ...kind, checksum: checksumOf(identity) }
  await writeLine(fileSystem, NAME, fields)
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
  if (found.holds !== wanted.holds) {
    const [is, open] = found.holds === 'groups' ? ['many groups', 'startHost'] : ['a single node', 'startNode']
    throw new StorageError('ERR_QUORATE_WRONG_SERVER', `${folder} is the folder of ${is}: open it with ${open}`)
  }
}

function checksumOf({ clusterId, serverId, incarnation, holds }: ServerIdentity): string {
  const kind = holds === 'groups' ? [holds] : []
  const text = [FORMAT_VERSION, clusterId, serverId, incarnation, ...kind].join('\n')
  return crc32c(utf8Encode(text)).toString(16).padStart(8, '0')
}

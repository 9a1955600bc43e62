/**
 * Whom this server met when its cluster was formed: the file `founders`, written once, when it had met every one of the
 * first members. From then on it knows each by the random name of its disk, and takes an emptied disk for a stranger.
 *
 * One line of JSON: `{"format":1,"incarnations":{"a":"00ff…","b":"17c4…"},"checksum":"1a2b3c4d"}`, where the checksum is
 * the CRC-32C, in hex, of the incarnations as they stand there.
 */
import type { ServerId } from '../raft/entry.ts'
import { utf8Encode } from '../util/bytes.ts'
import { crc32c } from '../util/crc32c.ts'
import { DamageError } from './errors.ts'
import type { FileSystem } from './file-system.ts'
import { readLine, writeLine } from './line-file.ts'

const FORMAT_VERSION = 1
const NAME = 'founders'

/** The random names of the founders' disks. */
export type Founders = { readonly [id: ServerId]: string }

/** @returns null when the cluster has not been formed yet, or this server joined it later */
export async function readFounders(fileSystem: FileSystem): Promise<Founders | null> {
  const fields = await readLine(fileSystem, NAME, FORMAT_VERSION)
  if (fields === null) return null
  const { incarnations, checksum } = fields
  if (checksum === checksumOf(incarnations)) return incarnations as Founders
  throw new DamageError(`${fileSystem.folder}/${NAME}`, 0, 'it has the wrong checksum')
}

/** Durable on return. */
export async function writeFounders(fileSystem: FileSystem, incarnations: Founders): Promise<void> {
  await writeLine(fileSystem, NAME, { format: FORMAT_VERSION, incarnations, checksum: checksumOf(incarnations) })
}

function checksumOf(incarnations: unknown): string {
  return crc32c(utf8Encode(JSON.stringify(incarnations) ?? ''))
    .toString(16)
    .padStart(8, '0')
}

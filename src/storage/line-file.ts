/**
 * A small file that holds one line of JSON, so that it can be looked at, and that is always there as a whole or not at
 * all: written under another name, synced, renamed, the folder synced.
 */
import { utf8Decode, utf8Encode } from '../util/bytes.ts'
import { DamageError, StorageError } from './errors.ts'
import type { FileSystem } from './file-system.ts'

/** The line's fields; null when there is no such file. @throws DamageError, or StorageError for another `format` */
export async function readLine(
  fileSystem: FileSystem,
  name: string,
  format: number,
): Promise<{ readonly [field: string]: unknown } | null> {
  const path = `${fileSystem.folder}/${name}`
  if (!(await fileSystem.list()).includes(name)) return null
  const file = await fileSystem.open(name, 'existing')
  try {
    const fields = parse(await file.read(0, file.size))
    if (fields === null) throw new DamageError(path, 0, 'it is not a line of JSON')
    if (fields['format'] === format) return fields
    const message = `${path} has format ${fields['format']}, this program reads ${format}: use the program that wrote it`
    throw new StorageError('ERR_QUORATE_UNKNOWN_FORMAT', message)
  } finally {
    await file.close()
  }
}

/** Durable on return; what was there before is replaced. */
export async function writeLine(fileSystem: FileSystem, name: string, fields: object): Promise<void> {
  const temporary = `${name}.tmp`
  if ((await fileSystem.list()).includes(temporary)) await fileSystem.remove(temporary)
  const file = await fileSystem.open(temporary, 'create')
  file.write(0, [utf8Encode(`${JSON.stringify(fields)}\n`)])
  await file.sync()
  await file.close()
  await fileSystem.rename(temporary, name)
  await fileSystem.syncFolder()
}

function parse(bytes: Uint8Array): { readonly [field: string]: unknown } | null {
  try {
    const value: unknown = JSON.parse(utf8Decode(bytes) ?? '')
    return typeof value === 'object' && value !== null ? (value as { readonly [field: string]: unknown }) : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/**
 * Commands of the recipes and their answers as bytes, as they stand in the log and travel. Numbers are little-endian, a
 * text or a block has its length in front (4 bytes). With examples in docs/formats/recipes.md.
 *
 * ```
 * command  version 1 (1)  type (1)  flags (1): 1 = only if nobody holds it  name (text)  key (text)
 *          expected revision (6)  value (block)
 * answer   version 1 (1)  type (1)  revision (6)  reason (text)
 * ```
 */
import { ByteReader, ByteWriter, EMPTY } from '../util/bytes.ts'

const FORMAT_VERSION = 1
const COMMAND_TYPES = ['joinElection', 'joinLock', 'set', 'delete', 'compareAndSet'] as const
const ANSWER_TYPES = ['done', 'conflict', 'refused'] as const

/** Every command has every field, so that there is one layout; what a type does not need is empty. */
export interface RecipeCommand {
  readonly type: (typeof COMMAND_TYPES)[number]
  /** The election's, the lock's or the map's. */
  readonly name: string
  readonly key: string
  /** For compareAndSet: the key's revision; 0 when it must not be there. */
  readonly expectedRevision: number
  readonly value: Uint8Array
  /** For a lock: do not queue. */
  readonly onlyIfFree: boolean
}

/** What became of a command. A conflict changed nothing: it is held by another, or the revision is not the one expected. */
export interface RecipeAnswer {
  readonly type: (typeof ANSWER_TYPES)[number]
  /** Done: the index of the change, 0 when nothing had to change. Conflict: the revision that is there. */
  readonly revision: number
  /** Why it was refused. */
  readonly reason: string
}

/** Fills in what the command's type does not need. */
export function command(
  type: RecipeCommand['type'],
  name: string,
  fields: Partial<Omit<RecipeCommand, 'type' | 'name'>> = {},
): RecipeCommand {
  return { type, name, key: '', expectedRevision: 0, value: EMPTY, onlyIfFree: false, ...fields }
}

export function encodeCommand({ type, name, key, expectedRevision, value, onlyIfFree }: RecipeCommand): Uint8Array {
  const writer = new ByteWriter().uint8(FORMAT_VERSION).uint8(COMMAND_TYPES.indexOf(type))
  return writer
    .uint8(onlyIfFree ? 1 : 0)
    .text(name)
    .text(key)
    .uint48(expectedRevision)
    .block(value)
    .finish()
}

/**
 * The value is a view into the source.
 *
 * @returns null when these bytes are no command of this version, to the last byte: all servers must agree on that
 */
export function decodeCommand(bytes: Uint8Array): RecipeCommand | null {
  const reader = new ByteReader(bytes)
  const version = reader.uint8()
  const type = COMMAND_TYPES[reader.uint8()]
  const flags = reader.uint8()
  const [name, key] = [reader.text(), reader.text()]
  const expectedRevision = reader.uint48()
  const value = reader.block()
  const isWhole = reader.ok() && reader.remaining() === 0 && version === FORMAT_VERSION && flags <= 1
  return isWhole && type !== undefined ? { type, name, key, expectedRevision, value, onlyIfFree: flags === 1 } : null
}

export function encodeAnswer({ type, revision, reason }: RecipeAnswer): Uint8Array {
  const writer = new ByteWriter().uint8(FORMAT_VERSION).uint8(ANSWER_TYPES.indexOf(type))
  return writer.uint48(revision).text(reason).finish()
}

/** What is no answer of this version counts as a refusal. */
export function decodeAnswer(bytes: Uint8Array): RecipeAnswer {
  const reader = new ByteReader(bytes)
  const version = reader.uint8()
  const type = ANSWER_TYPES[reader.uint8()]
  const revision = reader.uint48()
  const reason = reader.text()
  if (version === FORMAT_VERSION && type !== undefined && reader.ok()) return { type, revision, reason }
  return {
    type: 'refused',
    revision: 0,
    reason: 'the answer is none that this version knows: do all servers run recipes?',
  }
}

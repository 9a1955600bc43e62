/**
 * The state machine below all recipes: elections, locks and maps by name. A node needs one; `Election`, `Lock` and
 * `ReplicatedMap` are made on it. Deterministic: what it holds depends on the log alone, and what is no command, or asks
 * for too much, is answered and changes nothing.
 */
import type { CommittedEntry, EntryPlace, StateMachine } from '../runtime/state-machine.ts'
import { ByteReader, ByteWriter, concat, utf8Decode, utf8Encode } from '../util/bytes.ts'
import { decodeCommand, encodeAnswer, type RecipeAnswer, type RecipeCommand } from './command.ts'
import { type MapChange, type MapEntry, Maps } from './maps.ts'
import { MAX_QUEUE_LENGTH, type Turn, type TurnKind, Turns } from './turns.ts'

export const MAX_NAME_BYTES = 256
export const MAX_KEY_BYTES = 1024
/** Of what a candidate says of itself. */
export const MAX_CANDIDATE_BYTES: number = 4 * 1024
export const MAX_VALUE_BYTES: number = 1024 * 1024

const SNAPSHOT_VERSION = 1

/** Say `new RecipeStateMachine()` and give it to `startNode`; the recipes read it, and change it through the log. */
export class RecipeStateMachine implements StateMachine {
  private turns = new Turns()
  private maps = new Maps()

  /** Who holds that election or lock, as far as this server has applied. */
  holder(kind: TurnKind, name: string): Turn | null {
    return this.turns.holder(kind, name)
  }

  /** An entry, as far as this server has applied. */
  get(map: string, key: string): MapEntry | null {
    return this.maps.get(map, key)
  }

  /** All entries of a map, as far as this server has applied, in no order that means anything. */
  entries(map: string): MapEntry[] {
    return this.maps.entries(map)
  }

  /** The revision of the last change that this server has applied, in whichever map. */
  get revision(): number {
    return this.maps.revision
  }

  /** What happened to a map behind a revision. @throws RecipeError ERR_QUORATE_WATCH_BEHIND */
  changesAfter(map: string, revision: number): MapChange[] {
    return this.maps.changesAfter(map, revision)
  }

  apply(entries: readonly CommittedEntry[]): readonly Uint8Array[] {
    return entries.map((entry) => encodeAnswer(this.applyOne(entry)))
  }

  sessionsClosed(ids: readonly number[], { index }: EntryPlace): void {
    this.turns.leave(ids, index)
  }

  /** Captured at once, and written piece by piece: nothing that happens later is in it. */
  snapshot(): AsyncIterable<Uint8Array> {
    const head = new ByteWriter().uint8(SNAPSHOT_VERSION)
    this.turns.write(head)
    const maps = this.maps.write()
    return (async function* () {
      yield head.finish()
      yield* maps
    })()
  }

  /** @throws Error when the bytes are no snapshot of this version; the state is as before then */
  async restore(source: AsyncIterable<Uint8Array>): Promise<void> {
    const pieces: Uint8Array[] = []
    for await (const piece of source) pieces.push(piece)
    const reader = new ByteReader(concat(pieces))
    const version = reader.uint8()
    if (version !== SNAPSHOT_VERSION) throw new Error(`a snapshot of recipes in version ${version}: this is version 1`)
    const turns = Turns.read(reader)
    const maps = Maps.read(reader)
    if (!reader.ok() || reader.remaining() > 0) throw new Error('the snapshot of the recipes is cut off or has a tail')
    this.turns = turns
    this.maps = maps
  }

  private applyOne({ command: bytes, index, session }: CommittedEntry): RecipeAnswer {
    const command = decodeCommand(bytes)
    if (command === null) return refused('no command of the recipes that this version knows')
    const objection = objectionTo(command)
    if (objection !== null) return refused(objection)
    if (command.type === 'joinElection' || command.type === 'joinLock') return this.join(command, session, index)
    return this.change(command, index)
  }

  private join({ type, name, value, onlyIfFree }: RecipeCommand, session: number | null, index: number): RecipeAnswer {
    if (session === null) return refused('an election or a lock is joined through a session')
    const kind = type === 'joinLock' ? 'lock' : 'election'
    const holder = this.turns.holder(kind, name)
    if (onlyIfFree && holder !== null && holder.session !== session) return conflict(holder.token)
    if (this.turns.count(kind, name) >= MAX_QUEUE_LENGTH) return refused(`${MAX_QUEUE_LENGTH} wait for it already`)
    const text = utf8Decode(value)
    if (text === null) return refused('what a candidate says of itself must be UTF-8')
    this.turns.join(kind, name, { session, value: text }, index)
    return done(index)
  }

  private change({ type, name, key, expectedRevision, value }: RecipeCommand, index: number): RecipeAnswer {
    if (type === 'delete') return done(this.maps.delete(name, key, index) ? index : 0)
    const revision = this.maps.get(name, key)?.revision ?? 0
    if (type === 'compareAndSet' && revision !== expectedRevision) return conflict(revision)
    this.maps.set(name, key, value.slice(), index)
    return done(index)
  }
}

/** Why this is too much to ask; null when it is not. */
function objectionTo({ type, name, key, value }: RecipeCommand): string | null {
  const isJoin = type === 'joinElection' || type === 'joinLock'
  const maxValueBytes = isJoin ? MAX_CANDIDATE_BYTES : MAX_VALUE_BYTES
  if (name === '') return 'its name is empty'
  const sizes: readonly (readonly [string, number, number])[] = [
    ['name', utf8Encode(name).length, MAX_NAME_BYTES],
    ['key', utf8Encode(key).length, MAX_KEY_BYTES],
    ['value', value.length, maxValueBytes],
  ]
  const tooLong = sizes.find(([, bytes, limit]) => bytes > limit)
  return tooLong === undefined ? null : `its ${tooLong[0]} has ${tooLong[1]} bytes, and ${tooLong[2]} is the most`
}

function done(revision: number): RecipeAnswer {
  return { type: 'done', revision, reason: '' }
}

function conflict(revision: number): RecipeAnswer {
  return { type: 'conflict', revision, reason: '' }
}

function refused(reason: string): RecipeAnswer {
  return { type: 'refused', revision: 0, reason }
}

/**
 * The replicated half of `ReplicatedMap`: named maps, each entry with the index of the log entry that set it. Beside
 * them, of this server alone and in no snapshot, the last changes, for those who watch.
 */
import type { Index } from '../raft/entry.ts'
import { type ByteReader, ByteWriter } from '../util/bytes.ts'
import { Deque } from '../util/deque.ts'
import { RecipeError } from './errors.ts'

/** So many changes, of all maps together, are remembered for those who watch. */
export const MAX_REMEMBERED_CHANGES = 4096
/** And no more bytes of values than this, but for the newest one. */
const MAX_REMEMBERED_BYTES: number = 16 * 1024 * 1024

/** A key with what it was set to last. */
export interface MapEntry {
  readonly key: string
  readonly value: Uint8Array
  /** The index of the log entry that set it: larger than that of any change before, in any map. */
  readonly revision: number
}

/** What a watch tells: an entry that was set, or, with `value` null, deleted. */
export interface MapChange {
  readonly key: string
  readonly value: Uint8Array | null
  readonly revision: number
}

interface NamedChange extends MapChange {
  readonly map: string
}

export class Maps {
  private readonly maps = new Map<string, Map<string, MapEntry>>()
  private readonly changes = new Deque<NamedChange>()
  private rememberedBytes = 0
  /** The revision of the last change, in whichever map. */
  revision = 0
  /** Changes up to this revision are no longer remembered here. */
  private forgotten = 0

  get(map: string, key: string): MapEntry | null {
    return this.maps.get(map)?.get(key) ?? null
  }

  entries(map: string): MapEntry[] {
    return [...(this.maps.get(map)?.values() ?? [])]
  }

  set(map: string, key: string, value: Uint8Array, index: Index): void {
    const entries = this.maps.get(map) ?? new Map<string, MapEntry>()
    this.maps.set(map, entries)
    entries.set(key, { key, value, revision: index })
    this.remember({ map, key, value, revision: index })
  }

  /** @returns false when the key was not there */
  delete(map: string, key: string, index: Index): boolean {
    const entries = this.maps.get(map)
    if (entries === undefined || !entries.delete(key)) return false
    if (entries.size === 0) this.maps.delete(map)
    this.remember({ map, key, value: null, revision: index })
    return true
  }

  /**
   * What happened to the map behind that revision, in order.
   *
   * @throws RecipeError ERR_QUORATE_WATCH_BEHIND
   */
  changesAfter(map: string, revision: number): MapChange[] {
    if (revision < this.forgotten) {
      const message = `changes up to revision ${this.forgotten} are no longer remembered here, and those behind ${revision} are wanted: call entries(), and watch after the revision that it gives`
      throw new RecipeError('ERR_QUORATE_WATCH_BEHIND', message)
    }
    const found: MapChange[] = []
    for (let i = this.changes.length - 1; i >= 0; i--) {
      const change = this.changes.at(i)
      if (change === undefined || change.revision <= revision) break
      if (change.map === map) found.push({ key: change.key, value: change.value, revision: change.revision })
    }
    return found.reverse()
  }

  /**
   * As bytes, in pieces. The view is captured when this is called: entries are never changed, only replaced, so a list of
   * them is one. A million took 17 ms to list and 700 ms to write.
   */
  write(): Generator<Uint8Array, void> {
    const lists = [...this.maps].map(([name, entries]) => [name, [...entries.values()]] as const)
    return writeLists(this.revision, lists)
  }

  static read(reader: ByteReader): Maps {
    const maps = new Maps()
    maps.revision = reader.uint48()
    maps.forgotten = maps.revision
    for (let left = reader.uint32(); left > 0 && reader.ok(); left--) {
      const entries = new Map<string, MapEntry>()
      maps.maps.set(reader.text(), entries)
      for (let more = reader.uint32(); more > 0 && reader.ok(); more--) {
        const entry = { key: reader.text(), value: reader.block().slice(), revision: reader.uint48() }
        entries.set(entry.key, entry)
      }
    }
    return maps
  }

  private remember(change: NamedChange): void {
    this.revision = change.revision
    this.changes.push(change)
    this.rememberedBytes += change.value?.length ?? 0
    while (this.changes.length > MAX_REMEMBERED_CHANGES || this.isOverBytes()) {
      const oldest = this.changes.shift()
      if (oldest === undefined) return
      this.rememberedBytes -= oldest.value?.length ?? 0
      this.forgotten = oldest.revision
    }
  }

  private isOverBytes(): boolean {
    return this.rememberedBytes > MAX_REMEMBERED_BYTES && this.changes.length > 1
  }
}

const PIECE_BYTES = 64 * 1024

function* writeLists(
  revision: number,
  lists: readonly (readonly [name: string, entries: readonly MapEntry[]])[],
): Generator<Uint8Array, void> {
  let writer = new ByteWriter().uint48(revision).uint32(lists.length)
  for (const [name, entries] of lists) {
    writer.text(name).uint32(entries.length)
    for (const { key, value, revision: setAt } of entries) {
      writer.text(key).block(value).uint48(setAt)
      if (writer.size < PIECE_BYTES) continue
      yield writer.finish()
      writer = new ByteWriter()
    }
  }
  yield writer.finish()
}

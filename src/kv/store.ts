/**
 * The key/value store: a sorted table and a revision that counts the changes, with etcd's meaning of both. An empty
 * store has revision 1; every put, and every delete that deletes something, raises it by one.
 *
 * It keeps the newest state only, as an etcd does that is compacted at every revision: a query for an older one is told
 * so. Readers ask through `range` and `freeze` and never see the table, so that older revisions can be kept behind the
 * same questions.
 */
import { boundsOf, type KeyRange, type KeyValue } from './key-value.ts'
import { type RangeQuery, type RangeResult, select } from './range.ts'
import { SortedTable } from './sorted-table.ts'

const FIRST_REVISION = 1

/** The revision is older than what is kept, or has not been yet. */
export type RevisionErrorCode = 'ERR_QUORATE_KV_COMPACTED' | 'ERR_QUORATE_KV_FUTURE_REVISION'

/** A query for a revision that is not there. */
export class RevisionError extends Error {
  override readonly name = 'RevisionError'
  readonly code: RevisionErrorCode

  constructor(code: RevisionErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** The whole store at one moment; what is written later does not show in it. */
export interface StoreView {
  readonly revision: number
  readonly size: number
  /** In key order. */
  readonly pairs: Iterable<KeyValue>
}

/** The pairs and their revision, as they are now. */
export class Store {
  private readonly table = new SortedTable<KeyValue>()
  private current: number = FIRST_REVISION

  /** How many changes there were, plus one. */
  get revision(): number {
    return this.current
  }

  /** How many keys there are. */
  get size(): number {
    return this.table.size
  }

  /** Keeps `key` and `value` as they are: give it bytes of its own. @returns the pair that was there, or null */
  put(key: Uint8Array, value: Uint8Array): KeyValue | null {
    this.current++
    const modRevision = this.current
    const previous = this.table.update(key, (old) => ({
      key: old?.key ?? key,
      value,
      createRevision: old?.createRevision ?? modRevision,
      modRevision,
      version: (old?.version ?? 0) + 1,
    }))
    return previous ?? null
  }

  /** One change, however many keys it takes. @returns how many there were */
  deleteRange(range: KeyRange): number {
    const doomed = [...this.table.scan(boundsOf(range))]
    for (const { key } of doomed) this.table.delete(key)
    if (doomed.length > 0) this.current++
    return doomed.length
  }

  /** @throws RevisionError when the revision that is asked for is not kept, or lies in the future */
  range(query: RangeQuery): RangeResult {
    this.requireRevision(query.revision)
    const bounds = boundsOf(query)
    const found = query.countOnly ? { pairs: [], more: false } : select(this.table.scan(bounds), query)
    return { revision: this.current, ...found, count: this.table.countIn(bounds) }
  }

  /** The pairs of a range, in key order. Do not write before you are through. */
  scan(range: KeyRange): Iterable<KeyValue> {
    return this.table.scan(boundsOf(range))
  }

  /** Takes microseconds for thousands of keys: values are shared, and pages are copied only when they are written to. */
  freeze(): StoreView {
    return { revision: this.current, size: this.size, pairs: this.table.freeze() }
  }

  /** A store as it was frozen: batches of pairs, with the counters they had. */
  static async from(revision: number, batches: AsyncIterable<readonly KeyValue[]>): Promise<Store> {
    const store = new Store()
    for await (const batch of batches) for (const pair of batch) store.table.set(pair)
    store.current = revision
    return store
  }

  private requireRevision(revision: number): void {
    if (revision > this.current) {
      const message = `revision ${revision} is not there yet: the store is at ${this.current}`
      throw new RevisionError('ERR_QUORATE_KV_FUTURE_REVISION', message)
    }
    if (revision > 0 && revision < this.current) {
      const message = `revision ${revision} has been compacted: only the newest, ${this.current}, is kept`
      throw new RevisionError('ERR_QUORATE_KV_COMPACTED', message)
    }
  }
}

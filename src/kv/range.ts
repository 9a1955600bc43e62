/** Range queries in etcd's terms: which keys, in which order, how many, and what of them. */
import { compare } from '../util/bytes.ts'
import type { KeyRange, KeyValue } from './key-value.ts'

/** What the pairs of a range can be ordered by. */
export type SortTarget = 'key' | 'version' | 'createRevision' | 'modRevision' | 'value'

/** What is asked for: `rangeQuery` fills in what is not said. */
export interface RangeQuery extends KeyRange {
  /** At most so many pairs; 0 for all. */
  readonly limit: number
  /** The state as of this revision; 0 for the newest. */
  readonly revision: number
  readonly countOnly: boolean
  /** Leave the values out. */
  readonly keysOnly: boolean
  readonly sortTarget: SortTarget
  readonly descending: boolean
  /** Only pairs whose modRevision is within; 0 for no bound. */
  readonly minModRevision: number
  readonly maxModRevision: number
  /** Only pairs whose createRevision is within; 0 for no bound. */
  readonly minCreateRevision: number
  readonly maxCreateRevision: number
}

/** What was found, as of one revision. */
export interface RangeResult {
  /** The store's revision when the query ran. */
  readonly revision: number
  readonly pairs: readonly KeyValue[]
  /** How many keys the range holds, regardless of limit and filters, as etcd counts. */
  readonly count: number
  /** True when the limit left some out. */
  readonly more: boolean
}

/** A query for one key; `changes` make it another. */
export function rangeQuery(key: Uint8Array, changes: Partial<RangeQuery> = {}): RangeQuery {
  return {
    key,
    rangeEnd: new Uint8Array(0),
    limit: 0,
    revision: 0,
    countOnly: false,
    keysOnly: false,
    sortTarget: 'key',
    descending: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
    ...changes,
  }
}

/** Filters, sorts and cuts what a scan in key order gives. */
export function select(scan: Iterable<KeyValue>, query: RangeQuery): Pick<RangeResult, 'pairs' | 'more'> {
  const { limit, keysOnly } = query
  // In key order one pair too many is enough to know that there are more; for any other order all must be seen.
  const enough = isScanOrder(query) && limit > 0 ? limit + 1 : Number.POSITIVE_INFINITY
  const found: KeyValue[] = []
  for (const pair of scan) {
    if (passes(pair, query)) found.push(pair)
    if (found.length >= enough) break
  }
  if (!isScanOrder(query)) sort(found, query)
  const more = limit > 0 && found.length > limit
  const pairs = more ? found.slice(0, limit) : found
  return { pairs: keysOnly ? pairs.map((pair) => ({ ...pair, value: new Uint8Array(0) })) : pairs, more }
}

function isScanOrder({ sortTarget, descending }: RangeQuery): boolean {
  return sortTarget === 'key' && !descending
}

function passes({ modRevision, createRevision }: KeyValue, query: RangeQuery): boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = query
  return (
    isWithin(modRevision, minModRevision, maxModRevision) &&
    isWithin(createRevision, minCreateRevision, maxCreateRevision)
  )
}

function isWithin(revision: number, min: number, max: number): boolean {
  return revision >= min && (max === 0 || revision <= max)
}

/** Pairs that are equal in the target stay in key order. */
function sort(pairs: KeyValue[], { sortTarget, descending }: RangeQuery): void {
  const sign = descending ? -1 : 1
  pairs.sort((left, right) => sign * compareBy(sortTarget, left, right))
}

function compareBy(target: SortTarget, left: KeyValue, right: KeyValue): number {
  if (target === 'key' || target === 'value') return compare(left[target], right[target])
  return left[target] - right[target]
}

/** What the store holds for a key, with etcd's three counters. */

export interface KeyValue {
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** The store's revision when the key was put and had not been there. */
  readonly createRevision: number
  /** The store's revision at the last put. */
  readonly modRevision: number
  /** How often the key was put since it was created: 1 on creation. */
  readonly version: number
}

/**
 * Which keys are meant, as etcd says it: `key` alone when `rangeEnd` is empty; every key from `key` on when it is the
 * single byte 0; else key ≤ k < rangeEnd.
 */
export interface KeyRange {
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
}

/** A range as two bounds: from ≤ key < to, and null for no upper bound. */
export interface Bounds {
  readonly from: Uint8Array
  readonly to: Uint8Array | null
}

/** Etcd's way of naming a range, as two bounds. */
export function boundsOf({ key, rangeEnd }: KeyRange): Bounds {
  if (rangeEnd.length === 0) return { from: key, to: successorOf(key) }
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return { from: key, to: null }
  return { from: key, to: rangeEnd }
}

/**
 * The `rangeEnd` that together with `prefix` as the key means every key that begins so: the last byte is raised by one,
 * and a byte that cannot be raised is dropped ('a', 0xff → 'b').
 */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix[length - 1] as number
    if (last === 0xff) continue
    const end = prefix.slice(0, length)
    end[length - 1] = last + 1
    return end
  }
  return new Uint8Array(1)
}

/** The next key in order: nothing lies between 'a' and 'a\0'. */
function successorOf(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}

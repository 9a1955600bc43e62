import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compare, utf8Encode } from '../util/bytes.ts'
import { boundsOf, type KeyRange, type KeyValue, prefixEnd } from './key-value.ts'
import { rangeQuery } from './range.ts'
import { Store } from './store.ts'
import { bytes, show } from './testing/vocabulary.ts'

/** `a=1 b=2 -a`: puts and deletes, in order. */
function storeWith(changes: string): Store {
  const store = new Store()
  for (const change of changes.split(' ')) {
    const [key = '', value = ''] = change.split('=')
    if (key.startsWith('-')) store.deleteRange({ key: bytes(key.slice(1)), rangeEnd: bytes('') })
    else store.put(bytes(key), bytes(value))
  }
  return store
}

function find(store: Store, key: string, changes: Parameters<typeof rangeQuery>[1] = {}): string[] {
  return store.range(rangeQuery(bytes(key), changes)).pairs.map(show)
}

const ALL = { rangeEnd: bytes('\0') }

describe('Revisions', () => {
  test('an empty store is at revision 1, and each put raises it by one', () => {
    expect(new Store().revision).toBe(1)
    expect(storeWith('a=1 a=2 b=3').revision).toBe(4)
  })

  test('a key keeps its create revision, and counts its versions', () => {
    expect(find(storeWith('a=1 b=1 a=2 a=3'), 'a')).toEqual(['a=3@2/5/3'])
  })

  test('a key that was deleted and put again begins anew', () => {
    expect(find(storeWith('a=1 a=2 -a a=3'), 'a')).toEqual(['a=3@5/5/1'])
  })

  test('a delete counts once, however many keys it takes, and not at all when it takes none', () => {
    const store = storeWith('a=1 b=1 c=1')
    expect([store.deleteRange({ key: bytes('a'), rangeEnd: bytes('c') }), store.revision]).toEqual([2, 5])
    expect([store.deleteRange({ key: bytes('a'), rangeEnd: bytes('c') }), store.revision]).toEqual([0, 5])
  })

  test('a query for another revision than the newest is refused', () => {
    const store = storeWith('a=1 a=2')
    expect(find(store, 'a', { revision: 3 })).toEqual(['a=2@2/3/2'])
    expect(() => find(store, 'a', { revision: 2 })).toThrow(
      'revision 2 has been compacted: only the newest, 3, is kept',
    )
    expect(() => find(store, 'a', { revision: 4 })).toThrow('revision 4 is not there yet')
  })
})

describe('Ranges', () => {
  const store = storeWith('b=3 a=2 c=1 ab=9 b=0')

  test.each([
    ['one key', 'a', '', 'a'],
    ['from one key up to another', 'a', 'b', 'a ab'],
    ['from a key on', 'ab', '\0', 'ab b c'],
    ['all keys', '\0', '\0', 'a ab b c'],
    ['nothing between bounds the wrong way round', 'c', 'a', ''],
  ])('%s', (_title, key, rangeEnd, expected) => {
    const found = find(store, key, { rangeEnd: bytes(rangeEnd) })
    expect(found.map((pair) => pair.split('=')[0]).join(' ')).toBe(expected)
  })

  test('a limit says that there are more, and how many in all', () => {
    const { pairs, more, count } = store.range(rangeQuery(bytes('a'), { ...ALL, limit: 2 }))
    expect([pairs.map(show), more, count]).toEqual([['a=2@3/3/1', 'ab=9@5/5/1'], true, 4])
    expect(store.range(rangeQuery(bytes('a'), { ...ALL, limit: 4 })).more).toBe(false)
  })

  test('only the count, or only the keys', () => {
    expect(store.range(rangeQuery(bytes('a'), { ...ALL, countOnly: true }))).toMatchObject({ pairs: [], count: 4 })
    expect(find(store, 'a', { keysOnly: true })).toEqual(['a=@3/3/1'])
  })

  test.each([
    ['key', 'c b ab a'],
    ['value', 'ab a c b'],
    ['version', 'b a ab c'],
    ['createRevision', 'ab c a b'],
    ['modRevision', 'b ab c a'],
  ] as const)('sorted by %s, the largest first', (sortTarget, expected) => {
    const found = find(store, 'a', { ...ALL, sortTarget, descending: true })
    expect(found.map((pair) => pair.split('=')[0]).join(' ')).toBe(expected)
  })

  test('a limit cuts behind the sorting, not before', () => {
    expect(find(store, 'a', { ...ALL, sortTarget: 'value', limit: 1 })).toEqual(['b=0@2/6/2'])
  })

  test('filters by revision', () => {
    expect(find(store, 'a', { ...ALL, minModRevision: 4, maxModRevision: 5 })).toEqual(['ab=9@5/5/1', 'c=1@4/4/1'])
    expect(find(store, 'a', { ...ALL, maxCreateRevision: 2 })).toEqual(['b=0@2/6/2'])
  })

  test.each([
    ['a', 'b'],
    ['a\u007f', 'a\u0080'],
  ])('the keys with prefix %j end before the next prefix', (prefix, next) => {
    expect(prefixEnd(latin1(prefix))).toEqual(latin1(next))
  })

  test('a prefix that ends in 0xff ends where the byte before it is raised, and one of nothing else nowhere', () => {
    expect(prefixEnd(latin1('a\u00ff'))).toEqual(latin1('b'))
    expect(boundsOf({ key: latin1('\u00ff'), rangeEnd: prefixEnd(latin1('\u00ff')) }).to).toBeNull()
  })
})

test('A frozen store stays as it is while the store goes on', () => {
  const store = storeWith('a=1 b=2')
  const view = store.freeze()
  store.put(bytes('a'), bytes('3'))
  store.deleteRange({ key: bytes('b'), rangeEnd: bytes('') })
  expect([view.revision, view.size, [...view.pairs].map(show)]).toEqual([3, 2, ['a=1@2/2/1', 'b=2@3/3/1']])
})

/** The store as one would write it on a napkin. */
class NaiveStore {
  revision = 1
  pairs: KeyValue[] = []

  put(key: Uint8Array, value: Uint8Array): void {
    this.revision++
    const old = this.pairs.find((pair) => compare(pair.key, key) === 0)
    const createRevision = old?.createRevision ?? this.revision
    this.pairs = this.pairs.filter((pair) => pair !== old)
    this.pairs.push({ key, value, createRevision, modRevision: this.revision, version: (old?.version ?? 0) + 1 })
  }

  find({ key, rangeEnd }: KeyRange): KeyValue[] {
    const isMeant = (other: Uint8Array): boolean => {
      if (rangeEnd.length === 0) return compare(other, key) === 0
      if (compare(rangeEnd, Uint8Array.of(0)) === 0) return compare(other, key) >= 0
      return compare(other, key) >= 0 && compare(other, rangeEnd) < 0
    }
    return this.pairs.filter((pair) => isMeant(pair.key)).sort((left, right) => compare(left.key, right.key))
  }

  deleteRange(range: KeyRange): number {
    const doomed = this.find(range)
    this.pairs = this.pairs.filter((pair) => !doomed.includes(pair))
    if (doomed.length > 0) this.revision++
    return doomed.length
  }
}

describe('Against a naive model', () => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 2, max: 3 })
  const rangeEnd = fc.oneof(fc.constant(new Uint8Array(0)), fc.constant(Uint8Array.of(0)), key)
  const range = fc.record({ key, rangeEnd })
  const change = fc.oneof(
    fc.record({ type: fc.constant('put' as const), key, value: fc.string().map(utf8Encode) }),
    fc.record({ type: fc.constant('delete' as const), range }),
  )

  test('every store says the same after the same changes', () => {
    const property = fc.property(fc.array(change, { maxLength: 60 }), fc.array(range), (changes, queries) => {
      const store = new Store()
      const model = new NaiveStore()
      for (const one of changes) {
        if (one.type === 'delete') expect(store.deleteRange(one.range)).toBe(model.deleteRange(one.range))
        else for (const each of [store, model]) each.put(one.key, one.value)
        expect(store.revision).toBe(model.revision)
      }
      for (const query of [...queries, { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) }]) {
        expect(store.range(rangeQuery(query.key, query)).pairs).toEqual(model.find(query))
      }
    })
    fc.assert(property, { seed: 11, numRuns: 300 })
  })
})

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

// Every history of a few operations: all ways in which their times can overlap, and all things that they can do.

import type { Operation } from '../operation.ts'

/** What an operation does; its outcome may be unknown. */
export interface Deed {
  readonly f: string
  readonly value?: unknown
  readonly result?: unknown
  readonly isUnknown?: true
}

/**
 * How `count` operations can lie in time: for each, in the order of invocation, when it begins and ends. There are
 * 1, 3, 15, 105, 945 … of them, and fewer when there are fewer clients.
 */
export function allShapes(count: number, clients: number = count): (readonly [begin: number, end: number])[][] {
  const shapes: [number, number][][] = []
  const extend = (at: number, begun: readonly number[], ended: ReadonlyMap<number, number>): void => {
    if (ended.size === count) {
      shapes.push(begun.map((begin, i) => [begin, ended.get(i) as number]))
      return
    }
    if (begun.length < count && begun.length - ended.size < clients) extend(at + 1, [...begun, at], ended)
    for (const i of begun.keys()) if (!ended.has(i)) extend(at + 1, begun, new Map([...ended, [i, at]]))
  }
  extend(1, [], new Map())
  return shapes
}

/** All histories of `count` of these deeds; of those that differ only in when unknown outcomes end, one. */
export function* allHistories(
  count: number,
  deeds: readonly Deed[],
  { key, clients }: { readonly key?: string | undefined; readonly clients?: number } = {},
): Generator<Operation[]> {
  const shapes = allShapes(count, clients)
  const picked = new Array<number>(count).fill(0)
  const namesakes = new Map<string, typeof shapes>()
  for (let i = 0; i < count; ) {
    const chosen = picked.map((one) => deeds[one] as Deed)
    const mask = chosen.map(({ isUnknown }) => (isUnknown ? '?' : '!')).join('')
    const own = namesakes.get(mask) ?? shapes.filter((shape) => isNamesake(shape, chosen))
    namesakes.set(mask, own)
    for (const shape of own) yield chosen.map((deed, k) => done(deed, shape[k], k, key))
    for (i = 0; i < count && (picked[i] as number) === deeds.length - 1; i++) picked[i] = 0
    if (i < count) picked[i] = (picked[i] as number) + 1
  }
}

/** Of all shapes that differ only in the ends of unknown outcomes: the one in which those come last, in their order. */
function isNamesake(shape: readonly (readonly [number, number])[], deeds: readonly Deed[]): boolean {
  const latest = Math.max(0, ...shape.flatMap(([begin, end], i) => (deeds[i]?.isUnknown ? [begin] : [end])))
  const unknown = shape.flatMap(([, end], i) => (deeds[i]?.isUnknown ? [end] : []))
  return unknown.every((end, i) => end > latest && end > (unknown[i - 1] ?? 0))
}

function done(deed: Deed, times: readonly [number, number] | undefined, client: number, key?: string): Operation {
  const [invoked, completed] = times as readonly [number, number]
  const { f, value, result, isUnknown } = deed
  return {
    process: client,
    f,
    ...(key === undefined ? {} : { key }),
    value,
    result,
    invoked,
    completed: isUnknown ? null : completed,
  }
}

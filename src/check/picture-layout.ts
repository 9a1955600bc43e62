// Where things are in the picture of a history that breaks: one bar for each operation, in the row of its process, from
// its invocation to its completion; and in each bar of the order its place, from left to right.

import type { PartReport } from './check.ts'
import { shortJson } from './json.ts'
import type { Break } from './longest-prefix.ts'
import { callOf, initialState, type Model } from './model.ts'
import type { Operation } from './operation.ts'

/** Times are counted in events, so that a busy second is as wide as it needs. */
export interface Bar {
  readonly operation: Operation
  readonly row: number
  /** Columns, from 0. */
  readonly from: number
  readonly to: number
  /** `placed`: it is in the order. `breaking`: the one that has no place. `open`: others that were not over by then. */
  readonly kind: 'placed' | 'breaking' | 'open'
  /** Null when it has none. */
  readonly place: Place | null
  /** The column of its effect. */
  readonly at: number | null
}

/** One part's picture. */
export interface Layout {
  readonly key: unknown
  readonly bars: readonly Bar[]
  readonly processes: readonly string[]
  readonly columns: number
  /** Operations before the first bar, and behind the last one. */
  readonly omittedBefore: number
  readonly omittedAfter: number
  readonly break: Break
}

/** As many as can still be looked at. */
const MAX_BARS = 2_000
/** What began soon after the break is shown as well: it tells what the answer could have come from. */
const MAX_LATER = 20
const MAX_STATE = 300

/** @returns null for a part that does not break */
export function layOut<State>({ key, operations, break: found }: PartReport, model: Model<State>): Layout | null {
  if (found === null) return null
  const end = found.operation.completed as number
  const begun = operations.filter(({ invoked }) => invoked <= end)
  const shown = [...begun.slice(-MAX_BARS), ...operations.slice(begun.length, begun.length + MAX_LATER)]
  const omittedBefore = Math.max(begun.length - MAX_BARS, 0)
  const columnOf = columns(shown, end)
  const processes = [...new Set(shown.map((one) => String(one.process)))].sort(byNumber)
  return {
    key,
    bars: barsOf(shown, found, columnOf, processes, replay(found.order, model)),
    processes,
    columns: columnOf.size,
    omittedBefore,
    omittedAfter: operations.length - omittedBefore - shown.length,
    break: found,
  }
}

/** A column for each moment at which something begins or ends, up to the last beginning that is shown. */
function columns(shown: readonly Operation[], end: number): Map<number, number> {
  const last = shown.reduce((latest, { invoked }) => Math.max(latest, invoked), end)
  const moments = shown.flatMap(({ invoked, completed }) => (completed === null ? [invoked] : [invoked, completed]))
  const sorted = [...new Set(moments.filter((moment) => moment <= last))].sort((a, b) => a - b)
  return new Map(sorted.map((moment, column) => [moment, column]))
}

function barsOf(
  shown: readonly Operation[],
  found: Break,
  columnOf: ReadonlyMap<number, number>,
  processes: readonly string[],
  places: ReadonlyMap<Operation, Place>,
): Bar[] {
  // Many places between two moments: all of them together take less than half a column.
  const apart = 1 / (2 * shown.length + 2)
  let last = -1
  const bars = byPlace(shown, places).map((operation): Bar => {
    const place = places.get(operation) ?? null
    const from = columnOf.get(operation.invoked) as number
    // As early as its neighbours allow: behind its invocation, and behind the one before it.
    if (place !== null) last = Math.max(last + apart, from + 0.5)
    return {
      operation,
      row: processes.indexOf(String(operation.process)),
      from,
      to: columnOf.get(operation.completed ?? Number.NaN) ?? columnOf.size,
      kind: operation === found.operation ? 'breaking' : place === null ? 'open' : 'placed',
      place,
      at: place === null ? null : last,
    }
  })
  return bars.sort((a, b) => a.from - b.from)
}

/** Where an operation stands in the order, from 1, and what it does there. */
export interface Place {
  readonly number: number
  readonly before: string
  readonly after: string
}

function replay<State>(order: readonly Operation[], model: Model<State>): Map<Operation, Place> {
  const places = new Map<Operation, Place>()
  let state = initialState(model)
  for (const [i, operation] of order.entries()) {
    // Completed or not, it fits: of one that was open then, the answer was not known yet.
    const step = model.step(state, callOf(operation)) ?? model.step(state, callOf({ ...operation, completed: null }))
    const before = describeState(state, model)
    if (step?.ok === true) state = step.state
    places.set(operation, { number: i + 1, before, after: describeState(state, model) })
  }
  return places
}

/** In words, and not too many. */
export function describeState<State>(state: State, model: Model<State>): string {
  if (model.describe === undefined) return shortJson(state, MAX_STATE)
  const text = model.describe(state)
  return text.length <= MAX_STATE ? text : `${text.slice(0, MAX_STATE - 1)}…`
}

/** The state behind the longest prefix that can be explained. */
export function stateAtBreak<State>({ order }: Break, model: Model<State>): string {
  const [last] = [...replay(order, model).values()].slice(-1)
  return last?.after ?? describeState(initialState(model), model)
}

function byPlace(shown: readonly Operation[], places: ReadonlyMap<Operation, Place>): Operation[] {
  const numberOf = (one: Operation): number => places.get(one)?.number ?? Number.POSITIVE_INFINITY
  return [...shown].sort((a, b) => numberOf(a) - numberOf(b) || a.invoked - b.invoked)
}

/** 2 before 10, names behind numbers. */
function byNumber(a: string, b: string): number {
  const [left, right] = [Number(a), Number(b)]
  if (Number.isNaN(left) || Number.isNaN(right)) return a < b ? -1 : a > b ? 1 : 0
  return left - right
}

// What the search is given: the operations of one part, in two rows. First those that were answered and must have their
// place, then those with an unknown outcome, which may have one. Each row in the order of invocation.

import { type Automaton, NONE } from './automaton.ts'
import { sameJson } from './json.ts'
import type { Operation } from './operation.ts'

/** An operation and the latest time at which it has taken effect: usually its completion. */
export interface Candidate {
  readonly operation: Operation
  /** Infinity: perhaps never. */
  readonly completed: number
}

/** Arrays by the number of the operation. */
export interface Problem {
  readonly operations: readonly Operation[]
  /** How many of them must have their place. */
  readonly known: number
  readonly invoked: Float64Array
  readonly completed: Float64Array
  readonly traits: Uint8Array
  /** Of two operations with unknown outcomes that ask the same, the later one waits for the earlier; else NONE. */
  readonly waitsFor: Int32Array
  readonly automaton: Automaton
}

/** The two rows. */
export function arrange<One extends Candidate>(candidates: readonly One[]): One[] {
  const byTime = (a: One, b: One): number => a.operation.invoked - b.operation.invoked
  const known = candidates.filter(({ completed }) => completed !== Number.POSITIVE_INFINITY).sort(byTime)
  const unknown = candidates.filter(({ completed }) => completed === Number.POSITIVE_INFINITY).sort(byTime)
  return [...known, ...unknown]
}

/** @param arranged in the two rows */
export function problemOf(arranged: readonly Candidate[], traits: readonly number[], automaton: Automaton): Problem {
  const size = arranged.length
  const invoked = new Float64Array(size)
  const completed = new Float64Array(size)
  let known = 0
  for (let i = 0; i < size; i++) {
    const one = arranged[i] as Candidate
    invoked[i] = one.operation.invoked
    completed[i] = one.completed
    if (one.completed !== Number.POSITIVE_INFINITY) known++
  }
  const operations = arranged.map(({ operation }) => operation)
  return {
    operations,
    known,
    invoked,
    completed,
    traits: new Uint8Array(traits),
    waitsFor: equals(operations, known),
    automaton,
  }
}

/**
 * Two writes of 3 whose answers were lost are interchangeable, and neither has a deadline: wherever the later one would
 * stand, the earlier one can stand. So they are used in the order of invocation. With 40 lost writes of 4 values there
 * are 11⁴ choices instead of 2⁴⁰.
 */
function equals(operations: readonly Operation[], known: number): Int32Array {
  const waitsFor = new Int32Array(operations.length).fill(NONE)
  for (let i = known + 1; i < operations.length; i++) {
    for (let k = i - 1; k >= known && waitsFor[i] === NONE; k--) {
      if (asksTheSame(operations[i] as Operation, operations[k] as Operation)) waitsFor[i] = k
    }
  }
  return waitsFor
}

function asksTheSame(one: Operation, other: Operation): boolean {
  return one.f === other.f && sameJson(one.value, other.value) && sameJson(one.key, other.key)
}

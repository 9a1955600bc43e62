// Where a history that is not linearizable breaks. Its prefixes are linearizable up to some completion, and no longer from
// there on: prefixes of a linearizable history are linearizable. So the completion is found by halving.

import type { Budget } from './budget.ts'
import type { Model } from './model.ts'
import type { Operation } from './operation.ts'
import { problemFor } from './parts.ts'
import { Search } from './search.ts'

/** The longest linearizable prefix, and what comes behind it. */
export interface Break {
  /** The operation whose completion no order explains. */
  readonly operation: Operation
  /** A linearization of what was completed before; it may contain operations that were still open then. */
  readonly order: readonly Operation[]
  /** How many completions came before. */
  readonly completed: number
  /** False when time or memory ran out before the first such completion was found: it may be an earlier one. */
  readonly isFirst: boolean
}

/** @param operations of one part, which are not linearizable */
export function findBreak<State>(operations: readonly Operation[], model: Model<State>, budget: Budget): Break {
  const completions = operations.filter(({ completed }) => completed !== null).sort((a, b) => endOf(a) - endOf(b))
  // The first `low` completions are linearizable, the first `high` are not.
  let [low, high] = [0, completions.length]
  let order: readonly Operation[] = []
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    const prefix = prefixOf(operations, completions, middle)
    const search = new Search(problemFor([...prefix.keys()], model))
    const answer = budget.spend(search, Number.POSITIVE_INFINITY)
    if (typeof answer !== 'boolean') break
    if (answer) [low, order] = [middle, search.linearization().map((one) => prefix.get(one) as Operation)]
    else high = middle
  }
  const operation = completions[high - 1] as Operation
  return { operation, order, completed: low, isFirst: high - low === 1 }
}

/**
 * What is known after so many completions: whatever completes later is still open, whatever begins later is not there.
 *
 * @returns each operation as it was known then, with itself as it is in the history
 */
export function prefixOf(
  operations: readonly Operation[],
  completions: readonly Operation[],
  count: number,
): Map<Operation, Operation> {
  const kept = new Set(completions.slice(0, count))
  const end = count === 0 ? Number.NEGATIVE_INFINITY : endOf(completions[count - 1] as Operation)
  const begun = operations.filter(({ invoked }) => invoked <= end)
  return new Map(begun.map((one) => [kept.has(one) ? one : { ...one, completed: null }, one]))
}

function endOf({ completed }: Operation): number {
  return completed ?? Number.POSITIVE_INFINITY
}

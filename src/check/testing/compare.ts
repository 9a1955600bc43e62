// The checker and the definition, side by side on many histories.

import { checkLinearizability } from '../check.ts'
import type { Break } from '../longest-prefix.ts'
import type { Model } from '../model.ts'
import type { Operation } from '../operation.ts'
import { problemFor } from '../parts.ts'
import { Search } from '../search.ts'
import { complaintOn, isLinearizable } from './brute-force.ts'

/** How many there were, how many of them are not linearizable, and the first few on which the two disagree. */
export interface Comparison {
  readonly count: number
  readonly bad: number
  readonly differences: readonly string[]
}

/** The verdict alone, and that each linearization is one. */
export function compareVerdicts(histories: Iterable<readonly Operation[]>, model: Model<unknown>): Comparison {
  return compare(
    histories,
    (history, expected) => {
      const search = new Search(problemFor(history, model))
      const answer = search.run(Number.POSITIVE_INFINITY)
      if (answer !== expected) return `the search says ${answer}`
      return answer ? complaintOn(search.linearization(), history, model) : null
    },
    model,
  )
}

/** What users are told: also where a history breaks, and the linearization of what comes before. */
export function compareReports(histories: Iterable<readonly Operation[]>, model: Model<unknown>): Comparison {
  return compare(
    histories,
    (history, expected) => {
      const { verdict, parts } = checkLinearizability(history, model)
      if (verdict !== (expected ? 'linearizable' : 'not')) return `the verdict is ${verdict}`
      const found = parts.find((part) => part.break !== null)?.break ?? null
      return found === null ? null : complaintOnBreak(found, history, model)
    },
    model,
  )
}

function compare(
  histories: Iterable<readonly Operation[]>,
  complaint: (history: readonly Operation[], expected: boolean) => string | null,
  model: Model<unknown>,
): Comparison {
  const differences: string[] = []
  let [count, bad] = [0, 0]
  for (const history of histories) {
    const expected = isLinearizable(history, model)
    const found = complaint(history, expected)
    if (found !== null && differences.length < 3) differences.push(`${found}: ${JSON.stringify(history)}`)
    count++
    if (!expected) bad++
  }
  return { count, bad, differences }
}

function complaintOnBreak(
  { operation, order }: Break,
  history: readonly Operation[],
  model: Model<unknown>,
): string | null {
  const end = operation.completed as number
  const upTo = (last: number): Operation[] =>
    history
      .filter(({ invoked }) => invoked <= last)
      .map((one) => (one.completed !== null && one.completed <= last ? one : { ...one, completed: null }))
  if (isLinearizable(upTo(end), model)) return `it is said to break at ${end}, and does so later`
  if (!isLinearizable(upTo(end - 1), model)) return `it is said to break at ${end}, and does so earlier`
  const known = history.filter(({ completed }) => completed !== null && completed < end)
  const asKnown = order.map((one) =>
    one.completed !== null && one.completed < end ? one : { ...one, completed: null },
  )
  return complaintOn(
    asKnown,
    known.map((one) => asKnown[order.indexOf(one)] ?? one),
    model,
  )
}

// The parts of an object that do not affect each other: keys, mostly. An object is linearizable when each part is
// (Herlihy and Wing's locality), and ten searches of 200 operations are nothing beside one of 2,000.

import { HistoryError } from './errors.ts'
import { isPrimitive } from './json.ts'
import { callOf, initialState, type Model } from './model.ts'
import { modelProblem } from './model-automaton.ts'
import { keyValue, register } from './models.ts'
import type { Operation } from './operation.ts'
import type { Problem } from './problem.ts'
import { valueProblem } from './value-problem.ts'

/** Operations on one key, or whatever the model's `partition` says; without one the only part has the key undefined. */
export interface Part {
  readonly key: unknown
  readonly operations: readonly Operation[]
}

/** @throws HistoryError when an operation is none of the model's */
export function partsOf<State>(operations: readonly Operation[], model: Model<State>): Part[] {
  const parts = new Map<unknown, { readonly key: unknown; readonly operations: Operation[] }>()
  for (const operation of operations) {
    const complaint = model.refuse?.(operation) ?? null
    if (complaint !== null) throw new HistoryError(`line ${operation.invoked}: ${complaint}`)
    const key = model.partition?.(callOf(operation))
    // 1 and "1" are two keys, [1] and [1] are one.
    const name = isPrimitive(key) ? key : `json ${JSON.stringify(key)}`
    const part = parts.get(name)
    if (part === undefined) parts.set(name, { key, operations: [operation] })
    else part.operations.push(operation)
  }
  return [...parts.values()]
}

/** @throws ModelError when the model breaks its contract */
export function problemFor<State>(operations: readonly Operation[], model: Model<State>): Problem {
  const isOurs = (model as unknown) === register || (model as unknown) === keyValue
  return isOurs ? valueProblem(operations, initialState(model)) : modelProblem(operations, model)
}

// The definition, word for word: is there an order of the operations that explains all answers? Tries every order, so
// it is for a handful of operations, and has nothing in common with the checker but the model.

import { callOf, initialState, type Model } from '../model.ts'
import type { Operation } from '../operation.ts'

/** Those with an unknown outcome may have a place, or none. */
export function isLinearizable<State>(operations: readonly Operation[], model: Model<State>): boolean {
  return extend(operations, model, initialState(model))
}

function extend<State>(left: readonly Operation[], model: Model<State>, state: State): boolean {
  if (left.every(({ completed }) => completed === null)) return true
  return left.some((one) => {
    if (left.some((other) => isBefore(other, one))) return false
    const step = model.step(state, callOf(one))
    return (
      step?.ok === true &&
      extend(
        left.filter((other) => other !== one),
        model,
        step.state,
      )
    )
  })
}

function isBefore({ completed }: Operation, { invoked }: Operation): boolean {
  return completed !== null && completed < invoked
}

/** Why `order` is no linearization of `operations`, which are of one part; null when it is one. */
export function complaintOn<State>(
  order: readonly Operation[],
  operations: readonly Operation[],
  model: Model<State>,
): string | null {
  const missing = operations.find((one) => one.completed !== null && !order.includes(one))
  if (missing !== undefined) return `${JSON.stringify(missing)} has no place`
  if (new Set(order).size !== order.length) return 'one of them has two places'
  let state = initialState(model)
  for (const [i, one] of order.entries()) {
    const late = order.slice(i + 1).find((other) => isBefore(other, one))
    if (late !== undefined) return `${JSON.stringify(late)} was over before ${JSON.stringify(one)} began`
    const step = model.step(state, callOf(one))
    if (step?.ok !== true) return `${JSON.stringify(one)} does not fit ${JSON.stringify(state)}`
    state = step.state
  }
  return null
}

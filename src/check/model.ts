// What an object does when one operation comes after the other. A model is that and nothing more: it knows of no clients
// and no time, and the checker asks it whether an order of the operations could have given the answers that were given.

import type { Operation } from './operation.ts'

/** What a model sees of an operation: neither who did it nor when. */
export interface Call {
  readonly f: string
  readonly key?: unknown
  readonly value?: unknown
  /** What was answered; undefined when `outcome` is unknown. */
  readonly result?: unknown
  /** Of an `unknown` one any answer may have been given: `step` looks at its effect only. */
  readonly outcome: 'ok' | 'unknown'
}

/** What a state becomes; not `ok`: this call cannot have been answered so in this state. */
export interface Step<State> {
  readonly ok: boolean
  readonly state: State
}

/** A sequential object. Deterministic, and `step` alters no state that it was given. */
export interface Model<State> {
  /** The state at the beginning, or what makes it. */
  readonly init: State | (() => State)
  /** The state after `call`; null, or `ok: false`, when its answer is wrong in this state. */
  step(state: State, call: Call): Step<State> | null
  /**
   * Which part of the object the call is about, as JSON. Calls on different parts must not affect each other: each part
   * is checked by itself, which is what makes a thousand keys quick. Without it the object is one part.
   */
  partition?(call: Call): unknown
  /** Whether two states are the same; by default by content, as JSON. */
  equal?(left: State, right: State): boolean
  /** 32 bits, equal for equal states. Needed for speed where `equal` is given. */
  hash?(state: State): number
  /** The state for people; by default its JSON. */
  describe?(state: State): string
  /** True for calls that alter no state, whatever the state is. Optional, and what makes reads cost hardly anything. */
  readOnly?(call: Call): boolean
  /** Why this operation is none of the model's; null when it is. By default all are. */
  refuse?(operation: Operation): string | null
}

/** What a model is shown of it. */
export function callOf({ f, key, value, result, completed }: Operation): Call {
  return {
    f,
    key,
    value,
    result: completed === null ? undefined : result,
    outcome: completed === null ? 'unknown' : 'ok',
  }
}

/** A state to begin with, as fresh as the model makes it. */
export function initialState<State>({ init }: Model<State>): State {
  return typeof init === 'function' ? (init as () => State)() : init
}

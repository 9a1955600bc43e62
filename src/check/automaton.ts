// What the search needs of a model: states are small numbers, and a step is a look-up.

/** No state: the call's answer is wrong here. Also no operation. */
export const NONE = -1

/** Something about an operation that holds in every state. */
export const TRAIT = {
  /** Alters no state. */
  reads: 1,
  /** Always legal, and the state behind it is the same whatever was before: a write, a put, a delete. */
  overwrites: 2,
  /** An overwriting one after which nobody sees anything before the next overwriting one. */
  isUnseen: 4,
} as const

/** Operations are the numbers that the problem gives them. */
export interface Automaton {
  readonly initial: number
  /** The state of which nobody sees anything until it is overwritten; NONE when the model has none. */
  readonly dead: number
  /** About what it holds of memory for the states that came about. */
  readonly bytes: number
  /** The state after `operation`, or NONE. */
  step(state: number, operation: number): number
  /**
   * Whether an operation without a place yet needs a state that can never come about from here. False for all that is
   * not certain: that costs time only.
   */
  isHopeless(state: number): boolean
  /** `operation` has its place; `giveBack` is the opposite, in reverse order. */
  take(operation: number): void
  giveBack(operation: number): void
}

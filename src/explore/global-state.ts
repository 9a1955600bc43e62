/**
 * A global state as a few numbers: `[budgets, elected, chosen, server of each place …, messages in ascending order …]`.
 * With the messages goes a bit each that says whether its delivery sleeps: see `sleep.ts`.
 */
import { type Bounds, serverCount } from './bounds.ts'

/** Where the servers begin. */
export const HEAD = 3
export const BUDGETS = 0
export const ELECTED = 1
export const CHOSEN = 2
/** Room for a state: head, five servers, twelve messages and what one step sends. */
export const STATE_ROOM = 64

/** A state under construction. */
export interface StateBuffer {
  readonly words: Int32Array
  /** For each word that is a message: 1 when its delivery sleeps. */
  readonly sleeps: Uint8Array
  length: number
}

/** An empty one, to be used again and again. */
export function newBuffer(): StateBuffer {
  return { words: new Int32Array(STATE_ROOM), sleeps: new Uint8Array(STATE_ROOM), length: 0 }
}

/** What may still happen a limited number of times: three bits each, in the word of budgets. */
/** Bounds that count what happens, rather than how large something becomes. */
export type BudgetName =
  | 'proposals'
  | 'heartbeats'
  | 'crashes'
  | 'duplicates'
  | 'losses'
  | 'snapshots'
  | 'changes'
  | 'transfers'
  | 'stepDowns'

const BUDGET_NAMES: readonly BudgetName[] = [
  ...(['proposals', 'heartbeats', 'crashes', 'duplicates', 'losses'] as const),
  ...(['snapshots', 'changes', 'transfers', 'stepDowns'] as const),
]

const BUDGET_BITS = 3

/** Where its bits are. */
export function budgetShift(name: BudgetName): number {
  return BUDGET_NAMES.indexOf(name) * BUDGET_BITS
}

/** How much of it is left. */
export function leftOf(budgets: number, shift: number): number {
  return (budgets >>> shift) & 7
}

/** Nothing is used up yet. */
export function fullBudgets(bounds: Bounds): number {
  return BUDGET_NAMES.reduce((word, name) => word | (bounds[name] << budgetShift(name)), 0)
}

/** Where the messages begin. */
export function messagesFrom(bounds: Bounds): number {
  return HEAD + serverCount(bounds)
}

// One value that is also appended to: states are texts that somebody sees the end of, and one more for all others.

import { type Automaton, NONE } from './automaton.ts'
import { type Coded, type Coding, DEAD, KIND } from './value-coding.ts'
import type { ValueTable } from './value-table.ts'
import { Watchers } from './watchers.ts'

/** States come about on the way, so each step that was taken once is remembered. */
export class TextAutomaton implements Automaton {
  readonly initial: number
  readonly dead: number = DEAD
  private readonly coded: readonly Coded[]
  private readonly values: ValueTable<unknown>
  private readonly isSeen: (value: unknown) => boolean
  private readonly watchers: Watchers
  private readonly isPlaced: Uint8Array
  /** By state and appended value. */
  private readonly appended = new Map<number, Map<number, number>>()
  /** By state: the operations behind which it can come about again. */
  private readonly makers = new Map<number, readonly number[]>()

  constructor({ coded, initial, values, isSeen }: Coding) {
    this.initial = initial
    this.coded = coded
    this.values = values
    this.isSeen = isSeen
    this.watchers = new Watchers(coded)
    this.isPlaced = new Uint8Array(coded.length)
  }

  step(state: number, operation: number): number {
    const { kind, input, output } = this.coded[operation] as Coded
    if (kind === KIND.write) return output
    if (kind === KIND.append) return this.append(state, input)
    if (input !== state) return NONE
    return kind === KIND.read ? state : output
  }

  private append(state: number, input: number): number {
    // Whatever stands there is text, for otherwise all that is seen or not counts as seen.
    if (state === DEAD) return DEAD
    const steps = this.appended.get(state) ?? new Map<number, number>()
    if (steps.size === 0) this.appended.set(state, steps)
    const known = steps.get(input)
    if (known !== undefined) return known
    const next = this.join(state, input)
    steps.set(input, next)
    return next
  }

  private join(state: number, input: number): number {
    const [before, added] = [this.values.valueOf(state), this.values.valueOf(input)]
    if (typeof before !== 'string') return NONE
    const text = `${before}${String(added)}`
    return this.isSeen(text) ? this.values.idOf(text) : DEAD
  }

  /** Appending makes a text longer: it comes back only behind a write of one that it begins with. */
  mayEnd(state: number, operation: number): boolean {
    if (this.watchers.besides(operation, state) === 0) return true
    return this.makersOf(state).some((maker) => this.isPlaced[maker] === 0)
  }

  private makersOf(state: number): readonly number[] {
    const known = this.makers.get(state)
    if (known !== undefined) return known
    const makers = [...this.coded.keys()].filter((one) => this.isBehind(state, this.coded[one] as Coded))
    this.makers.set(state, makers)
    return makers
  }

  private isBehind(state: number, { kind, output }: Coded): boolean {
    if (kind !== KIND.write && kind !== KIND.cas) return false
    const [text, start] = [this.values.valueOf(state), this.values.valueOf(output)]
    return output === state || (typeof text === 'string' && typeof start === 'string' && text.startsWith(start))
  }

  take(operation: number): void {
    this.watchers.take(operation)
    this.isPlaced[operation] = 1
  }

  giveBack(operation: number): void {
    this.watchers.giveBack(operation)
    this.isPlaced[operation] = 0
  }
}

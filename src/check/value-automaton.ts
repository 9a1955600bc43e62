// One value that is read, written, and compared and set: states are the values that somebody sees, and one more for all
// that nobody sees.

import { type Automaton, NONE } from './automaton.ts'
import { type Coding, DEAD, KIND } from './value-coding.ts'
import { addTo, Watchers } from './watchers.ts'

/** Numbers alone: a step compares two of them. */
export class ValueAutomaton implements Automaton {
  readonly initial: number
  readonly dead: number = DEAD
  private readonly kind: Uint8Array
  private readonly input: Int32Array
  private readonly output: Int32Array
  private readonly watchers: Watchers
  /** By value: how many operations without a place yet leave it behind. */
  private readonly makersLeft: Int32Array

  constructor({ coded, initial }: Coding) {
    this.initial = initial
    this.kind = Uint8Array.from(coded, ({ kind }) => kind)
    this.input = Int32Array.from(coded, ({ input }) => input)
    this.output = Int32Array.from(coded, ({ output }) => output)
    this.watchers = new Watchers(coded)
    this.makersLeft = new Int32Array(
      coded.reduce((most, { input, output }) => Math.max(most, input, output), initial) + 1,
    )
    for (const { output } of coded) addTo(this.makersLeft, output, 1)
  }

  step(state: number, operation: number): number {
    const kind = this.kind[operation]
    if (kind === KIND.write) return this.output[operation] as number
    if (this.input[operation] !== state) return NONE
    return kind === KIND.read ? state : (this.output[operation] as number)
  }

  mayEnd(state: number, operation: number): boolean {
    return (this.makersLeft[state] as number) > 0 || this.watchers.besides(operation, state) === 0
  }

  take(operation: number): void {
    this.watchers.take(operation)
    addTo(this.makersLeft, this.output[operation] as number, -1)
  }

  giveBack(operation: number): void {
    this.watchers.giveBack(operation)
    addTo(this.makersLeft, this.output[operation] as number, 1)
  }
}

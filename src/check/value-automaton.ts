// One value that is read, written, and compared and set: states are the values that somebody sees, and one more for all
// that nobody sees.

import { type Automaton, NONE } from './automaton.ts'
import { Demands } from './demands.ts'
import { type Coded, type Coding, DEAD, isWatcher, KIND } from './value-coding.ts'

/** Numbers alone: a step compares two of them. */
export class ValueAutomaton implements Automaton {
  readonly initial: number
  readonly dead: number = DEAD
  /** No states come about but those that are there from the beginning. */
  readonly bytes: number = 0
  private readonly kind: Uint8Array
  private readonly input: Int32Array
  private readonly output: Int32Array
  private readonly watches: Uint8Array
  private readonly demands: Demands
  private open = 0

  constructor({ coded, initial }: Coding) {
    const size = coded.length
    this.initial = initial
    this.kind = new Uint8Array(size)
    this.input = new Int32Array(size)
    this.output = new Int32Array(size)
    this.watches = new Uint8Array(size)
    let largest = initial
    for (let i = 0; i < size; i++) {
      const one = coded[i] as Coded
      this.kind[i] = one.kind
      this.input[i] = one.input
      this.output[i] = one.output
      this.watches[i] = isWatcher(one) ? 1 : 0
      largest = Math.max(largest, one.input, one.output)
    }
    this.demands = new Demands(largest + 1)
    for (let i = 0; i < size; i++) this.giveBack(i)
  }

  step(state: number, operation: number): number {
    const kind = this.kind[operation]
    if (kind === KIND.write) return this.output[operation] as number
    if (this.input[operation] !== state) return NONE
    return kind === KIND.read ? state : (this.output[operation] as number)
  }

  isHopeless(state: number): boolean {
    return this.open > this.demands.isOpen(state)
  }

  take(operation: number): void {
    if (this.watches[operation] === 1) this.open += this.demands.watch(this.input[operation] as number, -1)
    this.open += this.demands.make(this.output[operation] as number, -1)
  }

  giveBack(operation: number): void {
    if (this.watches[operation] === 1) this.open += this.demands.watch(this.input[operation] as number, 1)
    this.open += this.demands.make(this.output[operation] as number, 1)
  }
}

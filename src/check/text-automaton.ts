// One value that is also appended to: states are texts that what somebody sees begins with, and one more for all others.

import { type Automaton, NONE } from './automaton.ts'
import { Demands } from './demands.ts'
import { Tally } from './tally.ts'
import { TextIndex } from './text-index.ts'
import { type Coded, type Coding, DEAD, isWatcher, KIND } from './value-coding.ts'
import type { ValueTable } from './value-table.ts'

/** About what a remembered step takes, and the state that it may have made. */
const STEP_BYTES = 200

/** States come about on the way, so each step that was taken once is remembered. */
export class TextAutomaton implements Automaton {
  readonly initial: number
  readonly dead: number = DEAD
  bytes = 0
  private readonly coded: readonly Coded[]
  private readonly values: ValueTable<unknown>
  private readonly isSeen: (value: unknown) => boolean
  /** By state and appended value. */
  private readonly appended = new Map<number, Map<number, number>>()
  /** The texts that somebody sees. */
  private readonly texts: TextIndex
  /** By state: which texts begin with it. */
  private readonly ranges = new Map<number, readonly [start: number, end: number]>()
  /** By a text's place in the index: writes of what it begins with are its makers, for it can grow from them. */
  private readonly demands: Demands
  private readonly open: Tally
  /** By a text's place as well: its makers are the operations that can be the last step to it. */
  private readonly lastSteps: Demands
  private readonly endsOf: readonly (readonly number[])[]
  /** How many texts somebody waits for, and nothing is left that could be the last step to them. */
  private outOfReach = 0
  /** Writes of the empty text, with which everything begins: while one has no place, there is hope. */
  private clears = 0

  constructor({ coded, initial, values, isSeen }: Coding) {
    this.initial = initial
    this.coded = coded
    this.values = values
    this.isSeen = isSeen
    this.texts = new TextIndex(coded.filter(isWatcher).map(({ input }) => values.valueOf(input)))
    this.demands = new Demands(this.texts.size)
    this.open = new Tally(this.texts.size)
    this.lastSteps = new Demands(this.texts.size)
    this.endsOf = this.findEnds()
    for (const operation of coded.keys()) this.giveBack(operation)
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
    this.bytes += STEP_BYTES
    return next
  }

  private join(state: number, input: number): number {
    const [before, added] = [this.values.valueOf(state), this.values.valueOf(input)]
    if (typeof before !== 'string') return NONE
    const text = `${before}${String(added)}`
    if (!this.isSeen(text)) return DEAD
    this.bytes += 2 * text.length
    return this.values.idOf(text)
  }

  /** By operation: the texts, by place, to which it can be the last step. */
  private findEnds(): readonly (readonly number[])[] {
    const endingWith = this.texts.byEnding(
      this.coded.filter(({ kind }) => kind === KIND.append).map(({ input }) => this.values.valueOf(input)),
    )
    return this.coded.map(({ kind, input, output }) => {
      if (kind === KIND.append) return endingWith.get(this.values.valueOf(input)) ?? []
      const text = this.texts.placeOf(this.values.valueOf(output))
      return kind === KIND.read || text === NONE ? [] : [text]
    })
  }

  /**
   * Texts only grow, until they are overwritten: those that somebody waits for must begin with this one. And something
   * must be left that makes them what they are in the end: `ab` is out of reach when the only `b` was appended elsewhere.
   */
  isHopeless(state: number): boolean {
    if (this.outOfReach > this.isOutOfReach(state)) return true
    if (this.clears > 0 || this.open.total === 0) return false
    const [start, end] = this.rangeOf(state)
    return this.open.sum(start, end) < this.open.total
  }

  private isOutOfReach(state: number): number {
    const text = this.texts.placeOf(this.values.valueOf(state))
    return text === NONE ? 0 : this.lastSteps.isOpen(text)
  }

  private rangeOf(state: number): readonly [start: number, end: number] {
    const known = this.ranges.get(state)
    if (known !== undefined) return known
    const range = this.texts.beginningWith(this.values.valueOf(state))
    this.ranges.set(state, range)
    return range
  }

  take(operation: number): void {
    this.count(operation, -1)
  }

  giveBack(operation: number): void {
    this.count(operation, 1)
  }

  private count(operation: number, by: 1 | -1): void {
    const one = this.coded[operation] as Coded
    if (isWatcher(one)) {
      const text = this.texts.placeOf(this.values.valueOf(one.input))
      if (text !== NONE) {
        this.open.add(text, this.demands.watch(text, by))
        this.outOfReach += this.lastSteps.watch(text, by)
      }
    }
    for (const text of this.endsOf[operation] as readonly number[]) this.outOfReach += this.lastSteps.make(text, by)
    if (one.kind !== KIND.write && one.kind !== KIND.cas) return
    if (this.values.valueOf(one.output) === '') {
      this.clears += by
      return
    }
    const [start, end] = this.rangeOf(one.output)
    for (let text = start; text < end; text++) this.open.add(text, this.demands.make(text, by))
  }
}

// Wing and Gong's search with Lowe's cache: takes an operation that may come next, asks the model, goes on; where nothing
// fits any more, takes the last one back. It may be interrupted after any number of steps and goes on where it was.
//
// Next may come whatever was invoked before the first return that is left: anything later comes behind that return's
// operation. Four rules narrow the choice, and none of them loses an answer. "Some order" below is one that would do.
//
// 1. A read that fits now is taken now. In some order it stands later; moved here it fits, and alters nothing.
// 2. A write that nobody sees (TRAIT.isUnseen) goes before the next overwriting operation, whichever that is. In some
//    order it stands later; what follows it there before the next overwriting one sees nothing of it, so it can be moved.
//    With 30 such writes at once there is one order to look at and not 30!, nor 2³⁰ sets.
// 3. An operation with an unknown outcome is taken only where it matters: not where it leaves the state as it is, nor
//    where nobody sees it, and no overwriting one follows it immediately. Some order with the fewest of them obeys.
// 4. A state is left at once when somebody has yet to see another one that nobody will bring back (isHopeless).

import { type Automaton, NONE, TRAIT } from './automaton.ts'
import type { Operation } from './operation.ts'
import { Placed } from './placed.ts'
import type { Problem } from './problem.ts'
import { Timeline } from './timeline.ts'

const OWN_CHOICE = 0
const FORCED = 1

/** One search; `run` it until it says something. */
export class Search {
  /** How many operations were tried so far. */
  steps = 0
  private readonly problem: Problem
  private readonly automaton: Automaton
  private readonly timeline: Timeline
  private readonly placed: Placed
  private state: number
  /** Whether the last one placed is an overwriting one with an unknown outcome: rule 3. */
  private isFresh = 0
  /** The write nobody sees that goes first, or NONE: rule 2. */
  private unseen: number = NONE
  /** The entry to be tried next; NONE in a configuration that was just reached. */
  private cursor: number = NONE
  private left: number
  private depth = 0
  private readonly order: Int32Array
  // What was before the operation at each depth was placed.
  private readonly states: Int32Array
  private readonly fresh: Uint8Array
  private readonly unseens: Int32Array
  private readonly forced: Uint8Array

  constructor(problem: Problem) {
    const size = problem.operations.length
    this.problem = problem
    this.automaton = problem.automaton
    this.timeline = new Timeline(problem)
    this.placed = new Placed(problem.known, size)
    this.state = problem.automaton.initial
    this.left = problem.known
    this.order = new Int32Array(size)
    this.states = new Int32Array(size)
    this.fresh = new Uint8Array(size)
    this.unseens = new Int32Array(size)
    this.forced = new Uint8Array(size)
  }

  /** About what it holds of memory, for configurations and for states. */
  get bytes(): number {
    return this.placed.configurations.bytes + this.automaton.bytes
  }

  /** The operations that have a place, in order; after `run` has returned true, a linearization. */
  linearization(): Operation[] {
    const operations: Operation[] = []
    for (let i = 0; i < this.depth; i++) operations.push(this.problem.operations[this.order[i] as number] as Operation)
    return operations
  }

  /** @returns whether there is a linearization; null when `maxSteps` more steps did not tell */
  run(maxSteps: number): boolean | null {
    const limit = this.steps + maxSteps
    while (this.steps < limit) {
      if (this.cursor === NONE) {
        const isPromising = this.settle()
        if (this.left === 0) return true
        if (!isPromising) {
          if (!this.takeBack()) return false
          continue
        }
        this.cursor = this.timeline.first()
      }
      if (!this.chooseNext() && !this.takeBack()) return false
    }
    return null
  }

  /** Takes the reads that fit, and finds the write for rule 2. @returns whether to go on from here */
  private settle(): boolean {
    const { timeline, problem, automaton, state } = this
    this.unseen = NONE
    if (automaton.isHopeless(state)) return false
    let entry = timeline.first()
    while (timeline.isCall(entry)) {
      const traits = problem.traits[entry] as number
      this.steps++
      if ((traits & TRAIT.reads) !== 0 && automaton.step(state, entry) !== NONE) {
        const before = timeline.before(entry)
        this.place(entry, state, FORCED)
        entry = timeline.after(before)
      } else {
        if (this.unseen === NONE && (traits & TRAIT.isUnseen) !== 0) this.unseen = entry
        entry = timeline.after(entry)
      }
    }
    return this.left === 0 || this.placed.isNewWith(state * 2 + this.isFresh)
  }

  /** Goes on from the cursor. @returns false at a return: whatever is behind it comes later */
  private chooseNext(): boolean {
    const { timeline, automaton, state, problem } = this
    for (let entry = this.cursor; timeline.isCall(entry); entry = timeline.after(entry)) {
      this.steps++
      if (!this.mayFollow(entry)) continue
      const next = automaton.step(state, entry)
      if (next === NONE) continue
      const isKnown = entry < problem.known
      if (!isKnown && (next === state || next === automaton.dead)) continue
      this.place(entry, next, OWN_CHOICE)
      this.isFresh = !isKnown && ((problem.traits[entry] as number) & TRAIT.overwrites) !== 0 ? 1 : 0
      this.cursor = NONE
      return true
    }
    return false
  }

  /** Whether the rules let `operation` be next, whatever the state is. */
  private mayFollow(operation: number): boolean {
    const traits = this.problem.traits[operation] as number
    // Those that fit have been taken.
    if ((traits & TRAIT.reads) !== 0) return false
    if ((traits & TRAIT.overwrites) !== 0) {
      if (this.isFresh === 1 || (this.unseen !== NONE && this.unseen !== operation)) return false
    }
    const first = this.problem.waitsFor[operation] as number
    return first === NONE || this.placed.has(first)
  }

  private place(operation: number, next: number, how: number): void {
    const { depth } = this
    this.order[depth] = operation
    this.states[depth] = this.state
    this.fresh[depth] = this.isFresh
    this.unseens[depth] = this.unseen
    this.forced[depth] = how
    this.depth = depth + 1
    this.timeline.takeOut(operation)
    this.placed.add(operation)
    this.automaton.take(operation)
    if (operation < this.problem.known) this.left--
    this.state = next
    this.isFresh = 0
  }

  /** Back to the last choice, and on to the next entry there. @returns false when there was none */
  private takeBack(): boolean {
    for (;;) {
      if (this.depth === 0) return false
      const depth = --this.depth
      const operation = this.order[depth] as number
      this.state = this.states[depth] as number
      this.isFresh = this.fresh[depth] as number
      this.unseen = this.unseens[depth] as number
      if (operation < this.problem.known) this.left++
      this.automaton.giveBack(operation)
      this.placed.delete(operation)
      this.timeline.putBack(operation)
      if (this.forced[depth] === FORCED) continue
      this.cursor = this.timeline.after(operation)
      return true
    }
  }
}

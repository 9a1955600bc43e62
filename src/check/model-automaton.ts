// Any model: states get numbers as they come about, and what the model says of them is remembered.

import { type Automaton, NONE, TRAIT } from './automaton.ts'
import { ModelError } from './errors.ts'
import { isPrimitive } from './json.ts'
import { type Call, callOf, initialState, type Model, type Step } from './model.ts'
import { describeOperation, type Operation } from './operation.ts'
import { arrange, type Problem, problemOf } from './problem.ts'
import { ValueTable } from './value-table.ts'

/** @throws ModelError when the model throws */
export function modelProblem<State>(operations: readonly Operation[], model: Model<State>): Problem {
  const isRead = (operation: Operation): boolean => model.readOnly?.(callOf(operation)) === true
  const candidates = operations
    // A read without an answer says nothing.
    .filter((operation) => operation.completed !== null || !isRead(operation))
    .map((operation) => ({ operation, completed: operation.completed ?? Number.POSITIVE_INFINITY }))
  const arranged = arrange(candidates)
  const traits = arranged.map(({ operation }) => (isRead(operation) ? TRAIT.reads : 0))
  return problemOf(
    arranged,
    traits,
    new ModelAutomaton(
      arranged.map((one) => one.operation),
      model,
    ),
  )
}

/** About what a remembered step takes, and each part of a state; of one that we cannot look into, all of it. */
const STEP_BYTES = 60
const PART_BYTES = 40
const STATE_BYTES = 1_000

class ModelAutomaton<State> implements Automaton {
  readonly initial: number
  readonly dead: number = NONE
  bytes = 0
  private readonly model: Model<State>
  private readonly operations: readonly Operation[]
  private readonly calls: readonly Call[]
  private readonly states: ValueTable<State>
  private readonly steps: Map<number, number>[]

  constructor(operations: readonly Operation[], model: Model<State>) {
    this.model = model
    this.operations = operations
    this.calls = operations.map(callOf)
    const { equal, hash } = model
    this.states = new ValueTable({
      ...(equal === undefined ? {} : { equal: (left: State, right: State) => equal.call(model, left, right) }),
      ...(hash === undefined ? {} : { hash: (state: State) => hash.call(model, state) }),
    })
    this.steps = operations.map(() => new Map<number, number>())
    this.initial = this.number(initialState(model))
  }

  step(state: number, operation: number): number {
    const steps = this.steps[operation] as Map<number, number>
    const known = steps.get(state)
    if (known !== undefined) return known
    const next = this.ask(state, operation)
    steps.set(state, next)
    this.bytes += STEP_BYTES
    return next
  }

  private ask(state: number, operation: number): number {
    let step: Step<State> | null
    try {
      step = this.model.step(this.states.valueOf(state), this.calls[operation] as Call)
    } catch (error) {
      throw new ModelError(`step threw on ${this.describe(operation)}: ${String(error)}`, { cause: error })
    }
    if (step === null || step?.ok === false) return NONE
    if (step?.ok === true && 'state' in step) return this.number(step.state)
    throw new ModelError(
      `step returned ${String(step)} on ${this.describe(operation)}: it must return { ok, state } or null`,
    )
  }

  /** A step that altered the state it was given would alter what is remembered: frozen, it throws instead. */
  private number(state: State): number {
    const bytes = this.model.equal === undefined ? PART_BYTES * freeze(state) : STATE_BYTES
    const { size } = this.states
    const id = this.states.idOf(state)
    if (this.states.size > size) this.bytes += bytes
    return id
  }

  private describe(operation: number): string {
    return describeOperation(this.operations[operation] as Operation)
  }

  isHopeless(): boolean {
    return false
  }

  take(): void {
    // A model that we do not know says nothing of what is yet to come.
  }

  giveBack(): void {
    // See take.
  }
}

/** @returns how many parts it has that were not frozen before, and so are its own */
function freeze(value: unknown): number {
  if (isPrimitive(value) || Object.isFrozen(value)) return 1
  Object.freeze(value)
  return Object.values(value as object).reduce((parts: number, part) => parts + freeze(part), 2)
}

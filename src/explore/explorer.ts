/**
 * Breadth first over all states that the real core can reach within bounds: level by level, so that the first violation
 * found is one of the shortest ways to it. Decision record 0025 says what is explored and what is left out, and why the
 * reductions lose nothing.
 */
import { assert } from '../util/assert.ts'
import { type Bounds, objectionTo, serverCount } from './bounds.ts'
import { CanonicalForm } from './canonical-form.ts'
import { FingerprintTable } from './fingerprint-table.ts'
import { FrontierReader, type FrontierStore, FrontierWriter, Origins } from './frontier-store.ts'
import { CHOSEN, ELECTED, fullBudgets, HEAD, newBuffer, type StateBuffer } from './global-state.ts'
import { forgetBefore, History, withElected } from './history.ts'
import { Properties } from './properties.ts'
import { ALL_STEPS, renamedOwnBits, SLEEPING_MESSAGES } from './sleep.ts'
import { type Step, Successors } from './successors.ts'
import { Symmetry } from './symmetry.ts'
import { BECAME_LEADER, BROKEN, COMMITTED, OUTCOME_STRIDE, type StepJudge, Transitions } from './transitions.ts'

/** What is explored, and with what. */
export interface ExplorerSettings {
  readonly bounds: Bounds
  readonly store: FrontierStore
  /** For the table of states, in bytes. */
  readonly memory: number
  /** Distinct states after which it ends. */
  readonly maxStates?: number
  /** One state for all renamings of it. Default true; switched off to see what it saves, and that it loses nothing. */
  readonly symmetry?: boolean
  /** A message that can never have an effect again is as good as lost. Default true; as above. */
  readonly vanish?: boolean
  /** Of two steps that commute only one order is taken. Default true; as above. */
  readonly sleep?: boolean
  /** Is shown each distinct state; it must not keep the array. */
  readonly watch?: (words: Int32Array, length: number) => void
  /** Judges each distinct local step: see `StepJudge`. */
  readonly judge?: StepJudge
}

/** How far it is. */
export interface Figures {
  /** The length of the paths that are being explored. */
  readonly depth: number
  readonly states: number
  /** Steps taken, to known states as well. */
  readonly generated: number
  /** Of the level that is being explored, not yet explored. */
  readonly left: number
  /** Of the next level so far. */
  readonly frontier: number
  readonly servers: number
  readonly messages: number
  /** Distinct steps that the real core took. */
  readonly steps: number
}

/** The first that was found; no shorter way leads to any. */
export interface Violation {
  /** The property and what happened, in words. */
  readonly detail: string
  /** The actions that lead to it from the beginning: see `path.ts`. */
  readonly actions: readonly number[]
}

/** `states`, `memory` and `stopped`: a limit came first, and nothing was found until then. */
export type Ending = 'exhausted' | 'violation' | 'states' | 'memory' | 'stopped'

/** What came of it. */
export interface Exploration extends Figures {
  readonly ending: Ending
  readonly violation: Violation | null
}

/** In a state's word of flags, beside the steps that sleep: it was explored. */
const EXPLORED = 1 << 30
const ALL = -1
/** After so many states the caller is asked whether to go on. */
const PAUSE = 2 ** 14

export class Explorer {
  readonly transitions: Transitions
  readonly symmetry: Symmetry
  private readonly settings: ExplorerSettings
  private readonly bounds: Bounds
  private readonly history: History
  private readonly properties: Properties
  private readonly canonical: CanonicalForm
  private readonly table: FingerprintTable
  private readonly successors: Successors
  private readonly writer: FrontierWriter
  private readonly reader: FrontierReader
  private readonly origins: Origins
  private readonly hasSleep: boolean
  private readonly count: number
  private parent = 0
  private depth = 0
  private generated = 0
  private left = 0
  private frontier = 0
  private violation: Violation | null = null

  /** @throws RangeError when a bound is out of its limits */
  constructor(settings: ExplorerSettings) {
    const { bounds, store } = settings
    const objection = objectionTo(bounds)
    if (objection !== null) throw new RangeError(objection)
    this.settings = settings
    this.bounds = bounds
    this.hasSleep = settings.sleep !== false
    this.count = serverCount(bounds)
    this.transitions = new Transitions(bounds, settings.judge ?? (() => null))
    this.history = new History(this.transitions.catalogue)
    this.symmetry = new Symmetry(this.transitions, bounds, settings.symmetry !== false)
    this.canonical = new CanonicalForm(this.symmetry, this.history, bounds.servers, bounds.changes > 0)
    this.properties = new Properties(this.transitions.catalogue, this.history, this.count)
    this.table = new FingerprintTable(settings.memory)
    this.writer = new FrontierWriter(store)
    this.reader = new FrontierReader(store)
    this.origins = new Origins(store)
    const reductions = { sleep: this.hasSleep, vanish: settings.vanish !== false }
    this.successors = new Successors(bounds, this.transitions, reductions, (state, step) => this.visit(state, step))
  }

  get figures(): Figures {
    const { depth, generated, left, frontier } = this
    const { catalogue } = this.transitions
    return {
      depth,
      states: this.table.count,
      generated,
      left,
      frontier,
      servers: catalogue.serverCount,
      messages: catalogue.messageCount,
      steps: this.transitions.stepCount,
    }
  }

  /** Explores until it knows. `goOn` is asked now and then, with the figures so far. */
  run(goOn: (figures: Figures) => boolean = () => true): Exploration {
    this.begin()
    let ending: Ending | null = null
    for (; ending === null && this.frontier > 0; this.depth++) ending = this.exploreLevel(goOn)
    return { ...this.figures, ending: ending ?? 'exhausted', violation: this.violation }
  }

  /** The first state: nobody has voted, no message is in flight. With the permutation that made it canonical. */
  firstForm(): { readonly state: StateBuffer; readonly permutation: number } {
    const first = newBuffer()
    first.words[0] = fullBudgets(this.bounds)
    for (let place = 0; place < this.count; place++) first.words[HEAD + place] = this.transitions.first(place)
    first.length = HEAD + this.count
    const state = copyOf(this.canonical.of(first))
    return { state, permutation: this.canonical.permutation }
  }

  private begin(): void {
    const { words, length } = this.firstForm().state
    this.table.insert(words, length)
    this.settings.watch?.(words, length)
    this.writer.write(this.origins.add(0, 0), ALL, words, length)
    this.frontier = 1
  }

  private exploreLevel(goOn: (figures: Figures) => boolean): Ending | null {
    this.writer.flush()
    this.settings.store.turn()
    this.left = this.frontier
    this.frontier = 0
    const maxStates = this.settings.maxStates ?? Number.POSITIVE_INFINITY
    while (this.reader.next()) {
      this.left--
      if (!this.explore()) return 'violation'
      if (this.table.count >= maxStates) return 'states'
      if (this.table.isFull) return 'memory'
      if (this.left % PAUSE === 0 && !goOn(this.figures)) return 'stopped'
    }
    return null
  }

  private explore(): boolean {
    const { words, length, awake, number } = this.reader
    this.parent = number
    if (!this.hasSleep) return this.successors.expand(words, length, 0)
    if (awake !== ALL) return this.successors.expandSome(words, length, awake)
    const slot = this.table.slotOf(words, length)
    const asleep = this.table.flagsAt(slot)
    this.table.setFlags(slot, asleep | EXPLORED)
    return this.successors.expand(words, length, asleep)
  }

  private visit(state: StateBuffer, step: Readonly<Step>): boolean {
    this.generated++
    if (step.place >= 0 && !this.remember(state, step)) return false
    const form = this.canonical.of(state)
    const isNew = this.table.insert(form.words, form.length)
    if (isNew && step.place >= 0) {
      const broken = this.properties.brokenInState(state.words, HEAD, step.place)
      if (broken !== null) return this.stop(broken, step)
    }
    if (isNew) this.settings.watch?.(form.words, form.length)
    if (isNew || this.hasSleep) this.file(isNew, form, step)
    return true
  }

  /**
   * The state behind an action, and the permutation that made it canonical: for whoever follows a path again. The last
   * action of a violation has no such state.
   */
  follow(state: StateBuffer, action: number): { readonly state: StateBuffer; readonly permutation: number } {
    let found: StateBuffer | null = null
    const reductions = { sleep: false, vanish: this.settings.vanish !== false }
    const finder = new Successors(this.bounds, this.transitions, reductions, (behind, step) => {
      if (step.action !== action) return true
      this.remember(behind, step)
      found = copyOf(this.canonical.of(behind))
      return false
    })
    finder.expand(state.words, state.length, 0)
    assert(found !== null, `no step of this state is action ${action}`)
    return { state: found, permutation: this.canonical.permutation }
  }

  /** What the step adds to history, and whether it may. @returns false when it breaks a property */
  private remember(state: StateBuffer, { place, outcome, action }: Readonly<Step>): boolean {
    const flags = this.transitions.outcomes.data[outcome * OUTCOME_STRIDE + 3] as number
    const { words } = state
    if (flags !== 0) {
      const broken = (flags & BROKEN) !== 0 ? this.transitions.brokenBy(outcome) : this.judge(words, place, flags)
      if (broken !== null) return this.stop(broken, { action })
    }
    if (words[ELECTED] !== 0) words[ELECTED] = forgetBefore(words[ELECTED] as number, this.lowestDurableTerm(words))
    return true
  }

  private judge(words: Int32Array, place: number, flags: number): string | null {
    const [elected, chosen] = [words[ELECTED] as number, words[CHOSEN] as number]
    const broken = this.properties.brokenByStep(words, HEAD, place, flags, elected, chosen)
    if (broken !== null) return broken
    const server = words[HEAD + place] as number
    const term = this.transitions.catalogue.columns.term.data[server] as number
    if ((flags & BECAME_LEADER) !== 0) words[ELECTED] = withElected(elected, term, place)
    if ((flags & COMMITTED) !== 0) words[CHOSEN] = this.history.extended(chosen, server)
    return null
  }

  private lowestDurableTerm(words: Int32Array): number {
    const terms = this.transitions.catalogue.columns.durableTerm.data
    let lowest = Number.MAX_SAFE_INTEGER
    for (let place = 0; place < this.count; place++) {
      lowest = Math.min(lowest, terms[words[HEAD + place] as number] as number)
    }
    return lowest
  }

  /** A new state waits for its turn; a known one may have fewer sleeping steps than was thought. */
  private file(isNew: boolean, form: StateBuffer, { sleeping, action }: Readonly<Step>): void {
    const { table } = this
    const { slot } = table
    const asleep = this.hasSleep ? this.sleepingIn(form, sleeping) : 0
    if (isNew) {
      table.setFlags(slot, asleep)
      this.wait(ALL, form, action)
      return
    }
    const known = table.flagsAt(slot)
    const awoken = known & ALL_STEPS & ~asleep
    if (awoken === 0) return
    table.setFlags(slot, known & ~awoken)
    if ((known & EXPLORED) !== 0) this.wait(awoken, form, action)
  }

  private wait(awake: number, { words, length }: StateBuffer, action: number): void {
    this.writer.write(this.origins.add(this.parent, action), awake, words, length)
    this.frontier++
  }

  /** The sleeping steps as bits of the canonical state. Of equal messages the first stands for all. */
  private sleepingIn({ words, sleeps, length }: StateBuffer, sleeping: number): number {
    if (sleeping === 0) return 0
    const { to } = this.symmetry.permutations
    const own = sleeping >>> SLEEPING_MESSAGES
    const first = this.canonical.permutation * this.count
    let bits = own === 0 ? 0 : renamedOwnBits(sleeping, to, first, this.count)
    const begin = HEAD + this.count
    let run = begin
    for (let i = begin; i < length; i++) {
      if (words[i] !== words[run]) run = i
      if (sleeps[i] === 1) bits |= 1 << (run - begin)
    }
    return bits
  }

  private stop(detail: string, { action }: Pick<Step, 'action'>): false {
    this.violation = { detail, actions: [...this.origins.pathTo(this.parent), action] }
    return false
  }
}

function copyOf({ words, length }: StateBuffer): StateBuffer {
  const copy = newBuffer()
  copy.words.set(words)
  copy.length = length
  return copy
}

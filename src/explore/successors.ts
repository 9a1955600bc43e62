/**
 * All that can happen next in a global state, each as a state under construction. The same in every state: any message
 * may arrive, any time-out run out, any write become durable; and as often as the bounds allow, servers crash and
 * clients ask. Runs for every state, so it allocates nothing.
 */
import { ARRIVES, ARRIVES_TWICE, actionOf, IS_LOST, OWN } from './actions.ts'
import { type Bounds, serverCount } from './bounds.ts'
import { BUDGETS, type BudgetName, budgetShift, HEAD, leftOf, newBuffer, type StateBuffer } from './global-state.ts'
import {
  CHANGE,
  CRASH,
  DELIVER,
  HEARTBEAT,
  LATE,
  PERSIST,
  PROPOSE,
  QUORUM_LOST,
  SNAPSHOT,
  TIMEOUT,
  TRANSFER,
} from './inputs.ts'
import { ALL_STEPS, ownBit, STEP_BITS } from './sleep.ts'
import { OUT_OF_BOUNDS, OUTCOME_STRIDE, type Transitions, VISIBLE } from './transitions.ts'

/** A step that is about to be taken. */
export interface Step {
  /** Whose; −1 for a message that is lost. */
  place: number
  outcome: number
  action: number
  /** The position of the message that is gone, −1 for none. */
  removed: number
  /** What it uses up, in the word of budgets. */
  cost: number
  /** Steps that sleep in the state behind it. */
  sleeping: number
}

/** Is handed the state behind a step; it must not keep it. @returns false to end */
export type Visit = (state: StateBuffer, step: Readonly<Step>) => boolean

/** What is left out because it leads nowhere new: see decision record 0025. */
export interface Reductions {
  /** Of two steps that commute only one order is taken: see `sleep.ts`. */
  readonly sleep: boolean
  /** Messages that can never have an effect again are as good as lost. */
  readonly vanish: boolean
}

const OWN_INPUTS = [TIMEOUT, PERSIST, LATE]
const NONE = -1

export class Successors {
  private readonly bounds: Bounds
  private readonly transitions: Transitions
  private readonly visit: Visit
  private readonly count: number
  private readonly first: number
  private readonly reductions: Reductions
  private readonly shifts: { readonly [name in BudgetName]: number }
  private readonly child = newBuffer()
  private readonly step: Step = { place: 0, outcome: 0, action: 0, removed: NONE, cost: 0, sleeping: 0 }
  // The state that is being expanded.
  private words: Int32Array = this.child.words
  private length = 0
  private flying = 0
  private goesOn = true
  /** Steps that were taken from it already, or that sleep in it. */
  private resting = 0
  // By bit: the steps that have one.
  private readonly outcomeOf = new Int32Array(32)
  private readonly growthOf = new Int32Array(32)
  private readonly placeOf = new Int32Array(32)
  private readonly ofPlace = new Int32Array(8)
  private visible = 0
  private readonly pairs = new Int32Array(64)

  constructor(bounds: Bounds, transitions: Transitions, reductions: Reductions, visit: Visit) {
    this.bounds = bounds
    this.transitions = transitions
    this.reductions = reductions
    this.visit = visit
    this.count = serverCount(bounds)
    this.first = HEAD + this.count
    const names: BudgetName[] = ['proposals', 'heartbeats', 'crashes', 'duplicates', 'losses']
    names.push('snapshots', 'changes', 'transfers', 'stepDowns')
    this.shifts = Object.fromEntries(names.map((name) => [name, budgetShift(name)])) as typeof this.shifts
  }

  /** Takes every step but those in `asleep`. @returns false when the visitor ended it */
  expand(words: Int32Array, length: number, asleep: number): boolean {
    const enabled = this.look(words, length)
    this.resting = enabled & asleep
    this.takeSteps(enabled & ~asleep)
    for (let place = 0; place < this.count && this.goesOn; place++) this.ask(place)
    this.loseAndRepeat()
    return this.goesOn
  }

  /** Takes only the steps in `awake`: all others were taken before, or still sleep. */
  expandSome(words: Int32Array, length: number, awake: number): boolean {
    const enabled = this.look(words, length)
    this.resting = enabled & ~awake
    this.takeSteps(enabled & awake)
    return this.goesOn
  }

  /** Finds the steps that have a bit. @returns those that can be taken */
  private look(words: Int32Array, length: number): number {
    this.words = words
    this.length = length
    this.flying = length - this.first
    this.goesOn = true
    this.visible = 0
    this.ofPlace.fill(0)
    if (this.bounds.perPair < this.bounds.messages) this.countPairs()
    let enabled = 0
    const { messageTo } = this.transitions.catalogue
    for (let position = 0; position < this.flying; position++) {
      const message = words[this.first + position] as number
      if (position > 0 && message === words[this.first + position - 1]) continue
      enabled |= this.lookAt(position, messageTo.data[message] as number, message + DELIVER, -1)
    }
    const { leads, isWriting, isWaiting } = this.transitions.catalogue.columns
    for (let place = 0; place < this.count; place++) {
      const server = words[HEAD + place] as number
      if (leads.data[server] === 0) enabled |= this.lookAt(ownBit(0, place), place, TIMEOUT, 0)
      if (isWriting.data[server] === 1) enabled |= this.lookAt(ownBit(1, place), place, PERSIST, 0)
      if (isWaiting.data[server] === 1) enabled |= this.lookAt(ownBit(2, place), place, LATE, 0)
    }
    return enabled
  }

  /** `own`: by how much the message that arrives makes the network emptier. @returns the bit, or 0 */
  private lookAt(bit: number, place: number, input: number, own: number): number {
    const outcome = this.outcomeAt(place, input)
    if (outcome === NONE) return 0
    const outcomes = this.transitions.outcomes.data
    const sent = outcomes[outcome * OUTCOME_STRIDE + 2] as number
    // A step that changes nothing at all, such as a time-out of a server that may not campaign.
    if (own === 0 && sent === 0 && outcomes[outcome * OUTCOME_STRIDE] === this.words[HEAD + place]) return 0
    if (!this.fits(outcome, sent + own, bit)) return 0
    this.outcomeOf[bit] = outcome
    this.growthOf[bit] = sent + own
    this.placeOf[bit] = place
    this.ofPlace[place] = (this.ofPlace[place] as number) | (1 << bit)
    if (((outcomes[outcome * OUTCOME_STRIDE + 3] as number) & VISIBLE) !== 0) this.visible |= 1 << bit
    return 1 << bit
  }

  private outcomeAt(place: number, input: number): number {
    const outcome = this.transitions.find(this.words[HEAD + place] as number, input)
    return this.transitions.outcomes.data[outcome * OUTCOME_STRIDE] === OUT_OF_BOUNDS ? NONE : outcome
  }

  private takeSteps(bits: number): void {
    for (let bit = 0; bit < STEP_BITS && this.goesOn; bit++) {
      if ((bits & (1 << bit)) === 0) continue
      const place = this.placeOf[bit] as number
      const isMessage = bit < ownBit(0, 0)
      const input = isMessage ? bit : (OWN_INPUTS[Math.floor((bit - ownBit(0, 0)) / 5)] as number)
      const action = actionOf(isMessage ? ARRIVES : OWN, place, input)
      this.take(place, this.outcomeOf[bit] as number, action, isMessage ? bit : NONE, 0, this.growthOf[bit] as number)
      this.resting |= 1 << bit
    }
  }

  // ── What is limited for all servers together ──────────────────────────────────────────────────────────────────────

  private ask(place: number): void {
    const { shifts, bounds } = this
    const budgets = this.words[BUDGETS] as number
    const { leads } = this.transitions.catalogue.columns
    this.spend(place, CRASH, shifts.crashes)
    this.spend(place, SNAPSHOT, shifts.snapshots)
    if (leads.data[this.words[HEAD + place] as number] !== 1) return
    this.spend(place, HEARTBEAT, shifts.heartbeats)
    this.spend(place, QUORUM_LOST, shifts.stepDowns)
    const value = (bounds.proposals - leftOf(budgets, shifts.proposals)) % bounds.values
    this.spend(place, PROPOSE + value, shifts.proposals)
    if (leftOf(budgets, shifts.transfers) > 0) {
      for (let to = 0; to < this.count; to++) if (to !== place) this.spend(place, TRANSFER + to, shifts.transfers)
    }
    if (leftOf(budgets, shifts.changes) === 0) return
    for (let i = 0; i < this.transitions.inputs.changes.length; i++) this.spend(place, CHANGE + i, shifts.changes)
  }

  private spend(place: number, input: number, shift: number): void {
    if (!this.goesOn || leftOf(this.words[BUDGETS] as number, shift) === 0) return
    const outcome = this.outcomeAt(place, input)
    if (outcome === NONE) return
    const outcomes = this.transitions.outcomes.data
    const sent = outcomes[outcome * OUTCOME_STRIDE + 2] as number
    if (sent === 0 && outcomes[outcome * OUTCOME_STRIDE] === this.words[HEAD + place]) return
    if (!this.fits(outcome, sent, NONE)) return
    this.take(place, outcome, actionOf(OWN, place, input), NONE, 1 << shift, sent)
  }

  private loseAndRepeat(): void {
    const budgets = this.words[BUDGETS] as number
    const canRepeat = leftOf(budgets, this.shifts.duplicates) > 0
    const canLose = leftOf(budgets, this.shifts.losses) > 0
    if (!canRepeat && !canLose) return
    const { messageTo } = this.transitions.catalogue
    for (let position = 0; position < this.flying && this.goesOn; position++) {
      const message = this.words[this.first + position] as number
      if (position > 0 && message === this.words[this.first + position - 1]) continue
      if (canRepeat) this.repeat(position, messageTo.data[message] as number, message)
      if (canLose) this.take(NONE, NONE, actionOf(IS_LOST, 0, position), position, 1 << this.shifts.losses, -1)
    }
  }

  private repeat(position: number, place: number, message: number): void {
    const outcome = this.outcomeAt(place, message + DELIVER)
    if (outcome === NONE) return
    const sent = this.transitions.outcomes.data[outcome * OUTCOME_STRIDE + 2] as number
    if (!this.fits(outcome, sent, NONE)) return
    this.take(place, outcome, actionOf(ARRIVES_TWICE, place, position), NONE, 1 << this.shifts.duplicates, sent)
  }

  // ── Bounds of the network ─────────────────────────────────────────────────────────────────────────────────────────

  private countPairs(): void {
    this.pairs.fill(0)
    for (let i = this.first; i < this.length; i++) this.addToPair(this.words[i] as number, 1)
  }

  private addToPair(message: number, change: number): number {
    const { messageFrom, messageTo } = this.transitions.catalogue
    const pair = (messageFrom.data[message] as number) * 8 + (messageTo.data[message] as number)
    const count = (this.pairs[pair] as number) + change
    this.pairs[pair] = count
    return count
  }

  /** Whether what the step sends fits into the network. */
  private fits(outcome: number, growth: number, bit: number): boolean {
    if (this.flying + growth > this.bounds.messages) return false
    if (this.bounds.perPair >= this.bounds.messages) return true
    const { sent, outcomes } = this.transitions
    const begin = outcomes.data[outcome * OUTCOME_STRIDE + 1] as number
    const end = begin + (outcomes.data[outcome * OUTCOME_STRIDE + 2] as number)
    const arriving = bit >= 0 && bit < ownBit(0, 0) ? (this.words[this.first + bit] as number) : NONE
    if (arriving !== NONE) this.addToPair(arriving, -1)
    let isFitting = true
    for (let i = begin; i < end; i++) {
      if (this.addToPair(sent.data[i] as number, 1) > this.bounds.perPair) isFitting = false
    }
    for (let i = begin; i < end; i++) this.addToPair(sent.data[i] as number, -1)
    if (arriving !== NONE) this.addToPair(arriving, 1)
    return isFitting
  }

  // ── The state behind a step ───────────────────────────────────────────────────────────────────────────────────────

  private take(place: number, outcome: number, action: number, removed: number, cost: number, growth: number): void {
    const { step, child, words, first } = this
    step.place = place
    step.outcome = outcome
    step.action = action
    step.removed = removed
    step.cost = cost
    step.sleeping = this.reductions.sleep ? this.sleepingBehind(place, outcome, removed, growth) : 0
    for (let i = 0; i < first; i++) child.words[i] = words[i] as number
    child.words[BUDGETS] = (words[BUDGETS] as number) - cost
    if (place !== NONE) {
      child.words[HEAD + place] = this.transitions.outcomes.data[outcome * OUTCOME_STRIDE] as number
    }
    child.length = first
    for (let position = 0; position < this.flying; position++) {
      if (position === removed) continue
      this.fly(words[first + position] as number, (step.sleeping >>> position) & 1)
    }
    if (place !== NONE) this.send(outcome)
    if (!this.visit(child, step)) this.goesOn = false
  }

  private send(outcome: number): void {
    const { outcomes, sent } = this.transitions
    const begin = outcomes.data[outcome * OUTCOME_STRIDE + 1] as number
    const end = begin + (outcomes.data[outcome * OUTCOME_STRIDE + 2] as number)
    for (let i = begin; i < end; i++) this.fly(sent.data[i] as number, 0)
  }

  /** A message that can never have an effect again is as good as lost: a state with it is one without. */
  private fly(message: number, sleeps: number): void {
    const { child } = this
    if (this.reductions.vanish) {
      const { messageTo, messageStaleAt, columns } = this.transitions.catalogue
      const receiver = child.words[HEAD + (messageTo.data[message] as number)] as number
      if ((messageStaleAt.data[message] as number) <= (columns.durableTerm.data[receiver] as number)) return
    }
    child.sleeps[child.length] = sleeps
    child.words[child.length++] = message
  }

  /**
   * Of what rests here, what rests behind this step as well: steps of other servers that come to the same in the other
   * order. Not two steps that are both judged by what others show, and not two that fit into the network one by one only.
   */
  private sleepingBehind(place: number, outcome: number, removed: number, growth: number): number {
    let sleeping = this.resting & ALL_STEPS
    if (place === NONE) {
      // Nor a step of the server that would have received the message: it may have made the message vanish.
      const lost = this.words[this.first + removed] as number
      return sleeping & ~(this.ofPlace[this.transitions.catalogue.messageTo.data[lost] as number] as number)
    }
    sleeping &= ~(this.ofPlace[place] as number)
    if (sleeping === 0) return 0
    const flags = this.transitions.outcomes.data[outcome * OUTCOME_STRIDE + 3] as number
    if ((flags & VISIBLE) !== 0) sleeping &= ~this.visible
    const room = this.bounds.messages - this.flying - growth
    if (room >= 6) return sleeping
    for (let rest = sleeping; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest)
      if ((this.growthOf[bit] as number) > room) sleeping &= ~(1 << bit)
    }
    return sleeping
  }
}

/**
 * Every step that was ever taken, remembered: (server, input) → (server, messages). A step depends on nothing else, so
 * the real core takes each only once, and exploring is looking numbers up. Millions of global states are made of a few
 * thousand server states.
 */

import type { Message } from '../raft/message.ts'
import type { Outgoing } from '../raft/ready.ts'
import type { RaftState } from '../raft/state.ts'
import { InvariantError } from '../util/assert.ts'
import type { Bounds } from './bounds.ts'
import { Catalogue, LOG_STRIDE } from './catalogue.ts'
import { Column } from './growing.ts'
import { CRASH, Inputs } from './inputs.ts'
import { brokenByStep } from './local-properties.ts'
import { type LocalInput, type LocalOutcome, type LocalServer, LocalStepper } from './local-server.ts'

/** A distinct step of the real core, as it is taken for the first time. */
export interface LocalStep {
  readonly before: LocalServer
  readonly input: LocalInput
  readonly after: LocalServer
  /** What left the server, in the order of sending. */
  readonly messages: readonly Message[]
  /** What the core said in this step, sent or waiting: see `LocalOutcome`. */
  readonly said: readonly Outgoing[]
  /** The core's states before and after it: look, and do not keep them. */
  readonly viewBefore: () => Readonly<RaftState>
  readonly viewAfter: Readonly<RaftState>
}

/** Whoever wants to judge the core's steps: an independent specification, say. @returns what is wrong, or null */
export type StepJudge = (step: LocalStep) => string | null

// What a step did that others may depend on.
export const BECAME_LEADER = 1
export const COMMITTED = 2
/** Something that was on the disk is not there any more. */
export const CUT_DISK = 4
/** A configuration came into the log. */
export const RECONFIGURED = 16
/** The step breaks a property by itself: see `brokenBy`. */
export const BROKEN = 8
/** Two such steps, of different servers, may be judged differently in the other order. */
export const VISIBLE: number = BECAME_LEADER | COMMITTED | CUT_DISK

/** An outcome's row. */
export const OUTCOME_STRIDE = 4
const SLOT = 4
/** The step leads out of the bounds. */
export const OUT_OF_BOUNDS = -1

export class Transitions {
  readonly catalogue: Catalogue = new Catalogue()
  /** By number of an outcome: the server's next number or OUT_OF_BOUNDS, where its messages begin, how many, flags. */
  readonly outcomes: Column = new Column(OUTCOME_STRIDE * 1024)
  /** Numbers of messages. */
  readonly sent: Column = new Column()
  readonly inputs: Inputs
  private readonly stepper: LocalStepper
  private readonly bounds: Bounds
  private readonly judge: StepJudge
  private readonly broken = new Map<number, string>()
  // Open addressing: server + 1, input, outcome.
  private slots = new Int32Array(SLOT * 2 ** 14)
  private mask = 2 ** 14 - 1
  private count = 0
  private sentCount = 0

  constructor(bounds: Bounds, judge: StepJudge) {
    this.bounds = bounds
    this.judge = judge
    this.inputs = new Inputs(bounds)
    this.stepper = new LocalStepper(bounds)
  }

  /** Distinct steps that the real core has taken. */
  get stepCount(): number {
    return this.count
  }

  /** The number of the server at this place before anything has happened. */
  first(place: number): number {
    return this.numberOf(this.stepper.first(place).after)
  }

  /** The number of the outcome. */
  find(server: number, input: number): number {
    const { slots, mask } = this
    for (let slot = hashOf(server, input) & mask; ; slot = (slot + 1) & mask) {
      const found = slots[slot * SLOT] as number
      if (found === 0) return this.take(server, input)
      if (found === server + 1 && slots[slot * SLOT + 1] === input) return slots[slot * SLOT + 2] as number
    }
  }

  /** What an outcome with the flag BROKEN breaks, in words. */
  brokenBy(outcome: number): string {
    return this.broken.get(outcome) ?? ''
  }

  numberOf(server: LocalServer): number {
    return this.catalogue.numberOfServer(server, (unseen) => this.stepper.view(unseen))
  }

  private take(server: number, input: number): number {
    const outcome = this.count++
    this.perform(outcome, server, input)
    if (this.count * 2 > this.mask) this.grow()
    this.put(server, input, outcome)
    return outcome
  }

  private perform(outcome: number, server: number, input: number): void {
    const before = this.catalogue.server(server)
    const local = this.inputs.decode(input, (number) => this.catalogue.message(number))
    let done: LocalOutcome
    try {
      done = this.stepper.step(before, local)
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error
      // The core noticed by itself that something is wrong: in production the server would stop here.
      this.record(outcome, server, [], BROKEN)
      this.broken.set(outcome, `Assertion: ${before.id} ${error.message}`)
      return
    }
    const { state } = done
    if (state.currentTerm > this.bounds.terms || state.log.lastIndex > this.bounds.log) {
      this.record(outcome, OUT_OF_BOUNDS, [], 0)
      return
    }
    const next = this.numberOf(done.after)
    const { messages, after, said, state: viewAfter } = done
    const viewBefore = (): Readonly<RaftState> => this.stepper.view(before)
    const broken =
      brokenByStep(this.catalogue, server, next, input === CRASH, done) ??
      this.judge({ before, input: local, after, messages, said, viewBefore, viewAfter })
    if (broken !== null) this.broken.set(outcome, broken)
    const numbers = messages.map((message) => this.catalogue.numberOfMessage(message))
    this.record(outcome, next, numbers, this.flagsOf(server, next) | (broken === null ? 0 : BROKEN))
  }

  private record(outcome: number, next: number, messages: readonly number[], flags: number): void {
    const row = outcome * OUTCOME_STRIDE
    this.outcomes.growTo(row + OUTCOME_STRIDE)
    this.outcomes.set(row, next)
    this.outcomes.set(row + 1, this.sentCount)
    this.outcomes.set(row + 2, messages.length)
    this.outcomes.set(row + 3, flags)
    for (const message of messages) this.sent.set(this.sentCount++, message)
  }

  private flagsOf(before: number, after: number): number {
    const { columns } = this.catalogue
    const isNewLeader =
      columns.leads.data[after] === 1 &&
      (columns.leads.data[before] === 0 || columns.term.data[before] !== columns.term.data[after])
    const hasCommitted = (columns.commitIndex.data[after] as number) > (columns.commitIndex.data[before] as number)
    return (
      (isNewLeader ? BECAME_LEADER : 0) |
      (hasCommitted ? COMMITTED : 0) |
      (this.isReconfigured(before, after) ? RECONFIGURED : 0) |
      (isCut(columns.disk.data, before, after) ? CUT_DISK : 0)
    )
  }

  private isReconfigured(before: number, after: number): boolean {
    const indexes = this.catalogue.columns.configurationIndex.data
    return (indexes[after] as number) > (indexes[before] as number)
  }

  private put(server: number, input: number, outcome: number): void {
    const { slots, mask } = this
    let slot = hashOf(server, input) & mask
    while (slots[slot * SLOT] !== 0) slot = (slot + 1) & mask
    slots[slot * SLOT] = server + 1
    slots[slot * SLOT + 1] = input
    slots[slot * SLOT + 2] = outcome
  }

  private grow(): void {
    const before = this.slots
    this.slots = new Int32Array(before.length * 2)
    this.mask = this.slots.length / SLOT - 1
    for (let at = 0; at < before.length; at += SLOT) {
      if (before[at] !== 0) this.put((before[at] as number) - 1, before[at + 1] as number, before[at + 2] as number)
    }
  }
}

/** True when an entry that the disk held is not there any more, and not behind the base either. */
function isCut(disks: Int32Array, before: number, after: number): boolean {
  const last = disks[before * LOG_STRIDE + 2] as number
  for (let index = (disks[after * LOG_STRIDE] as number) + 1; index <= last; index++) {
    if (disks[before * LOG_STRIDE + 2 + index] !== disks[after * LOG_STRIDE + 2 + index]) return true
  }
  return false
}

function hashOf(server: number, input: number): number {
  let hash = Math.imul(server, 0x9e3779b1) ^ Math.imul(input, 0x85ebca77)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

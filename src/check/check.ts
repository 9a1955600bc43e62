// The checker: part by part, a slice of work at a time, until all have a verdict or the limits are reached.

import { Budget, type Exhausted, type Limits } from './budget.ts'
import { type Break, findBreak } from './longest-prefix.ts'
import type { Model } from './model.ts'
import type { Operation } from './operation.ts'
import { type Part, partsOf, problemFor } from './parts.ts'
import { Search } from './search.ts'

/** `unknown`: a limit was reached. It says nothing, and in particular not yes. */
export type Verdict = 'linearizable' | 'not' | 'unknown'

/** What was found about one part: a key, or all there is. */
export interface PartReport {
  /** Undefined when the model has no parts. */
  readonly key: unknown
  readonly verdict: Verdict
  /** All of this part, in the order of invocation. */
  readonly operations: readonly Operation[]
  /** A linearization, when there is one: whoever doubts the verdict can replay it. Else null. */
  readonly order: readonly Operation[] | null
  /** Where it breaks, when the verdict is `not`; else null. */
  readonly break: Break | null
}

/** What a check found. */
export interface Report {
  /** `not` as soon as one part is not linearizable. */
  readonly verdict: Verdict
  /** Why something remained unknown; null when nothing did. */
  readonly exhausted: Exhausted | null
  /** In the order in which the history first names them. */
  readonly parts: readonly PartReport[]
  readonly operations: number
  /** How many of them have an unknown outcome. */
  readonly unknownOutcomes: number
  /** How many operations were tried in all places: what the check cost, the same on every machine. */
  readonly steps: number
}

/** Nothing waits behind a hard key for longer than this. */
const SLICE_STEPS = 1_000_000

/**
 * Whether some order of the operations explains all answers, in which none comes before what had been answered before
 * it was asked. Deterministic, unless a time limit ends it.
 *
 * @param operations see `operationsOf`, which makes them from events
 * @throws HistoryError when an operation is none of the model's, ModelError when the model throws or returns no step,
 * NotJsonError when its states are no JSON and it does not say when two are equal
 */
export function checkLinearizability<State>(
  operations: readonly Operation[],
  model: Model<State>,
  limits: Limits = {},
): Report {
  const budget = new Budget(limits)
  const parts = partsOf(operations, model)
  const findings = searchAll(parts, model, budget)
  const reports = parts.map((part, i) => reportOn(part, findings[i] as Finding, model, budget))
  return {
    verdict: overall(reports),
    exhausted: findings.find((one): one is Exhausted => typeof one === 'string') ?? null,
    parts: reports,
    operations: operations.length,
    unknownOutcomes: operations.reduce((count, { completed }) => (completed === null ? count + 1 : count), 0),
    steps: budget.steps,
  }
}

/** A linearization; false when there is none; what ran out. */
type Finding = readonly Operation[] | false | Exhausted

interface Job {
  readonly index: number
  readonly search: Search
}

/** Key x is hard and key y is wrong: taking turns finds y before the time is up. */
function searchAll<State>(parts: readonly Part[], model: Model<State>, budget: Budget): Finding[] {
  const findings: Finding[] = []
  let waiting: Job[] = []
  const advance = ({ index, search }: Job): void => {
    const answer = budget.spend(search, SLICE_STEPS)
    if (answer === null) waiting.push({ index, search })
    else if (answer === true) findings[index] = search.linearization()
    else findings[index] = answer
  }
  parts.forEach(({ operations }, index) => {
    const out = budget.exhausted()
    if (out === null) advance({ index, search: new Search(problemFor(operations, model)) })
    else findings[index] = out
  })
  while (waiting.length > 0) {
    const jobs = waiting
    waiting = []
    jobs.forEach(advance)
  }
  return findings
}

function reportOn<State>(part: Part, finding: Finding, model: Model<State>, budget: Budget): PartReport {
  const { key, operations } = part
  if (typeof finding === 'string') return { key, operations, verdict: 'unknown', order: null, break: null }
  if (finding !== false) return { key, operations, verdict: 'linearizable', order: finding, break: null }
  return { key, operations, verdict: 'not', order: null, break: findBreak(operations, model, budget) }
}

function overall(reports: readonly PartReport[]): Verdict {
  if (reports.some(({ verdict }) => verdict === 'not')) return 'not'
  return reports.some(({ verdict }) => verdict === 'unknown') ? 'unknown' : 'linearizable'
}

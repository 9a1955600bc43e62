/**
 * Every step of the explorer is a step of the second specification: this is the judge that says so. It takes each distinct
 * step once more, watched, so that the specification is shown each input, each write and each message by itself; what the
 * step came to in the end would not tell it in which order they came about.
 *
 * A step begins from a server that is taken as it is, and nothing is remembered from one to the next: the explorer goes
 * back in time. So the rules of single servers are asked, not those of the cluster's history (`Sent`, ElectionSafety,
 * VoteHistory, LeaderCompleteness, StateMachineSafety): what those demand, `properties.ts` looks for in every state.
 */
import { extensionsOf, RaftObserver } from '../observe/observer.ts'
import { SpecViolation } from '../spec/rules.ts'
import { type Bounds, coreOptions } from './bounds.ts'
import { LocalStepper } from './local-server.ts'
import type { LocalStep, StepJudge } from './transitions.ts'

/** For `ExplorerSettings.judge`: what it refuses is said as the specification says it, behind `Specification: `. */
export function specJudge(bounds: Bounds): StepJudge {
  const observer = new RaftObserver(extensionsOf(coreOptions(bounds)), 'none')
  const stepper = new LocalStepper(bounds, observer)
  return ({ before, input, after }: LocalStep) => {
    try {
      const again = stepper.step(before, input).after
      return isSame(again.core, after.core)
        ? null
        : `Determinism: ${before.id} takes the same step twice, to two states`
    } catch (error) {
      if (!(error instanceof SpecViolation)) throw error
      return `Specification: ${error.message}`
    }
  }
}

function isSame(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((number, at) => number === right[at])
}

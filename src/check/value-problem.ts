// What the search is given for a register, or for one key.

import { TRAIT } from './automaton.ts'
import type { Operation } from './operation.ts'
import { type Problem, problemOf } from './problem.ts'
import { TextAutomaton } from './text-automaton.ts'
import { ValueAutomaton } from './value-automaton.ts'
import { type Coded, codeValues, DEAD, isKnown, KIND } from './value-coding.ts'

/** @param operations of the built-in models, which have refused what is none */
export function valueProblem(operations: readonly Operation[], initial: unknown): Problem {
  const coding = codeValues(operations, initial)
  const automaton = coding.hasAppends ? new TextAutomaton(coding) : new ValueAutomaton(coding)
  return problemOf(coding.coded, coding.coded.map(traitsOf), automaton)
}

function traitsOf(one: Coded): number {
  if (one.kind === KIND.read) return TRAIT.reads
  if (one.kind !== KIND.write) return 0
  return one.output === DEAD && isKnown(one) ? TRAIT.overwrites | TRAIT.isUnseen : TRAIT.overwrites
}

/**
 * The simulator: whole servers in one process, on simulated disks, clocks and networks, from one seed. Test a state
 * machine of your own with it: give `run` a workload.
 *
 * @module quorate/sim
 */
export type { HistoryEvent } from '../check/history.ts'
export type { Model } from '../check/model.ts'
export type { Hop } from '../util/hop.ts'
export { Random } from '../util/random.ts'
export { Coverage } from './coverage.ts'
export { drawPlan } from './draw-plan.ts'
export { mutate } from './mutate.ts'
export type { Action, CrashKind, CrashTrap, Decision, Plan, Settings, Target } from './plan.ts'
export { type RunOptions, type RunReport, run, type Verdict } from './run.ts'
export { type ShrinkOptions, shrink, type Trial } from './shrink.ts'
export { SITUATIONS, type Situation } from './watch/situation-names.ts'
export type { Answer, Operation, Workload } from './workload.ts'

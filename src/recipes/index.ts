/**
 * Ready-made uses of a cluster: a leader for your own work, locks, and a replicated map. All three on one state machine.
 *
 * @module quorate/recipes
 */
export { Election, type Leader, Leadership } from './election.ts'
export { RecipeError, type RecipeErrorCode } from './errors.ts'
export { Hold, type TurnOptions } from './hold.ts'
export { Lock } from './lock.ts'
export type { MapChange, MapEntry } from './maps.ts'
export { RecipeStateMachine } from './recipe-state-machine.ts'
export { type MapContent, type Proposer, ReplicatedMap, type WatchOptions } from './replicated-map.ts'
export type { Turn, TurnKind } from './turns.ts'

/**
 * For those who bring something of their own: what a state machine, in memory or durable, a log store, a snapshot store, a transport or a clock
 * must do, as stories for any test runner, and a clock that is moved by hand. Twins in memory of the other ports are in
 * `quorate/storage` and `quorate/transport`.
 *
 * @module quorate/testing
 */
export { type LogStoreCase, type LogStoreStage, logStoreAcceptance } from '../storage/log-store-acceptance.ts'
export {
  type SnapshotStoreCase,
  type SnapshotStoreStage,
  snapshotStoreAcceptance,
} from '../storage/snapshot-store-acceptance.ts'
export { type AcceptanceStory, type TransportStage, transportAcceptance } from '../transport/acceptance.ts'
export { Random } from '../util/random.ts'
export { type ClockStage, type ClockStory, clockAcceptance } from './clock-acceptance.ts'
export {
  type DurableMachineStage,
  type DurableMachineStory,
  durableMachineAcceptance,
} from './durable-machine-acceptance.ts'
export { ManualClock } from './manual-clock.ts'
export { type StateMachineStage, type StateMachineStory, stateMachineAcceptance } from './state-machine-acceptance.ts'

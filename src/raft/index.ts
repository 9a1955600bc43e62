/**
 * The core: Raft as a deterministic state machine, without I/O, clock or chance of its own (Paper Figure 2). For whoever
 * writes another driver, a simulator or a test; a service holds a `RaftNode` of `quorate` instead.
 *
 * Inputs go into `Raft`, each with the time; `takeReady` brings what is to be persisted, sent and applied, and in which
 * order. Times are milliseconds on a monotonic clock.
 *
 * @module quorate/raft
 */

export { Random } from '../util/random.ts'
export {
  type Configuration,
  type ConfigurationAt,
  decodeConfiguration,
  encodeConfiguration,
  isVoter,
  membersOf,
  NOBODY,
  votersOnly,
} from './configuration.ts'
export type { ConfigurationChange, ImpossibleChange } from './configuration-change.ts'
export {
  contiguous,
  decodeEntry,
  ENTRY_HEADER_BYTES,
  Entry,
  type EntryKind,
  encodeEntries,
  type Index,
  type ServerId,
  sizeOf,
  type Term,
} from './entry.ts'
export { OptionsError } from './errors.ts'
export { InvariantChecker, InvariantViolation } from './invariants.ts'
export type * from './message.ts'
export { type RaftOptions, resolveOptions } from './options.ts'
export { type ProposeRefusal, type ProposeResult, Raft } from './raft.ts'
export type * from './ready.ts'
export type { ChangeRefusal, ChangeResult } from './reconfiguration.ts'
export type { TransferRefusal } from './transfer.ts'

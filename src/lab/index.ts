/**
 * The Raft lab of MIT's 6.824: a simulated network and disk, the tester with all its tests, and the interface that a Raft
 * under test has. The command `quorate lab` runs it; this is for programs that do.
 *
 * @module quorate/lab
 */

export type { Hop } from '../util/hop.ts'
export type { AppliedLog, Committed } from './applied-log.ts'
export type { AppliedServer, Applier } from './appliers.ts'
export { type ApplyMsg, type Command, commandMsg, snapshotMsg } from './apply-msg.ts'
export { Channel, type Received } from './channel.ts'
export type { ClusterOptions } from './cluster.ts'
export { ELECTION_TIMEOUT_MS, LabConfig } from './config.ts'
export type { Call, DropReason, LabEvent, LabObserver, ServerFact, Topic } from './event.ts'
export { LabFailure } from './failure.ts'
export type { ClientEnd, Handlers, LabEnvironment, LabRaft, Make, OnStep, RaftState, StartResult } from './lab.ts'
export type { LabNumber, LabResult, LabTest, Part } from './lab-test.ts'
export { defineTest } from './lab-test.ts'
export { Labgob, type Warn } from './labgob.ts'
export { type LabDecoder, LabgobError } from './labgob-decoder.ts'
export type { LabEncoder } from './labgob-encoder.ts'
export { Network, type NetworkOptions } from './labrpc.ts'
export { type OnSave, Persister } from './persister.ts'
export { checkInvariants, LAB_OPTIONS, make } from './raft.ts'
export { formatFailed, formatPassed, formatStart } from './report.ts'
export { type RunClock, type RunOptions, runTest, TEST_LIMIT_MS } from './run.ts'
export { LAB_TESTS, renumber, runSuite, SUITE_LIMIT_MS, type SuiteListener, selectTests } from './suite.ts'
export { ClockError, VirtualClock } from './virtual-clock.ts'

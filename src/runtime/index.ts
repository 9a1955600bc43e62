export type { Cancel, Clock } from '../util/clock.ts'
export { NodeError, type NodeErrorCode } from './errors.ts'
export type { DiskFullEvent, SlowPeerEvent, SnapshotEvent, StallEvent } from './events.ts'
export type { Logger } from './logger.ts'
export type {
  NodeEvents,
  RaftNodeOptions,
  ReadOptions,
  RequestOptions,
  StopOptions,
  WaitOptions,
} from './node-options.ts'
export type { HistogramReading, NodeMetrics, PeerMetrics } from './operations/metrics.ts'
export { type MetricLabels, prometheusText } from './operations/prometheus.ts'
export type { TakenSnapshot } from './operations/snapshot-requests.ts'
export type { NodeStatus, PeerStatus } from './operations/status.ts'
export { RaftNode } from './raft-node.ts'
export type { Session } from './sessions/session.ts'
export type { SessionOptions } from './sessions/sessions.ts'
export type { CommittedEntry, EntryPlace, StateMachine } from './state-machine.ts'

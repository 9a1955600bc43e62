/**
 * The default face, and all that most services need: `startNode` puts a node on this machine's disk, network and clock,
 * and gives back a `RaftNode`. Everything below is pure; the outside world is wired in by `src/start` and nowhere else.
 *
 * @module quorate
 */
export type { CertificateFiles, CertificateSource, Certificates } from './io/certificates.ts'
export { type Configuration, decodeConfiguration } from './raft/configuration.ts'
export type { ConfigurationChange } from './raft/configuration-change.ts'
export type { Index, ServerId, Term } from './raft/entry.ts'
export { OptionsError } from './raft/errors.ts'
export type { RaftOptions } from './raft/options.ts'
export type { ProgressState } from './raft/progress.ts'
export type { RaftEvent, Role } from './raft/ready.ts'
export { NodeError, type NodeErrorCode } from './runtime/errors.ts'
export type { DiskFullEvent, SlowPeerEvent, SnapshotEvent, StallCause, StallEvent } from './runtime/events.ts'
export type { GroupOptions, HostEvents, HostStatus, RaftHostOptions } from './runtime/host/host-options.ts'
export { RaftHost } from './runtime/host/raft-host.ts'
export type { Logger } from './runtime/logger.ts'
export type { Gate } from './runtime/members/gate.ts'
export type {
  FormationOptions,
  JoinOptions,
  NodeEvents,
  RaftNodeOptions,
  ReadOptions,
  RequestOptions,
  StopOptions,
  WaitOptions,
} from './runtime/node-options.ts'
export type { HistogramReading, NodeMetrics, PeerMetrics } from './runtime/operations/metrics.ts'
export { type MetricLabels, prometheusText } from './runtime/operations/prometheus.ts'
export type { TakenSnapshot } from './runtime/operations/snapshot-requests.ts'
export type { NodeStatus, PeerStatus } from './runtime/operations/status.ts'
export type { AbortSignalLike } from './runtime/pending.ts'
export { RaftNode } from './runtime/raft-node.ts'
export type { Session } from './runtime/sessions/session.ts'
export type { SessionOptions } from './runtime/sessions/sessions.ts'
export type { CommittedEntry, EntryPlace, StateMachine } from './runtime/state-machine.ts'
export type { Amount, PerMessage } from './runtime/watch/counters.ts'
export type { HostOptions } from './start/host-options.ts'
export type { NodeOptions } from './start/node-options.ts'
export { type RecoverOptions, recoverCluster } from './start/recover-cluster.ts'
export type { ServerOptions } from './start/server-options.ts'
export { startHost } from './start/start-host.ts'
export { startNode } from './start/start-node.ts'
export { DamageError, StorageError, type StorageErrorCode } from './storage/errors.ts'
export type { RecoveredCluster } from './storage/survivor.ts'
export { TransportError, type TransportErrorCode } from './transport/transport.ts'
export { InvariantError } from './util/assert.ts'
export type { Cancel, Clock } from './util/clock.ts'

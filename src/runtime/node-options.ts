/** What a node is made of, what can be asked of it, and what it tells: the types around `RaftNode`. */
import type { ServerId, Term } from '../raft/entry.ts'
import type { InvariantChecker } from '../raft/invariants.ts'
import type { RaftOptions } from '../raft/options.ts'
import type { BootState, RaftEvent, Role } from '../raft/ready.ts'
import type { LogStore } from '../storage/log-store.ts'
import type { SnapshotStore } from '../storage/snapshot-store.ts'
import type { Transport } from '../transport/transport.ts'
import type { Clock } from '../util/clock.ts'
import type { Random } from '../util/random.ts'
import type { Logger } from './logger.ts'
import type { AbortSignalLike } from './pending.ts'
import type { StateMachine } from './state-machine.ts'

/** What a node is made of: its disk, its network, its clock, its state machine. */
export interface RaftNodeOptions {
  readonly id: ServerId
  readonly boot: BootState
  readonly log: LogStore
  readonly snapshots: SnapshotStore
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly stateMachine: StateMachine
  readonly raft?: Partial<RaftOptions>
  /** Log bytes applied between two snapshots; default 64 MiB. */
  readonly snapshotEveryBytes?: number
  /** How long a proposal or a read may take when the call does not say; default 5,000 ms. */
  readonly requestTimeoutMs?: number
  /** Commands that wait for a leader or for its answer, in bytes; above it proposals are refused. Default 64 MiB. */
  readonly maxQueuedBytes?: number
  /** The largest message that the transport takes; default 16 MiB, as that of the transport over TCP. */
  readonly maxMessageBytes?: number
  readonly logger?: Logger
  /** Called once, last, when the node has stopped, stopped itself or could not start: lets go of the stores. */
  readonly closeStorage?: () => Promise<void>
  /** What `node.reloadCertificates` does; absent when the transport shows no certificates. */
  readonly reloadCertificates?: () => Promise<void>
  readonly invariants?: InvariantChecker
}

export interface RequestOptions {
  /** Rejects after this long: certainly or possibly without effect, as the error says. */
  readonly timeoutMs?: number
  /** Ends the waiting when it fires. What a leader has taken may be applied all the same. */
  readonly signal?: AbortSignalLike
}

/** What a node tells its listeners. */
export interface NodeEvents {
  role: { readonly role: Role; readonly term: Term }
  leader: { readonly leaderId: ServerId | null; readonly term: Term }
  configuration: Extract<RaftEvent, { type: 'configuration' }>
  contradiction: Extract<RaftEvent, { type: 'contradiction' }>
  transfer: Extract<RaftEvent, { type: 'transfer' }>
  /** The node has stopped itself. */
  failure: Error
}

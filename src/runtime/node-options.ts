/** What a node is made of, what can be asked of it, and what it tells: the types around `RaftNode`. */
import type { Index, ServerId, Term } from '../raft/entry.ts'
import type { RaftOptions } from '../raft/options.ts'
import type { Raft } from '../raft/raft.ts'
import type { BootState, RaftEvent, Role } from '../raft/ready.ts'
import type { LogStore } from '../storage/log-store.ts'
import type { SnapshotStore } from '../storage/snapshot-store.ts'
import type { TransportCounters } from '../transport/counters.ts'
import type { Transport } from '../transport/transport.ts'
import type { Clock } from '../util/clock.ts'
import type { Random } from '../util/random.ts'
import type { OperationEvents } from './events.ts'
import type { Logger } from './logger.ts'
import type { Gate } from './members/gate.ts'
import type { AbortSignalLike } from './pending.ts'
import type { StateMachine } from './state-machine.ts'

/** For one of a new cluster's first members. */
export interface FormationOptions {
  /** All of them. */
  readonly founders: readonly ServerId[]
  /** The random name of this server's disk. */
  readonly incarnation: string
  /** Those of all, once they have met; null before. */
  readonly known: { readonly [id: ServerId]: string } | null
  /** Keeps them, durably. */
  keep(met: { readonly [id: ServerId]: string }): Promise<void>
}

/** How a new server gets into a cluster that is there already. */
export interface JoinOptions {
  /** Members of the cluster that may be asked, and where they listen: one is enough, more are safer. */
  readonly members: { readonly [id: ServerId]: string }
  /** Where the others will find this server, `host:port`. */
  readonly address: string
  /** The random name of its disk. */
  readonly incarnation: string
  /** It becomes a voter when it has caught up; otherwise it stays a learner. Default true. */
  readonly promote?: boolean
}

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
  /** For one of the cluster's first members; without it, servers are believed to be who they say. */
  readonly formation?: FormationOptions
  /** For one of many nodes in a process, which have met the others together; in place of `formation`. */
  readonly gate?: Gate
  /** For a server that is no member yet and has an empty log; ignored once it belongs to a cluster. */
  readonly join?: JoinOptions
  readonly raft?: Partial<RaftOptions>
  /** Log bytes applied between two snapshots; default 64 MiB. */
  readonly snapshotEveryBytes?: number
  /** How long a proposal or a read may take when the call does not say; default 5,000 ms. */
  readonly requestTimeoutMs?: number
  /** Commands that wait for a leader or for its answer, in bytes; above it proposals are refused. Default 64 MiB. */
  readonly maxQueuedBytes?: number
  /** The largest message that the transport takes; default 16 MiB, as that of the transport over TCP. */
  readonly maxMessageBytes?: number
  /**
   * A leader whose oldest write to its log has not ended after so long hands over to a server with a better disk; by
   * default five of the longest election time-outs.
   */
  readonly diskStallMs?: number
  /** A follower that lacks what was committed so long ago is reported as slow; by default like diskStallMs. */
  readonly slowPeerMs?: number
  readonly logger?: Logger
  /** What the transport counts, when it counts and is this node's alone. */
  readonly connectionCounters?: () => TransportCounters | null
  /** Called once, last, when the node has stopped, stopped itself or could not start: lets go of the stores. */
  readonly closeStorage?: () => Promise<void>
  /** What `node.reloadCertificates` does; absent when the transport shows no certificates. */
  readonly reloadCertificates?: () => Promise<void>
  /** Makes the core, for whoever wants to look on at every input: a subclass that does what `Raft` does. */
  readonly makeRaft?: (...made: ConstructorParameters<typeof Raft>) => Raft
}

/** How long a request may take, and how to give it up. */
export interface RequestOptions {
  /** Rejects after this long: certainly or possibly without effect, as the error says. */
  readonly timeoutMs?: number
  /** Ends the waiting when it fires. What a leader has taken may be applied all the same. */
  readonly signal?: AbortSignalLike
}

/** How fresh a read must be. */
export interface ReadOptions extends RequestOptions {
  /**
   * - `linearizable`, the default: it sees everything that was acknowledged anywhere before it (Thesis §6.4).
   * - `lease`: the same, without a round of messages, on a leader that holds a lease (Thesis §6.4.1): only as good as the
   *   servers' clocks, and `raft.leaseReads` must be on. Elsewhere, and without a lease, it is `linearizable`.
   * - `bounded`: it sees everything that was acknowledged `maxStalenessMs` ago. Often served at once.
   * - `local`: what this server has applied so far, however old.
   */
  readonly consistency?: 'linearizable' | 'lease' | 'bounded' | 'local'
  /** For `bounded`; default 1,000 ms. */
  readonly maxStalenessMs?: number
}

/** For `waitFor`. */
export interface WaitOptions {
  /** How long to wait; default as for requests. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignalLike
}

/** How to stop. */
export interface StopOptions {
  /**
   * True, the default: a leader hands over before it goes, and requests under way get their answers. False: at once, as
   * if the process had died, but for the files and sockets that are closed.
   */
  readonly handOver?: boolean
  /** How long that may take before the node stops all the same; by default two of the longest election time-outs. */
  readonly timeoutMs?: number
}

/** What a node tells its listeners. */
export interface NodeEvents extends OperationEvents {
  /** What this server is now. */
  role: { readonly role: Role; readonly term: Term }
  /** Who leads now, as far as this server knows; null when nobody does. */
  leader: { readonly leaderId: ServerId | null; readonly term: Term }
  /** It holds from now on, and may still be cut off. */
  configuration: Extract<RaftEvent, { type: 'configuration' }>
  configurationCommitted: Extract<RaftEvent, { type: 'configurationCommitted' }>
  /** The leader has no more to say to a server that was removed. */
  departed: Extract<RaftEvent, { type: 'departed' }>
  /** Another server sent what no correct one can send. It was ignored; somebody should look into it. */
  contradiction: Extract<RaftEvent, { type: 'contradiction' }>
  /** How a transfer of leadership ended. */
  transfer: Extract<RaftEvent, { type: 'transfer' }>
  /** This server leads and has put a batch of proposals into its log: often many times a millisecond, so be quick. */
  proposals: { readonly firstIndex: Index; readonly count: number; readonly term: Term }
  /** The node has stopped itself. */
  failure: Error
}

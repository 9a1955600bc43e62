/** What an operator wants to know of a node, as plain data. */
import type { Configuration } from '../../raft/configuration.ts'
import type { Index, ServerId, Term } from '../../raft/entry.ts'
import type { ProgressState } from '../../raft/progress.ts'
import type { Role } from '../../raft/ready.ts'
import type { RaftState } from '../../raft/state.ts'

/** What the leader knows of another server. */
export interface PeerStatus {
  readonly id: ServerId
  readonly state: ProgressState
  /** Everything up to here is on its disk for certain. */
  readonly matchIndex: Index
  /** What it is sent next. */
  readonly nextIndex: Index
  /** Sent and not acknowledged yet. */
  readonly inFlightMessages: number
  readonly inFlightBytes: number
  /** How long it was not heard; about a heartbeat when all is well, up to `raft.restIntervalMs` while the leader rests. */
  readonly silentMs: number
  /** It does not keep up: see the event `slowPeer`. */
  readonly slow: boolean
}

/** How a server stands. Indexes are places in the log, from 1; 0 stands for none. */
export interface NodeStatus {
  readonly id: ServerId
  readonly role: Role
  readonly term: Term
  /** Who leads, as far as this server knows; null when it knows of nobody. */
  readonly leaderId: ServerId | null
  /** Idle and silent until somebody asks for something: see `raft.restAfterMs`. */
  readonly resting: boolean
  /** Everything up to here is on the disks of a majority, as far as this server knows. */
  readonly commitIndex: Index
  /** Everything up to here was applied by the state machine of this server. */
  readonly lastApplied: Index
  /** The log: entries (firstIndex − 1, lastIndex] exist, up to durableIndex on the disk. */
  readonly firstIndex: Index
  readonly lastIndex: Index
  readonly durableIndex: Index
  /** The last entry that the newest snapshot covers. */
  readonly snapshotIndex: Index
  readonly configuration: Configuration
  /** First members of a new cluster that this server has not met; empty once the cluster is formed. */
  readonly forming: readonly ServerId[]
  /** Entries in memory, in bytes. */
  readonly logBytesInMemory: number
  /** Proposed and not committed, in bytes; 0 where it does not lead. */
  readonly uncommittedBytes: number
  /** There is no room, so that as leader it refuses proposals. It goes on by itself when there is. */
  readonly diskFull: boolean
  /** Why the node has stopped; null while it runs. */
  readonly stopped: string | null
  /** The leader's view of the others; empty elsewhere. */
  readonly peers: readonly PeerStatus[]
}

/** What the core does not know of. */
export interface StatusSources {
  readonly now: number
  /** First members that were not met yet. */
  readonly forming: readonly ServerId[]
  readonly diskFull: boolean
  readonly stopped: string | null
  readonly isSlow: (peer: ServerId) => boolean
}

/** Puts it together from the core's state; cheap enough to be asked for every second. */
export function describeNode(state: Readonly<RaftState>, sources: StatusSources): NodeStatus {
  const { now, forming, diskFull, stopped, isSlow } = sources
  const { id, role, currentTerm: term, leaderId, commitIndex, lastApplied, log, snapshot, configuration } = state
  return {
    id,
    role,
    term,
    leaderId,
    resting: state.resting,
    commitIndex,
    lastApplied,
    firstIndex: log.baseIndex + 1,
    lastIndex: log.lastIndex,
    durableIndex: log.durableIndex,
    snapshotIndex: snapshot.index,
    configuration,
    forming,
    logBytesInMemory: log.bytesInMemory,
    uncommittedBytes: role === 'leader' ? state.uncommittedBytes : 0,
    diskFull,
    stopped,
    peers: [...state.progress.values()].map((peer) => ({
      id: peer.id,
      state: peer.state,
      matchIndex: peer.matchIndex,
      nextIndex: peer.nextIndex,
      inFlightMessages: peer.inFlightMessages,
      inFlightBytes: peer.inFlightBytes,
      silentMs: Math.max(now - peer.lastHeardAt, 0),
      slow: isSlow(peer.id),
    })),
  }
}

/** What an operator wants to know of a node, as plain data. */
import type { Configuration } from '../raft/configuration.ts'
import type { Index, ServerId, Term } from '../raft/entry.ts'
import type { ProgressState } from '../raft/progress.ts'
import type { Role } from '../raft/ready.ts'
import type { RaftState } from '../raft/state.ts'

export interface PeerStatus {
  readonly id: ServerId
  readonly state: ProgressState
  readonly matchIndex: Index
  readonly nextIndex: Index
  readonly inFlightMessages: number
  readonly inFlightBytes: number
  /** How long it was not heard; about a heartbeat when all is well. */
  readonly silentMs: number
  /** It does not keep up: see the event `slowPeer`. */
  readonly slow: boolean
}

export interface NodeStatus {
  readonly id: ServerId
  readonly role: Role
  readonly term: Term
  readonly leaderId: ServerId | null
  readonly commitIndex: Index
  readonly lastApplied: Index
  /** The log: entries (firstIndex − 1, lastIndex] exist, up to durableIndex on the disk. */
  readonly firstIndex: Index
  readonly lastIndex: Index
  readonly durableIndex: Index
  readonly snapshotIndex: Index
  readonly configuration: Configuration
  /** First members of a new cluster that this server has not met; empty once the cluster is formed. */
  readonly forming: readonly ServerId[]
  /** Entries in memory, in bytes. */
  readonly logBytesInMemory: number
  readonly uncommittedBytes: number
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

/**
 * What a node counts and measures, as plain numbers, for whatever collects them. Everything is as of now or since the
 * node's start: nothing is averaged here, because only the collector knows over which time.
 */
import type { Index, ServerId, Term } from '../../raft/entry.ts'
import type { RaftState } from '../../raft/state.ts'
import type { TransportCounters } from '../../transport/counters.ts'
import type { NodeErrorCode } from '../errors.ts'
import type { SnapshotEvent, StallCause } from '../events.ts'
import type { Amount, PerMessage } from '../watch/counters.ts'
import type { HistogramReading } from '../watch/histogram.ts'
import type { Watch } from '../watch/watch.ts'

export type { HistogramReading } from '../watch/histogram.ts'

/** How far a follower is, as its leader knows. */
export interface PeerMetrics {
  /** Entries of the leader's log that are not durable there. */
  readonly behindEntries: number
  readonly inFlightBytes: number
  readonly silentMs: number
  /** 1 while it does not keep up. */
  readonly slow: number
}

export interface NodeMetrics {
  // ── Now ──
  readonly term: Term
  /** 1 on the leader, else 0. */
  readonly isLeader: number
  /** 1 while this server knows a leader, itself included. */
  readonly hasLeader: number
  readonly commitIndex: Index
  readonly lastApplied: Index
  readonly firstIndex: Index
  readonly lastIndex: Index
  readonly durableIndex: Index
  readonly snapshotIndex: Index
  /** Who may vote, learners not counted. */
  readonly voters: number
  readonly learners: number
  /** Entries kept in memory. */
  readonly logMemoryBytes: number
  /** Proposed and not committed, on the leader. */
  readonly uncommittedBytes: number
  /** Commands that no leader has taken yet, and those on their way to one. */
  readonly queuedBytes: number
  /** 1 while the disk has no room. */
  readonly diskFull: number
  /** How long the oldest write to the log has been under way. */
  readonly oldestWriteMs: number
  /** By the follower's id; empty but on the leader. */
  readonly peers: { readonly [id: ServerId]: PeerMetrics }

  // ── Since the start ──
  readonly electionsStarted: number
  readonly electionsWon: number
  /** How often this server learned of another leader. */
  readonly leaderChanges: number
  /** Messages that no correct server can have sent, and followers that lost what they had acknowledged. */
  readonly contradictions: number
  /** Proposals made on this server, by what is known of them. */
  readonly proposals: { readonly committed: number; readonly notApplied: number; readonly unknown: number }
  readonly reads: { readonly served: number; readonly failed: number }
  /** Proposals and reads that failed, by the error's code. */
  readonly failures: { readonly [Code in NodeErrorCode]?: number }
  /** Written to the own log, durably. */
  readonly entriesAppended: number
  readonly bytesAppended: number
  /** Commands that the state machine has applied, and all applied entries in the log's bytes. */
  readonly commandsApplied: number
  readonly bytesApplied: number
  readonly snapshots: { readonly [Action in SnapshotEvent['action']]: Readonly<Amount> }
  readonly snapshotsFailed: number
  readonly messagesSent: Readonly<PerMessage>
  readonly messagesReceived: Readonly<PerMessage>
  /** In AppendEntries. */
  readonly entryBytesSent: number
  readonly entryBytesReceived: number
  /** Requests with forwarded commands, each with all of a turn. */
  readonly forwardsSent: number
  readonly forwardsReceived: number
  readonly connectionsLost: number
  /** Null where they are not this node's alone, as in a host of many groups, or where nobody counts. */
  readonly connections: TransportCounters | null
  readonly stalls: { readonly [Cause in StallCause]: { readonly count: number; readonly ms: number } }
  /** From a batch's entry into the leader's log to its commit; one observation a batch. */
  readonly commitMs: HistogramReading
  /** From handing a batch to the log to its being durable: a sync, and the wait for the one before it. */
  readonly logWriteMs: HistogramReading
  /** Entries in one such batch. */
  readonly logWriteEntries: HistogramReading
  /** One call of the state machine's `apply`. */
  readonly applyMs: HistogramReading
}

/** What neither the core nor the watch knows. */
export interface MetricsSources {
  readonly now: number
  readonly queuedBytes: number
  readonly diskFull: boolean
  readonly connections: TransportCounters | null
}

/** A copy: later events do not change it. */
export function readMetrics(state: Readonly<RaftState>, watch: Watch, sources: MetricsSources): NodeMetrics {
  return { ...readState(state, watch, sources), ...readCounters(watch), connections: copyOf(sources.connections) }
}

function readState(state: Readonly<RaftState>, watch: Watch, { now, queuedBytes, diskFull }: MetricsSources) {
  const { role, currentTerm: term, leaderId, commitIndex, lastApplied, log, snapshot, configuration } = state
  const peers = [...state.progress.values()].map(({ id, matchIndex, inFlightBytes, lastHeardAt }) => {
    const behindEntries = log.lastIndex - matchIndex
    return [id, { behindEntries, inFlightBytes, silentMs: now - lastHeardAt, slow: Number(watch.isSlow(id)) }] as const
  })
  return {
    term,
    isLeader: Number(role === 'leader'),
    hasLeader: Number(leaderId !== null),
    commitIndex,
    lastApplied,
    firstIndex: log.baseIndex + 1,
    lastIndex: log.lastIndex,
    durableIndex: log.durableIndex,
    snapshotIndex: snapshot.index,
    voters: configuration.voters.length,
    learners: configuration.learners.length,
    logMemoryBytes: log.bytesInMemory,
    uncommittedBytes: role === 'leader' ? state.uncommittedBytes : 0,
    queuedBytes,
    diskFull: Number(diskFull),
    oldestWriteMs: watch.log.oldestWriteMs(),
    peers: Object.fromEntries(peers),
  }
}

function readCounters({ counters, stateMachine }: Watch) {
  const { requests, commitMs, logWriteMs, logWriteEntries, snapshots, stalls, messagesSent, messagesReceived } =
    counters
  const { proposalsCommitted: committed, proposalsNotApplied: notApplied, proposalsUnknown: unknown } = requests
  const { electionsStarted, electionsWon, leaderChanges, contradictions } = counters
  const { entriesAppended, bytesAppended, bytesApplied, snapshotsFailed, connectionsLost } = counters
  const { entryBytesSent, entryBytesReceived, forwardsSent, forwardsReceived } = counters
  return {
    ...{ electionsStarted, electionsWon, leaderChanges, contradictions },
    proposals: { committed, notApplied, unknown },
    reads: { served: requests.readsServed, failed: requests.readsFailed },
    failures: { ...requests.failures },
    ...{ entriesAppended, bytesAppended, bytesApplied, snapshotsFailed, connectionsLost },
    commandsApplied: stateMachine.applied,
    snapshots: structuredCopy(snapshots),
    messagesSent: { ...messagesSent },
    messagesReceived: { ...messagesReceived },
    ...{ entryBytesSent, entryBytesReceived, forwardsSent, forwardsReceived },
    stalls: structuredCopy(stalls),
    commitMs: commitMs.read(),
    logWriteMs: logWriteMs.read(),
    logWriteEntries: logWriteEntries.read(),
    applyMs: stateMachine.applyMs.read(),
  }
}

function copyOf(counters: TransportCounters | null): TransportCounters | null {
  return counters === null ? null : { ...counters, closed: { ...counters.closed } }
}

/** Two levels deep. */
function structuredCopy<T extends { readonly [name: string]: object }>(record: T): T {
  return Object.fromEntries(Object.entries(record).map(([name, one]) => [name, { ...one }])) as T
}

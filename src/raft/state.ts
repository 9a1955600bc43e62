/**
 * All that a server remembers: the State box of Paper Figure 2 and what the Thesis adds. Chapters (`election.ts`,
 * `replication.ts` …) are functions over it.
 */
import type { Random } from '../util/random.ts'
import { type Configuration, isVoter } from './configuration.ts'
import { Durability } from './durability.ts'
import type { Entry, Index, ServerId, Term } from './entry.ts'
import { RaftLog } from './log.ts'
import { ConfigurationHistory } from './membership.ts'
import type { RaftOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import type { Progress } from './progress.ts'
import type { BootState, Role, SnapshotMeta } from './ready.ts'

/** A read that waits for its round to be confirmed, or for the leader's first commit (Thesis §6.4). */
export interface PendingRead {
  /** The leader's own, or null when `from` asked. */
  readonly token: number | null
  readonly from: ServerId | null
  readonly requestId: number
  /** commitIndex when it was accepted; null while no entry of the term has committed. */
  index: Index | null
  /** The round whose confirmation releases it; 0 until one was started after it. */
  round: number
}

/** A read that waits for the leader's answer. */
export interface ForwardedRead {
  readonly token: number
  /** Refused then: the question or the answer was lost. */
  readonly expiresAt: number
}

/** A leadership transfer that is under way (Thesis §3.10). Being there is the flag; there is no other. */
export interface Transfer {
  readonly to: ServerId
  /** Given up then, so that the cluster does not wait for a dead server. */
  readonly deadline: number
  timeoutNowSent: boolean
}

/** A leader at rest: see `rest.ts`. Being there is the flag. */
export interface Rest {
  /** The round that its latest announcement began: who confirms it has heard that the leader rests. */
  readonly round: number
  /** When it is heard again, if nothing wakes it before. */
  readonly renewAt: number
}

export class RaftState {
  readonly id: ServerId
  readonly options: RaftOptions
  readonly random: Random

  // ── Persistent on all servers (Paper Figure 2): changed only together with a record in `durability` ──
  currentTerm: Term
  /** Whom this server voted for in currentTerm. */
  votedFor: ServerId | null
  readonly log: RaftLog
  readonly configurations: ConfigurationHistory
  /** The newest durable snapshot: base ≤ snapshot.index ≤ lastApplied. */
  snapshot: SnapshotMeta

  // ── Volatile on all servers ──
  role: Role = 'follower'
  leaderId: ServerId | null = null
  /** Known to be committed: never falls; found again after a restart. */
  commitIndex: Index
  /** Applied to the state machine: lastApplied ≤ applyingTo ≤ commitIndex. */
  lastApplied: Index
  /** Handed out to be applied, up to here. */
  applyingTo: Index
  /** A fetch for entries to apply is under way; 0 for none. */
  applyFetchId = 0
  /** What that fetch brought, until the turn's end. */
  fetchedToApply: readonly Entry[] = []
  /** A snapshot is being restored into the state machine: nothing is applied meanwhile. */
  restoring = false
  readonly durability: Durability = new Durability()
  outbox: Outbox = new Outbox()
  /** The time of the input that is being handled. */
  now: number
  /** When this server campaigns if it hears nothing (Paper §5.2). */
  electionDeadline = 0
  /** A promise not to vote may have been forgotten in a restart: until then none is given away (leases only). */
  noVoteBefore: number
  /** When a leader of the current term was last heard; −∞ when none was, so that a restart is not taken for a leader's word. */
  leaderHeardAt: number = Number.NEGATIVE_INFINITY
  /** The leader rests and counts as heard until then, although it is silent; −∞ while it does not rest. */
  leaderRestsUntil: number = Number.NEGATIVE_INFINITY
  /** Servers that were heard since a connection to them was last reported lost. Kept only where leaders rest. */
  connected: Set<ServerId> = new Set()

  // ── Candidates and pre-candidates ──
  /** Who granted and who refused; the own vote is in here once it is durable. */
  votes: Map<ServerId, boolean> = new Map()
  /** The batch that makes the own vote durable. */
  ownVoteSeq = 0
  /** This campaign was asked for by the leader, so that stickiness does not stand against it. */
  campaignIsTransfer = false

  // ── Leaders only, new in each term ──
  progress: Map<ServerId, Progress> = new Map()
  /** The index of the first entry of the own term; until it has committed nothing is known of commitIndex (Paper §8). */
  termStartIndex: Index = 0
  uncommittedBytes = 0
  /** Entries were appended in this turn: sent at its end. */
  appendPending = false
  /** When followers that have not heard of the newest commit are told of it; null when there is no news. */
  commitPushAt: number | null = null
  /** The latest ReadIndex round: unique for this leader, never used twice. */
  readRound = 0
  pendingReads: PendingRead[] = []
  /** Rounds that may renew the lease (Thesis §6.4.1), oldest first. */
  leaseRounds: { readonly round: number; readonly startedAt: number }[] = []
  leaseUntil: number = Number.NEGATIVE_INFINITY
  /** TimeoutNow was sent in this term. */
  leaseIsVoid = false
  transfer: Transfer | null = null
  rest: Rest | null = null
  /** When there was last anything to do or to say. Kept only where leaders rest. */
  quietSince: number = Number.NEGATIVE_INFINITY
  /** When the latest rest of this term ended: nobody was asked before, so silence counts from then. */
  wokenAt: number = Number.NEGATIVE_INFINITY

  // ── Followers: reads that wait for the leader's answer, by requestId ──
  forwardedReads: Map<number, ForwardedRead> = new Map()
  /** Starts anywhere, so that an answer to an earlier life's question is not taken for one to ours. */
  nextRequestId: number
  nextSession = 1
  nextFetchId = 1

  constructor(options: RaftOptions, boot: BootState, random: Random, now: number) {
    this.id = options.id
    this.options = options
    this.random = random
    this.currentTerm = boot.hardState.term
    this.votedFor = boot.hardState.votedFor
    this.log = new RaftLog(boot)
    this.snapshot = boot.snapshot
    this.configurations = new ConfigurationHistory(boot.snapshot, boot.configurations)
    this.commitIndex = boot.snapshot.index
    this.lastApplied = boot.snapshot.index
    this.applyingTo = boot.snapshot.index
    this.now = now
    const hasPromised = options.leaseReads && boot.hardState.term > 0
    this.noVoteBefore = hasPromised ? now + options.electionTimeoutMaxMs : Number.NEGATIVE_INFINITY
    this.nextRequestId = 1 + random.uint32() * 2 ** 12
    this.startBehindSnapshot()
    this.reachTermOfSnapshot()
  }

  /**
   * A crash can leave a snapshot that is newer than the log beside it, or that the log contradicts: the snapshot was
   * durable, the log's own record of it was not. The snapshot counts, and the disk is told so.
   */
  private startBehindSnapshot(): void {
    const { index, term } = this.snapshot
    if (index < this.log.baseIndex || this.log.matches(index, term)) return
    this.log.resetTo(index, term)
    this.configurations.resetTo(index, this.snapshot.configuration)
    this.durability.recordSnapshot(this.snapshot)
  }

  /**
   * A snapshot can also be durable before the term of its last entry is: its file is small, the log's disk slow. Nobody
   * can have our vote in that term, which would have been durable first.
   */
  private reachTermOfSnapshot(): void {
    if (this.snapshot.term <= this.currentTerm) return
    this.currentTerm = this.snapshot.term
    this.votedFor = null
    recordHardState(this)
  }

  get configuration(): Configuration {
    return this.configurations.current
  }

  /**
   * Learners and removed servers do not campaign, unless it is not known that the change has committed (Thesis §4.2.2).
   * Of two servers, s1 removes itself and crashes before s2 has the entry: s2 cannot win without the vote of s1, whose
   * log is the newer one, so only s1 can, with the vote of s2 alone. Any configuration from commitIndex on may be the
   * one in force for the others: after a restart, commitIndex may be long before the one that counted s1.
   */
  get canCampaign(): boolean {
    const { configurations, commitIndex, log, id } = this
    if (isVoter(configurations.current, id) || isVoter(configurations.at(commitIndex), id)) return true
    return configurations.between(commitIndex, log.lastIndex).some((one) => isVoter(one.configuration, id))
  }

  /** Idle and silent, as a leader or as the follower of one: see `rest.ts`. */
  get resting(): boolean {
    return this.rest !== null || this.leaderRestsUntil !== Number.NEGATIVE_INFINITY
  }

  /** Entries of the leader's own term have committed, so commitIndex is up to date (Paper §8). */
  get hasCommittedInTerm(): boolean {
    return this.commitIndex >= this.termStartIndex
  }
}

/** The term or the vote has changed: before anything that depends on it leaves, it must be durable. */
export function recordHardState(state: RaftState): void {
  state.durability.recordHardState({ term: state.currentTerm, votedFor: state.votedFor })
}

/** The leader has something to do or to say: it does not rest for a while. */
export function noteActivity(state: RaftState): void {
  if (state.options.restAfterMs > 0) state.quietSince = state.now
}

/** Draws a new time-out, as each server does on its own so that they rarely campaign together (Paper §5.2). */
export function resetElectionTimer(state: RaftState): void {
  const { electionTimeoutMinMs, electionTimeoutMaxMs } = state.options
  const spread = electionTimeoutMaxMs - electionTimeoutMinMs
  const deadline = state.now + electionTimeoutMinMs + state.random.fraction() * spread
  state.electionDeadline = Math.max(deadline, state.noVoteBefore)
  state.leaderRestsUntil = Number.NEGATIVE_INFINITY
}

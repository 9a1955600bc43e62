/**
 * Raft as a deterministic state machine: inputs go in, each with the time, and one Ready comes out with everything that
 * is to be done. No I/O, no clock, no randomness of its own, no promises: the same inputs give the same Ready on every
 * machine. The driver in `runtime/` carries Ready out; the lab, the simulator and production differ only in what stands
 * behind it.
 *
 * Every input is total: nothing that a message can contain makes it throw.
 */
import { unreachable } from '../util/assert.ts'
import type { Random } from '../util/random.ts'
import { canApply, handleApplied, handleFetchedToApply, takeApplyBatch } from './apply.ts'
import { exportState, importState } from './canonical.ts'
import { advanceCommitIndex, isCommitPushDue } from './commit.ts'
import type { ConfigurationChange } from './configuration-change.ts'
import {
  checkQuorum,
  countOwnVote,
  handleConnectionLost,
  handleElectionTimeout,
  handlePreVote,
  handlePreVoteReply,
  handleRequestVote,
  handleRequestVoteReply,
  hearsLeader,
  isCutOff,
  quorumDeadline,
  replyToRequestVote,
} from './election.ts'
import type { Entry, Index, ServerId, Term } from './entry.ts'
import { dropLease, startLeaseRound } from './lease.ts'
import type { AppendEntriesReply, InstallSnapshotReply, Message } from './message.ts'
import { type RaftOptions, resolveOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import {
  expireForwardedReads,
  forwardedReadDeadline,
  handleRead,
  handleReadIndex,
  handleReadIndexReply,
  releaseReads,
  sendReadRound,
  startReadRound,
} from './read.ts'
import type { BootState, Ready, Seq, SnapshotMeta } from './ready.ts'
import { advanceReconfiguration, advanceRound, type ChangeResult, handleChange } from './reconfiguration.ts'
import {
  appendAsLeader,
  flushAppends,
  handleAppendEntries,
  handleAppendEntriesReply,
  handleFetched,
  handleSendFailed,
  refuseOldTerm,
  sendEmpty,
  sendEntries,
} from './replication.ts'
import { considerRest, noteConnectionLost, noteMessage, noteSendFailed, restAlong, stir, tickRest } from './rest.ts'
import { becomeFollower, setLeader } from './role.ts'
import {
  describeSnapshot,
  handleInstallSnapshot,
  handleInstallSnapshotReply,
  handleRestored,
  handleSnapshotFailed,
  handleSnapshotTaken,
  refuseOldSnapshot,
  sendSnapshot,
} from './snapshot.ts'
import { RaftState, resetElectionTimer } from './state.ts'
import {
  advanceTransfer,
  checkTransferDeadline,
  handleStepDown,
  handleTimeoutNow,
  handleTransfer,
  type TransferRefusal,
} from './transfer.ts'

/** What became of a proposal at the door. Accepted is not committed: watch for the entry (firstIndex, term) to be applied. */
export type ProposeResult =
  | { readonly accepted: true; readonly firstIndex: Index; readonly term: Term }
  | { readonly accepted: false; readonly reason: ProposeRefusal; readonly leaderId: ServerId | null }

/** Certainly not in any log. All but `notLeader` and `tooLarge` pass by themselves. */
export type ProposeRefusal = 'notLeader' | 'noQuorum' | 'transferring' | 'overloaded' | 'tooLarge'

const NEVER = Number.POSITIVE_INFINITY

function finite(deadline: number): number | null {
  return deadline === NEVER ? null : deadline
}

/** One server's Raft: call an input for what has happened, then `takeReady` while `hasReady`, and carry that out. */
export class Raft {
  private state: RaftState

  /**
   * @param boot what the disk holds; for a new server an empty log with the cluster's first configuration
   * @param now milliseconds on a monotonic clock; every later input carries its own, never smaller
   * @throws OptionsError when options contradict each other
   */
  constructor(options: Partial<RaftOptions> & { readonly id: ServerId }, boot: BootState, random: Random, now: number) {
    this.state = new RaftState(resolveOptions(options), boot, random, now)
    resetElectionTimer(this.state)
  }

  // ── Inputs ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A message has arrived. First the term is settled, as for every RPC (Paper §5.1); then its chapter handles it. */
  step(message: Message, now: number): void {
    const { state } = this
    state.now = now
    if (message.to !== state.id || message.from === state.id) return
    noteMessage(state, message)
    if (!this.settleTerm(message)) return
    switch (message.type) {
      case 'PreVote':
        handlePreVote(state, message)
        break
      case 'PreVoteReply':
        handlePreVoteReply(state, message)
        break
      case 'RequestVote':
        handleRequestVote(state, message)
        break
      case 'RequestVoteReply':
        handleRequestVoteReply(state, message)
        break
      case 'AppendEntries':
        if (!this.acceptLeader(message.from)) break
        handleAppendEntries(state, message)
        restAlong(state, message)
        break
      case 'AppendEntriesReply':
        this.stepAppendEntriesReply(message)
        break
      case 'InstallSnapshot':
        if (this.acceptLeader(message.from)) handleInstallSnapshot(state, message)
        break
      case 'InstallSnapshotReply':
        this.stepInstallSnapshotReply(message)
        break
      case 'TimeoutNow':
        handleTimeoutNow(state, message)
        break
      case 'ReadIndex':
        handleReadIndex(state, message)
        break
      case 'ReadIndexReply':
        handleReadIndexReply(state, message)
        break
      default:
        unreachable(message)
    }
  }

  /** Commands for the log, in this order. All are taken or none. */
  propose(commands: readonly Uint8Array[], now: number, kind: 'command' | 'session' = 'command'): ProposeResult {
    const state = this.asked(now)
    const { options, leaderId } = state
    if (state.role !== 'leader') return { accepted: false, reason: 'notLeader', leaderId }
    if (isCutOff(state)) return { accepted: false, reason: 'noQuorum', leaderId: null }
    if (state.transfer !== null) return { accepted: false, reason: 'transferring', leaderId: state.transfer.to }
    if (commands.some((command) => command.length > options.maxEntryBytes)) {
      return { accepted: false, reason: 'tooLarge', leaderId }
    }
    if (state.uncommittedBytes > options.maxUncommittedBytes) return { accepted: false, reason: 'overloaded', leaderId }
    const firstIndex = state.log.lastIndex + 1
    appendAsLeader(state, commands, kind)
    return { accepted: true, firstIndex, term: state.currentTerm }
  }

  /**
   * Asks from which index on a linearizable read may be served; answered in Ready.reads under `token`. With `underLease`
   * a leader that holds a lease answers by itself.
   */
  read(token: number, now: number, underLease = false): void {
    handleRead(this.asked(now), token, underLease)
  }

  /**
   * This server was held up, or its clock was: a lease from before that is void (Thesis §6.4.1), and a leader that rests
   * looks whether it still leads.
   */
  stalled(now: number): void {
    dropLease(this.asked(now))
  }

  /** Asks the leader for another configuration; it holds once it is in the log. What follows by itself comes as events. */
  change(change: ConfigurationChange, now: number): ChangeResult {
    return handleChange(this.asked(now), change)
  }

  /** Hands leadership over. The outcome comes as an event. @returns why not, or null */
  transfer(to: ServerId, now: number): TransferRefusal {
    return handleTransfer(this.asked(now), to)
  }

  /** A leader that is of little use, and knows it, becomes a follower and lets the others campaign first. */
  stepDown(now: number): void {
    handleStepDown(this.asked(now))
  }

  /** Time has passed: call it at `nextDeadline()`, or later. */
  tick(now: number): void {
    const { state } = this
    state.now = now
    expireForwardedReads(state)
    if (state.role === 'leader') this.tickLeader()
    else if (now >= state.electionDeadline) handleElectionTimeout(state)
  }

  /** Batches up to `seq` are durable. In order and cumulative; a write that failed is never confirmed. */
  persisted(seq: Seq, now: number): void {
    const { state } = this
    state.now = now
    const index = state.durability.persisted(seq)
    state.log.durableIndex = Math.max(state.log.durableIndex, index)
    countOwnVote(state)
    if (state.role === 'leader') advanceCommitIndex(state)
    advanceReconfiguration(state)
  }

  /** The state machine has applied everything up to `index`. */
  applied(index: Index, now: number): void {
    this.state.now = now
    handleApplied(this.state, index)
  }

  /** The state machine has been restored from the snapshot at `index`. */
  restored(index: Index, now: number): void {
    this.state.now = now
    handleRestored(this.state, index)
  }

  /** What Ready.fetches asked for; empty when it has been compacted away. */
  fetched(id: number, entries: readonly Entry[], now: number): void {
    const { state } = this
    state.now = now
    if (id === state.applyFetchId) handleFetchedToApply(state, entries)
    else if (state.role === 'leader') handleFetched(state, id, entries)
  }

  /** A snapshot of the own state machine is durable, as `describeSnapshot` described it. */
  snapshotTaken(meta: SnapshotMeta, now: number): void {
    this.state.now = now
    handleSnapshotTaken(this.state, meta)
  }

  /** Ready.snapshots could not be carried out for this follower. */
  snapshotFailed(to: ServerId, session: number, now: number): void {
    this.state.now = now
    const progress = this.state.progress.get(to)
    if (progress !== undefined) handleSnapshotFailed(progress, session)
  }

  /** The transport knows that this message was lost. Only a hint: most losses are never known. */
  sendFailed(message: Message, now: number): void {
    this.state.now = now
    if (message.type !== 'AppendEntries') return
    noteSendFailed(this.state, message)
    handleSendFailed(this.state, message)
  }

  /**
   * Starts the election timer anew, for a server that was held back: it gives a leader time to show itself. Also for one
   * whose resting leader did not answer: it asks for votes after an ordinary time-out, and that wakes a leader who lives.
   */
  waitForLeader(now: number): void {
    this.state.now = now
    resetElectionTimer(this.state)
  }

  /** The connection to a server broke, or could not be made. Only a hint. */
  connectionLost(id: ServerId, now: number): void {
    this.state.now = now
    noteConnectionLost(this.state, id)
    handleConnectionLost(this.state, id)
  }

  // ── Effects ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** True when `takeReady` would return anything to do. */
  hasReady(): boolean {
    const { state } = this
    return (
      !state.outbox.isEmpty ||
      state.durability.isDirty ||
      state.appendPending ||
      isCommitPushDue(state) ||
      state.pendingReads.some((read) => read.round === 0 && state.hasCommittedInTerm) ||
      canApply(state)
    )
  }

  /** Everything that has come up since the last call. The next one may follow before this one is carried out. */
  takeReady(): Ready {
    const { state } = this
    startReadRound(state)
    flushAppends(state)
    sendReadRound(state)
    const apply = takeApplyBatch(state)
    const persist = state.durability.takeBatch(state.log.lastIndex)
    const { messages, fetches, snapshots, reads, events, restore, compactTo } = state.outbox
    state.outbox = new Outbox()
    return { persist, messages, apply, restore, fetches, snapshots, reads, compactTo, events }
  }

  /** When `tick` is due next, in the caller's milliseconds; null when only an input can bring anything about. */
  nextDeadline(): number | null {
    const { state } = this
    let earliest = forwardedReadDeadline(state)
    if (state.role !== 'leader')
      return finite(state.canCampaign ? Math.min(earliest, state.electionDeadline) : earliest)
    if (state.rest !== null) return state.rest.renewAt
    earliest = Math.min(earliest, state.transfer?.deadline ?? NEVER, state.commitPushAt ?? NEVER)
    if (state.options.checkQuorum) earliest = Math.min(earliest, quorumDeadline(state))
    for (const progress of state.progress.values()) {
      earliest = Math.min(earliest, progress.lastSentAt + state.options.heartbeatIntervalMs)
    }
    return finite(earliest)
  }

  // ── Questions ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whom to speak with and where they listen: every member, and followers that do not know yet that they were removed. */
  peers(): { [id: ServerId]: string } {
    const { configuration, configurations, progress } = this.state
    const peers = { ...configuration.addresses }
    for (const id of progress.keys()) {
      const address = configurations.addressOf(id)
      if (address !== undefined) peers[id] = address
    }
    return peers
  }

  /** What a snapshot taken as of `index` must carry; null when `index` is not applied, or compacted away already. */
  describeSnapshot(index: Index): SnapshotMeta | null {
    return describeSnapshot(this.state, index)
  }

  /** The state itself, for invariants, the canonical export and status. Looking is free, touching is forbidden. */
  inspect(): Readonly<RaftState> {
    return this.state
  }

  /** The whole protocol state as integers, equal for equal states: see `canonical.ts`. Take the Ready first. */
  exportState(): number[] {
    return exportState(this.state)
  }

  /** Becomes the server that `exportState` wrote, under the same options. */
  importState(numbers: readonly number[], now: number): void {
    this.state = importState(this.state.options, numbers, now)
  }

  /** Something is asked of this server: a leader that rests wakes before it hears what. */
  private asked(now: number): RaftState {
    this.state.now = now
    stir(this.state)
    return this.state
  }

  // ── Dispatch ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Paper §5.1. @returns false when the message is done with */
  private settleTerm(message: Message): boolean {
    const { state } = this
    // A PreVote asks about a term that nobody has begun, so it changes none, and who answers it may be behind us.
    if (message.type === 'PreVote') return true
    if (message.type === 'PreVoteReply' && message.term <= state.currentTerm) return true
    if (message.term < state.currentTerm) {
      this.answerOldTerm(message)
      return false
    }
    if (message.type === 'RequestVote' && !message.transfer && hearsLeader(state)) {
      // Its term, too, is left alone: a removed or half-deaf server would otherwise depose the leader that we hear.
      replyToRequestVote(state, message.from, false)
      return false
    }
    if (message.term > state.currentTerm) becomeFollower(state, message.term, null)
    return true
  }

  /** Who asks in an old term is told the newer one; who answers in an old term is not listened to. */
  private answerOldTerm(message: Message): void {
    const { state } = this
    if (message.type === 'RequestVote') replyToRequestVote(state, message.from, false)
    if (message.type === 'AppendEntries') refuseOldTerm(state, message)
    if (message.type === 'InstallSnapshot') refuseOldSnapshot(state, message)
  }

  /** AppendEntries or InstallSnapshot of our term: its sender has won, whatever we were hoping for (Paper §5.2). */
  private acceptLeader(leaderId: ServerId): boolean {
    const { state } = this
    // Two leaders in one term cannot be; a message that says so is not believed.
    if (state.role === 'leader') return false
    if (state.role !== 'follower') becomeFollower(state, state.currentTerm, leaderId)
    setLeader(state, leaderId)
    state.leaderHeardAt = state.now
    resetElectionTimer(state)
    return true
  }

  /** One event, several chapters: replication, reads and transfer each have their part in it. */
  private stepAppendEntriesReply(message: AppendEntriesReply): void {
    const { state } = this
    const progress = state.progress.get(message.from)
    if (state.role !== 'leader' || progress === undefined || progress.session !== message.session) return
    progress.lastHeardAt = state.now
    handleAppendEntriesReply(state, progress, message)
    if (message.readRound > progress.readRound && message.readRound <= state.readRound) {
      progress.readRound = message.readRound
      releaseReads(state)
    }
    advanceTransfer(state)
    advanceRound(state, progress)
    advanceReconfiguration(state)
  }

  private stepInstallSnapshotReply(message: InstallSnapshotReply): void {
    const { state } = this
    const progress = state.progress.get(message.from)
    if (state.role !== 'leader' || progress === undefined || progress.session !== message.session) return
    progress.lastHeardAt = state.now
    handleInstallSnapshotReply(state, progress, message)
    advanceCommitIndex(state)
    advanceReconfiguration(state)
    sendEntries(state, progress, false)
  }

  private tickLeader(): void {
    const { state } = this
    if (state.rest !== null) {
      tickRest(state)
      return
    }
    checkQuorum(state)
    checkTransferDeadline(state)
    advanceReconfiguration(state)
    startLeaseRound(state)
    if (considerRest(state)) return
    for (const progress of state.progress.values()) {
      if (state.now < progress.lastSentAt + state.options.heartbeatIntervalMs) continue
      if (progress.state === 'snapshot' && state.now >= progress.snapshotRetryAt) sendSnapshot(state, progress)
      sendEmpty(state, progress)
    }
  }
}

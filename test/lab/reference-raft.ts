// A second Raft, independent of src/raft: straight from the Paper's Figure 2 and Figure 13, with plain async code, as
// somebody would write it who takes the course. It is here to test the tester: with it all tests pass, and with one of
// the `Bug`s planted the tester must say so.

import {
  type ApplyMsg,
  type Channel,
  type ClientEnd,
  type Command,
  commandMsg,
  type Handlers,
  type LabEnvironment,
  type LabRaft,
  type Make,
  type Persister,
  type RaftState,
  type StartResult,
  snapshotMsg,
} from '../../src/lab/index.ts'
import type {
  AppendArgs,
  AppendReply,
  Entry,
  SavedState,
  SnapshotArgs,
  VoteArgs,
  VoteReply,
} from './reference-messages.ts'

/** A mistake that people make. */
export type Bug =
  | 'votes for short logs'
  | 'never saves'
  | 'skips the consistency check'
  | 'cuts the log at every append'
  | 'commits on its own'
  | 'commits beyond what it checked'
  | 'counts whatever a reply says'
  | 'elects at the same moment'
  | 'adds an entry at the start of a term'
  | 'heartbeats all the time'
  | 'sends the whole log'
  | 'never cuts the log'
  | 'forgets its snapshot'
  | 'applies again after a snapshot'
  | 'applies in no order'

const HEARTBEAT_MS = 100
const TICK_MS = 10
const MIN_ELECTION_MS = 220
const ELECTION_RANGE_MS = 180

/** In one message: a peer that was cut off for long would else be sent its whole backlog again and again. */
const MAX_ENTRIES = 100

export function makeReference(bug: Bug | null = null): Make {
  return (peers, me, persister, applyCh, env) => new ReferenceRaft(peers, me, persister, applyCh, env, bug)
}

class ReferenceRaft implements LabRaft {
  readonly handlers: Handlers = {
    'Raft.RequestVote': (args: VoteArgs) => this.requestVote(args),
    'Raft.AppendEntries': (args: AppendArgs) => this.appendEntries(args),
    'Raft.InstallSnapshot': (args: SnapshotArgs) => this.installSnapshot(args),
  }

  private currentTerm = 0
  private votedFor = -1
  /** `log[0]` stands for the last entry of the snapshot, at index `base`. */
  private log: Entry[] = [{ term: 0, command: null }]
  private base = 0
  private snapshotBytes: Uint8Array

  private role: 'follower' | 'candidate' | 'leader' = 'follower'
  private commitIndex = 0
  private lastApplied = 0
  private nextIndex: number[] = []
  private matchIndex: number[] = []
  private electionDeadline = 0
  private heartbeatAt = 0
  private broadcastPending = false
  private snapshotToApply: ApplyMsg | null = null
  private wakeApplier: () => void = () => {}
  private dead = false

  private readonly peers: readonly ClientEnd[]
  private readonly me: number
  private readonly persister: Persister
  private readonly applyCh: Channel<ApplyMsg>
  private readonly env: LabEnvironment
  private readonly bug: Bug | null

  constructor(
    peers: readonly ClientEnd[],
    me: number,
    persister: Persister,
    applyCh: Channel<ApplyMsg>,
    env: LabEnvironment,
    bug: Bug | null,
  ) {
    this.peers = peers
    this.me = me
    this.persister = persister
    this.applyCh = applyCh
    this.env = env
    this.bug = bug
    this.snapshotBytes = persister.readSnapshot()
    this.restore()
    if (bug === 'forgets its snapshot') this.snapshotBytes = new Uint8Array()
    this.resetElectionTimer()
    env.go(() => this.tickLoop())
    env.go(() => this.applyLoop())
  }

  start(command: Command): StartResult {
    if (this.dead || this.role !== 'leader') return { index: -1, term: this.currentTerm, isLeader: false }
    this.log.push({ term: this.currentTerm, command })
    this.save()
    this.env.log('LOG1', () => `appends index ${this.lastIndex()} in term ${this.currentTerm}`)
    if (this.bug === 'commits on its own') this.advanceCommit(this.lastIndex())
    this.broadcastSoon()
    return { index: this.lastIndex(), term: this.currentTerm, isLeader: true }
  }

  getState(): RaftState {
    return { term: this.currentTerm, isLeader: this.role === 'leader' }
  }

  snapshot(index: number, snapshot: Uint8Array): void {
    if (index <= this.base || index > this.lastApplied || this.bug === 'never cuts the log') return
    this.log = this.log.slice(index - this.base)
    this.base = index
    this.snapshotBytes = snapshot
    this.save()
  }

  condInstallSnapshot(): boolean {
    return true
  }

  kill(): void {
    this.dead = true
  }

  killed(): boolean {
    return this.dead
  }

  // Loops

  private async tickLoop(): Promise<void> {
    while (!this.dead) {
      const now = this.env.clock.now()
      if (this.role === 'leader' && now >= this.heartbeatAt) this.broadcast()
      if (this.role !== 'leader' && now >= this.electionDeadline) this.startElection()
      await this.env.sleep(TICK_MS)
    }
  }

  private async applyLoop(): Promise<void> {
    while (!this.dead) {
      const message = this.nextToApply()
      if (message !== null) await this.applyCh.send(message)
      else
        await new Promise<void>((wake) => {
          this.wakeApplier = wake
        })
    }
  }

  private nextToApply(): ApplyMsg | null {
    const snapshot = this.snapshotToApply
    if (snapshot !== null) {
      this.snapshotToApply = null
      if (this.bug !== 'applies again after a snapshot') this.lastApplied = snapshot.snapshotIndex
      return snapshot
    }
    if (this.lastApplied >= this.commitIndex) return null
    if (this.bug === 'applies in no order' && this.lastApplied + 2 <= this.commitIndex) this.lastApplied++
    this.lastApplied++
    return commandMsg(this.lastApplied, this.log[this.lastApplied - this.base]?.command ?? null)
  }

  // Elections (Paper §5.2, §5.4.1)

  private startElection(): void {
    this.role = 'candidate'
    this.currentTerm++
    this.votedFor = this.me
    this.save()
    this.resetElectionTimer()
    this.env.log('VOTE', () => `stands for election in term ${this.currentTerm}`)
    const { currentTerm: term, me: candidateId } = this
    const args: VoteArgs = { term, candidateId, lastLogIndex: this.lastIndex(), lastLogTerm: this.lastTerm() }
    let votes = 1
    for (const peer of this.others()) {
      this.env.go(async () => {
        const reply = await this.callPeer<VoteReply>(peer, 'Raft.RequestVote', args)
        if (reply === null || !this.isCurrent(reply.term, term) || this.role !== 'candidate') return
        if (reply.voteGranted && ++votes === this.majority()) this.becomeLeader()
      })
    }
  }

  private becomeLeader(): void {
    this.role = 'leader'
    this.env.log('LEAD', () => `leads term ${this.currentTerm}`)
    this.nextIndex = this.peers.map(() => this.lastIndex() + 1)
    this.matchIndex = this.peers.map(() => 0)
    if (this.bug === 'adds an entry at the start of a term') this.start('no-op')
    this.broadcast()
  }

  private requestVote(args: VoteArgs): VoteReply {
    if (args.term > this.currentTerm) this.becomeFollower(args.term)
    const refused: VoteReply = { term: this.currentTerm, voteGranted: false }
    if (args.term < this.currentTerm) return refused
    const free = this.votedFor === -1 || this.votedFor === args.candidateId
    const upToDate =
      args.lastLogTerm > this.lastTerm() ||
      (args.lastLogTerm === this.lastTerm() && args.lastLogIndex >= this.lastIndex()) ||
      this.bug === 'votes for short logs'
    if (!free || !upToDate) return refused
    this.votedFor = args.candidateId
    this.save()
    this.resetElectionTimer()
    return { term: this.currentTerm, voteGranted: true }
  }

  // The log (Paper §5.3)

  private broadcastSoon(): void {
    if (this.broadcastPending) return
    this.broadcastPending = true
    this.env.clock.soon(() => {
      this.broadcastPending = false
      if (!this.dead && this.role === 'leader') this.broadcast()
    })
  }

  private broadcast(): void {
    this.heartbeatAt = this.env.clock.now() + (this.bug === 'heartbeats all the time' ? 0 : HEARTBEAT_MS)
    for (const peer of this.others()) this.send(peer)
  }

  private send(peer: number): void {
    const behind = (this.nextIndex[peer] ?? 1) <= this.base
    this.env.go(() => (behind ? this.sendSnapshot(peer) : this.sendEntries(peer)))
  }

  private async sendEntries(peer: number): Promise<void> {
    const term = this.currentTerm
    const next = this.bug === 'sends the whole log' ? this.base + 1 : (this.nextIndex[peer] ?? 1)
    const prevLogIndex = next - 1
    const entries = this.log.slice(next - this.base, next - this.base + MAX_ENTRIES)
    const prevLogTerm = this.termAt(prevLogIndex)
    const args: AppendArgs = { term, prevLogIndex, prevLogTerm, entries, leaderCommit: this.commitIndex }
    const reply = await this.callPeer<AppendReply>(peer, 'Raft.AppendEntries', args)
    if (reply === null || this.role !== 'leader') return
    if (this.bug !== 'counts whatever a reply says' && !this.isCurrent(reply.term, term)) return
    if (reply.success || this.bug === 'counts whatever a reply says') {
      this.recordMatch(peer, prevLogIndex + entries.length)
    } else if (this.nextIndex[peer] === next) {
      this.nextIndex[peer] = Math.max(reply.retryIndex, (this.matchIndex[peer] ?? 0) + 1)
      this.send(peer)
    }
  }

  private recordMatch(peer: number, index: number): void {
    this.matchIndex[peer] = Math.max(this.matchIndex[peer] ?? 0, index)
    this.nextIndex[peer] = Math.max(this.nextIndex[peer] ?? 0, this.matchIndex[peer] + 1)
    this.matchIndex[this.me] = this.lastIndex()
    const replicated = this.matchIndex.toSorted((a, b) => b - a)[this.majority() - 1] ?? 0
    // Only entries of our own term are counted (Paper §5.4.2, Figure 8).
    if (replicated > this.commitIndex && this.termAt(replicated) === this.currentTerm) {
      this.advanceCommit(replicated)
      this.broadcastSoon()
    }
  }

  private appendEntries(args: AppendArgs): AppendReply {
    if (args.term < this.currentTerm) return { term: this.currentTerm, success: false, retryIndex: 0 }
    this.followLeader(args.term)
    const refusal = this.findMismatch(args)
    if (refusal !== null && this.bug !== 'skips the consistency check') {
      return { term: this.currentTerm, success: false, retryIndex: refusal }
    }
    this.merge(args.prevLogIndex, args.entries)
    const checked = args.prevLogIndex + args.entries.length
    const safe = this.bug === 'commits beyond what it checked' ? this.lastIndex() : checked
    this.advanceCommit(Math.min(args.leaderCommit, safe))
    return { term: this.currentTerm, success: true, retryIndex: 0 }
  }

  /** Where the leader should try next, or null when our log fits. A whole term is skipped at a time. */
  private findMismatch({ prevLogIndex, prevLogTerm }: AppendArgs): number | null {
    if (prevLogIndex < this.base) return null
    if (prevLogIndex > this.lastIndex()) return this.lastIndex() + 1
    const conflicting = this.termAt(prevLogIndex)
    if (conflicting === prevLogTerm) return null
    let first = prevLogIndex
    while (first - 1 > this.base && this.termAt(first - 1) === conflicting) first--
    return first
  }

  private merge(prevLogIndex: number, entries: readonly Entry[]): void {
    if (this.bug === 'cuts the log at every append') this.log.length = Math.max(1, prevLogIndex + 1 - this.base)
    entries.forEach((entry, i) => {
      const index = prevLogIndex + 1 + i
      if (index <= this.base) return
      // A late, shorter message must not remove what it does not contradict.
      if (index <= this.lastIndex() && this.termAt(index) === entry.term) return
      this.log.length = Math.min(this.log.length, index - this.base)
      this.log.push(entry)
    })
    if (entries.length > 0) this.save()
  }

  private advanceCommit(index: number): void {
    this.commitIndex = Math.max(this.commitIndex, Math.min(index, this.lastIndex()))
    if (this.lastApplied < this.commitIndex) this.wakeApplier()
  }

  // Snapshots (Paper §7)

  private async sendSnapshot(peer: number): Promise<void> {
    const { currentTerm: term, base: lastIncludedIndex, snapshotBytes: snapshot } = this
    const args: SnapshotArgs = { term, lastIncludedIndex, lastIncludedTerm: this.termAt(lastIncludedIndex), snapshot }
    const reply = await this.callPeer<VoteReply>(peer, 'Raft.InstallSnapshot', args)
    if (reply === null || !this.isCurrent(reply.term, term) || this.role !== 'leader') return
    this.recordMatch(peer, lastIncludedIndex)
    this.broadcastSoon()
  }

  private installSnapshot(args: SnapshotArgs): { readonly term: number } {
    if (args.term < this.currentTerm) return { term: this.currentTerm }
    this.followLeader(args.term)
    const { lastIncludedIndex: index, lastIncludedTerm: term, snapshot } = args
    if (index <= this.commitIndex) return { term: this.currentTerm }
    const fits = index <= this.lastIndex() && this.termAt(index) === term
    this.log = fits ? this.log.slice(index - this.base) : [{ term, command: null }]
    this.base = index
    this.snapshotBytes = snapshot
    this.commitIndex = index
    this.save()
    this.snapshotToApply = snapshotMsg(index, term, snapshot)
    this.wakeApplier()
    return { term: this.currentTerm }
  }

  // Terms, storage and small things

  private followLeader(term: number): void {
    if (term > this.currentTerm) this.becomeFollower(term)
    this.role = 'follower'
    this.resetElectionTimer()
  }

  private becomeFollower(term: number): void {
    this.role = 'follower'
    this.currentTerm = term
    this.votedFor = -1
    this.save()
  }

  /** Whether a reply may still be used: we are alive and in the term in which the call was made. */
  private isCurrent(replyTerm: number, callTerm: number): boolean {
    if (this.dead) return false
    if (replyTerm > this.currentTerm) this.becomeFollower(replyTerm)
    return this.currentTerm === callTerm
  }

  private callPeer<Reply>(peer: number, method: string, args: unknown): Promise<Reply | null> {
    return this.peers[peer]?.call<Reply>(method, args) ?? Promise.resolve(null)
  }

  private resetElectionTimer(): void {
    const range = this.bug === 'elects at the same moment' ? 1 : ELECTION_RANGE_MS
    this.electionDeadline = this.env.clock.now() + MIN_ELECTION_MS + this.env.random.below(range)
  }

  private save(): void {
    if (this.bug === 'never saves' || this.dead) return
    const { currentTerm, votedFor, base } = this
    const terms = this.log.map((entry) => entry.term)
    const commands = this.log.map((entry) => entry.command)
    const state: SavedState = { currentTerm, votedFor, base, terms, commands }
    this.persister.save(this.env.labgob.encode(state), this.snapshotBytes)
  }

  private restore(): void {
    const bytes = this.persister.readRaftState()
    if (bytes.length === 0) return
    const state = this.env.labgob.decode(bytes) as SavedState
    this.currentTerm = state.currentTerm
    this.votedFor = state.votedFor
    this.base = state.base
    this.log = state.terms.map((term, i) => ({ term, command: state.commands[i] }))
    this.commitIndex = this.base
    this.lastApplied = this.base
  }

  private lastIndex(): number {
    return this.base + this.log.length - 1
  }

  private lastTerm(): number {
    return this.termAt(this.lastIndex())
  }

  private termAt(index: number): number {
    return this.log[index - this.base]?.term ?? -1
  }

  private majority(): number {
    return Math.floor(this.peers.length / 2) + 1
  }

  private others(): number[] {
    return this.peers.map((_, peer) => peer).filter((peer) => peer !== this.me)
  }
}

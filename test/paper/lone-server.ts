// One server, s1, whose peers are the test itself: it hears what the test says and nothing else. What it sends is
// compared as text, in the language of the conversation scripts: `s1→s2 RequestVoteReply term=3 granted`.

import { extensionsOf, RaftObserver } from '../../src/observe/observer.ts'
import type {
  Configuration,
  Message,
  MessageType,
  RaftOptions,
  ReadState,
  Role,
  SnapshotMeta,
} from '../../src/raft/index.ts'
import { membersOf } from '../../src/raft/index.ts'
import { describeMessage } from '../../src/raft/testing/describe.ts'
import {
  entriesOf,
  type NamedConfigurations,
  type Surroundings,
  TestDisk,
  TestServer,
} from '../../src/raft/testing/index.ts'
import { assert } from '../../src/util/assert.ts'
import { utf8Encode } from '../../src/util/bytes.ts'
import { appendEntries, installSnapshot, ME, place, votersOf } from './messages.ts'

/** What s1 has been through before the test begins. */
interface Past {
  /** Its log as a string of terms, as in `1 1 2`. */
  readonly log?: string
  /** Its term; the last entry's when it is left out. For a candidate or a leader, the term of its campaign. */
  readonly term?: number
  readonly votedFor?: string
  /** A snapshot `index/term`, behind which the log begins. */
  readonly snapshot?: string
  /** How many voters there are; 3 when it is left out. */
  readonly servers?: number
  readonly configuration?: Configuration
  /** Configurations that the log's notation names, as `c` in `1 1c 2`. */
  readonly names?: NamedConfigurations
  readonly options?: Partial<RaftOptions>
  readonly seed?: number
}

export class LoneServer implements Surroundings {
  now = 0
  readonly seed: number
  /** The others are made up: there is no history that their messages could be held against. */
  readonly observer: RaftObserver
  /** What it has been told to expect, by token: the index, or null when refused. */
  readonly reads: Map<number, number | null> = new Map()
  private outgoing: Message[] = []
  private lines: string[] = []
  private readonly server: TestServer

  constructor(past: Past) {
    this.seed = past.seed ?? 1
    this.observer = new RaftObserver(extensionsOf(past.options), 'none')
    const [index, term] = place(past.snapshot ?? '0/0')
    const entries = entriesOf(past.log ?? '', index + 1, past.names)
    const configuration = past.configuration ?? votersOf(past.servers ?? 3)
    const disk = new TestDisk({ index, term, configuration }, entries)
    disk.hardState = { term: past.term ?? entries.at(-1)?.term ?? term, votedFor: past.votedFor ?? null }
    // The paper's figures know no empty entry at the start of a term; the tests of Paper §8 switch it on.
    this.server = new TestServer(ME, { noopAtTermStart: false, retainEntries: 0, ...past.options }, disk, this)
    this.server.start()
  }

  // ── What happens to it ────────────────────────────────────────────────────────────────────────────────────────────

  receives(...messages: readonly Message[]): void {
    this.begin()
    for (const message of messages) this.server.input((raft, now) => raft.step(message, now))
  }

  /** The time until its election timer runs out passes in silence. */
  timesOut(): void {
    this.waits(this.state.electionDeadline - this.now)
  }

  /** Time passes; its timers fire when they are due. */
  waits(durationMs: number): void {
    this.begin()
    const end = this.now + durationMs
    const raft = this.server.running()
    let steps = 0
    for (let due = raft.nextDeadline(); due !== null && due <= end; due = raft.nextDeadline()) {
      assert(steps++ < 10_000, `s1 is due at ${due} ms again and again`)
      this.now = Math.max(this.now, due)
      this.server.input((raft, now) => raft.tick(now))
    }
    this.now = end
  }

  isGrantedPreVoteBy(...ids: readonly string[]): void {
    this.receivesPreVotes(ids, true)
  }

  isRefusedPreVoteBy(...ids: readonly string[]): void {
    this.receivesPreVotes(ids, false)
  }

  isGrantedVoteBy(...ids: readonly string[]): void {
    this.receives(...ids.map((from) => this.voteReply(from, true)))
  }

  isRefusedVoteBy(...ids: readonly string[]): void {
    this.receives(...ids.map((from) => this.voteReply(from, false)))
  }

  /** `from` holds the leader's log up to `index`, durably; `round` confirms reads. */
  isAcknowledgedBy(from: string, index: number, { round = 0, prev = index } = {}): void {
    this.receives({ ...this.appendReply(from), success: true, index, readRound: round, prevLogIndex: prev })
  }

  /** `from` has no such entry as `prev`; it says where to try next. */
  isContradictedBy(from: string, { prev, tryAt }: { readonly prev: number; readonly tryAt: string }): void {
    const [index, hintTerm] = place(tryAt)
    this.receives({ ...this.appendReply(from), success: false, index, hintTerm, prevLogIndex: prev })
  }

  /** `from` has installed the snapshot, or has what it covers, up to `index`. */
  hasInstalledSnapshotOn(from: string, index: number): void {
    this.receives({ type: 'InstallSnapshotReply', from, to: ME, term: this.term, session: this.sessionOf(from), index })
  }

  proposes(...commands: readonly string[]): ReturnType<ReturnType<TestServer['running']>['propose']> {
    this.begin()
    return this.server.input((raft, now) => raft.propose(commands.map(utf8Encode), now))
  }

  /** Clients ask for reads, all in one turn. */
  asksToRead(...tokens: readonly number[]): void {
    this.begin()
    this.server.input((raft, now) => {
      for (const token of tokens) raft.read(token, now)
    })
  }

  transfersTo(id: string): string | null {
    this.begin()
    return this.server.input((raft, now) => raft.transfer(id, now))
  }

  stepsDown(): void {
    this.begin()
    this.server.input((raft, now) => raft.stepDown(now))
  }

  takesSnapshot(index: number): void {
    this.begin()
    const meta = this.server.running().describeSnapshot(index)
    if (meta === null) throw new Error(`s1 cannot describe a snapshot at ${index}`)
    this.server.disk.saveSnapshot(meta)
    this.server.input((raft, now) => raft.snapshotTaken(meta, now))
  }

  /** The leader's heartbeat, of the server's own term, that vouches for its whole log. */
  hearsFrom(from: string): void {
    const { log } = this.state
    this.receives(appendEntries({ from, term: this.term, prev: `${log.lastIndex}/${log.lastTerm}` }))
  }

  /** The snapshot's bytes are there, and the message that says so arrives. */
  installs(message: Parameters<typeof installSnapshot>[0]): void {
    this.receives(installSnapshot(message))
  }

  losesConnectionTo(id: string): void {
    this.begin()
    this.server.input((raft, now) => raft.connectionLost(id, now))
  }

  /** From now on what it writes is durable only when `persists` says so. */
  hasASlowDisk(): void {
    this.server.isDiskHeld = true
  }

  persists(): void {
    this.begin()
    this.server.persist(null)
  }

  /** Only the oldest of the batches that are on their way. */
  persistsOne(): void {
    this.begin()
    this.server.persist(this.server.disk.pendingSeqs[0] ?? null)
  }

  /** It loses its memory and what was not durable, and starts again. */
  crashesAndRestarts(): void {
    this.begin()
    this.server.crash()
    this.server.start()
  }

  // ── What it does ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** What it has sent since the last thing that happened to it. */
  sends(type?: MessageType): string[] {
    return this.outgoing.filter((message) => type === undefined || message.type === type).map(describeMessage)
  }

  /** What it has done besides sending, as the scripts' trace tells it. */
  get history(): readonly string[] {
    return this.lines
  }

  /** What a snapshot taken there would carry; null when it cannot be taken there. */
  describesSnapshotAt(index: number): SnapshotMeta | null {
    return this.server.running().describeSnapshot(index)
  }

  // ── What it is ────────────────────────────────────────────────────────────────────────────────────────────────────

  get state(): ReturnType<ReturnType<TestServer['running']>['inspect']> {
    return this.server.running().inspect()
  }

  get role(): Role {
    return this.state.role
  }

  get term(): number {
    return this.state.currentTerm
  }

  get votedFor(): string | null {
    return this.state.votedFor
  }

  get commitIndex(): number {
    return this.state.commitIndex
  }

  /** `1 1 2`, or `(3/1) 2` behind a snapshot. */
  get log(): string {
    const { log } = this.state
    const words = log.baseIndex > 0 ? [`(${log.baseIndex}/${log.baseTerm})`] : []
    for (let index = log.baseIndex + 1; index <= log.lastIndex; index++) words.push(String(log.termAt(index)))
    return words.join(' ')
  }

  /** What its state machine has applied. */
  get applied(): number {
    return this.server.appliedIndex
  }

  /** What survives a crash at this moment. */
  get onDisk(): { readonly term: number; readonly votedFor: string | null; readonly lastIndex: number } {
    const { hardState, lastIndex } = this.server.disk
    return { ...hardState, lastIndex }
  }

  // ── For the server that lives in here ─────────────────────────────────────────────────────────────────────────────

  send(message: Message): boolean {
    this.outgoing.push(message)
    return true
  }

  trace(line: string): void {
    if (!line.includes('→')) this.lines.push(line)
  }

  served(_id: string, { token, index }: ReadState): void {
    this.reads.set(token, index)
  }

  /** Its peers are made up, so nothing can be said across servers: the lockstep cluster does that. */
  check(): void {
    // Nothing to compare with.
  }

  private begin(): void {
    this.outgoing = []
    this.lines = []
  }

  private receivesPreVotes(ids: readonly string[], granted: boolean): void {
    const campaignTerm = this.term + 1
    this.receives(
      ...ids.map(
        (from): Message => ({ type: 'PreVoteReply', from, to: ME, term: campaignTerm - 1, campaignTerm, granted }),
      ),
    )
  }

  private voteReply(from: string, granted: boolean): Message {
    return { type: 'RequestVoteReply', from, to: ME, term: this.term, granted }
  }

  private appendReply(from: string): Extract<Message, { type: 'AppendEntriesReply' }> {
    const answer = { success: true, index: 0, hintTerm: 0, prevLogIndex: 0, readRound: 0 }
    return { type: 'AppendEntriesReply', from, to: ME, term: this.term, session: this.sessionOf(from), ...answer }
  }

  private sessionOf(id: string): number {
    return this.state.progress.get(id)?.session ?? 0
  }
}

export function follower(past: Past = {}): LoneServer {
  return new LoneServer(past)
}

/** It has just raised its term and asked for votes. */
export function candidate(past: Past = {}): LoneServer {
  const server = new LoneServer({ ...past, term: campaignTermOf(past) - 1 })
  server.timesOut()
  if (server.role === 'preCandidate') server.isGrantedPreVoteBy(...peersOf(server))
  return server
}

/** It has just won its election. */
export function leader(past: Past = {}): LoneServer {
  const server = candidate(past)
  if (server.role === 'candidate') server.isGrantedVoteBy(...peersOf(server))
  return server
}

function campaignTermOf({ log = '', snapshot = '0/0', term }: Past): number {
  return term ?? Number(/(\d+)[a-z]?$/.exec(log)?.[1] ?? place(snapshot)[1]) + 1
}

function peersOf(server: LoneServer): string[] {
  return membersOf(server.state.configuration).filter((id) => id !== ME)
}

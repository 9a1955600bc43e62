/**
 * One server as the specification knows it: Figure 2's state, what the dissertation's TLA+ adds to it (votesGranted,
 * matchIndex), and what is remembered of its promises. It is never read from the implementation after the start: it
 * follows from what came in.
 */
import { Disk } from './disk.ts'
import { Log } from './log.ts'
import type { ServerId } from './message.ts'
import { membersOf } from './quorum.ts'
import type { DiskInView, Role, View } from './step.ts'

/** What held when a read began; the answer must be later than that. */
export interface ReadBegun {
  readonly commitIndex: number
  /** The latest round that had been sent in this term. */
  readonly round: number
  readonly term: number
  /** How many ReadIndex this server had sent. */
  readonly asked: number
}

/** As leader: what a follower has said in this term. */
export interface Follower {
  /** The record of it that the leader sends under; null: none was sent yet. */
  session: number | null
  /** The log agrees up to here, and is durable there. */
  acknowledged: number
  /** The latest round that it has confirmed. */
  round: number
}

/** The specification's own state of one server. */
export class Server {
  readonly id: ServerId
  term = 0
  votedFor: ServerId | null = null
  role: Role = 'follower'
  leaderId: ServerId | null = null
  commitIndex = 0
  lastApplied = 0
  snapshotIndex = 0
  snapshotTerm = 0
  readonly log: Log = new Log()
  readonly disk: Disk = new Disk()

  /** As pre-candidate and candidate: who has said yes. */
  readonly preVotes: Set<ServerId> = new Set()
  readonly votes: Set<ServerId> = new Set()
  /** The leader has told it to campaign in this term; null: nobody saw how its campaign began. */
  byTransfer: boolean | null = false

  readonly followers: Map<ServerId, Follower> = new Map()
  /** As leader: the highest round that was sent in this term. */
  roundSaid = 0

  /** As follower: how far the log is known to agree with the leader of this term. */
  agreed = 0
  /** As follower: the highest round heard, and the sessions. */
  roundHeard = 0
  sessionHeard = 0

  /** Reads that began here, by token, and requests of others, by sender and request. */
  readonly reads: Map<number, ReadBegun> = new Map()
  readonly requests: Map<string, ReadBegun> = new Map()
  /** As follower: the number of each ReadIndex that is under way, and the latest answers. */
  readonly asked: Map<number, number> = new Map()
  askedCount = 0
  /** What was asked in the life before: an answer to that may still be on its way. */
  readonly askedBefore: Set<number> = new Set()
  answers: { readonly asked: number; readonly index: number }[] = []

  /** Nobody has seen how its life began: what it must remember is not known. */
  isAdopted = false

  constructor(id: ServerId) {
    this.id = id
  }

  /** A life begins: what is not on the disk is forgotten. */
  boot(view: View): void {
    this.forgetTerm()
    this.reads.clear()
    this.askedBefore.clear()
    for (const requestId of this.asked.keys()) this.askedBefore.add(requestId)
    this.asked.clear()
    this.answers = []
    this.isAdopted = false
    this.readLog(view)
    this.disk.boot(view)
    this.follow(view)
  }

  /** Begins in the middle of a life, and takes the server's word for everything. */
  adopt(view: View, disk: DiskInView | null): void {
    this.boot(view)
    this.isAdopted = true
    this.byTransfer = null
    this.disk.adopt(view, disk)
    const votes = view.role === 'preCandidate' ? this.preVotes : this.votes
    for (const id of view.votes()) votes.add(id)
    if (view.role === 'candidate') votes.add(this.id)
    for (const id of membersOf(view.configuration)) this.follower(id).acknowledged = view.matchIndex(id)
  }

  /** The log as the disk holds it, entry by entry. */
  private readLog(view: View): void {
    const { log } = this
    const { baseIndex, lastIndex } = view
    const configuration = view.snapshotConfiguration
    log.reset(baseIndex, view.termAt(baseIndex), { index: view.snapshotConfigurationIndex, configuration })
    for (let i = baseIndex + 1; i <= lastIndex; i++) {
      const carried = i <= view.snapshotIndex ? null : view.configurationAt(i)
      log.append(view.termAt(i), view.identityAt(i), carried)
    }
  }

  /** Takes over what the step has been allowed to change. */
  follow(view: View): void {
    this.term = view.currentTerm
    this.votedFor = view.votedFor
    this.role = view.role
    this.leaderId = view.leaderId
    this.commitIndex = view.commitIndex
    this.lastApplied = view.lastApplied
    this.snapshotIndex = view.snapshotIndex
    this.snapshotTerm = view.snapshotTerm
  }

  /** What holds for one term only. */
  forgetTerm(): void {
    this.preVotes.clear()
    this.votes.clear()
    this.byTransfer = false
    this.followers.clear()
    this.roundSaid = 0
    this.agreed = 0
    this.roundHeard = 0
    this.sessionHeard = 0
    this.requests.clear()
  }

  follower(id: ServerId): Follower {
    let follower = this.followers.get(id)
    if (follower === undefined) {
      follower = { session: null, acknowledged: 0, round: 0 }
      this.followers.set(id, follower)
    }
    return follower
  }

  /** Durable and acknowledged up to here; for the server itself, what its disk has confirmed. */
  holds(id: ServerId): number {
    return id === this.id ? this.disk.durableIndex : (this.followers.get(id)?.acknowledged ?? 0)
  }

  /** Whether a log that ends so is at least as up-to-date as this one (Paper §5.4.1). */
  isUpToDate(lastLogIndex: number, lastLogTerm: number): boolean {
    const { lastTerm, lastIndex } = this.log
    return lastLogTerm > lastTerm || (lastLogTerm === lastTerm && lastLogIndex >= lastIndex)
  }
}

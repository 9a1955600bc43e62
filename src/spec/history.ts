/**
 * What the whole cluster has seen: history variables, as in the dissertation's TLA+ (elections, allLogs) and a little
 * more. It is bounded: messages by the observer's promise, committed entries by the snapshots of all.
 */
import { hashOf, hashOfOffered } from './hash.ts'
import type { InstallSnapshot, Message, ServerId } from './message.ts'
import type { Server } from './server.ts'
import type { Said } from './step.ts'
import type { Past, Turn } from './turn.ts'

/** How many terms are remembered: nobody campaigns in one so old, or it is refused for other reasons. */
const TERMS = 4096

/** Votes, leaders, committed entries and messages on their way, of one cluster. */
export class History implements Past {
  readonly #remember: number
  readonly #identify: ((entry: { index: number; term: number }) => number) | undefined
  /** Messages that have left, in two halves: when the younger is full, the older is forgotten. */
  #young = new Set<number>()
  #old = new Set<number>()
  readonly #held = new Map<ServerId, Said[]>()
  readonly #leaders = new Map<number, ServerId>()
  readonly #votes = new Map<number, Map<ServerId, ServerId>>()
  /** Committed entries behind `#base`: term, identity, and the term in which the first server committed it. */
  #base = 0
  #terms: number[] = []
  #identities: number[] = []
  #committedIn: number[] = []

  constructor(remember: number, identify: ((entry: { index: number; term: number }) => number) | undefined) {
    this.#remember = remember
    this.#identify = identify
  }

  elect(turn: Turn): void {
    const { server, view } = turn
    const term = view.currentTerm
    const other = this.#leaders.get(term)
    if (other !== undefined) turn.refuse('ElectionSafety', `elected in term ${term}, in which ${other} was`)
    this.#leaders.set(term, server.id)
    forgetOldest(this.#leaders)
    for (let i = this.#terms.length - 1; i >= 0; i--) {
      const committed = this.#terms[i] as number
      if (committed === 0 || (this.#committedIn[i] as number) >= term) continue
      const index = this.#base + 1 + i
      if (!server.log.has(index, committed)) {
        const missing = `${index} of term ${committed}`
        turn.refuse('LeaderCompleteness', `elected in term ${term} without ${missing}, which is committed`)
      }
      return
    }
  }

  commit(turn: Turn): void {
    const { server, view } = turn
    const { log } = server
    for (let index = Math.max(server.commitIndex + 1, log.base, this.#base + 1); index <= view.commitIndex; index++) {
      this.#commitOne(turn, index, log.termAt(index), log.identityAt(index))
    }
  }

  #commitOne(turn: Turn, index: number, term: number, identity: number): void {
    const i = index - this.#base - 1
    const known = this.#terms[i] ?? 0
    if (known !== 0 && (known !== term || isOther(this.#identities[i] ?? 0, identity))) {
      turn.refuse('StateMachineSafety', `it commits ${index} of term ${term}; committed is one of term ${known}`)
    }
    while (this.#terms.length <= i) {
      this.#terms.push(0)
      this.#identities.push(0)
      this.#committedIn.push(turn.view.currentTerm)
    }
    if (known !== 0) return
    this.#terms[i] = term
    this.#identities[i] = identity
    this.#committedIn[i] = turn.view.currentTerm
  }

  /** Everybody has a snapshot of what lies before: what is committed there is not asked for any more. */
  forgetCommitted(servers: Iterable<Server>): void {
    let snapshot = Number.POSITIVE_INFINITY
    for (const one of servers) snapshot = Math.min(snapshot, one.snapshotIndex)
    const count = Math.min(snapshot - this.#base, this.#terms.length)
    if (count < 1024 || 2 * count < this.#terms.length) return
    this.#base += count
    this.#terms = this.#terms.slice(count)
    this.#identities = this.#identities.slice(count)
    this.#committedIn = this.#committedIn.slice(count)
  }

  /** A message was said: it is on its way, or waits for the disk. */
  say(turn: Turn, said: Said): void {
    const { server } = turn
    const held = this.#held.get(server.id)
    if (said.after <= server.disk.confirmed) this.#leave(turn, said.message)
    else if (held === undefined) this.#held.set(server.id, [said])
    else held.push(said)
  }

  /** The disk has confirmed a write: what waited for it leaves. */
  release(turn: Turn): void {
    const { server } = turn
    const held = this.#held.get(server.id)
    if (held === undefined || held.length === 0) return
    const isHeld = ({ after }: Said) => after > server.disk.confirmed
    for (const said of held) if (!isHeld(said)) this.#leave(turn, said.message)
    this.#held.set(server.id, held.filter(isHeld))
  }

  /** A crash: what waited for the disk is never sent. */
  crash(server: Server): void {
    this.#held.delete(server.id)
  }

  /** A snapshot is on its way. */
  offer(message: InstallSnapshot): void {
    if (this.#remember > 0) this.#young.add(hashOfOffered(message))
  }

  #leave(turn: Turn, message: Message): void {
    if (message.type === 'RequestVote') this.#vote(turn, message.term, message.from)
    if (message.type === 'RequestVoteReply' && message.granted) this.#vote(turn, message.term, message.to)
    if (this.#remember === 0) return
    this.#young.add(hashOf(message, this.#identify))
    if (message.type === 'InstallSnapshot') this.offer(message)
    if (this.#young.size < this.#remember) return
    this.#old = this.#young
    this.#young = new Set()
  }

  #vote(turn: Turn, term: number, candidate: ServerId): void {
    const voter = turn.server.id
    let votes = this.#votes.get(term)
    if (votes === undefined) {
      votes = new Map()
      this.#votes.set(term, votes)
      forgetOldest(this.#votes)
    }
    const before = votes.get(voter)
    if (before !== undefined && before !== candidate) {
      turn.refuse('VoteHistory', `it votes for ${candidate} in term ${term}, and has voted for ${before}`)
    }
    votes.set(voter, candidate)
  }

  /**
   * Messages come from nowhere but from their senders. A snapshot may have come with an offer of an earlier term, after
   * which a later leader offers an older one: what was committed is as good, whoever brings it. And one that ends in what
   * the server has committed brings nothing, whichever it is.
   */
  receive(turn: Turn, message: Message): void {
    if (this.#remember === 0) return
    const isKnown = (hash: number) => this.#young.has(hash) || this.#old.has(hash)
    const hasLeft =
      message.to === turn.server.id &&
      isKnown(hashOf(message, this.#identify)) &&
      (message.type !== 'InstallSnapshot' ||
        message.lastIncludedIndex <= turn.server.commitIndex ||
        isKnown(hashOfOffered(message)))
    if (!hasLeft)
      turn.refuse('Sent', `${message.type} from ${message.from} in term ${message.term} came, which was not sent`)
  }
}

/** One that is not known differs from none. */
function isOther(a: number, b: number): boolean {
  return a !== 0 && b !== 0 && a !== b
}

function forgetOldest(map: Map<number, unknown>): void {
  if (map.size <= TERMS) return
  for (const oldest of map.keys()) return void map.delete(oldest)
}

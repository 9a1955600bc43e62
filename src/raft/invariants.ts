/**
 * What must always be true (Paper Figure 3 and more), checked from outside: per server and across servers. The checker
 * watches; it has its own memory of what happened and costs little when nothing changed, so that it can run after every
 * step in tests, in the lab and in the simulator.
 */
import { readUint32 } from '../util/bytes.ts'
import type { ConfigurationAt } from './configuration.ts'
import type { Index, ServerId, Term } from './entry.ts'
import type { Progress } from './progress.ts'
import { hasQuorum } from './quorum.ts'
import type { Raft } from './raft.ts'
import type { RaftState } from './state.ts'

/** A property was broken: a bug in Raft itself, or a disk that forgot what it had confirmed. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation'
  readonly code = 'ERR_QUORATE_INVARIANT_VIOLATION'
  /** By its name in Figure 3 where it has one there. */
  readonly property: string

  constructor(property: string, detail: string) {
    super(`${property}: ${detail}`)
    this.property = property
  }
}

/** What the checker remembers of one server's life. */
interface Memory {
  term: Term
  votedFor: ServerId | null
  wasLeader: boolean
  commitIndex: Index
  lastApplied: Index
  /** The term of each entry that was seen in its log, by index. */
  readonly terms: Term[]
  /** The index of the newest configuration. */
  configurationIndex: Index
}

/** An entry as it was first seen anywhere: its checksum, and the term of the entry before it. */
interface Seen {
  readonly checksum: number | null
  readonly prevTerm: Term | null
}

type State = Readonly<RaftState>

/**
 * One for a whole cluster: what one server shows is held against what the others have shown. A server that restarts
 * begins a new life of its own, but what was seen committed stays committed.
 */
export class InvariantChecker {
  private readonly servers = new Map<ServerId, State>()
  private readonly memories = new Map<ServerId, Memory>()
  private readonly leaderOfTerm = new Map<Term, ServerId>()
  /** What a disk held that is gone: see `noteEmptied`. */
  private readonly gone = new Map<ServerId, State>()
  private readonly seen = new Map<Index, Map<Term, Seen>>()
  /** How far each follower was known to agree; a new record of it begins anew. */
  private readonly matches = new WeakMap<Progress, Index>()
  /** The term of each committed entry, by index; once there it never changes. */
  private readonly committed: Term[] = []
  /** The term of the leader that committed it: the entry's own, or a later one. */
  private readonly committedIn: Term[] = []

  /** Call it after every step of this server. @throws InvariantViolation */
  check(raft: Raft): void {
    const state = raft.inspect()
    const before = this.servers.get(state.id) === state ? this.memories.get(state.id) : undefined
    this.servers.set(state.id, state)
    checkBounds(state)
    checkCampaign(state)
    checkRest(state)
    if (before !== undefined) checkProgressOfTime(state, before)
    const terms = this.checkLog(state, before)
    if (state.role === 'leader') this.checkLeader(state, before)
    this.checkCommitted(state, before)
    if (before?.configurationIndex !== state.configurations.currentIndex) checkConfigurations(state)
    this.remember(state, before, terms)
  }

  /** In place: this runs after every step of every server. */
  private remember(state: State, before: Memory | undefined, terms: Term[]): void {
    const { currentTerm: term, votedFor, commitIndex, lastApplied } = state
    const wasLeader = state.role === 'leader'
    const configurationIndex = state.configurations.currentIndex
    if (before === undefined) {
      this.memories.set(state.id, { term, votedFor, wasLeader, commitIndex, lastApplied, terms, configurationIndex })
      return
    }
    before.term = term
    before.votedFor = votedFor
    before.wasLeader = wasLeader
    before.commitIndex = commitIndex
    before.lastApplied = lastApplied
    before.configurationIndex = configurationIndex
  }

  /**
   * Somebody has taken this server's disk away, before its next life is looked at: what it held then was acknowledged, and
   * counts for a leader that has heard of it.
   */
  noteEmptied(id: ServerId): void {
    const state = this.servers.get(id)
    if (state !== undefined) this.gone.set(id, state)
  }

  /** In how many terms somebody has led. */
  get electionCount(): number {
    return this.leaderOfTerm.size
  }

  /** How many entries are known to be committed: for tests that must not pass because nothing happened. */
  get committedCount(): number {
    return this.committed.length
  }

  /** "If two logs contain an entry with the same index and term, then the logs are identical up to it." */
  private checkLog(state: State, before: Memory | undefined): Term[] {
    const { log } = state
    const terms = before?.terms ?? []
    const known = lastIndexInCommon(state, terms)
    if (before?.wasLeader && state.role === 'leader' && before.term === state.currentTerm && known < terms.length - 1) {
      throw violation('Leader Append-Only', state, `overwrote or deleted entry ${known + 1} of ${terms.length - 1}`)
    }
    terms.length = known + 1
    for (let index = known + 1; index <= log.lastIndex; index++) {
      terms[index] = log.termAt(index) as Term
      this.checkEntry(state, index)
    }
    return terms
  }

  private checkEntry(state: State, index: Index): void {
    const term = state.log.termAt(index) as Term
    const entry = state.log.entryAt(index)
    const checksum = entry === undefined ? null : readUint32(entry.source, entry.offset)
    const prevTerm = state.log.termAt(index - 1)
    const atIndex = this.seen.get(index) ?? new Map<Term, Seen>()
    this.seen.set(index, atIndex)
    const first = atIndex.get(term)
    if (first === undefined) {
      atIndex.set(term, { checksum, prevTerm })
      return
    }
    const differs =
      (checksum !== null && first.checksum !== null && checksum !== first.checksum) ||
      (prevTerm !== null && first.prevTerm !== null && prevTerm !== first.prevTerm)
    if (differs) throw violation('Log Matching', state, `entry ${index} of term ${term} is not the one seen elsewhere`)
  }

  /** "At most one leader in a term", and "an entry that is committed is in the log of every later leader". */
  private checkLeader(state: State, before: Memory | undefined): void {
    const { currentTerm, log } = state
    const other = this.leaderOfTerm.get(currentTerm)
    if (other !== undefined && other !== state.id) {
      throw violation('Election Safety', state, `${other} was elected in term ${currentTerm} as well`)
    }
    this.leaderOfTerm.set(currentTerm, state.id)
    const isNew = !(before?.wasLeader && before.term === currentTerm)
    const last = isNew ? this.lastCommittedBefore(currentTerm) : 0
    if (last >= Math.max(log.baseIndex, 1) && log.termAt(last) !== this.committed[last]) {
      throw violation('Leader Completeness', state, `its log ${log.range()} lacks committed entry ${last}`)
    }
    for (const progress of state.progress.values()) {
      this.checkProgress(state, progress)
      this.checkMatch(state, progress.id, progress.matchIndex)
    }
  }

  /** Paper Figure 2: matchIndex increases monotonically. What follows it is what is sent next. */
  private checkProgress(leader: State, progress: Progress): void {
    const { id, matchIndex, nextIndex } = progress
    const before = this.matches.get(progress) ?? 0
    if (matchIndex < before)
      throw violation('Monotonic Match', leader, `matchIndex of ${id} fell from ${before} to ${matchIndex}`)
    if (nextIndex <= matchIndex)
      throw violation('Next behind Match', leader, `nextIndex of ${id} is ${nextIndex}, its matchIndex ${matchIndex}`)
    this.matches.set(progress, matchIndex)
  }

  /**
   * What a leader of this term must have. A candidate of term 1 whose last vote is late leads when a leader of term 2 has
   * committed already: of that it need not know, and it can do no harm.
   */
  private lastCommittedBefore(term: Term): Index {
    let last = this.committed.length - 1
    while (last > 0 && (this.committedIn[last] as Term) >= term) last--
    return Math.max(last, 0)
  }

  /** What the leader counts on is really there: durable, and the same. */
  private checkMatch(leader: State, id: ServerId, matchIndex: Index): void {
    const follower = this.servers.get(id)
    if (follower === undefined || follower.currentTerm !== leader.currentTerm) return
    if (matchIndex > follower.log.durableIndex && matchIndex > follower.log.baseIndex) {
      throw violation(
        'Durable Match',
        leader,
        `matchIndex ${matchIndex} of ${id}, which has ${follower.log.durableIndex}`,
      )
    }
    const ours = leader.log.termAt(matchIndex)
    const theirs = follower.log.termAt(matchIndex)
    if (ours !== null && theirs !== null && ours !== theirs) {
      throw violation('Durable Match', leader, `entry ${matchIndex} is of term ${theirs} on ${id}, here of ${ours}`)
    }
  }

  /** "If a server has applied an entry at an index, no other will ever apply a different one there." */
  private checkCommitted(state: State, before: Memory | undefined): void {
    const from = Math.max(before?.commitIndex ?? 0, state.log.baseIndex) + 1
    let isNews = false
    for (let index = from; index <= state.commitIndex; index++) {
      const term = state.log.termAt(index) as Term
      const known = this.committed[index]
      if (known === undefined) {
        this.committed[index] = term
        this.committedIn[index] = state.currentTerm
        isNews = true
      } else if (known !== term) {
        throw violation(
          'State Machine Safety',
          state,
          `commits term ${term} at ${index}, where term ${known} was committed`,
        )
      }
    }
    if (isNews && state.role === 'leader') this.checkCommitRule(state, before)
  }

  /** The leader's commit rule (Paper §5.4.2): an entry of its own term, durable on a quorum. */
  private checkCommitRule(state: State, before: Memory | undefined): void {
    const { commitIndex, currentTerm, log } = state
    if (log.termAt(commitIndex) !== currentTerm) {
      throw violation('Commit Rule', state, `committed ${commitIndex} of term ${log.termAt(commitIndex)} by counting`)
    }
    const has = (server: State | undefined): boolean => {
      if (server === undefined) return false
      if (server.log.baseIndex >= commitIndex) return true
      return server.log.durableIndex >= commitIndex && server.log.termAt(commitIndex) === currentTerm
    }
    const holds = (id: ServerId): boolean => has(this.servers.get(id)) || has(this.gone.get(id))
    // In one step an entry may commit and then the next configuration be appended: the one before it has decided.
    const { configuration, configurations } = state
    const isNew = configurations.currentIndex !== before?.configurationIndex
    const inForce = isNew ? configurations.at(configurations.currentIndex - 1) : configuration
    if (!hasQuorum(inForce, holds)) {
      throw violation('Commit Rule', state, `committed ${commitIndex} without a quorum of durable copies`)
    }
  }
}

/** What can be said of one server at one moment. */
function checkBounds(state: State): void {
  const { log, commitIndex, applyingTo, lastApplied, snapshot } = state
  if (log.baseIndex > snapshot.index || snapshot.index > commitIndex || commitIndex > log.lastIndex) {
    throw violation(
      'Order of Indexes',
      state,
      `base ${log.baseIndex}, snapshot ${snapshot.index}, committed ${commitIndex}, last ${log.lastIndex}`,
    )
  }
  if (lastApplied > applyingTo || applyingTo > commitIndex) {
    throw violation(
      'Order of Indexes',
      state,
      `applied ${lastApplied}, applying ${applyingTo}, committed ${commitIndex}`,
    )
  }
  if (log.durableIndex > log.lastIndex) {
    throw violation('Order of Indexes', state, `durable ${log.durableIndex} > last ${log.lastIndex}`)
  }
}

/** Paper §5.2: a candidate that hears the leader of its term follows it, and campaigns no longer. */
function checkCampaign(state: State): void {
  const { role, leaderId } = state
  if ((role === 'candidate' || role === 'preCandidate') && leaderId !== null)
    throw violation('Candidate Steps Down', state, `campaigns, and follows ${leaderId}`)
}

/** Who rests has nothing left to do: an entry or a read that waited would wait for the next renewal. */
function checkRest(state: State): void {
  if (!state.resting) return
  const { log, commitIndex, configuration, progress, role, leaderId, pendingReads, transfer } = state
  if (commitIndex !== log.lastIndex) {
    throw violation('Rest', state, `rests with ${commitIndex} committed of ${log.lastIndex}`)
  }
  if (state.rest === null) {
    const isFollowing = role === 'follower' && leaderId !== null && state.electionDeadline >= state.leaderRestsUntil
    if (!isFollowing) throw violation('Rest', state, `rests along with ${leaderId ?? 'nobody'}`)
    return
  }
  const holds = (id: ServerId): boolean => id === state.id || progress.get(id)?.matchIndex === log.lastIndex
  const isBusy = pendingReads.length > 0 || transfer !== null || configuration.votersOutgoing.length > 0
  if (role !== 'leader' || isBusy || log.durableIndex !== log.lastIndex || !hasQuorum(configuration, holds)) {
    throw violation('Rest', state, `rests with work to do, durable up to ${log.durableIndex} of ${log.lastIndex}`)
  }
  if (state.options.restAfterMs === 0 || state.options.leaseReads) {
    throw violation('Rest', state, 'rests although its options forbid it')
  }
}

/** Majorities of a configuration and of the next one always share a server (Paper §6, Thesis §4.1). */
function checkConfigurations(state: State): void {
  const history = state.configurations.list()
  for (let i = 1; i < history.length; i++) {
    const { configuration: before } = history[i - 1] as ConfigurationAt
    const { index, configuration: after } = history[i] as ConfigurationAt
    const isSafe =
      after.votersOutgoing.length > 0
        ? isSame(after.votersOutgoing, before.voters)
        : before.votersOutgoing.length > 0
          ? isSame(after.voters, before.voters)
          : difference(before.voters, after.voters) + difference(after.voters, before.voters) <= 1
    if (isSafe || before.voters.length === 0) continue
    const detail = `goes from voters ${before.voters.join()} to ${after.voters.join()} in one step, at entry ${index}`
    throw violation('Overlapping Majorities', state, detail)
  }
}

function isSame(one: readonly ServerId[], other: readonly ServerId[]): boolean {
  return difference(one, other) === 0 && difference(other, one) === 0
}

/** How many are in the one that are not in the other. */
function difference(one: readonly ServerId[], other: readonly ServerId[]): number {
  return one.filter((id) => !other.includes(id)).length
}

/** What never goes back within a server's life. */
function checkProgressOfTime(state: State, before: Memory): void {
  if (state.currentTerm < before.term) {
    throw violation('Monotonic Term', state, `term fell from ${before.term} to ${state.currentTerm}`)
  }
  const voteChanged = before.votedFor !== null && state.votedFor !== before.votedFor
  if (state.currentTerm === before.term && voteChanged) {
    throw violation('One Vote', state, `voted for ${before.votedFor}, then ${state.votedFor}, in term ${before.term}`)
  }
  if (state.commitIndex < before.commitIndex) {
    throw violation('Monotonic Commit', state, `commitIndex fell from ${before.commitIndex} to ${state.commitIndex}`)
  }
  if (state.lastApplied < before.lastApplied) {
    throw violation('Monotonic Apply', state, `lastApplied fell from ${before.lastApplied} to ${state.lastApplied}`)
  }
}

/** By Log Matching, the same term at an index means the same log up to there: walk back to the first agreement. */
function lastIndexInCommon(state: State, terms: readonly Term[]): Index {
  let index = Math.min(terms.length - 1, state.log.lastIndex)
  while (index > state.log.baseIndex && state.log.termAt(index) !== terms[index]) index--
  return Math.max(index, state.log.baseIndex)
}

function violation(property: string, state: State, detail: string): InvariantViolation {
  return new InvariantViolation(property, `${state.id} (${state.role}, term ${state.currentTerm}) ${detail}`)
}

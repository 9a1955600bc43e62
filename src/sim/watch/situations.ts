/**
 * Which situations a run comes into. They are what makes a seed worth keeping: one that came into a new situation, or into
 * two in one run for the first time, is changed a little and run again.
 */
import type { Message } from '../../raft/message.ts'
import type { Raft } from '../../raft/raft.ts'
import type { BootState, PersistBatch, Ready, Role } from '../../raft/ready.ts'
import type { RaftState } from '../../raft/state.ts'
import type { RaftInput } from '../../raft/watched-raft.ts'
import type { SimServer } from '../sim-server.ts'
import type { Observer, Outcome } from './observer.ts'
import type { Situation } from './situation-names.ts'

/** What a server was like after the last input, in this life of it. */
class Seen {
  readonly state: Readonly<RaftState>
  role: Role = 'follower'
  term = 0
  commitIndex = 0
  lastIndex = 0
  lastTerm = 0
  configurationIndex = 0
  isJoint = false
  leaderId: string | null = null
  resting = false
  wasPaused = false

  constructor(state: Readonly<RaftState>) {
    this.state = state
  }
}

export class Situations implements Observer {
  readonly counts: Map<Situation, number> = new Map()
  private readonly seen = new Map<string, Seen>()
  private readonly up = new Set<string>()
  private readonly servers = new Set<string>()
  private readonly pendingWrites = new Map<string, PersistBatch[]>()
  private readonly sendingSnapshots = new Set<string>()
  private readonly ledTerms = new Set<number>()
  private readonly joinedBy = new Map<number, string>()

  note(situation: Situation): void {
    this.counts.set(situation, (this.counts.get(situation) ?? 0) + 1)
  }

  opened(server: SimServer, boot: BootState): void {
    this.up.add(server.id)
    this.servers.add(server.id)
    const writes = this.pendingWrites.get(server.id)
    const last = writes?.at(-1)?.entries.at(-1)?.index ?? 0
    if (last > 0)
      this.note(
        boot.lastIndex < last
          ? 'a crash loses writes that were under way'
          : 'a crash keeps writes that were not confirmed',
      )
    this.pendingWrites.set(server.id, [])
    if (server.isTampered) this.note('a server starts with damage that does not matter to it')
    const longest = Math.max(
      0,
      ...[...this.seen].filter(([id]) => id !== server.id).map(([, { lastIndex }]) => lastIndex),
    )
    if (boot.lastIndex > longest && longest > 0) this.note('a server starts with an entry that no one else has')
  }

  booted(server: SimServer, raft: Raft): void {
    if (server.diskNumber > 1 && server.isFounder && raft.inspect().log.lastIndex === 0)
      this.note('an emptied server comes back under its old name')
    this.remember(server, raft.inspect())
  }

  told(server: SimServer, raft: Raft, input: RaftInput): void {
    const before = this.seen.get(server.id)
    const state = raft.inspect()
    if (before === undefined) return
    if (input.type === 'read') this.lookAtRead(state, input.token)
    if (input.type === 'step') this.lookAtMessage(before, state, input.message)
    this.lookAtRole(server, before, state, input)
    this.lookAtLog(before, state, input)
    this.lookAtMembers(server, before, state)
    if (before.resting !== state.resting)
      this.note(state.resting ? 'a cluster goes to rest' : 'a resting cluster wakes')
    this.remember(server, state)
  }

  readied(server: SimServer, raft: Raft, ready: Ready): void {
    const { role, id } = raft.inspect()
    for (const { index } of ready.reads) {
      if (index === null) this.note('a read is refused')
      else this.note(role === 'leader' ? 'a read is confirmed by a round' : 'a read is served on a follower')
    }
    if (ready.snapshots.length > 0) {
      this.note('a follower is sent a snapshot')
      for (const { to, meta } of ready.snapshots) {
        this.sendingSnapshots.add(to).add(id)
        if (meta.configuration.votersOutgoing.length > 0) this.note('a snapshot carries a joint configuration')
      }
    }
    if (ready.fetches.length > 0) this.note('a follower lags behind what the leader holds in memory')
    if (ready.compactTo !== null) this.note('a log is compacted')
    for (const event of ready.events) {
      if (event.type === 'transfer')
        this.note(event.outcome === 'done' ? 'leadership is transferred' : 'a transfer is given up')
    }
    this.remember(server, raft.inspect())
  }

  written(server: SimServer, batches: readonly PersistBatch[]): void {
    this.pendingWrites.get(server.id)?.push(...batches)
  }

  durable(server: SimServer, batches: readonly PersistBatch[]): void {
    const pending = this.pendingWrites.get(server.id)
    if (pending !== undefined)
      this.pendingWrites.set(
        server.id,
        pending.filter((batch) => !batches.includes(batch)),
      )
  }

  refused(): void {
    this.note('a write is refused for want of room')
  }

  arrived(_server: SimServer, message: Message): void {
    const sender = this.seen.get(message.from)
    if (
      !this.up.has(message.from) ||
      (sender !== undefined && message.term < sender.term && message.type === 'AppendEntries')
    )
      this.note('a message from an earlier life of its sender arrives')
    if (message.type === 'InstallSnapshot') this.lookAtOffer(this.seen.get(message.to), message.lastIncludedIndex)
  }

  private lookAtOffer(receiver: Seen | undefined, index: number): void {
    if (receiver === undefined) return
    if (index <= receiver.commitIndex) this.note('a snapshot arrives that is not needed any more')
    else if (receiver.role !== 'follower') this.note('a snapshot arrives at a candidate')
  }

  snapshotTaken(): void {
    this.note('a snapshot is taken')
  }

  paused(server: SimServer): void {
    const seen = this.seen.get(server.id)
    if (seen !== undefined) seen.wasPaused = true
  }

  ended(server: SimServer, how: string): void {
    if (how === 'kill' || how === 'power') this.lookAtCrash(server)
    else if (how.includes('is damaged')) this.note('a server refuses to start because its disk is damaged')
    else this.note('a server stops itself because its disk failed')
    this.up.delete(server.id)
    if (this.up.size === 0 && this.servers.size > 1) this.note('all servers were down at once')
  }

  returned(_client: number, _operation: number, outcome: Outcome, text: string): void {
    if (text.includes('ERR_QUORATE_SUPERSEDED')) this.note('a proposal is superseded')
    if (outcome === 'info') this.note('a client does not learn what became of its command')
    if (outcome === 'fail') this.note('a client is told that its command certainly had no effect')
  }

  private lookAtCrash(server: SimServer): void {
    const pending = this.pendingWrites.get(server.id) ?? []
    if (pending.some(({ hardState }) => hardState !== null && hardState.votedFor !== null))
      this.note('a server crashes with its vote not yet durable')
    if (this.sendingSnapshots.delete(server.id)) this.note('a server crashes while a snapshot is on its way')
  }

  private lookAtMessage(before: Seen, state: Readonly<RaftState>, message: Message): void {
    switch (message.type) {
      case 'PreVoteReply':
        if (!message.granted) this.note('a pre-vote is refused')
        break
      case 'RequestVote':
        this.lookAtRequest(before, state, message)
        break
      case 'RequestVoteReply':
        if (message.granted && message.term < state.currentTerm) this.note('a vote arrives in a later term')
        break
      case 'AppendEntries': {
        const last = message.prevLogIndex + message.entries.length
        if (message.entries.length > 0 && last <= state.commitIndex && last <= before.commitIndex)
          this.note('a message is late and brings nothing new')
        break
      }
      case 'AppendEntriesReply':
        if (message.term < state.currentTerm) this.note('an acknowledgement of an earlier term arrives')
        if (!message.success && message.term === state.currentTerm)
          this.note('a follower refuses entries that do not fit')
        break
      case 'InstallSnapshot':
        this.sendingSnapshots.delete(message.to)
        break
      default:
    }
  }

  private lookAtRequest(
    before: Seen,
    state: Readonly<RaftState>,
    message: Extract<Message, { type: 'RequestVote' }>,
  ): void {
    const { configuration, votedFor, currentTerm, log } = state
    const isMember = configuration.voters.includes(message.from) || configuration.votersOutgoing.includes(message.from)
    if (!isMember && configuration.retired.includes(message.from)) this.note('a removed server asks for votes')
    if (votedFor === message.from && currentTerm === message.term) return
    if (message.term > state.currentTerm) this.note('a vote is refused because a leader is heard')
    else if (votedFor !== null && before.term === message.term) this.note('a vote is refused because it was given away')
    else if (message.lastLogTerm < (log.termAt(log.lastIndex) ?? 0) || message.lastLogIndex < log.lastIndex)
      this.note('a vote is refused because the log is behind')
  }

  /** Answered at once, although others have a say: the lease was good for it. */
  private lookAtRead({ role, configuration, outbox }: Readonly<RaftState>, token: number): void {
    if (role !== 'leader' || configuration.voters.length < 2) return
    if (outbox.reads.some((read) => read.token === token)) this.note('a read is served under a lease')
  }

  /** How many have led in a term above `term`, up to `last`. */
  private leadersAfter(term: number, last: number): number {
    let count = 0
    for (const led of this.ledTerms) if (led > term && led <= last) count++
    return count
  }

  private lookAtRole(server: SimServer, before: Seen, state: Readonly<RaftState>, input: RaftInput): void {
    const { role, currentTerm } = state
    if (before.role === role && before.term === currentTerm) return
    const isHigher = currentTerm > before.term
    if (role === 'preCandidate' && before.role === 'follower') this.note('a follower asks whether it would win')
    if (before.role === 'candidate' && role === 'preCandidate')
      this.note('a vote is split: a candidate campaigns again')
    if (role === 'candidate' && state.configuration.votersOutgoing.length > 0)
      this.note('an election is held in a joint configuration')
    if (role === 'candidate' && state.campaignIsTransfer) this.note('a transfer and an election at once')
    if (role === 'follower' && before.role === 'preCandidate')
      this.note('a pre-candidate gives up because a leader speaks')
    if (role === 'follower' && before.role === 'candidate')
      this.note(
        isHigher ? 'a candidate gives up for a higher term' : 'a candidate gives up for a leader of its own term',
      )
    if (role === 'follower' && before.role === 'leader') {
      this.note(isHigher ? 'a leader steps down for a higher term' : 'a leader steps down for want of a quorum')
      if (before.wasPaused && isHigher) this.note('a leader comes back from a pause in an old term')
    }
    if (role === 'leader' && before.role !== 'leader') this.lookAtLeader(server, state)
    if (input.type === 'step' && before.role === 'leader') before.wasPaused = false
  }

  private lookAtLeader(server: SimServer, state: Readonly<RaftState>): void {
    this.ledTerms.add(state.currentTerm)
    const others = [...this.seen].filter(([id]) => id !== server.id).map(([, one]) => one.lastIndex)
    if (others.some((last) => last > state.log.lastIndex)) this.note('a leader is elected whose log is not the longest')
    if (state.log.lastIndex > state.commitIndex + 1)
      this.note('a leader is elected with entries of earlier terms uncommitted')
  }

  private lookAtLog(before: Seen, state: Readonly<RaftState>, input: RaftInput): void {
    const { log, role, commitIndex, currentTerm } = state
    if (input.type === 'step' && input.message.type === 'AppendEntries' && role === 'follower') {
      const { prevLogIndex, entries } = input.message
      const isCut = state.durability.isDirty && log.lastIndex < before.lastIndex
      const isReplaced = log.lastIndex >= before.lastIndex && entries.length > 0 && prevLogIndex < before.lastIndex
      if (isCut) this.note('a follower cuts off entries of another leader')
      if (isCut && state.leaderId !== before.leaderId) this.note('a new leader cuts off entries on followers')
      if (isReplaced && log.termAt(before.lastIndex) !== before.lastTerm)
        this.note('an entry is replaced by one of another term')
      const [first] = entries
      if (first !== undefined && log.lastIndex > before.lastIndex && this.leadersAfter(first.term, currentTerm) >= 2)
        this.note('an entry reaches a server by the third leader that has it')
    }
    if (role === 'leader' && commitIndex > before.commitIndex) {
      if (log.durableIndex < commitIndex) this.note('a leader commits before its own disk')
      if (log.termAt(before.commitIndex + 1) !== currentTerm)
        this.note('a leader commits entries of an earlier term with its own')
    }
    if (input.type === 'step' && input.message.type === 'InstallSnapshot' && commitIndex > before.commitIndex) {
      this.note('a snapshot is installed')
      if (state.outbox.restore === null) this.note('a snapshot is installed with the log behind it kept')
      else if (before.lastIndex > before.commitIndex) this.note('a snapshot replaces entries that were not committed')
    }
  }

  private lookAtMembers(server: SimServer, before: Seen, state: Readonly<RaftState>): void {
    const { configurations, configuration } = state
    const { currentIndex } = configurations
    if (currentIndex === before.configurationIndex) return
    const isJoint = configuration.votersOutgoing.length > 0
    if (currentIndex < before.configurationIndex) {
      this.note('a configuration is rolled back')
      if (before.isJoint) this.note('a joint change is rolled back')
      return
    }
    if (state.role !== 'leader') return
    const previous = configurations.at(currentIndex - 1)
    if (isJoint && !before.isJoint) {
      this.note('a joint configuration is entered')
      this.joinedBy.set(currentIndex, server.id)
    } else if (before.isJoint && !isJoint) {
      this.note('a joint configuration is left')
      if (this.joinedBy.get(before.configurationIndex) !== server.id)
        this.note('a joint configuration is left by another leader than entered it')
    }
    const [wereVoters, wereLearners] = [previous.voters, previous.learners]
    if (configuration.learners.some((id) => !wereLearners.includes(id) && !wereVoters.includes(id)))
      this.note('a server is added')
    if (configuration.voters.some((id) => wereLearners.includes(id))) this.note('a learner is promoted')
    if (configuration.learners.some((id) => wereVoters.includes(id))) this.note('a voter is demoted')
    if (configuration.retired.length > previous.retired.length) {
      this.note('a server is removed')
      if (configuration.retired.includes(server.id)) this.note('the leader is removed')
    }
  }

  private remember(server: SimServer, state: Readonly<RaftState>): void {
    const { log, configurations } = state
    let seen = this.seen.get(server.id)
    if (seen === undefined || seen.state !== state) {
      seen = new Seen(state)
      this.seen.set(server.id, seen)
    }
    seen.role = state.role
    seen.term = state.currentTerm
    seen.commitIndex = state.commitIndex
    seen.lastIndex = log.lastIndex
    seen.lastTerm = log.termAt(log.lastIndex) ?? 0
    seen.leaderId = state.leaderId
    seen.resting = state.resting
    seen.configurationIndex = configurations.currentIndex
    seen.isJoint = state.configuration.votersOutgoing.length > 0
  }
}

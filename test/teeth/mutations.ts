/**
 * Bugs to plant: one small change each, of a kind that real systems shipped. `scripts/teeth.js` plants them one at a time
 * in a copy of the sources and runs the tests: a bug that no test notices is a hole in the tests.
 *
 * Long because it is one table that is searched by eye.
 */

export interface Mutation {
  readonly id: string
  /** What the bug does. */
  readonly title: string
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
  /** Why this bug is real: who had it, or where it is described. */
  readonly source: string
}

const RAFT = 'src/raft/raft.ts'
const ELECTION = 'src/raft/election.ts'
const COMMIT = 'src/raft/commit.ts'
const REPLICATION = 'src/raft/replication.ts'
const SNAPSHOT = 'src/raft/snapshot.ts'
const ROLE = 'src/raft/role.ts'
const LOG = 'src/raft/log.ts'
const READ = 'src/raft/read.ts'
const QUORUM = 'src/raft/quorum.ts'
const PROGRESS = 'src/raft/progress.ts'
const STATE = 'src/raft/state.ts'
const TRANSFER = 'src/raft/transfer.ts'
const DURABILITY = 'src/raft/durability.ts'
const APPLY = 'src/raft/apply.ts'
const REST = 'src/raft/rest.ts'

const VOTING: readonly Mutation[] = [
  {
    id: 'vote-twice',
    title: 'a vote is granted whoever has it already',
    file: ELECTION,
    find: 'const mayVote = state.votedFor === null || state.votedFor === message.from',
    replace: 'const mayVote = true',
    source: 'the textbook bug; camunda#1068 and nebula#2405 got there by races',
  },
  {
    id: 'up-to-date-by-length',
    title: 'the election restriction compares lengths only',
    file: LOG,
    find: 'return lastLogTerm > this.lastTerm || (lastLogTerm === this.lastTerm && lastLogIndex >= this.lastIndex)',
    replace: 'return lastLogIndex >= this.lastIndex',
    source: 'openraft#1722 and async-raft a48a3282 compared the pair in the wrong order',
  },
  {
    id: 'up-to-date-strictly',
    title: 'a candidate with the same log as ours is refused',
    file: LOG,
    find: 'lastLogIndex >= this.lastIndex)',
    replace: 'lastLogIndex > this.lastIndex)',
    source: 'Paper §5.4.1 says at least as up-to-date: servers with equal logs elect nobody',
  },
  {
    id: 'up-to-date-by-commit',
    title: 'the election restriction looks at what is committed, not at the log’s end',
    file: ELECTION,
    find: 'const granted = mayVote && state.log.isUpToDate(message.lastLogIndex, message.lastLogTerm)',
    replace: 'const granted = mayVote && message.lastLogIndex >= state.commitIndex',
    source: 'openraft#1722: what is compared must be (lastTerm, lastIndex) and nothing else',
  },
  {
    id: 'vote-kept-in-new-term',
    title: 'a newer term does not clear the vote',
    file: ROLE,
    find: '    state.votedFor = null\n',
    replace: '',
    source: 'Paper Figure 2; nobody is elected any more after the second term',
  },
  {
    id: 'vote-cleared-in-same-term',
    title: 'stepping down within a term clears the vote',
    file: ROLE,
    find: 'const isNewTerm = term > state.currentTerm',
    replace: 'const isNewTerm = true',
    source: 'etcd#2461',
  },
  {
    id: 'vote-before-disk',
    title: 'a granted vote leaves before it is durable',
    file: ELECTION,
    find: "{ type: 'RequestVoteReply', from, to, term, granted }, state.durability.pendingSeq)",
    replace: "{ type: 'RequestVoteReply', from, to, term, granted }, 0)",
    source: 'sofa-jraft#1243, NodeDB#161, redisraft#127',
  },
  {
    id: 'request-before-disk',
    title: 'RequestVote leaves before the candidate’s own term and vote are durable',
    file: ELECTION,
    find: 'const after = state.durability.pendingSeq',
    replace: 'const after = 0',
    source: 'sofa-jraft#1245',
  },
  {
    id: 'own-vote-before-disk',
    title: 'the candidate counts its own vote before it is durable',
    file: ROLE,
    find: 'state.votes = new Map()\n  state.ownVoteSeq',
    replace: 'state.votes = new Map([[state.id, true]])\n  state.ownVoteSeq',
    source: 'Thesis §3.8; the single-server case is etcd#14370',
  },
  {
    id: 'term-not-persisted',
    title: 'a newer term without a vote is not written',
    file: DURABILITY,
    find: '    this.hardState = hardState\n',
    replace: '    if (hardState.votedFor !== null) this.hardState = hardState\n',
    source: 'sofa-jraft#1243 class: the term falls after a crash, and with it the vote',
  },
  {
    id: 'stale-votes',
    title: 'votes of an older term are counted',
    file: RAFT,
    find: 'if (message.term < state.currentTerm) {',
    replace: "if (message.term < state.currentTerm && message.type !== 'RequestVoteReply') {",
    source: 'openraft#1220, canonical/raft#196',
  },
  {
    id: 'half-elects',
    title: 'half of the votes are enough',
    file: QUORUM,
    find: 'return count > voters.length / 2',
    replace: 'return count >= voters.length / 2',
    source: 'CCF tallied election quorums wrongly, found with TLA+ (NSDI 2025)',
  },
  {
    id: 'deaf-candidate',
    title: 'a candidate does not follow a leader of its own term',
    file: RAFT,
    find: "if (state.role !== 'follower') becomeFollower(state, state.currentTerm, leaderId)",
    replace: '',
    source: 'nebula#1769; ra fixed it for snapshots in 2026',
  },
  {
    id: 'newer-term-in-answer-ignored',
    title: 'a newer term in an answer does not depose',
    file: RAFT,
    find: 'if (message.term > state.currentTerm) becomeFollower(state, message.term, null)',
    replace:
      "if (message.term > state.currentTerm && !message.type.endsWith('Reply')) becomeFollower(state, message.term, null)",
    source: 'SandTable found the class in several systems: the term is not monotonic',
  },
  {
    id: 'timer-not-random',
    title: 'election time-outs are all the same',
    file: STATE,
    find: 'const deadline = state.now + electionTimeoutMinMs + state.random.fraction() * spread',
    replace: 'const deadline = state.now + electionTimeoutMinMs + spread / 2',
    source: 'etcd-io/raft#48: too little spread splits the vote again and again',
  },
  {
    id: 'refusal-resets-timer',
    title: 'a refused vote postpones the voter’s own campaign',
    file: ELECTION,
    find: 'if (granted) resetElectionTimer(state)',
    replace: 'resetElectionTimer(state)',
    source: 'the students’ guide to Raft: the best candidate is kept waiting',
  },
  {
    id: 'pre-vote-raises-term',
    title: 'being asked with PreVote raises the term',
    file: RAFT,
    find: "if (message.type === 'PreVote') return true",
    replace: '',
    source: 'etcd#8243, #8501: pre-vote and terms that do not go together',
  },
  {
    id: 'pre-vote-answer-of-any-question',
    title: 'answers to earlier questions count for PreVote',
    file: ELECTION,
    find: "if (state.role !== 'preCandidate' || message.campaignTerm !== state.currentTerm + 1) return",
    replace: "if (state.role !== 'preCandidate') return",
    source: 'canonical/raft#196, openraft 511f33c7',
  },
  {
    id: 'pre-vote-promises',
    title: 'a pre-vote is granted by a server that hears its leader',
    file: ELECTION,
    find: '    !hearsLeader(state) &&\n',
    replace: '',
    source: 'Cloudflare, 2 November 2020: half-deaf servers campaign for ever',
  },
  {
    id: 'leader-not-sticky',
    title: 'a leader is deposed by any RequestVote with a newer term',
    file: ELECTION,
    find: "if (state.role === 'leader' || state.now < state.noVoteBefore) return true",
    replace: 'if (state.now < state.noVoteBefore) return true',
    source: 'Thesis §4.2.3; etcd without check-quorum',
  },
  {
    id: 'no-check-quorum',
    title: 'a leader that hears nobody stays in office',
    file: ELECTION,
    find: 'if (state.options.checkQuorum && state.now >= quorumDeadline(state)) becomeFollower(state, state.currentTerm, null)',
    replace: '',
    source: 'Cloudflare, 2 November 2020; "Raft does not guarantee liveness in the face of network faults"',
  },
  {
    id: 'cut-off-leader-takes-commands',
    title: 'a leader that has heard no majority for a time-out takes commands',
    file: RAFT,
    find: "    if (isCutOff(state)) return { accepted: false, reason: 'noQuorum', leaderId: null }\n",
    replace: '',
    source: 'Thesis §6.2: its clients wait for what is probably lost',
  },
]

const REPLICATING: readonly Mutation[] = [
  {
    id: 'figure-8',
    title: 'an entry of an earlier term is committed by counting its replicas',
    file: COMMIT,
    find: '  if (state.log.termAt(index) !== state.currentTerm) return\n',
    replace: '',
    source: 'LogCabin#44, PySyncObj#169',
  },
  {
    id: 'half-commits',
    title: 'of four copies two commit',
    file: QUORUM,
    find: 'return indexes[Math.floor(voters.length / 2)] as Index',
    replace: 'return indexes[Math.floor((voters.length - 1) / 2)] as Index',
    source: 'openraft d60f1e85 counted majority − 1',
  },
  {
    id: 'commit-beyond-message',
    title: 'a follower commits up to leaderCommit, not up to the last new entry',
    file: REPLICATION,
    find: 'commitTo(state, Math.min(message.leaderCommit, lastNewIndex))',
    replace: 'commitTo(state, Math.min(message.leaderCommit, log.lastIndex))',
    source: 'copycat#265',
  },
  {
    id: 'commit-falls',
    title: 'commitIndex may go back',
    file: COMMIT,
    find: 'export function commitTo(state: RaftState, index: Index): void {\n  if (index <= state.commitIndex) return\n',
    replace: 'export function commitTo(state: RaftState, index: Index): void {\n',
    source: 'PySyncObj, found by SandTable',
  },
  {
    id: 'match-falls',
    title: 'matchIndex goes back when acknowledgements overtake each other',
    file: PROGRESS,
    find: 'if (index <= this.matchIndex) return false',
    replace: 'if (index === this.matchIndex) return false',
    source: 'PySyncObj and WRaft, found by SandTable',
  },
  {
    id: 'next-behind-match',
    title: 'a refusal leads back behind what is known to agree',
    file: REPLICATION,
    find: 'progress.nextIndex = Math.max(agreed, progress.matchIndex) + 1',
    replace: 'progress.nextIndex = agreed + 1',
    source: 'PySyncObj and WRaft, found by SandTable',
  },
  {
    id: 'refusal-acknowledges',
    title: 'a refusal raises matchIndex',
    file: REPLICATION,
    find: 'if (message.success) handleSuccess(state, progress, message)',
    replace: 'if (message.success || message.index > 0) handleSuccess(state, progress, message)',
    source: 'CCF, found with TLA+ (NSDI 2025)',
  },
  {
    id: 'match-is-own-last',
    title: 'an acknowledgement counts for all that the leader has by now',
    file: REPLICATION,
    find: 'const isNews = progress.acknowledged(message.index)',
    replace: 'const isNews = progress.acknowledged(state.log.lastIndex)',
    source: 'the students’ guide to Raft: matchIndex is prevLogIndex and what was sent, nothing later',
  },
  {
    id: 'stale-refusal',
    title: 'a late refusal moves nextIndex',
    file: REPLICATION,
    find: '  if (isStale) return\n',
    replace: '',
    source: 'openraft fbbf37b1, raft-rs#571, etcd-io/raft#349',
  },
  {
    id: 'any-session',
    title: 'acknowledgements for another record of the follower are taken',
    file: RAFT,
    find: "private stepAppendEntriesReply(message: AppendEntriesReply): void {\n    const { state } = this\n    const progress = state.progress.get(message.from)\n    if (state.role !== 'leader' || progress === undefined || progress.session !== message.session) return",
    replace:
      "private stepAppendEntriesReply(message: AppendEntriesReply): void {\n    const { state } = this\n    const progress = state.progress.get(message.from)\n    if (state.role !== 'leader' || progress === undefined) return",
    source: 'openraft#1823; a server removed and added again within a term',
  },
  {
    id: 'cut-always',
    title: 'every AppendEntries cuts the log behind it',
    file: REPLICATION,
    find: 'index > log.baseIndex && log.termAt(index) !== term)',
    replace: 'index > log.baseIndex)',
    source: 'async-raft before openraft 9540c904: committed entries lost',
  },
  {
    id: 'cut-never',
    title: 'conflicting entries are not cut',
    file: REPLICATION,
    find: '    if (conflict <= log.lastIndex) truncateLog(state, conflict)\n',
    replace: '',
    source: 'Paper Figure 2, AppendEntries step 3; Log Matching is lost',
  },
  {
    id: 'cut-committed',
    title: 'a contradiction of a committed entry is obeyed',
    file: REPLICATION,
    find: 'if (conflict <= state.commitIndex) {',
    replace: 'if (conflict < 0) {',
    source: 'CCF#5674: a roll-back lost committed entries',
  },
  {
    id: 'no-term-check',
    title: 'the consistency check looks at the index only',
    file: REPLICATION,
    find: 'if (prevLogIndex >= log.baseIndex && !log.matches(prevLogIndex, prevLogTerm)) {',
    replace: 'if (prevLogIndex > log.lastIndex) {',
    source: 'Paper §5.3: the other half of the consistency check; Log Matching is lost',
  },
  {
    id: 'off-by-one-at-snapshot',
    title: 'the consistency check leaves out the snapshot’s last entry',
    file: REPLICATION,
    find: 'if (prevLogIndex >= log.baseIndex && !log.matches(prevLogIndex, prevLogTerm)) {',
    replace: 'if (prevLogIndex > log.baseIndex && !log.matches(prevLogIndex, prevLogTerm)) {',
    source: 'scylladb#9552, hashicorp/raft#697: the boundary of log and snapshot',
  },
  {
    id: 'acknowledge-before-disk',
    title: 'a follower acknowledges entries before they are durable',
    file: REPLICATION,
    find: 'reply(state, message, true, index, 0, mayWait ? state.durability.pendingSeq : 0)',
    replace: 'reply(state, message, true, index, 0, 0)',
    source: 'Thesis §3.8; ra#516 confirmed entries that were never written',
  },
  {
    id: 'heartbeat-claims-too-much',
    title: 'the answer to a heartbeat claims entries that are not durable',
    file: REPLICATION,
    find: 'const index = mayWait ? agreedIndex : Math.min(agreedIndex, durableIndex)',
    replace: 'const index = agreedIndex',
    source: 'ra 39490978: a stale claim committed what was on no disk',
  },
  {
    id: 'leader-counts-itself-early',
    title: 'the leader counts itself before its own disk has the entry',
    file: COMMIT,
    find: 'id === state.id ? state.log.durableIndex : (',
    replace: 'id === state.id ? state.log.lastIndex : (',
    source: 'd-engine#329, etcd#14370',
  },
  {
    id: 'old-write-confirms-new-entry',
    title: 'a write that a cut has overtaken makes the new entry durable',
    file: DURABILITY,
    find: '    this.lowerClaims(index - 1)\n',
    replace: '',
    source: 'etcd-io/raft’s append ABA race, ra#516',
  },
  {
    id: 'back-up-one-by-one',
    title: 'a refusal lowers nextIndex by one at a time',
    file: REPLICATION,
    find: 'const agreed = state.log.lastIndexOfTermAtMost(Math.min(message.index, message.prevLogIndex - 1), message.hintTerm)',
    replace: 'const agreed = message.prevLogIndex - 1',
    source: 'hashicorp/raft#73: minutes to bring one follower into line',
  },
  {
    id: 'probe-stuck',
    title: 'after a refusal no entries go out until a heartbeat is due',
    file: PROGRESS,
    find: '    this.probeSent = false\n',
    replace: '',
    source: 'etcd-io/raft 49bac48: progress stuck when a message is lost',
  },
  {
    id: 'window-leaks',
    title: 'an acknowledged message keeps its place in the window',
    file: PROGRESS,
    find: '(this.flights.first() as Flight).lastIndex <= index)',
    replace: '(this.flights.first() as Flight).lastIndex < index)',
    source: 'etcd#14633: a full window that never opens',
  },
  {
    id: 'empty-for-ever',
    title: 'an acknowledgement is answered by another empty AppendEntries',
    file: REPLICATION,
    find: 'if (progress.nextIndex <= state.log.lastIndex) sendEntries(state, progress, false)',
    replace: 'sendEntries(state, progress, true)',
    source: 'WRaft, found by SandTable: empty appends retried for ever',
  },
  {
    id: 'old-term-echoes',
    title: 'the answer to an old leader names its session and round',
    file: REPLICATION,
    find: '{ from: message.from, session: 0, readRound: 0, prevLogIndex: 0 },',
    replace: 'message,',
    source: 'found in review of this core: numbers that restart with the server confirm a read of a later term',
  },
  {
    id: 'applied-ahead-of-disk',
    title: 'entries are applied before the server’s own disk has them',
    file: APPLY,
    find: 'return state.options.applyBeforeDurable ? state.commitIndex : Math.min(state.commitIndex, state.log.durableIndex)',
    replace: 'return state.commitIndex',
    source: 'etcd#13766, ra 2025-11: the applied index ahead of the log after a crash',
  },
]

const READING_AND_HANDING_OVER: readonly Mutation[] = [
  {
    id: 'read-before-own-commit',
    title: 'a new leader serves reads before an entry of its term has committed',
    file: READ,
    find: "if (state.role !== 'leader' || !state.hasCommittedInTerm) return",
    replace: "if (state.role !== 'leader') return",
    source: 'etcd#7331, TiKV#9239',
  },
  {
    id: 'read-without-round',
    title: 'a leader serves reads without asking whether it still leads',
    file: READ,
    find: 'id === state.id ? state.readRound : (state.progress.get(id)?.readRound ?? 0),',
    replace: 'id === state.id ? state.readRound : state.readRound,',
    source: 'Consul and etcd, Jepsen 2014; redis-raft, Jepsen 2020',
  },
  {
    id: 'read-round-reused',
    title: 'an answer to an earlier round releases a later read',
    file: READ,
    find: 'read.round = state.readRound + 1',
    replace: 'read.round = Math.max(state.readRound, 1)',
    source: 'etcd-io/raft#397, etcd#20418',
  },
  {
    id: 'read-request-id-restarts',
    title: 'after a restart a read’s number is used again',
    file: STATE,
    find: 'this.nextRequestId = 1 + random.uint32() * 2 ** 12',
    replace: 'this.nextRequestId = 1',
    source: 'found in review of this core; the same class as etcd-io/raft#397',
  },
  {
    id: 'timeout-now-too-early',
    title: 'TimeoutNow goes out before the target has the whole log',
    file: TRANSFER,
    find: 'progress.matchIndex === state.log.lastIndex',
    replace: 'progress.matchIndex >= 0',
    source: 'openraft#1805, #1806',
  },
  {
    id: 'commands-during-transfer',
    title: 'the leader takes commands while it hands over',
    file: RAFT,
    find: "    if (state.transfer !== null) return { accepted: false, reason: 'transferring', leaderId: state.transfer.to }\n",
    replace: '',
    source: 'hashicorp/raft#487, redpanda#2606',
  },
  {
    id: 'transfer-never-ends',
    title: 'a transfer to a dead server keeps the leader from taking commands',
    file: TRANSFER,
    find: 'if (state.transfer === null || state.now < state.transfer.deadline) return',
    replace: 'if (state.transfer === null || state.now >= 0) return',
    source: 'hashicorp/raft#493',
  },
  {
    id: 'transfer-meets-stickiness',
    title: 'those who hear the old leader refuse its successor',
    file: RAFT,
    find: "if (message.type === 'RequestVote' && !message.transfer && hearsLeader(state)) {",
    replace: "if (message.type === 'RequestVote' && hearsLeader(state)) {",
    source: 'hashicorp/raft’s notes on divergence; dragonboat#223',
  },
  {
    id: 'timeout-now-from-anybody',
    title: 'TimeoutNow is obeyed whoever sends it',
    file: TRANSFER,
    find: ' || message.from !== state.leaderId) return',
    replace: ') return',
    source: 'Thesis §3.10: only the leader hands over',
  },
]

const MEMBERSHIP_AND_SNAPSHOTS: readonly Mutation[] = [
  {
    id: 'configuration-not-on-append',
    title: 'a configuration does not hold from the moment it is appended',
    file: REPLICATION,
    find: '  for (const entry of entries) if (state.configurations.append(entry)) announceConfiguration(state)\n',
    replace: '',
    source: 'etcd#7280, #12359: the wrong quorum elects',
  },
  {
    id: 'needed-voter-forgotten-in-a-restart',
    title: 'a server that a configuration behind commitIndex counts does not campaign after a restart',
    file: STATE,
    find: 'return configurations.between(commitIndex, log.lastIndex).some((one) => isVoter(one.configuration, id))',
    replace: 'return false',
    source: 'this very library, found in a random walk: Thesis §4.2.2 asks for it',
  },
  {
    id: 'configuration-not-rolled-back',
    title: 'cutting off a configuration entry leaves the configuration',
    file: REPLICATION,
    find: '  if (state.configurations.truncateFrom(index)) announceConfiguration(state)\n',
    replace: '',
    source: 'canonical/raft#250',
  },
  {
    id: 'joint-election-by-new',
    title: 'in a joint configuration the new majority elects alone',
    file: QUORUM,
    find: '(configuration.votersOutgoing.length === 0 || isMajority(configuration.votersOutgoing, test))',
    replace: 'configuration !== null',
    source: 'Paper §6: two leaders in one term',
  },
  {
    id: 'joint-commit-by-new',
    title: 'in a joint configuration the new majority commits alone',
    file: QUORUM,
    find: 'if (configuration.votersOutgoing.length === 0) return index',
    replace: 'if (configuration.votersOutgoing.length >= 0) return index',
    source: 'openraft d60f1e85; Paper §6',
  },
  {
    id: 'snapshot-with-latest-configuration',
    title: 'a snapshot carries the latest configuration instead of the one at its index',
    file: SNAPSHOT,
    find: 'configuration: state.configurations.at(index)',
    replace: 'configuration: state.configuration',
    source: 'NuRaft#566, #241, RATIS-1128, pikiwidb-raft#385',
  },
  {
    id: 'snapshot-keeps-configuration',
    title: 'an installed snapshot leaves the old configuration in force',
    file: SNAPSHOT,
    find: '  state.configurations.resetTo(meta.index, meta.configuration)\n',
    replace: '',
    source: 'openraft#1808, scylladb#9551',
  },
  {
    id: 'snapshot-over-matching-log',
    title: 'a snapshot discards a log that has its last entry',
    file: SNAPSHOT,
    find: 'if (log.matches(index, term)) {',
    replace: 'if (index < 0) {',
    source: 'Paper Figure 13, step 6: acknowledged entries lost',
  },
  {
    id: 'old-snapshot-installed',
    title: 'a snapshot of what is committed already is installed again',
    file: SNAPSHOT,
    find: 'if (index > state.commitIndex) {',
    replace: 'if (index > 0) {',
    source: 'etcd#1763',
  },
  {
    id: 'snapshot-term-lost',
    title: 'the log behind a snapshot does not know the term of its last entry',
    file: LOG,
    find: 'this.runs = new TermRuns(index, term)',
    replace: 'this.runs = new TermRuns(index, 0)',
    source: 'Paper §7: the first append behind the snapshot is refused for ever',
  },
  {
    id: 'snapshot-acknowledged-before-disk',
    title: 'a snapshot is acknowledged before the log’s record of it is durable',
    file: SNAPSHOT,
    find: 'claimed > log.durableIndex ? state.durability.pendingSeq : 0',
    replace: '0',
    source: 'ROCm/spur#368: the compaction floor must be durable first',
  },
  {
    id: 'compacts-what-is-not-applied',
    title: 'a snapshot can be described beyond what is applied',
    file: SNAPSHOT,
    find: 'if (term === null || index > state.lastApplied) return null',
    replace: 'if (term === null) return null',
    source: 'Paper §7: a snapshot covers applied entries only, or it claims a state that it does not hold',
  },
]

const RESTING: readonly Mutation[] = [
  {
    id: 'rest-while-one-lags',
    title: 'a leader rests although a follower that is there has not got everything',
    file: REST,
    find: '    if (state.connected.has(progress.id) && !isSettled(state, progress)) return false\n',
    replace: '',
    source: 'tikv#9022: nobody tells the follower what it lacks until the group wakes by chance',
  },
  {
    id: 'rest-never-without-the-dead',
    title: 'a member that is down keeps the group awake',
    file: REST,
    find: 'if (state.connected.has(progress.id) && !isSettled(state, progress)) return false',
    replace: 'if (!isSettled(state, progress)) return false',
    source: 'cockroach#9446',
  },
  {
    id: 'rest-counts-as-silence',
    title: 'a leader that wakes counts the time of its rest as silence of its followers',
    file: ELECTION,
    find: 'return Math.max(heardAt, state.wokenAt)',
    replace: 'return heardAt',
    source: 'cockroach#9383 on CheckQuorum and quiescence; tikv#10017 took resting peers for dead ones',
  },
  {
    id: 'rest-outlives-the-office',
    title: 'a resting leader is deposed without a word to those who believe it at rest',
    file: RAFT,
    find: '    noteMessage(state, message)\n    if (!this.settleTerm(message)) return\n',
    replace: '    if (!this.settleTerm(message)) return\n    noteMessage(state, message)\n',
    source: 'found while this chapter was written: the others refuse every candidate for twice the announced time',
  },
  {
    id: 'rest-stands-against-a-question',
    title: 'whoever misses the leader is refused by those at rest, and that is all',
    file: REST,
    find: '  if (isAskingForVotes(message) && membersOf(state.configuration).includes(message.from)) doubtLeader(state)\n',
    replace: '',
    source: 'tikv#16429: one follower knows that the leader is gone, the other idles on',
  },
  {
    id: 'rest-on-a-late-word',
    title: 'a late announcement puts a follower to rest that has more than its sender had',
    file: REST,
    find: 'const hasAll = log.lastIndex === prevLogIndex && log.matches(prevLogIndex, prevLogTerm)',
    replace: 'const hasAll = log.matches(prevLogIndex, prevLogTerm)',
    source: 'cockroach#21056 lets followers notice that what they know of a rest is out of date',
  },
  {
    id: 'rest-renewed-unheard',
    title: 'a resting leader announces its rest again and again, although nobody has answered',
    file: REST,
    find: '  if (isConfirmed) announceRest(state)\n  else stir(state)\n',
    replace: '  if (isConfirmed || rest.round > 0) announceRest(state)\n',
    source: 'Thesis §6.2: a leader that is heard and hears nobody would stay in office for ever',
  },
  {
    id: 'rest-deaf-to-strangers',
    title: 'the first word of a server that is no member does not wake the leader, whatever it asks',
    file: REST,
    find: '(isBack && isMember(state, message.from)) || !isOldNews(state, message)',
    replace: 'isBack ? isMember(state, message.from) : !isOldNews(state, message)',
    source: 'found by the random walk: the read of a removed server waited in a group at rest',
  },
]

const CHECK = 'src/check'

const CHECKING: readonly Mutation[] = [
  {
    id: 'check-cache-without-state',
    title: 'the cache of the search looks at the set of operations only, not at the state that they lead to',
    file: `${CHECK}/placed.ts`,
    find: 'return this.configurations.add(hash, this.secondHash ^ state, state, scratch, length)',
    replace: 'return this.configurations.add(scramble(this.hash), this.secondHash, 0, scratch, length)',
    source:
      'Lowe, Testing for linearizability: a configuration is the set and the state; half of it says no to good histories',
  },
  {
    id: 'check-collision',
    title: 'configurations are equal when their hashes are',
    file: `${CHECK}/configurations.ts`,
    find: 'this.words[offset] === secondHash && this.isAt(offset, state, set, length)',
    replace: 'this.words[offset] === secondHash',
    source:
      'model checkers that keep hashes only (bitstate hashing) miss errors by design; a checker of histories must not',
  },
  {
    id: 'check-return-ignored',
    title: 'the search goes on behind the first return that is left',
    file: `${CHECK}/timeline.ts`,
    find: 'return entry < this.size\n',
    replace: 'return entry < this.size || (this.next[entry] as number) < this.size\n',
    source: 'the order in real time is what sets linearizability apart from sequential consistency',
  },
  {
    id: 'check-unseen-too-early',
    title: 'a write that somebody sees is moved as if nobody did',
    file: `${CHECK}/value-problem.ts`,
    find: 'return one.output === DEAD && isKnown(one) ?',
    replace: 'return isKnown(one) ?',
    source: 'rule 2 of the search holds for writes alone that no read and no cas depends on',
  },
  {
    id: 'check-cas-is-no-reader',
    title: 'a lost write that only a cas saw is left out',
    file: `${CHECK}/value-coding.ts`,
    find: 'return kind === KIND.read || kind === KIND.cas',
    replace: 'return kind === KIND.read',
    source: 'a cas that succeeded has seen its old value, as much as a read of it',
  },
  {
    id: 'check-dated-with-two-makers',
    title: 'a lost write counts as one that happened, although another one wrote the same',
    file: `${CHECK}/value-coding.ts`,
    find: 'makers.get(one.output) === 1 && one.output !== initial',
    replace: 'one.output !== initial',
    source: 'with a handful of values, as Jepsen’s register has them, each is written again and again',
  },
]

const DISKS: readonly Mutation[] = [
  {
    id: 'read-failure-without-a-place',
    title: 'a sector that cannot be read is told without its offset',
    file: 'src/storage/read-failures.ts',
    find: 'if (!isReadable) return at',
    replace: 'if (!isReadable) return offset',
    source: 'npm run sweep: an operator who gets EIO wants to know where',
  },
  {
    id: 'refused-and-changed',
    title: 'the end of the log is put in order before it is known whether the server may start',
    file: 'src/storage/recovery.ts',
    find: '    accept(replay.groups)\n    return await recovery.settle()',
    replace: '    const recovered = await recovery.settle()\n    accept(replay.groups)\n    return recovered',
    source: 'npm run sweep: the message says that all was left as it is',
  },
  {
    id: 'joiner-hangs-up',
    title: 'a server that joins forgets after a second whom to ask',
    file: 'src/runtime/driver/dialler.ts',
    find: 'if (Object.keys(addresses).length === 0 && Object.keys(this.dialled).length === 0) return',
    replace: '',
    source: 'npm run sweep: the first member on the list was the one that is gone',
  },
]

/** All of them; ids are unique. */
export const MUTATIONS: readonly Mutation[] = [
  ...VOTING,
  ...REPLICATING,
  ...READING_AND_HANDING_OVER,
  ...MEMBERSHIP_AND_SNAPSHOTS,
  ...RESTING,
  ...CHECKING,
  ...DISKS,
]

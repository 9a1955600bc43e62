/** Bugs of reads, leases and leadership transfers. */
import type { Mutation } from './mutation.ts'

const RAFT = 'src/raft/raft.ts'
const READ = 'src/raft/read.ts'
const STATE = 'src/raft/state.ts'
const TRANSFER = 'src/raft/transfer.ts'
const LEASE = 'src/raft/lease.ts'

export const READING_AND_HANDING_OVER: readonly Mutation[] = [
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
  {
    id: 'read-before-applied',
    title: 'a read is served as soon as it is confirmed, whatever the state machine has applied',
    file: 'src/runtime/requests/reads.ts',
    find: 'if (readable !== null && index <= readable) serveAll(reads)',
    replace: 'if (readable !== null) serveAll(reads)',
    source: 'Thesis §6.4, step 4: the leader waits for its state machine to advance as far as readIndex',
  },
  {
    id: 'lease-from-answer',
    title: 'a lease counts from when the answers came, not from when the round began',
    file: LEASE,
    find: 'state.leaseUntil = Math.max(state.leaseUntil, startedAt + TRUST * state.options.electionTimeoutMinMs)',
    replace: 'state.leaseUntil = Math.max(state.now, startedAt) + TRUST * state.options.electionTimeoutMinMs',
    source:
      'YugabyteDB and openraft measure from the request; sofa-jraft#25: a leader that was held up serves old state',
  },
  {
    id: 'lease-too-long',
    title: 'a lease is trusted for twice as long as followers keep their promise',
    file: LEASE,
    find: 'const TRUST = 0.9',
    replace: 'const TRUST = 2',
    source: 'Consul before 2014 and tikv#964: a lease that outlasts the time-out that guards it',
  },
  {
    id: 'lease-survives-transfer',
    title: 'a lease goes on while the leader hands over',
    file: TRANSFER,
    find: '    voidLease(state)\n',
    replace: '',
    source: 'openraft#1747, #1749, etcd#12704: nobody refuses the election that TimeoutNow begins',
  },
  {
    id: 'lease-promise-forgotten',
    title: 'a server votes at once after a restart, although it may have promised a leader not to',
    file: STATE,
    find: 'this.noVoteBefore = hasPromised ? now + options.electionTimeoutMaxMs : Number.NEGATIVE_INFINITY',
    replace: 'this.noVoteBefore = hasPromised ? now : Number.NEGATIVE_INFINITY',
    source: 'cockroach#230: the promise that a lease rests on is not on any disk',
  },
]

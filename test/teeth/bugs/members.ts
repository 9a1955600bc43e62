/** Bugs of membership changes and snapshots. */
import type { Mutation } from './mutation.ts'

const REPLICATION = 'src/raft/replication.ts'
const SNAPSHOT = 'src/raft/snapshot.ts'
const LOG = 'src/raft/log.ts'
const QUORUM = 'src/raft/quorum.ts'
const STATE = 'src/raft/state.ts'
const COMMIT = 'src/raft/commit.ts'
const RECONFIGURATION = 'src/raft/reconfiguration.ts'

export const MEMBERSHIP_AND_SNAPSHOTS: readonly Mutation[] = [
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
    find: 'const configuration = state.configurations.at(index)',
    replace: 'const { configuration } = state',
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
  {
    id: 'two-changes-pending',
    title: 'a change is begun before the one before it has committed',
    file: RECONFIGURATION,
    find: 'if (currentIndex > state.commitIndex)\n    return refused(',
    replace: 'if (currentIndex < 0)\n    return refused(',
    source: 'Thesis §4.1: one at a time; majorities of a configuration and the next but one need not meet',
  },
  {
    id: 'change-before-own-commit',
    title: 'a leader changes the configuration before an entry of its own term has committed',
    file: RECONFIGURATION,
    find: 'if (!state.hasCommittedInTerm) return refused(',
    replace: 'if (state.commitIndex < 0) return refused(',
    source: 'Ongaro on raft-dev, July 2015; jgroups-raft#38 shipped it, hydro#3192 found it again by simulation',
  },
  {
    id: 'removed-leader-counts',
    title: 'a leader that is no voter any more counts itself as one',
    file: COMMIT,
    find: 'const index = quorumIndex(state.configuration, (id) =>',
    replace:
      'const counted = { ...state.configuration, voters: [...new Set([...state.configuration.voters, state.id])] }\n  const index = quorumIndex(counted, (id) =>',
    source: 'Thesis §4.2.2. Here majorities go by the configuration’s lists, so the leader has to be put on one',
  },
  {
    id: 'joint-left-by-its-author-only',
    title: 'a joint configuration is left by the leader that began it, and by no later one',
    file: RECONFIGURATION,
    find: 'if (state.hasCommittedInTerm) append(state, leaveJoint(state.configuration))',
    replace:
      'const isOurs = state.log.termAt(state.configurations.currentIndex) === state.currentTerm\n    if (state.hasCommittedInTerm && isOurs) append(state, leaveJoint(state.configuration))',
    source: 'etcd#14538: the automatic end of a joint change can be dropped, and nobody tries again',
  },
  {
    id: 'retired-name-given-again',
    title: 'a server may be added under the name of one that was removed',
    file: 'src/raft/configuration-change.ts',
    find: 'if (current.retired.includes(id)) return used(',
    replace: "if (id === '') return used(",
    source: 'openraft’s FAQ: an old acknowledgement or an old configuration speaks for the new server',
  },
  {
    id: 'change-strands-cluster',
    title: 'a change is taken although its voters have no majority that is there',
    file: RECONFIGURATION,
    find: 'if (hasQuorum(next, (id) => isHeard(state, id))) return null',
    replace: 'if (hasQuorum(next, () => true)) return null',
    source: 'nomad’s and consul’s autopilot came of it: the change that was to help stops the cluster',
  },
]

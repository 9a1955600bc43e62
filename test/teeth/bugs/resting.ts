/** Bugs of groups that rest. */
import type { Mutation } from './mutation.ts'

const RAFT = 'src/raft/raft.ts'
const ELECTION = 'src/raft/election.ts'
const REST = 'src/raft/rest.ts'

export const RESTING: readonly Mutation[] = [
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

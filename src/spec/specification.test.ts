// For each rule a step that breaks it and nothing else: it is refused, and passes when the rule is switched off.
import { describe, expect, test } from 'vitest'
import { RULES, type RuleName, SpecViolation } from './rules.ts'
import { type Actor, log, message, OTHER, Stage, TICK, voters } from './testing/stage.ts'

const CANDIDATE = { currentTerm: 1, role: 'candidate', votedFor: 's1', grants: ['s1'] } as const
const candidate = (): Partial<Actor> => ({ ...CANDIDATE, grants: ['s1'] })
const [S1_TO_S2, S2_TO_S1] = [['s1', 's2'] as const, ['s2', 's1'] as const]

/** s3 belongs to itself alone, by its own disk: it can win any term and commit what it likes. */
function bootsLoner(stage: Stage, term: number): void {
  stage.specification.forget('s3')
  stage.boots('s3', { configuration: voters('s3'), currentTerm: term })
}

/** The loner leads in the term after, without asking anybody. */
function lonerLeads(stage: Stage): void {
  const currentTerm = stage.actor('s3').currentTerm + 1
  stage.doesDurably('s3', TICK, { currentTerm, role: 'candidate', votedFor: 's3' })
  stage.does('s3', OTHER, { role: 'leader', leaderId: 's3' })
}

/** s1, the leader, appends these members as its next entry. */
function changes(stage: Stage, ...ids: string[]): void {
  const { entries, lastIndex, currentTerm: term } = stage.actor('s1')
  const configuration = voters(...ids)
  const index = lastIndex + 1
  const entry = { index, term, identity: 1000 * term + index, configuration }
  stage.does('s1', { type: 'change' }, { entries: [...entries, entry], configuration, configurationIndex: index })
}

const STORIES: { readonly [rule in RuleName]: (stage: Stage) => void } = {
  Sent: (stage) => stage.does('s2', message('TimeoutNow', S1_TO_S2, 0, {})),
  RestartKeeps: (stage) => {
    stage.elects('s1', 's2')
    stage.boots('s2', {})
  },
  RestartInvents: (stage) => stage.boots('s1', { entries: log('1') }),
  RestartForgets: (stage) => stage.boots('s1', { leaderId: 's2' }),
  DurableClaim: (stage) => {
    stage.elects('s1', 's2')
    stage.does('s1', { type: 'propose' }, { entries: log('1'), durableIndex: 1 })
  },
  TermMonotonic: (stage) => {
    stage.elects('s1', 's2')
    stage.does('s2', OTHER, { currentTerm: 0, votedFor: null })
  },
  UpdateTerm: (stage) => stage.does('s1', OTHER, { currentTerm: 5 }),
  VoteOnce: (stage) => {
    stage.elects('s1', 's2')
    stage.does('s2', OTHER, { votedFor: 's3' })
  },
  VoteAsked: (stage) => stage.does('s2', stage.campaigns('s1', 's2'), { currentTerm: 1, votedFor: 's3' }),
  VoteUpToDate: (stage) => {
    stage.elects('s1', 's2')
    stage.appends('s1')
    stage.does('s3', stage.sends('s1', 's3', { entries: [] }), { currentTerm: 1, leaderId: 's1' })
    const question = stage.campaigns('s3', 's1')
    stage.does('s1', question, { currentTerm: 2, votedFor: 's3', role: 'follower', leaderId: null })
  },
  Timeout: (stage) => stage.does('s1', TICK, { currentTerm: 1, role: 'candidate' }),
  PreVoteFirst: (stage) => {
    stage.elects('s1', 's2')
    stage.does('s2', TICK, { ...candidate(), currentTerm: 2, votedFor: 's2', grants: ['s2'] })
  },
  RoleChange: (stage) => {
    stage.campaigns('s1', 's2')
    stage.does('s1', OTHER, { role: 'follower' })
  },
  BecomeLeader: (stage) => {
    stage.campaigns('s1', 's2')
    stage.does('s1', OTHER, { role: 'leader', leaderId: 's1' })
  },
  OwnVoteDurable: (stage) => {
    bootsLoner(stage, 1)
    stage.does('s3', TICK, { currentTerm: 2, role: 'leader', votedFor: 's3', leaderId: 's3' })
  },
  ElectionSafety: (stage) => {
    stage.elects('s1', 's2')
    bootsLoner(stage, 0)
    lonerLeads(stage)
  },
  VoteHistory: (stage) => {
    stage.elects('s1', 's2')
    stage.specification.forget('s2')
    stage.boots('s2', {})
    const yes = message('RequestVoteReply', ['s2', 's3'], 1, { granted: true })
    stage.doesDurably('s2', stage.campaigns('s3', 's2'), { currentTerm: 1, votedFor: 's3' }, [yes])
  },
  LeaderCompleteness: (stage) => {
    stage.commitsOne()
    bootsLoner(stage, 1)
    lonerLeads(stage)
  },
  LeaderKnown: (stage) => stage.does('s2', OTHER, { leaderId: 's3' }),
  LeaderAppendOnly: (stage) => {
    stage.elects('s1', 's2')
    stage.appends('s1')
    stage.does('s1', OTHER, { entries: [], durableIndex: 0 })
  },
  LeaderTerm: (stage) => {
    stage.elects('s1', 's2')
    stage.does('s1', { type: 'propose' }, { entries: log('7') })
  },
  FollowerLog: (stage) => stage.does('s2', OTHER, { entries: log('1') }),
  Consistency: (stage) => {
    stage.elects('s1', 's2')
    stage.appends('s1', 2)
    const second = stage.sends('s1', 's2', { prevLogIndex: 1, prevLogTerm: 1, entries: log('1', 1) })
    stage.does('s2', second, { leaderId: 's1', entries: log('1 1') })
  },
  Conflict: (stage) => {
    stage.elects('s1', 's2')
    stage.appends('s1', 2)
    stage.replicates('s1', 's2')
    const short = stage.sends('s1', 's2', { entries: log('1') })
    stage.does('s2', short, { entries: log('1'), durableIndex: 1 })
  },
  CommittedStays: (stage) => {
    bootsLoner(stage, 1)
    lonerLeads(stage)
    stage.commitsOne()
    stage.does('s2', stage.sends('s1', 's2'), { commitIndex: 1 })
    stage.appends('s3')
    const other = stage.sends('s3', 's2')
    const taken = { currentTerm: 2, votedFor: null, leaderId: 's3', entries: log('2'), durableIndex: 0 } as const
    stage.does('s2', other, { ...taken, entries: log('2') })
  },
  AppendsWhatCame: (stage) => {
    stage.elects('s1', 's2')
    stage.appends('s1')
    const another = [{ index: 1, term: 1, identity: 9, configuration: null }]
    stage.does('s2', stage.sends('s1', 's2'), { leaderId: 's1', entries: another })
  },
  CommitMonotonic: (stage) => {
    stage.commitsOne()
    stage.does('s1', OTHER, { commitIndex: 0 })
  },
  CommitOwnTerm: (stage) => {
    stage.elects('s1', 's2')
    stage.appends('s1')
    stage.replicates('s1', 's2')
    stage.elects('s1', 's2')
    stage.replicates('s1', 's2')
    stage.does('s1', OTHER, { commitIndex: 1 })
  },
  CommitQuorum: (stage) => {
    stage.elects('s1', 's2')
    stage.appends('s1')
    stage.does('s1', OTHER, { commitIndex: 1 })
  },
  CommitFollower: (stage) => {
    stage.elects('s1', 's2')
    stage.appends('s1')
    stage.does('s2', stage.sends('s1', 's2'), { leaderId: 's1', entries: log('1'), commitIndex: 1 })
  },
  StateMachineSafety: (stage) => {
    bootsLoner(stage, 1)
    lonerLeads(stage)
    stage.commitsOne()
    stage.appends('s3')
    stage.does('s3', OTHER, { commitIndex: 1 })
  },
  ApplyCommitted: (stage) => stage.does('s1', OTHER, { lastApplied: 1 }),
  SnapshotOfCommitted: (stage) => {
    stage.elects('s1', 's2')
    stage.appends('s1')
    stage.does('s1', { type: 'snapshot' }, { snapshotIndex: 1, snapshotTerm: 1 })
  },
  SnapshotRetains: (stage) => {
    stage.commitsOne()
    stage.appends('s1')
    stage.replicates('s1', 's2')
    const sent = message('InstallSnapshot', S1_TO_S2, 1, { lastIncludedIndex: 1, lastIncludedTerm: 1 })
    stage.does('s1', OTHER, {}, [sent])
    stage.doesDurably('s1', OTHER)
    const installed = { snapshotIndex: 1, snapshotTerm: 1, baseIndex: 1, commitIndex: 1, durableIndex: 1 }
    stage.does('s2', sent, { ...installed, entries: [] })
  },
  ConfigurationInForce: (stage) => stage.does('s1', OTHER, { configuration: voters('s1') }),
  OneChange: (stage) => {
    stage.commitsOne()
    changes(stage, 's1', 's2', 's3', 's4')
    changes(stage, 's1', 's2', 's3')
  },
  ChangeOwnTerm: (stage) => {
    stage.elects('s1', 's2')
    changes(stage, 's1', 's2')
  },
  ChangeShape: (stage) => {
    stage.commitsOne()
    changes(stage, 's1', 's4', 's5')
  },
  Envelope: (stage) => stage.does('s1', OTHER, {}, [message('ReadIndex', ['s3', 's2'], 0, {})]),
  PreVoteSaid: (stage) => stage.does('s1', OTHER, {}, [message('PreVote', S1_TO_S2, 0, { campaignTerm: 1 })]),
  PreVoteGrant: (stage) => {
    stage.does('s2', OTHER, {}, [message('PreVoteReply', S2_TO_S1, 0, { campaignTerm: 1, granted: true })])
  },
  RequestVoteSaid: (stage) => stage.does('s1', OTHER, {}, [message('RequestVote', S1_TO_S2, 0, {})]),
  RequestVoteDurable: (stage) => {
    stage.does('s1', TICK, candidate(), [message('RequestVote', S1_TO_S2, 1, {})], { after: 0 })
  },
  TransferSaid: (stage) => {
    stage.does('s1', TICK, candidate(), [message('RequestVote', S1_TO_S2, 1, { transfer: true })])
  },
  VoteSaid: (stage) => stage.does('s2', OTHER, {}, [message('RequestVoteReply', S2_TO_S1, 0, { granted: true })]),
  VoteDurable: (stage) => {
    const yes = message('RequestVoteReply', S2_TO_S1, 1, { granted: true })
    stage.does('s2', stage.campaigns('s1', 's2'), { currentTerm: 1, votedFor: 's1' }, [yes], { after: 0 })
  },
  AppendSaid: (stage) => stage.does('s2', OTHER, {}, [message('AppendEntries', S2_TO_S1, 0, {})]),
  AppendOwnLog: (stage) => {
    stage.elects('s1', 's2')
    stage.sends('s1', 's2', { prevLogIndex: 5, prevLogTerm: 1 })
  },
  AppendCommit: (stage) => {
    stage.elects('s1', 's2')
    stage.sends('s1', 's2', { leaderCommit: 1 })
  },
  AckAgrees: (stage) => {
    stage.specification.forget('s2')
    stage.boots('s2', { entries: log('1'), currentTerm: 1 })
    stage.elects('s1', 's3')
    const ok = message('AppendEntriesReply', S2_TO_S1, 1, { success: true, index: 1 })
    stage.does('s2', stage.sends('s1', 's2'), { leaderId: 's1' }, [ok])
  },
  AckDurable: (stage) => {
    stage.elects('s1', 's2')
    stage.appends('s1')
    const ok = message('AppendEntriesReply', S2_TO_S1, 1, { success: true, index: 1 })
    stage.does('s2', stage.sends('s1', 's2'), { leaderId: 's1', entries: log('1') }, [ok], { after: 0 })
  },
  AckRound: (stage) => {
    stage.elects('s1', 's2')
    const no = message('AppendEntriesReply', S2_TO_S1, 1, { readRound: 9 })
    stage.does('s2', stage.sends('s1', 's2'), { leaderId: 's1' }, [no])
  },
  SnapshotSaid: (stage) => {
    stage.elects('s1', 's2')
    stage.appends('s1')
    stage.does('s1', OTHER, {}, [
      message('InstallSnapshot', S1_TO_S2, 1, { lastIncludedIndex: 1, lastIncludedTerm: 1 }),
    ])
  },
  MatchClaim: (stage) => {
    stage.elects('s1', 's2')
    stage.appends('s1')
    stage.replicates('s1', 's2')
    const again = message('AppendEntriesReply', S2_TO_S1, 1, { success: true, index: 1 })
    stage.does('s1', again, { matches: { s2: 2 } })
  },
  VotesClaim: (stage) => {
    const no = message('RequestVoteReply', S2_TO_S1, 1, {})
    stage.doesDurably('s2', stage.campaigns('s1', 's2'), { currentTerm: 1 }, [no])
    stage.does('s1', no, { grants: ['s1', 's3'] })
  },
  TransferCaughtUp: (stage) => {
    stage.elects('s1', 's2')
    stage.appends('s1')
    stage.does('s1', { type: 'transfer' }, {}, [message('TimeoutNow', S1_TO_S2, 1, {})])
  },
  ReadIndexAnswer: (stage) => {
    stage.commitsOne()
    const question = message('ReadIndex', S2_TO_S1, 1, {})
    stage.doesDurably('s2', { type: 'read', token: 1 }, {}, [question])
    stage.does('s1', question, {}, [message('ReadIndexReply', S1_TO_S2, 1, { index: 1 })])
  },
  ReadAsked: (stage) => {
    const question = message('ReadIndex', S2_TO_S1, 0, { requestId: 7 })
    stage.does('s2', { type: 'read', token: 1 }, {}, [question])
    stage.boots('s2', {})
    stage.does('s2', { type: 'read', token: 1 }, {}, [question])
  },
  ReadServed: (stage) => {
    stage.does('s2', { type: 'read', token: 1 }, {}, [], { reads: [{ token: 1, index: 0 }] })
  },
}

const NEEDS_PRE_VOTE: ReadonlySet<string> = new Set(['PreVoteFirst'])

describe.each(Object.keys(RULES) as RuleName[])('%s', (rule) => {
  const play = (without: RuleName | null): void => STORIES[rule](new Stage(without, NEEDS_PRE_VOTE.has(rule)))

  test('refuses a step that breaks it', () => {
    expect(() => play(null)).toThrow(SpecViolation)
    expect(() => play(null)).toThrow(`Rule ${rule},`)
  })

  test('is alone in refusing it', () => {
    expect(() => play(rule)).not.toThrow()
  })
})

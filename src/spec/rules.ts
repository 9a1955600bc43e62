/**
 * The rules, each with what it demands and where the dissertation says so. The names stand in every refusal, and
 * docs/specification.md has the same table in more words.
 */
import type { ServerId } from './message.ts'

/** The name of a rule. */
export type RuleName =
  | 'Sent'
  | 'RestartKeeps'
  | 'RestartInvents'
  | 'RestartForgets'
  | 'DurableClaim'
  | 'TermMonotonic'
  | 'UpdateTerm'
  | 'VoteOnce'
  | 'VoteAsked'
  | 'VoteUpToDate'
  | 'Timeout'
  | 'PreVoteFirst'
  | 'RoleChange'
  | 'BecomeLeader'
  | 'OwnVoteDurable'
  | 'ElectionSafety'
  | 'VoteHistory'
  | 'LeaderCompleteness'
  | 'LeaderKnown'
  | 'LeaderAppendOnly'
  | 'LeaderTerm'
  | 'FollowerLog'
  | 'Consistency'
  | 'Conflict'
  | 'CommittedStays'
  | 'AppendsWhatCame'
  | 'CommitMonotonic'
  | 'CommitOwnTerm'
  | 'CommitQuorum'
  | 'CommitFollower'
  | 'StateMachineSafety'
  | 'ApplyCommitted'
  | 'SnapshotOfCommitted'
  | 'SnapshotRetains'
  | 'ConfigurationInForce'
  | 'OneChange'
  | 'ChangeOwnTerm'
  | 'ChangeShape'
  | 'Envelope'
  | 'PreVoteSaid'
  | 'PreVoteGrant'
  | 'RequestVoteSaid'
  | 'RequestVoteDurable'
  | 'TransferSaid'
  | 'VoteSaid'
  | 'VoteDurable'
  | 'AppendSaid'
  | 'AppendOwnLog'
  | 'AppendCommit'
  | 'AckAgrees'
  | 'AckDurable'
  | 'AckRound'
  | 'SnapshotSaid'
  | 'MatchClaim'
  | 'VotesClaim'
  | 'TransferCaughtUp'
  | 'ReadIndexAnswer'
  | 'ReadAsked'
  | 'ReadServed'

/** Every rule: its source, and what it demands in one sentence. */
export const RULES: { readonly [rule in RuleName]: readonly [section: string, demand: string] } = {
  Sent: ['Thesis §3.1', 'what arrives was sent to this server, and had left: the network loses, repeats and reorders'],
  RestartKeeps: ['Paper Figure 2', 'term, vote and entries that were durable are there after a restart'],
  RestartInvents: ['Paper Figure 2', 'nothing is there after a restart that was never written'],
  RestartForgets: [
    'Paper Figure 2',
    'a server starts as a follower that knows no leader, and has committed its snapshot',
  ],
  DurableClaim: ['Thesis §10.2.1', 'a server takes nothing for durable that its disk has not confirmed'],
  TermMonotonic: ['Paper §5.1', 'the current term never falls'],
  UpdateTerm: ['Paper §5.1', 'the term rises to that of a message, or by one at a time-out'],
  VoteOnce: ['Paper §5.2', 'within a term a vote is given once and never changes'],
  VoteAsked: ['Paper Figure 2', 'a vote goes to who asks for it in this very term, or to oneself at a time-out'],
  VoteUpToDate: ['Paper §5.4.1', 'a vote goes to a log that is at least as up-to-date as the own'],
  Timeout: ['Paper §5.2', 'a candidate has raised its term and voted for itself'],
  PreVoteFirst: ['Thesis §9.6', 'the term is raised only when a quorum would vote, except in term 0 and on TimeoutNow'],
  RoleChange: ['Paper Figure 4', 'a candidate stays one until it wins, hears the leader, or asks anew'],
  BecomeLeader: ['Paper §5.2', 'a leader has the votes of a quorum of its configuration: of both in a joint phase'],
  OwnVoteDurable: ['Paper Figure 2', 'a candidate counts its own vote when it is durable'],
  ElectionSafety: ['Paper Figure 3', 'a term has at most one leader, who is elected once'],
  VoteHistory: ['Paper Figure 2', 'who voted in a term never votes for another in it, restarts included'],
  LeaderCompleteness: ['Paper Figure 3', 'a leader has every entry that was committed in an earlier term'],
  LeaderKnown: ['Paper §5.2', 'whoever is taken for the leader of this term has said so'],
  LeaderAppendOnly: ['Paper Figure 3', 'a leader never overwrites or deletes entries of its log'],
  LeaderTerm: ['Paper §5.3', 'a leader appends entries of its own term'],
  FollowerLog: ['Paper §5.3', 'the log of who is no leader changes by what a leader sends, and by nothing else'],
  Consistency: ['Paper §5.3', 'entries are taken only behind an entry that agrees in index and term'],
  Conflict: ['Paper Figure 2', 'entries are cut off only from the first that conflicts'],
  CommittedStays: ['Paper §5.4', 'what is committed is never cut off'],
  AppendsWhatCame: ['Paper Figure 2', 'what is appended is what the leader sent, all of it'],
  CommitMonotonic: ['Paper Figure 2', 'commitIndex never falls'],
  CommitOwnTerm: ['Paper §5.4.2', 'a leader commits by counting only entries of its own term'],
  CommitQuorum: ['Paper §5.3', 'a leader commits what a quorum has acknowledged, itself counted for what is durable'],
  CommitFollower: [
    'Paper Figure 2',
    'a follower commits no more than leaderCommit, and than what the message vouches for',
  ],
  StateMachineSafety: ['Paper Figure 3', 'no two servers commit different entries at one index'],
  ApplyCommitted: ['Paper Figure 2', 'only what is committed is applied, and nothing twice'],
  SnapshotOfCommitted: ['Paper §7', 'a snapshot replaces committed entries only, and names the last of them'],
  SnapshotRetains: [
    'Paper Figure 13',
    'entries behind an installed snapshot stay if its last entry is in the log, else all go',
  ],
  ConfigurationInForce: ['Thesis §4.1', 'the newest configuration in the log holds, committed or not, cut off or not'],
  OneChange: ['Thesis §4.1', 'a change begins when the one before is committed'],
  ChangeOwnTerm: ['Raft-dev, 2015', 'a leader changes members only after it has committed an entry of its own term'],
  ChangeShape: ['Thesis §4.1, §4.3', 'one voter more or less, or by way of both configurations jointly'],
  Envelope: ['Paper §5.1', 'a message says truly who sends it, and in which term'],
  PreVoteSaid: ['Thesis §9.6', 'a pre-candidate asks about the next term, with its own log'],
  PreVoteGrant: ['Thesis §9.6', 'would vote: the term is new, or the vote free, and the log up-to-date'],
  RequestVoteSaid: ['Paper §5.2', 'a candidate asks for votes, with its own log'],
  RequestVoteDurable: ['Paper Figure 2', 'a candidate asks when its term and its own vote are durable'],
  TransferSaid: ['Thesis §4.2.3', 'only who was told to campaign by the leader says so'],
  VoteSaid: ['Paper §5.2', 'who says that it votes has voted'],
  VoteDurable: ['Paper Figure 2', 'a vote leaves when it is durable'],
  AppendSaid: ['Paper §5.2', 'only the leader of a term sends entries and snapshots in it'],
  AppendOwnLog: ['Paper §5.3', 'what a leader sends, with what lies before it, is in its log'],
  AppendCommit: ['Paper §5.3', 'leaderCommit is no more than the own commitIndex'],
  AckAgrees: ['Paper §5.3', 'a success claims what agrees with the leader, and nothing behind it'],
  AckDurable: ['Paper Figure 2', 'a success leaves when what it claims is durable'],
  AckRound: ['Thesis §6.4', 'an answer names a round and a session that the leader has named'],
  SnapshotSaid: ['Paper §7', 'a leader sends a snapshot of what it has committed, with the members as of then'],
  MatchClaim: ['Paper Figure 2', 'matchIndex is no more than the follower has acknowledged'],
  VotesClaim: ['Paper §5.2', 'the votes counted are those that came in'],
  TransferCaughtUp: ['Thesis §3.10', "TimeoutNow goes to a voter that has all of the leader's log"],
  ReadIndexAnswer: [
    'Thesis §6.4',
    'a read index is committed, of a leader that has committed in its term and is still confirmed',
  ],
  ReadAsked: ['Thesis §6.4', 'a question for a read is never taken for one of an earlier life'],
  ReadServed: ['Thesis §6.4', 'a read is served at an index that the leader gave after the read began'],
}

/** A step that is no step of Raft: the rule that it breaks, its source, and the numbers. */
export class SpecViolation extends Error {
  readonly rule: RuleName
  readonly section: string
  readonly server: ServerId
  readonly detail: string

  constructor(rule: RuleName, server: ServerId, detail: string) {
    const [section, demand] = RULES[rule]
    super(`${server}: ${detail}. Rule ${rule}, ${section}: ${demand}`)
    this.name = 'SpecViolation'
    this.rule = rule
    this.section = section
    this.server = server
    this.detail = detail
  }
}

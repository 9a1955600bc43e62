/**
 * The checkers' own bugs: for each property that the simulator watches over, the change that switches its check off, and
 * a bug which that check is the first to see. With the check off, the same run must go on: to its end, or until another
 * property breaks, later. `scripts/teeth-checkers.js` looks whether it does: a check that can be switched off without
 * anybody noticing is none.
 */
import type { Place } from './mutations.ts'

export interface Checker extends Place {
  /** As the simulator names what is broken; several checks may watch over one property. */
  readonly property: string
  /** Which of several checks this is; empty for the only one. */
  readonly part: string
  /** Bugs of the catalogue that it may be the first to see. */
  readonly bugs: readonly string[]
}

const INVARIANTS = 'src/raft/invariants.ts'
const PROMISES = 'src/sim/watch/promises.ts'
const MESSAGES = 'src/sim/watch/messages.ts'
const APPLIED = 'src/sim/watch/applied.ts'
const LEDGER = 'src/sim/clients/ledger.ts'
const EPILOGUE = 'src/sim/epilogue.ts'

export const CHECKERS: readonly Checker[] = [
  // ── The core's invariants ──
  {
    property: 'Election Safety',
    part: '',
    file: INVARIANTS,
    find: 'if (other !== undefined && other !== state.id) {',
    replace: "if (other === '') {",
    bugs: ['half-elects', 'vote-counted-twice', 'joint-election-by-new', 'vote-cleared-in-same-term'],
  },
  {
    property: 'Leader Completeness',
    part: '',
    file: INVARIANTS,
    find: 'if (last >= Math.max(log.baseIndex, 1) && log.termAt(last) !== this.committed[last]) {',
    replace: 'if (last < 0) {',
    bugs: ['up-to-date-by-commit', 'half-commits', 'leader-counts-itself-early'],
  },
  {
    property: 'Log Matching',
    part: '',
    file: INVARIANTS,
    find: "if (differs) throw violation('Log Matching'",
    replace: "if (differs && term < 0) throw violation('Log Matching'",
    bugs: ['no-term-check', 'off-by-one-at-snapshot', 'half-elects'],
  },
  {
    property: 'Durable Match',
    part: 'durable',
    file: INVARIANTS,
    find: 'if (matchIndex > follower.log.durableIndex && matchIndex > follower.log.baseIndex) {',
    replace: 'if (matchIndex < 0) {',
    bugs: ['match-is-own-last', 'refusal-acknowledges', 'acknowledge-before-disk', 'old-write-confirms-new-entry'],
  },
  {
    property: 'Durable Match',
    part: 'the same',
    file: INVARIANTS,
    find: 'if (ours !== null && theirs !== null && ours !== theirs) {',
    replace: 'if (ours !== null && ours < 0) {',
    bugs: ['refusal-acknowledges', 'stale-acknowledgement', 'no-term-check', 'match-is-own-last'],
  },
  {
    property: 'State Machine Safety',
    part: 'by term',
    file: INVARIANTS,
    find: '} else if (known !== term) {',
    replace: '} else if (known < 0) {',
    bugs: ['commit-beyond-message', 'half-commits', 'joint-commit-by-new'],
  },
  {
    property: 'Commit Rule',
    part: 'of its own term',
    file: INVARIANTS,
    find: 'if (log.termAt(commitIndex) !== currentTerm) {',
    replace: 'if (commitIndex < 0) {',
    bugs: ['figure-8', 'figure-8-by-last-entry'],
  },
  {
    property: 'Commit Rule',
    part: 'a quorum',
    file: INVARIANTS,
    find: 'if (!hasQuorum(inForce, holds)) {',
    replace: 'if (commitIndex < 0 && !hasQuorum(inForce, holds)) {',
    bugs: ['leader-counts-itself-early', 'half-commits', 'joint-commit-by-new'],
  },
  {
    property: 'Order of Indexes',
    part: '',
    file: INVARIANTS,
    find: '    checkBounds(state)\n',
    replace: '',
    bugs: ['commit-falls', 'compacts-what-is-not-applied', 'old-snapshot-installed', 'old-write-confirms-new-entry'],
  },
  {
    property: 'Rest',
    part: '',
    file: INVARIANTS,
    find: '    checkRest(state)\n',
    replace: '',
    bugs: ['rest-on-a-late-word', 'rest-while-one-lags'],
  },
  {
    property: 'Overlapping Majorities',
    part: '',
    file: INVARIANTS,
    find: 'if (isSafe || before.voters.length === 0) continue',
    replace: 'if (index >= 0) continue',
    bugs: ['snapshot-with-latest-configuration', 'snapshot-keeps-configuration', 'two-changes-pending'],
  },
  {
    property: 'One Vote',
    part: 'within a life',
    file: INVARIANTS,
    find: 'if (state.currentTerm === before.term && voteChanged) {',
    replace: 'if (state.currentTerm < 0 && voteChanged) {',
    bugs: ['vote-cleared-in-same-term', 'vote-twice'],
  },
  {
    property: 'Monotonic Commit',
    part: '',
    file: INVARIANTS,
    find: 'if (state.commitIndex < before.commitIndex) {',
    replace: 'if (state.commitIndex < 0) {',
    bugs: ['commit-falls', 'old-snapshot-installed'],
  },
  {
    property: 'Monotonic Match',
    part: '',
    file: INVARIANTS,
    find: 'if (matchIndex < before)',
    replace: 'if (matchIndex < 0)',
    bugs: ['match-falls'],
  },
  {
    property: 'Next behind Match',
    part: '',
    file: INVARIANTS,
    find: 'if (nextIndex <= matchIndex)',
    replace: 'if (nextIndex < 0)',
    bugs: ['next-behind-match'],
  },
  {
    property: 'Candidate Steps Down',
    part: '',
    file: INVARIANTS,
    find: '    checkCampaign(state)\n',
    replace: '',
    bugs: ['deaf-candidate'],
  },
  // ── What was promised ──
  {
    property: 'Durable Promise',
    part: 'votes',
    file: PROMISES,
    find: 'if (term > voteTerm || (term === voteTerm && votedFor === candidate)) return',
    replace: 'if (voteTerm >= 0) return',
    bugs: ['vote-before-disk', 'request-before-disk', 'term-not-persisted'],
  },
  {
    property: 'Durable Promise',
    part: 'terms',
    file: PROMISES,
    find: 'if (durable.term < message.term)',
    replace: 'if (durable.term < 0)',
    bugs: ['own-vote-before-disk', 'term-not-persisted'],
  },
  {
    property: 'Durable Promise',
    part: 'entries',
    file: PROMISES,
    find: 'if (message.success && message.index > Math.max(durable.lastIndex, reached.get(message.term) ?? 0))',
    replace: 'if (message.success && message.index < 0)',
    bugs: ['acknowledge-before-disk', 'heartbeat-claims-too-much', 'old-write-confirms-new-entry'],
  },
  {
    property: 'Durable State',
    part: '',
    file: PROMISES,
    find: "if (objection !== null) throw new BrokenProperty('Durable State'",
    replace: "if (objection === '') throw new BrokenProperty('Durable State'",
    bugs: ['damage-taken-for-tear', 'sync-retried', 'sync-failure-ignored', 'rename-not-synced'],
  },
  {
    property: 'One Vote',
    part: 'over all lives',
    file: PROMISES,
    find: 'if (before !== candidate)',
    replace: "if (before === '')",
    bugs: ['sync-retried', 'emptied-disk-let-in', 'vote-twice', 'term-not-persisted'],
  },
  // ── What is said ──
  {
    property: 'Honest Message',
    part: '',
    file: MESSAGES,
    find: "if (message.type === 'AppendEntries' && message.term === state.currentTerm) this.checkAppend(server, message)",
    replace: '',
    bugs: ['cut-never', 'no-term-check', 'commit-falls'],
  },
  {
    property: 'No Impostor',
    part: '',
    file: MESSAGES,
    find: 'if (sender.isFounder || (known !== undefined && known !== sender.incarnation))',
    replace: "if (known === '')",
    bugs: ['emptied-disk-let-in'],
  },
  {
    property: 'Handing Over',
    part: '',
    file: 'src/sim/watch/handing-over.ts',
    find: "if (input.type !== 'propose' || transfer === null || log.lastIndex === before) return",
    replace: 'if (transfer === null || log.lastIndex >= 0) return',
    bugs: ['commands-during-transfer'],
  },
  // ── What is applied ──
  {
    property: 'Exactly Once',
    part: '',
    file: APPLIED,
    find: 'if (earlier !== undefined)',
    replace: 'if (earlier === -1)',
    bugs: ['session-repeat-applied', 'unknown-outcome-tried-again', 'sessions-not-in-snapshot'],
  },
  {
    property: 'Determinism',
    part: 'answers',
    file: APPLIED,
    find: 'if (first.answer !== answer)',
    replace: 'if (first.answer < 0)',
    bugs: ['checksum-not-checked', 'snapshot-checksum-not-checked'],
  },
  {
    property: 'State Machine Safety',
    part: 'by command',
    file: APPLIED,
    find: 'if (first.command !== command)',
    replace: 'if (first.command < 0)',
    bugs: ['checksum-not-checked', 'sessions-not-in-snapshot', 'session-expires-by-own-clock'],
  },
  {
    property: 'Faithful Snapshot',
    part: '',
    file: APPLIED,
    find: 'else if (first.whole !== whole)',
    replace: 'else if (first.whole < 0)',
    bugs: ['session-expires-by-own-clock', 'snapshot-with-latest-configuration'],
  },
  // ── What clients are told ──
  {
    property: 'Acknowledged Means Applied',
    part: '',
    file: LEDGER,
    find: 'if (index === undefined)',
    replace: 'if (index === -1)',
    bugs: ['answer-of-another-entry'],
  },
  {
    property: 'Linearizable Read',
    part: '',
    file: LEDGER,
    find: 'if (lastApplied < committed)',
    replace: 'if (lastApplied < 0)',
    bugs: ['read-before-applied', 'read-before-own-commit', 'lease-too-long'],
  },
  {
    property: 'Refused Means Never',
    part: '',
    file: LEDGER,
    find: 'if (index !== undefined)',
    replace: 'if (index === -1)',
    bugs: ['unknown-outcome-tried-again', 'answer-of-another-entry'],
  },
  // ── What must come about in the end ──
  {
    property: 'Calm',
    part: '',
    file: EPILOGUE,
    find: 'if (termOf(core) !== term)',
    replace: 'if (termOf(core) < 0)',
    bugs: ['pre-vote-raises-term', 'refusal-resets-timer'],
  },
  {
    property: 'No Acknowledged Loss',
    part: '',
    file: EPILOGUE,
    find: 'if (commitIndex < ledger.lastAcknowledged)',
    replace: 'if (commitIndex < 0)',
    bugs: ['sync-failure-ignored', 'acknowledge-before-disk'],
  },
  {
    property: 'A Leader In Time',
    part: '',
    file: EPILOGUE,
    find: "patienceMs, 'A Leader In Time',",
    replace: "Number.POSITIVE_INFINITY, 'A Leader In Time',",
    bugs: ['deaf-candidate', 'no-check-quorum', 'pre-vote-refusal-ignored'],
  },
  {
    property: 'Progress',
    part: '',
    file: EPILOGUE,
    find: "patienceMs, 'Progress',",
    replace: "Number.POSITIVE_INFINITY, 'Progress',",
    bugs: ['no-entry-at-term-start', 'transfer-never-ends'],
  },
  {
    property: 'Convergence',
    part: '',
    file: EPILOGUE,
    find: "patienceMs, 'Convergence',",
    replace: "Number.POSITIVE_INFINITY, 'Convergence',",
    bugs: ['window-leaks', 'probe-stuck'],
  },
  {
    property: 'No Stop Without Cause',
    part: '',
    file: 'src/sim/nemesis/supervisor.ts',
    find: 'if (!isOfDisk || !this.isExcused(server)) {',
    replace: "if (error.message === '') {",
    bugs: ['tear-taken-for-damage', 'failed-write-left-behind', 'snapshot-name-not-synced', 'next-behind-match'],
  },
  {
    property: 'Cluster Forms',
    part: '',
    file: 'src/sim/run.ts',
    find: "FORMING_LIMIT_MS, 'Cluster Forms'",
    replace: "Number.POSITIVE_INFINITY, 'Cluster Forms'",
    bugs: ['up-to-date-strictly'],
  },
  // ── The second specification, and the histories ──
  {
    property: 'Specification',
    part: '',
    file: 'src/sim/watch/conformance.ts',
    find: 'if (!(error instanceof SpecViolation)) throw error',
    replace: 'if (error instanceof SpecViolation) return\n      throw error',
    bugs: ['up-to-date-strictly', 'vote-before-disk', 'read-without-round'],
  },
  {
    property: 'Linearizability',
    part: '',
    file: 'src/sim/run.ts',
    find: "if (verdict === 'not') throw",
    replace: 'if (verdict === undefined) throw',
    bugs: ['put-forgotten-everywhere'],
  },
]

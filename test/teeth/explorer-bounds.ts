/** The bounds within which the explorer looks for each bug. */

const ELECTIONS = '--terms 2 --log 1 --messages 4 --proposals 1 --heartbeats 0 --crashes 1 --noop'
const LOGS = '--terms 3 --log 2 --messages 4 --proposals 2 --heartbeats 1 --crashes 0'
const CRASHES = '--terms 2 --log 2 --messages 4 --proposals 1 --heartbeats 0 --crashes 1 --unsynced --noop'
const MEMBERS = '--servers 4 --terms 2 --log 4 --messages 4 --proposals 0 --heartbeats 1 --crashes 0 --changes 1 --noop'
const SNAPSHOTS = '--terms 3 --log 3 --messages 4 --proposals 3 --heartbeats 2 --crashes 1 --snapshots 2'

/** For each bug, small ones in which it does harm: options of `quorate explore`. */
export const BOUNDS: { readonly [id: string]: string } = {
  'vote-twice': ELECTIONS,
  'up-to-date-by-length': LOGS,
  'up-to-date-by-commit': LOGS,
  'vote-cleared-in-same-term': '--terms 2 --log 1 --messages 4 --proposals 0 --heartbeats 0 --crashes 0 --step-downs 1',
  'vote-before-disk': CRASHES,
  'request-before-disk': CRASHES,
  'term-not-persisted': ELECTIONS,
  'deaf-candidate': ELECTIONS,
  'stale-votes': '--terms 2 --log 1 --messages 6 --proposals 0 --heartbeats 0 --crashes 0 --no-vanish',
  'half-elects': '--servers 4 --terms 2 --log 1 --messages 6 --proposals 0 --heartbeats 0 --crashes 0',
  'figure-8': LOGS,
  'half-commits': '--servers 4 --terms 2 --log 1 --messages 6 --proposals 1 --heartbeats 0 --crashes 0',
  'commit-beyond-message': LOGS,
  'commit-falls': LOGS,
  'match-falls': LOGS,
  'refusal-acknowledges': LOGS,
  'match-is-own-last': LOGS,
  'cut-always': LOGS,
  'cut-never': LOGS,
  'no-term-check': LOGS,
  'acknowledge-before-disk': CRASHES,
  'leader-counts-itself-early': CRASHES,
  'old-write-confirms-new-entry':
    '--terms 3 --log 1 --messages 4 --proposals 0 --heartbeats 0 --unsynced --noop --crashes 0',
  'configuration-not-on-append': MEMBERS,
  'configuration-not-rolled-back': MEMBERS,
  'joint-election-by-new': MEMBERS.replace('--messages 4', '--messages 5'),
  'joint-commit-by-new': MEMBERS.replace('--terms 2', '--terms 1'),
  'snapshot-over-matching-log': SNAPSHOTS,
  'old-snapshot-installed': SNAPSHOTS,
  'snapshot-term-lost': SNAPSHOTS,
  'snapshot-acknowledged-before-disk': `${SNAPSHOTS} --unsynced`,
  'pre-vote-counts-as-vote':
    '--servers 3 --terms 2 --log 1 --messages 5 --proposals 0 --heartbeats 0 --crashes 0 --pre-vote',
  'vote-counted-twice': `${ELECTIONS.replace('--crashes 1', '--crashes 0')} --duplicates 1`,
  'figure-8-by-last-entry': `${LOGS} --noop`,
  'stale-acknowledgement': LOGS,
  'two-changes-pending': MEMBERS.replace('--changes 1', '--changes 2'),
  'change-before-own-commit': MEMBERS.replace('--terms 2', '--terms 3').replace('--changes 1', '--changes 2'),
  'removed-leader-counts': MEMBERS,
  'next-behind-match': LOGS,
  'first-behind-snapshot-skipped': SNAPSHOTS,
  'heartbeat-claims-too-much': CRASHES.replace('--heartbeats 0', '--heartbeats 1'),
  'timeout-now-too-early': `${ELECTIONS} --transfers 1`,
  'commands-during-transfer': `${ELECTIONS} --transfers 1`,
  'pre-vote-answer-of-any-question':
    '--terms 3 --log 1 --messages 5 --proposals 0 --heartbeats 0 --crashes 0 --pre-vote',
  'pre-vote-raises-term': '--terms 2 --log 1 --messages 5 --proposals 0 --heartbeats 0 --crashes 0 --pre-vote',
  'empty-for-ever': LOGS,
  'own-vote-before-disk': CRASHES,
  'stale-refusal': LOGS,
  'cut-committed': LOGS,
  'applied-ahead-of-disk': CRASHES,
  'retired-name-given-again': MEMBERS.replace('--changes 1', '--changes 2'),
  'change-strands-cluster': MEMBERS,
  'snapshot-with-latest-configuration': `${MEMBERS} --snapshots 1`,
  'snapshot-keeps-configuration': `${MEMBERS} --snapshots 1`,
  'compacts-what-is-not-applied': SNAPSHOTS,
}

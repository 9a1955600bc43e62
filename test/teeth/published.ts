/**
 * The published table: fifty-five bugs that any implementation of Raft may have, by number, and behind them those that
 * libraries were reported to have and that are none of the fifty-five. Which change plants each is said where the bug is
 * at home, in `bugs`. `scripts/teeth-all.js` plants them one at a time and looks which engine finds which.
 */
import { MUTATIONS, type Mutation } from './mutations.ts'

/** Parts of the system, as the table is divided. */
export type Area = 'votes' | 'log' | 'commit' | 'configuration' | 'snapshot' | 'sessions' | 'reads' | 'storage' | 'wire'

/** What looks for a bug: see `scripts/teeth/engines.js`. */
export const ENGINES = ['sim', 'explore', 'tests', 'lab', 'sweep'] as const

export type EngineName = (typeof ENGINES)[number]

export interface PublishedBug {
  /** In the table; some have two or three forms, which share it. */
  readonly number: number
  readonly area: Area
  readonly id: string
  /** What ought to catch it: a property by the name under which it is reported. */
  readonly property: string
  /** For engines that could not show it, why not. */
  readonly without: { readonly [engine in EngineName]?: string }
}

type Row = readonly [
  number: number,
  area: Area,
  ids: string | readonly string[],
  property: string,
  without?: PublishedBug['without'],
]

const NO_READS = 'asks for no reads'
const NO_LEASES = 'keeps no leases'
const NO_LIVENESS = 'asks what may not happen, not what must'
const HARMLESS = 'only a leader with another bug sends what it would obey'
const ONE_CLUSTER = 'one cluster in a run'
const IN_MEMORY = 'its state machines live in memory, and begin at a snapshot'

/** The fifty-five. */
const TABLE: readonly Row[] = [
  [1, 'votes', 'vote-twice', 'One Vote'],
  [2, 'votes', 'up-to-date-by-length', 'Leader Completeness'],
  [3, 'votes', 'up-to-date-strictly', 'A Leader In Time', { explore: NO_LIVENESS }],
  [4, 'votes', 'up-to-date-by-commit', 'Leader Completeness'],
  [5, 'votes', 'vote-kept-in-new-term', 'A Leader In Time', { explore: NO_LIVENESS }],
  [5, 'votes', 'vote-cleared-in-same-term', 'One Vote'],
  [6, 'votes', 'vote-before-disk', 'Durable Promise'],
  [7, 'votes', 'term-not-persisted', 'Durable Promise'],
  [8, 'votes', ['stale-votes', 'pre-vote-counts-as-vote'], 'Election Safety'],
  [9, 'votes', 'half-elects', 'Election Safety'],
  [9, 'commit', 'half-commits', 'Commit Rule'],
  [10, 'votes', 'vote-counted-twice', 'Election Safety'],
  [11, 'commit', 'figure-8', 'Commit Rule'],
  [12, 'commit', 'figure-8-by-last-entry', 'Commit Rule'],
  [13, 'commit', 'commit-beyond-message', 'State Machine Safety'],
  [14, 'commit', 'commit-falls', 'Monotonic Commit'],
  [15, 'log', 'match-falls', 'Monotonic Match'],
  [16, 'log', 'next-behind-match', 'Next behind Match'],
  [17, 'commit', 'refusal-acknowledges', 'Durable Match'],
  [18, 'commit', 'match-is-own-last', 'Durable Match'],
  [19, 'log', 'cut-always', 'Durable Match'],
  [20, 'log', 'cut-never', 'an assertion: entries follow one another'],
  [21, 'log', 'no-term-check', 'Log Matching'],
  [22, 'log', 'first-behind-snapshot-skipped', 'Log Matching'],
  [23, 'log', ['acknowledge-before-disk', 'heartbeat-claims-too-much'], 'Durable Promise'],
  [24, 'commit', 'leader-counts-itself-early', 'Commit Rule'],
  [25, 'log', 'stale-acknowledgement', 'Durable Match'],
  [26, 'votes', 'deaf-candidate', 'Candidate Steps Down'],
  [27, 'votes', 'newer-term-in-answer-ignored', 'A Leader In Time', { explore: NO_LIVENESS }],
  [28, 'votes', 'timer-not-random', 'A Leader In Time', { explore: NO_LIVENESS }],
  [29, 'sessions', 'sessions-not-in-snapshot', 'Exactly Once'],
  [30, 'sessions', 'session-repeat-applied', 'Exactly Once'],
  [31, 'sessions', 'session-expires-by-own-clock', 'Faithful Snapshot'],
  [32, 'reads', 'read-before-own-commit', 'Linearizable Read'],
  [33, 'reads', 'read-without-round', 'Linearizable Read'],
  [34, 'reads', ['read-round-reused', 'read-request-id-restarts'], 'Linearizable Read', { explore: NO_READS }],
  [35, 'reads', 'read-before-applied', 'Linearizable Read'],
  [36, 'reads', ['lease-from-answer', 'lease-too-long'], 'Linearizable Read', { explore: NO_READS, lab: NO_LEASES }],
  [37, 'votes', 'timeout-now-too-early', 'Specification (TransferCaughtUp)'],
  [37, 'votes', 'commands-during-transfer', 'Handing Over'],
  [38, 'configuration', 'configuration-not-on-append', 'Specification'],
  [39, 'configuration', ['two-changes-pending', 'change-before-own-commit'], 'Specification'],
  [40, 'configuration', 'configuration-not-rolled-back', 'Specification'],
  [41, 'configuration', 'joint-election-by-new', 'Election Safety'],
  [41, 'configuration', 'joint-commit-by-new', 'Commit Rule'],
  [42, 'configuration', 'removed-leader-counts', 'Commit Rule'],
  [43, 'snapshot', 'snapshot-over-matching-log', 'Specification'],
  [44, 'snapshot', 'snapshot-term-lost', 'Specification'],
  [45, 'snapshot', 'snapshot-not-synced', 'No Stop Without Cause'],
  [46, 'storage', 'damage-taken-for-tear', 'Durable State'],
  [47, 'storage', ['sync-retried', 'sync-failure-ignored'], 'Durable State'],
  [48, 'storage', 'rename-not-synced', 'Durable State'],
  [48, 'snapshot', 'snapshot-name-not-synced', 'No Stop Without Cause'],
  [49, 'storage', ['checksum-not-checked', 'snapshot-checksum-not-checked'], 'Determinism'],
  [50, 'storage', 'emptied-disk-let-in', 'No Impostor'],
  [51, 'wire', 'other-cluster-let-in', 'Hello is refused', { sim: ONE_CLUSTER }],
  [52, 'votes', 'pre-vote-answer-of-any-question', 'Specification'],
  [52, 'votes', 'pre-vote-raises-term', 'Calm'],
  [53, 'votes', 'no-check-quorum', 'A Leader In Time', { explore: NO_LIVENESS }],
  [54, 'log', ['probe-stuck', 'window-leaks'], 'Convergence', { explore: NO_LIVENESS }],
  [55, 'log', 'empty-for-ever', 'no end of messages'],
]

/** Reported of libraries, and none of the fifty-five. */
const REPORTED: readonly Row[] = [
  [56, 'votes', 'request-before-disk', 'Durable Promise'],
  [57, 'votes', 'own-vote-before-disk', 'Specification'],
  [58, 'votes', 'pre-vote-refusal-ignored', 'A Leader In Time', { explore: NO_LIVENESS }],
  [59, 'votes', 'learner-does-not-vote', 'A Leader In Time', { explore: NO_LIVENESS }],
  [60, 'votes', 'transfer-meets-stickiness', 'Handing Over', { explore: NO_LIVENESS }],
  [61, 'votes', 'transfer-never-ends', 'Progress', { explore: NO_LIVENESS }],
  [62, 'log', 'stale-refusal', 'Specification'],
  [63, 'log', 'old-write-confirms-new-entry', 'Durable Match'],
  [64, 'log', 'cut-committed', 'State Machine Safety', { sim: HARMLESS, explore: HARMLESS, lab: HARMLESS }],
  [65, 'log', 'applied-ahead-of-disk', 'what is applied is on the own disk', { sim: IN_MEMORY, lab: IN_MEMORY }],
  [66, 'commit', 'no-entry-at-term-start', 'Progress', { explore: NO_LIVENESS }],
  [67, 'sessions', 'answer-of-another-entry', 'Acknowledged Means Applied'],
  [68, 'sessions', 'unknown-outcome-tried-again', 'Exactly Once'],
  [69, 'reads', 'lease-survives-transfer', 'Linearizable Read', { explore: NO_READS, lab: NO_LEASES }],
  [70, 'reads', 'lease-promise-forgotten', 'Linearizable Read', { explore: NO_READS, lab: NO_LEASES }],
  [71, 'configuration', 'joint-left-by-its-author-only', 'Convergence', { explore: NO_LIVENESS }],
  [72, 'configuration', 'retired-name-given-again', 'a used name is refused', { sim: 'adds nobody under an old name' }],
  [
    73,
    'configuration',
    'change-strands-cluster',
    'an unsafe change is refused',
    { sim: 'expects nothing of a majority that is down' },
  ],
  [74, 'configuration', 'needed-voter-forgotten-in-a-restart', 'A Leader In Time', { explore: NO_LIVENESS }],
  [75, 'snapshot', 'snapshot-with-latest-configuration', 'Specification'],
  [76, 'snapshot', 'snapshot-keeps-configuration', 'Specification'],
  [77, 'snapshot', 'old-snapshot-installed', 'Monotonic Commit'],
  [78, 'snapshot', 'snapshot-acknowledged-before-disk', 'Specification'],
  [79, 'snapshot', 'compacts-what-is-not-applied', 'the described snapshot is of what is applied'],
  [80, 'storage', 'tear-taken-for-damage', 'No Stop Without Cause'],
  [81, 'storage', 'failed-write-left-behind', 'No Stop Without Cause'],
]

/** The highest number of the table proper. */
export const TABLE_SIZE = 55

/** Every form of every bug, in the order of the table. */
export const PUBLISHED: readonly PublishedBug[] = [...TABLE, ...REPORTED].flatMap(
  ([number, area, ids, property, without = {}]) =>
    [ids].flat().map((id) => ({ number, area, id, property, without: { ...withoutByPlace(id), ...without } })),
)

/** The change that plants it. */
export function mutationOf({ id }: Pick<PublishedBug, 'id'>): Mutation {
  const mutation = MUTATIONS.find((one) => one.id === id)
  if (mutation === undefined) throw new Error(`no bug is called ${id}`)
  return mutation
}

/** What an engine does not run, it cannot find. */
function withoutByPlace(id: string): PublishedBug['without'] {
  const { file } = mutationOf({ id })
  if (file.startsWith('src/raft/')) {
    const isOfReads = file === 'src/raft/read.ts' || file === 'src/raft/lease.ts'
    return {
      sweep: 'looks at disks',
      ...(isOfReads ? { explore: NO_READS, lab: 'its clients write what they ask' } : {}),
    }
  }
  const folder = file.split('/')[1] ?? ''
  const isOfDisk = folder === 'storage' || id === 'emptied-disk-let-in'
  return {
    explore: `has the core only, nothing of ${folder}`,
    lab: `has the core only, nothing of ${folder}`,
    ...(isOfDisk ? {} : { sweep: 'looks at disks' }),
  }
}

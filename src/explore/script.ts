/**
 * A path as a conversation script: the language in which the core's own tests are written (`raft/testing/verbs.ts`). Put
 * into `src/raft/testdata` it is a test; with the bug still there its invariants fail.
 */
import type { ConfigurationChange } from '../raft/configuration-change.ts'
import { utf8Decode } from '../util/bytes.ts'
import { type Bounds, nameOf, serverCount } from './bounds.ts'
import type { Happening } from './path.ts'

/** Longer than any time-out. */
const LONG_MS = 1000
/** So that a leader's other deadlines come before it has heard no quorum for too long. */
const LATE_MS = 310

/** The whole script; `title` becomes its first line. */
export function scriptOf(title: string, bounds: Bounds, path: readonly Happening[]): string {
  const { servers, unsynced } = bounds
  const ids = Array.from({ length: serverCount(bounds) }, (_, place) => nameOf(place))
  return [
    `# ${title}`,
    `servers ${servers} ${optionsOf(bounds).join(' ')}`.trim(),
    ...ids.slice(servers).map((id) => `join ${id}`),
    ...(unsynced ? ids.map((id) => `disk ${id} held`) : []),
    ...path.flatMap(linesOf),
    'status',
    '',
  ].join('\n')
}

function optionsOf({ preVote, noop, transfers, changes, snapshots }: Bounds): string[] {
  const hasLate = transfers + changes + snapshots > 0
  return [
    ...(preVote ? [] : ['preVote=off']),
    ...(noop ? [] : ['noopAtTermStart=off']),
    ...(hasLate ? [`electionTimeoutMaxMs=${LATE_MS}`, 'snapshotRetryMs=60'] : []),
  ]
}

function linesOf(happening: Happening): string[] {
  const { id, input, snapshotIndex } = happening
  switch (input.type) {
    case 'deliver':
      return deliveryOf(happening)
    case 'timeout':
      return [`timeout ${id}`]
    case 'heartbeat':
      return [`wait ${id} 50`, `timeout ${id}`]
    case 'late':
      return [`wait ${id} ${LATE_MS}`, `timeout ${id}`]
    case 'quorumLost':
      return [`wait ${id} ${LONG_MS}`, `timeout ${id}`]
    case 'persist':
      return [`persist ${id} next`]
    case 'crash':
      return [`crash ${id}`, `restart ${id}`]
    case 'propose':
      return [`propose ${id} ${utf8Decode(input.command)}`]
    case 'snapshot':
      return [`snapshot ${id} ${snapshotIndex}`]
    case 'transfer':
      return [`transfer ${id} ${input.to}`]
    case 'change':
      return [`change ${id} ${wordsOf(input.change)}`]
  }
}

function deliveryOf({ id, input, fate, occurrence, leads }: Happening): string[] {
  if (input.type !== 'deliver') return []
  const { from, to, type } = input.message
  const flight = `${from}->${to} ${type} ${occurrence}`
  if (fate === 'isLost') return [`drop ${flight}`]
  // Whoever is asked for a vote has not heard a leader for long.
  const isQuestion = !leads && (type === 'PreVote' || type === 'RequestVote')
  return [
    ...(isQuestion ? [`wait ${id} ${LONG_MS}`] : []),
    ...(fate === 'arrivesTwice' ? [`duplicate ${flight}`] : []),
    `deliver ${flight}`,
  ]
}

function wordsOf(change: ConfigurationChange): string {
  switch (change.type) {
    case 'addLearner':
      return `addLearner ${change.id}${change.promote ? ' promote' : ''}`
    case 'replaceVoters':
      return `replaceVoters ${change.voters.join(',')}`
    default:
      return `${change.type} ${change.id}`
  }
}

// What the simulator's campaigns come to: sums over all of them, where the same seeds at the same commit count once.
import { added, byCount, count, duration, provenance, sumOf, table, YEAR_MS } from './words.js'

/** Of runs in which the same property was broken. */
const NAMED_SEEDS = 5
const DETAIL_LENGTH = 300
const OPEN = '**open**'

export const GOALS = { seeds: 1_000_000, simulatedMs: 10 * YEAR_MS, faults: 100_000_000 }

/** What an operator does is trouble for a cluster, and no fault. */
const OPERATOR = ['transfer', 'snapshot', 'add', 'remove', 'demote', 'promote', 'replaceVoters', 'stop', 'upgrade']
/** A time in which frames are cut, bytes flip, messages get lost or disks fail: each of those is counted by itself. */
const TIMES = ['cutFrames', 'corruptBytes', 'unruly', 'fullDisk', 'breakDisk']
const GROUPS = {
  network: [
    ...['isolate', 'partition', 'bridge', 'cutLink', 'flap', 'delay', 'slowLink', 'hangUp'],
    ...['frame cut', 'byte corrupted', 'message lost', 'message copied', 'message late'],
  ],
  servers: ['crash', 'crashAt', 'crashAll', 'pause', 'drift', 'leap', 'slowApply'],
  disks: ['slowDisk', 'operation failed', 'rot', 'misdirect', 'emptyDisk'],
}

/** @returns what all campaigns together have done, or null when there was none */
export function sumOfCampaigns(results, found = []) {
  const { counted, repeated } = withoutRepeats(results)
  if (counted.length === 0) return null
  const sum = added(counted)
  const { situations } = sum
  const faults = Object.fromEntries(Object.entries(sum.faults).filter(([kind]) => !isNoFault(kind)))
  return {
    ...sum,
    results: counted,
    repeated,
    faults,
    operator: Object.fromEntries(OPERATOR.flatMap((kind) => (sum.faults[kind] ? [[kind, sum.faults[kind]]] : []))),
    situations,
    reached: sumOf(Object.fromEntries(Object.entries(situations).map(([name, times]) => [name, times > 0 ? 1 : 0]))),
    seeds: sum.runs - sum.guided,
    faultCount: sumOf(faults),
    diskFaults: sumOf(Object.fromEntries(GROUPS.disks.map((kind) => [kind, faults[kind] ?? 0]))),
    failures: counted.flatMap(failuresOf),
    open: openKinds(counted.flatMap(failuresOf), found),
    failed: counted.reduce((all, { failed, failures }) => all + (failed ? sumOf(failed) : failures.length), 0),
  }
}

/** Of two campaigns at one commit whose seeds overlap the longer one counts. */
export function withoutRepeats(results) {
  const counted = []
  const repeated = []
  for (const result of [...results].sort((one, other) => other.runs - one.runs)) {
    if (counted.some((one) => one.commit === result.commit && overlap(one, result))) repeated.push(result)
    else counted.push(result)
  }
  return { counted: counted.sort((one, other) => (one.date < other.date ? -1 : 1)), repeated }
}

/** With how often its property was broken in the campaign, whether or not all of these are listed. */
function failuresOf({ failures, failed = timesBroken(failures), commit }) {
  return failures.map((failure) => ({ ...failure, commit, times: failed[failure.property] }))
}

function timesBroken(failures) {
  const times = {}
  for (const { property } of failures) times[property] = (times[property] ?? 0) + 1
  return times
}

/** A campaign that broke one property a thousand times names a few of the seeds, and says how often it was. */
export function slimCampaign({ failures, ...result }) {
  const named = {}
  const kept = failures.filter(({ property }) => {
    named[property] = (named[property] ?? 0) + 1
    return named[property] <= NAMED_SEEDS
  })
  const short = kept.map(({ detail, ...failure }) => ({ ...failure, detail: detail?.slice(0, DETAIL_LENGTH) }))
  return { ...result, failed: timesBroken(failures), failures: short }
}

/** Slices of one campaign, each of which began behind the seeds of the one before, as one result. */
export function campaignOf(slices) {
  const [first] = slices
  const { pairs, seconds, ...sum } = added(slices)
  const failures = slices.flatMap((slice) => slice.failures)
  return { ...first, ...sum, firstSeed: first.firstSeed, failures }
}

export function simSection(results, notes) {
  const sum = sumOfCampaigns(results)
  if (sum === null) return null
  return [
    `${provenance(sum.results)} A run is a whole cluster on virtual time: real nodes, disks that fail, a network that loses, clients whose histories are checked, and a plan of trouble that its seed draws.`,
    ...(sum.repeated.length === 0
      ? []
      : ['', `Left out: ${sum.repeated.length} whose seeds another run at the same commit had.`]),
    '',
    ...table(['', 'number:'], rowsOf(sum)),
    '',
    ...faultLines(sum),
    '',
    ...situationLines(sum),
    '',
    ...failureLines(sum, notes),
  ]
}

function rowsOf(sum) {
  return [
    ['runs', count(sum.runs)],
    ['seeds among them', count(sum.seeds)],
    ['plans among them that were changed from earlier ones, towards what had not come about', count(sum.guided)],
    ['simulated time', duration(sum.simulatedMs)],
    ['events', count(sum.events)],
    ...(sum.messages === undefined ? [] : [['messages of Raft', count(sum.messages)]]),
    ...(sum.steps === undefined ? [] : [['steps of the core, each held against the specification', count(sum.steps)]]),
    ['faults', count(sum.faultCount)],
    ['elections', count(sum.elections)],
    ['entries committed', count(sum.commits)],
    ['operations answered', count(sum.acknowledged)],
    ['histories found linearizable', count(sum.histories.linearizable)],
    ['histories too hard to tell', count(sum.histories.unknown)],
    ['runs that failed', count(sum.failed)],
  ]
}

function faultLines({ faults, operator }) {
  const known = Object.values(GROUPS).flat()
  const other = Object.keys(faults).filter((kind) => !known.includes(kind))
  const groups = { ...GROUPS, ...(other.length > 0 && { other }) }
  const rows = Object.entries(groups).map(([name, kinds]) => {
    const own = Object.fromEntries(kinds.map((kind) => [kind, faults[kind] ?? 0]))
    return [name, count(sumOf(own)), listed(own)]
  })
  return [
    'Faults by kind:',
    '',
    ...table(['of', 'faults:', 'kinds'], rows),
    '',
    `Besides, what operators do: ${listed(operator)}.`,
  ]
}

function situationLines({ situations, reached, runs }) {
  const rows = byCount(situations).map(([name, times]) => [name, times === 0 ? 'never' : count(times)])
  return [
    `Situations that a run may come into: ${reached} of ${rows.length} came about. In how many of the ${count(runs)} runs:`,
    '',
    ...table(['situation', 'runs:'], rows),
  ]
}

function failureLines({ failures, failed }, { found }) {
  if (failed === 0) return ['No run failed.']
  const rows = groupsOf(failures).map((group) => {
    const [{ property, commit, times }] = group
    return [
      property,
      commit?.slice(0, 7) ?? 'unknown',
      count(times),
      group.map(seedOf).join(', '),
      fateOf(group, found),
    ]
  })
  return [
    'Runs that failed:',
    '',
    ...table(['what is broken', 'commit', 'runs:', 'seeds, some of them', 'what it was'], rows),
  ]
}

/** By what was broken, and where. */
function groupsOf(failures) {
  const groups = new Map()
  for (const failure of failures) {
    const key = `${failure.property} ${failure.commit}`
    groups.set(key, [...(groups.get(key) ?? []), failure])
  }
  return [...groups.values()]
}

/** How many of these groups nobody has explained yet. */
function openKinds(failures, found) {
  return groupsOf(failures).filter((group) => fateOf(group, found).includes(OPEN)).length
}

function seedOf({ seed, isOfSeed }) {
  return isOfSeed ? String(seed) : `changed from ${seed}`
}

/** What has been mended names its seeds; the others are open. */
function fateOf(group, found) {
  const words = group.map(({ seed }) => found.find(({ simSeeds = [] }) => simSeeds.includes(seed))?.what ?? OPEN)
  return [...new Set(words)].join('; ')
}

function listed(counts) {
  return byCount(counts)
    .filter(([, times]) => times > 0)
    .map(([kind, times]) => `${kind} ${count(times)}`)
    .join(', ')
}

function isNoFault(kind) {
  return OPERATOR.includes(kind) || TIMES.includes(kind)
}

function overlap(one, other) {
  return one.firstSeed < other.firstSeed + other.runs && other.firstSeed < one.firstSeed + one.runs
}

// Many groups in three processes: what they cost while nobody wants anything, and what they take in when many are busy.
import { freePorts, sleep, until, withChildren } from '../harness/children.js'
import { round, spreadOf } from '../harness/latencies.js'
import { figure, percent } from '../harness/table.js'

export const title = 'many groups'

const IDS = ['a', 'b', 'c']
const SIZE = 256
const BUSY = 100
/** Clients of each busy group, and of the one group beside which they are measured. */
const PAIRS = [
  { one: 64, each: 64 },
  { one: 512, each: 5 },
]

export const IDLE_GOAL = 0.05

export async function* run(options, progress) {
  const { directory, groups, segmentBytes } = options
  yield* withHosts(directory, groups, segmentBytes, progress, async function* (hosts) {
    yield await idle(hosts, options, progress)
    for (const pair of PAIRS) yield await busy(hosts, pair, options, progress)
  })
}

async function* withHosts(directory, groups, segmentBytes, progress, use) {
  const rows = []
  await withChildren(IDS.length, directory, async (children, folder) => {
    const ports = await freePorts(IDS.length)
    const members = Object.fromEntries(IDS.map((id, i) => [id, `127.0.0.1:${ports[i]}`]))
    progress(`${groups} groups: starting`)
    const place = { directory: folder, members, groups, segmentBytes }
    await Promise.all(children.map((child, i) => child.ask('host', { ...place, id: IDS[i] })))
    await until(
      'leader of every group',
      async () => (await standings(children, groups)).every(({ led }) => led === groups),
      { everyMs: 250, forMs: 120_000 },
    )
    for await (const row of use(children)) rows.push(row)
  })
  yield* rows
}

function standings(children, groups) {
  return Promise.all(children.map((child) => child.ask('standing', { groups })))
}

async function idle(children, { groups, steadySeconds }, progress) {
  progress(`${groups} groups: coming to rest`)
  await until('rest', async () => (await standings(children, groups)).every(({ resting }) => resting === groups), {
    everyMs: 250,
    forMs: 120_000,
  })
  await sleep(1000)
  progress(`${groups} groups: at rest`)
  const before = await Promise.all(children.map((child) => child.ask('processor')))
  await sleep(steadySeconds * 1000)
  const after = await Promise.all(children.map((child) => child.ask('processor')))
  const shares = after.map(({ usedMs, nowMs }, i) => (usedMs - before[i].usedMs) / (nowMs - before[i].nowMs))
  const memories = await Promise.all(children.map((child) => child.ask('memory')))
  return {
    scenario: title,
    groups,
    busy: 0,
    clientsEach: 0,
    processorShare: round(Math.max(...shares)),
    highestMb: Math.max(...memories.map(({ highestMb }) => highestMb)),
  }
}

async function busy(children, { one, each }, { groups, seconds, turns, warmUpSeconds }, progress) {
  const many = Math.min(BUSY, groups)
  const measure = async (count, clients, secs = seconds, warmUp = 0) => {
    const load = { clients, size: SIZE, seconds: secs, warmUpSeconds: warmUp }
    const loads = await Promise.all(children.map((child) => child.ask('loadGroups', { groups: count, load })))
    return loads.filter((each) => each !== null)
  }
  progress(`${many} busy groups, ${each} clients each: warming up`)
  await measure(1, one, 0.1, warmUpSeconds)
  await measure(many, each, 0.1, warmUpSeconds)
  const measured = []
  for (let turn = 1; turn <= turns; turn++) {
    progress(`${many} busy groups, ${each} clients each: turn ${turn} of ${turns}`)
    measured.push({ one: sumOf(await measure(1, one)), many: sumOf(await measure(many, each)) })
  }
  return {
    scenario: title,
    groups,
    busy: many,
    clientsEach: each,
    clientsOfOne: one,
    opsPerSecond: spreadOf(measured.map((turn) => turn.many)).median,
    opsPerSecondOfOne: spreadOf(measured.map((turn) => turn.one)).median,
    ratio: spreadOf(measured.map((turn) => turn.many / turn.one)),
  }
}

function sumOf(loads) {
  return loads.reduce((sum, { opsPerSecond }) => sum + opsPerSecond, 0)
}

export const columns = [
  ['groups', (row) => row.groups],
  ['busy', (row) => row.busy],
  ['clients each', (row) => row.clientsEach],
  ['commands/s', (row) => figure(row.opsPerSecond)],
  ['one group', (row) => (row.busy === 0 ? '–' : `${figure(row.opsPerSecondOfOne)} (${row.clientsOfOne} clients)`)],
  [
    'ratio',
    ({ ratio }) => (ratio === undefined ? '–' : `${figure(ratio.median)} (${figure(ratio.low)}–${figure(ratio.high)})`),
  ],
  ['of a core', ({ processorShare }) => (processorShare === undefined ? '–' : percent(processorShare))],
  ['highest memory', ({ highestMb }) => (highestMb === undefined ? '–' : `${highestMb} MB`)],
  ['goal', goalOf],
]

function goalOf({ busy: many, processorShare, ratio }) {
  if (many === 0) return `≤ ${percent(IDLE_GOAL)} ${processorShare <= IDLE_GOAL ? 'yes' : 'no'}`
  return `≥ 1 × ${ratio.median >= 1 ? 'yes' : 'no'}`
}

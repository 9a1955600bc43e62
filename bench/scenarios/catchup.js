// A cluster under steady load, in an open loop at half of what it can take, and meanwhile
//   entries:  a follower that was away comes back and gets what it missed, entry by entry;
//   taking:   the leader writes a snapshot of a large state;
//   transfer: a new server joins, and is brought that snapshot.
// What counts is how long commands take meanwhile, beside how long they take when nothing of this happens.
import { sleep, until } from '../harness/children.js'
import { withCluster } from '../harness/cluster.js'
import { round, spreadOf } from '../harness/latencies.js'
import { figure, size as sizeText } from '../harness/table.js'

export const title = 'catching up beside live load'

export const P99_GOAL = 3

const SIZE = 256
const CLIENTS = 64
const RETAINED = 1000
/** So that there are commands to speak of, however small the snapshot. */
const SHORTEST_PHASE_MS = 200
const NEWCOMER = 'd'

export async function* run(plan, progress) {
  // Snapshots are taken when this scenario says so; the log is kept for who was away.
  const { snapshotBytes: ballastBytes, snapshotRate } = plan
  const rate = snapshotRate === null ? {} : { snapshotBytesPerSecond: snapshotRate }
  const options = { ballastBytes, snapshotEveryBytes: 1e15, raft: { retainEntries: RETAINED }, ...rate }
  const { phases, points, load } = await withCluster(plan, (cluster) => measure(cluster, plan, progress), options)
  const typical = phases.map(({ fromSeconds, toSeconds }) =>
    typicalP99(points.filter(({ atSeconds }) => atSeconds > fromSeconds && atSeconds <= toSeconds)),
  )
  const [quiet] = phases
  for (const [i, phase] of phases.entries()) {
    const p99Ratio = Math.round((phase.p99Ms / quiet.p99Ms) * 100) / 100
    // The chart's line, on the row that it is about.
    const timeline = phase.name === 'transfer' ? { points } : {}
    const typicalP99Ms = typical[i]
    const typicalRatio = typicalP99Ms === null ? null : round(typicalP99Ms / typical[0])
    yield { scenario: title, load, size: SIZE, ...phase, p99Ratio, typicalP99Ms, typicalRatio, ...timeline }
  }
}

/** The middle of the p99 of each quarter of a second: one hiccup of the disk, which the p99 of ten seconds is, does not count. */
function typicalP99(points) {
  const figures = points.flatMap(({ p99Ms }) => (p99Ms === null ? [] : [p99Ms]))
  return figures.length === 0 ? null : spreadOf(figures).median
}

async function measure(cluster, plan, progress) {
  const { leader } = cluster
  const { seconds, steadySeconds, warmUpSeconds, loadShare } = plan
  progress('how much it can take')
  // Or the log would still have everything behind a snapshot, and a new server would need none.
  await leader.ask('fill', { bytes: 4 * RETAINED * (SIZE + 24), size: SIZE })
  const load = { clients: CLIENTS, size: SIZE, seconds, warmUpSeconds }
  const { opsPerSecond } = await leader.ask('load', { load })
  const perSecond = Math.round(opsPerSecond * loadShare)
  await leader.ask('beginOpenLoop', { load: { perSecond, size: SIZE } })
  await sleep(warmUpSeconds * 1000)
  await leader.ask('cutOpenLoop')

  const phases = []
  const phase = async (name, act) => {
    progress(`${name}, at ${perSecond} commands/s`)
    await leader.ask('memory')
    const [figures] = await Promise.all([act(), sleep(SHORTEST_PHASE_MS)])
    if ((await leader.ask('status')).role !== 'leader')
      throw new Error(`${name}: the leader lost its office meanwhile; is something else running on this machine?`)
    phases.push({ name, ...(await leader.ask('cutOpenLoop')), ...figures, leaderMb: await highest(leader) })
  }
  const calm = async () => {
    await sleep(1000 * warmUpSeconds)
    await leader.ask('cutOpenLoop')
  }
  await phase('quiet', () => sleep(steadySeconds * 1000))
  await phase('entries', () => comeBack(cluster, steadySeconds))
  await calm()
  await phase('taking', () => take(leader))
  await calm()
  await phase('transfer', () => transfer(cluster))
  return { phases, load: perSecond, points: await leader.ask('endOpenLoop') }
}

async function highest(child) {
  return (await child.ask('memory')).highestMb
}

/** The follower is away for a while; what is measured begins when it is started again. */
async function comeBack(cluster, awaySeconds) {
  const { leader } = cluster
  const [follower] = cluster.followers
  const id = cluster.idOf(follower)
  await follower.ask('stop')
  await follower.end()
  const { lastIndex: from } = await leader.ask('status')
  await sleep(awaySeconds * 1000)
  await leader.ask('cutOpenLoop')
  const begun = performance.now()
  const { lastIndex } = await leader.ask('status')
  await cluster.serve(id)
  await matched(leader, id, lastIndex)
  return pace(performance.now() - begun, (lastIndex - from) * (SIZE + 24), { missedEntries: lastIndex - from })
}

async function take(leader) {
  const begun = performance.now()
  const { sizeBytes } = await leader.ask('takeSnapshot')
  return pace(performance.now() - begun, sizeBytes)
}

/** From the start of the new server until it is a voter; the pace is that of the bytes alone. */
async function transfer(cluster) {
  const { leader } = cluster
  const begun = performance.now()
  await cluster.join(NEWCOMER)
  const isVoter = async () => (await leader.ask('status')).configuration.voters.includes(NEWCOMER)
  await until('promotion of the new server', isVoter, { everyMs: 20, forMs: 600_000 })
  const voterAfterSeconds = (performance.now() - begun) / 1000
  const sent = (await leader.ask('snapshotEvents')).find(({ action, peer }) => action === 'sent' && peer === NEWCOMER)
  if (sent === undefined) throw new Error('the new server came in without a snapshot: the log still had everything')
  return { ...pace(sent.durationMs, sent.sizeBytes), voterAfterSeconds }
}

function matched(leader, id, index) {
  const has = async () => (await leader.ask('status')).peers.find((peer) => peer.id === id)?.matchIndex >= index
  return until('follower that has caught up', has, { everyMs: 10, forMs: 120_000 })
}

function pace(ms, bytes, more = {}) {
  return { seconds: ms / 1000, bytes, megabytesPerSecond: bytes / ms / 1000, ...more }
}

export const columns = [
  ['phase', (row) => row.name],
  ['commands/s', (row) => figure(row.opsPerSecond)],
  ['p50', (row) => figure(row.p50Ms, 'ms')],
  ['p99', (row) => figure(row.p99Ms, 'ms')],
  ['worst', (row) => figure(row.worstMs, 'ms')],
  ['p99 to quiet', (row) => `${figure(row.p99Ratio)} ×`],
  ['typical p99', (row) => figure(row.typicalP99Ms, 'ms')],
  ['to quiet', (row) => `${figure(row.typicalRatio)} ×`],
  ['brought', (row) => (row.bytes === undefined ? '' : sizeText(row.bytes))],
  ['in', (row) => (row.seconds === undefined ? '' : figure(row.seconds, 's'))],
  ['MB/s', (row) => (row.bytes === undefined ? '' : figure(row.megabytesPerSecond))],
  ['leader, highest', (row) => `${row.leaderMb} MB`],
  ['goal', (row) => (row.name === 'quiet' ? '' : `≤ ${P99_GOAL} × ${row.p99Ratio <= P99_GOAL ? 'yes' : 'no'}`)],
]

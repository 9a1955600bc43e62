// How long until the next acknowledged write, after the leader was killed, and after it was stopped in its tracks. All
// options at their defaults: heartbeats every 50 ms, election time-outs between 300 and 600 ms. The cluster goes on from
// round to round: what was killed is started again, what stood still goes on.
import { sleep } from '../harness/children.js'
import { withCluster } from '../harness/cluster.js'
import { quantile } from '../harness/latencies.js'
import { figure } from '../harness/table.js'

export const title = 'fail-over'

/** The second: twice the shortest election time-out. */
export const GOALS = { SIGKILL: { p50Ms: 100, worstMs: 500 }, SIGSTOP: { p50Ms: 600, worstMs: 600 } }

// Between two rounds, and by lot as much again: a fixed pause would always hit the same phase of the heartbeats.
const PAUSE_MS = 200

export async function* run(options, progress) {
  const { rounds, stopRounds } = options
  for (const [signal, count] of Object.entries({ SIGKILL: rounds, SIGSTOP: stopRounds })) {
    if (count === 0) continue
    const times = await withCluster(options, (cluster) => repeat(cluster, signal, count, progress))
    const sorted = [...times].sort((a, b) => a - b)
    yield {
      scenario: title,
      signal,
      rounds: count,
      p50Ms: quantile(sorted, 0.5),
      p90Ms: quantile(sorted, 0.9),
      worstMs: quantile(sorted, 1),
      times,
    }
  }
}

async function repeat(cluster, signal, rounds, progress) {
  const times = []
  for (let round = 1; round <= rounds; round++) {
    progress(`${signal}, round ${round} of ${rounds}`)
    await cluster.settle()
    const { leader } = cluster
    const writer = cluster.followers[round % 2]
    await writer.ask('beginWriting')
    await sleep(PAUSE_MS * (1 + Math.random()))
    times.push(await timeToNextWrite(leader, writer, signal))
    await writer.ask('endWriting')
    await bringBack(cluster, leader, signal)
  }
  return times
}

async function timeToNextWrite(leader, writer, signal) {
  const since = process.hrtime.bigint()
  leader.signal(signal)
  const acknowledgedAt = await writer.ask('nextWrite', { since })
  return Math.round(Number(acknowledgedAt - since) / 1e4) / 100
}

async function bringBack(cluster, leader, signal) {
  await cluster.findLeader(leader)
  if (signal === 'SIGSTOP') {
    leader.signal('SIGCONT')
    return
  }
  await leader.end()
  await cluster.serve(cluster.idOf(leader))
}

export const columns = [
  ['leader got', (row) => row.signal],
  ['rounds', (row) => row.rounds],
  ['p50 to the next write', (row) => figure(row.p50Ms, 'ms')],
  ['p90', (row) => figure(row.p90Ms, 'ms')],
  ['worst', (row) => figure(row.worstMs, 'ms')],
  ['goal', goalOf],
]

function goalOf({ signal, p50Ms, worstMs }) {
  const goal = GOALS[signal]
  const isReached = p50Ms <= goal.p50Ms && worstMs <= goal.worstMs
  return `p50 ≤ ${goal.p50Ms} ms, worst ≤ ${goal.worstMs} ms: ${isReached ? 'yes' : 'no'}`
}

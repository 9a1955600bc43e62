// How long until the next acknowledged write, after the leader was killed, and after it was stopped in its tracks.
import { withCluster } from '../children.js'

export const title = 'fail-over'

export async function* run({ directory, rounds = 10 }) {
  for (const signal of ['SIGKILL', 'SIGSTOP']) {
    const times = []
    for (let i = 0; i < rounds; i++) times.push(await withCluster(directory, (cluster) => measure(cluster, signal)))
    times.sort((a, b) => a - b)
    const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))]
    yield { scenario: title, signal, rounds, p50Ms: round(at(0.5)), worstMs: round(times[times.length - 1]) }
  }
}

async function measure({ leader, followers }, signal) {
  await leader.ask('write')
  const begun = performance.now()
  leader.process.kill(signal)
  await followers[0].ask('write')
  return performance.now() - begun
}

function round(value) {
  return Math.round(value)
}

export const columns = [
  ['leader got', (row) => row.signal],
  ['rounds', (row) => row.rounds],
  ['p50 to the next write', (row) => `${row.p50Ms} ms`],
  ['worst', (row) => `${row.worstMs} ms`],
]

// Linearizable reads, from many readers at once, on the leader and through a follower.
import { withCluster } from '../harness/cluster.js'
import { figure } from '../harness/table.js'

export const title = 'linearizable reads'

const READERS = [64, 512]
/** Reads a second, from 512 readers. */
const GOALS = { leader: 200_000, follower: 50_000 }

export async function* run(options, progress) {
  const { seconds, warmUpSeconds } = options
  for (const count of options.proposers ?? READERS) {
    progress(`${count} readers`)
    const load = { clients: count, size: 0, seconds, warmUpSeconds }
    const rows = await withCluster(options, async ({ leader, followers: [follower] }) => [
      { where: 'leader', ...(await leader.ask('read', { load })) },
      { where: 'follower', ...(await follower.ask('read', { load })) },
    ])
    for (const row of rows) yield { scenario: title, readers: count, ...row }
  }
}

export const columns = [
  ['readers', (row) => row.readers],
  ['on', (row) => row.where],
  ['reads/s', (row) => figure(row.opsPerSecond)],
  ['p50', (row) => figure(row.p50Ms, 'ms')],
  ['p99', (row) => figure(row.p99Ms, 'ms')],
  ['goal', goalOf],
]

function goalOf({ readers, where, opsPerSecond }) {
  if (readers !== 512) return ''
  return `≥ ${figure(GOALS[where])}/s ${opsPerSecond >= GOALS[where] ? 'yes' : 'no'}`
}

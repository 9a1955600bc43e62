// Linearizable reads, from many readers at once, on the leader and through a follower.
import { withCluster } from '../children.js'

export const title = 'linearizable reads'

export async function* run({ seconds, directory, clients = [64, 512] }) {
  for (const count of clients.filter((each) => each > 1)) {
    const load = { clients: count, size: 0, seconds }
    const rows = await withCluster(directory, async ({ leader, followers: [follower] }) => [
      { where: 'leader', ...(await leader.ask('read', { load })) },
      { where: 'follower', ...(await follower.ask('read', { load })) },
    ])
    for (const row of rows) yield { scenario: title, clients: count, ...row }
  }
}

export const columns = [
  ['readers', (row) => row.clients],
  ['on', (row) => row.where],
  ['reads/s', (row) => row.opsPerSecond],
  ['p50', (row) => `${row.p50Ms} ms`],
  ['p99', (row) => `${row.p99Ms} ms`],
]

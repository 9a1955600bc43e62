// Resident memory of the servers under steady load with compaction: the highest seen, and at the end.
import { withCluster } from '../harness/cluster.js'
import { figure } from '../harness/table.js'

export const title = 'memory under load'

export async function* run(options, progress) {
  progress('64 proposers')
  const load = { clients: 64, size: 256, seconds: 2 * options.steadySeconds }
  yield await withCluster(
    options,
    async ({ leader, followers }) => {
      const { opsPerSecond } = await leader.ask('load', { load })
      const memories = await Promise.all([leader, ...followers].map((child) => child.ask('memory')))
      const [leaderMb, ...followersMb] = memories.map(({ highestMb }) => highestMb)
      return { scenario: title, opsPerSecond, leaderMb, followersMb: Math.max(...followersMb) }
    },
    // The default, said here because it is what the figure depends on.
    { snapshotEveryBytes: 64 * 1024 * 1024 },
  )
}

export const columns = [
  ['commands/s', (row) => figure(row.opsPerSecond)],
  ['leader, highest', (row) => `${row.leaderMb} MB`],
  ['followers, highest', (row) => `${row.followersMb} MB`],
  ['goal', (row) => `≤ 200 MB ${Math.max(row.leaderMb, row.followersMb) <= 200 ? 'yes' : 'no'}`],
]

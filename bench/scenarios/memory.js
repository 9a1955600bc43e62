// Resident memory of the servers under steady load with compaction: the highest seen, and at the end.
import { withCluster } from '../children.js'

export const title = 'memory under load'

export async function* run({ directory, seconds }) {
  const load = { clients: 64, size: 256, seconds: 5 * seconds }
  yield await withCluster(
    directory,
    async ({ leader, followers }) => {
      const { opsPerSecond } = await leader.ask('load', { load })
      const memories = await Promise.all([leader, ...followers].map((child) => child.ask('memory')))
      const [leaderMb, ...followersMb] = memories.map(({ highestMb }) => highestMb)
      return { scenario: title, opsPerSecond, leaderMb, followersMb: Math.max(...followersMb) }
    },
    { snapshotEveryBytes: 64 * 1024 * 1024 },
  )
}

export const columns = [
  ['commands/s', (row) => row.opsPerSecond],
  ['leader, highest', (row) => `${row.leaderMb} MB`],
  ['followers, highest', (row) => `${row.followersMb} MB`],
]

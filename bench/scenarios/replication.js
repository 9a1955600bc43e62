// Durable replication: the raw ceiling and Quorate in turns, both three processes on this machine with real fdatasync.
import { freePorts, withChildren, withCluster } from '../children.js'

export const title = 'durable replication'

export async function* run({ clients = [1, 64, 512], sizes = [256], seconds, directory, preallocated }) {
  for (const size of sizes) {
    for (const count of clients) {
      const load = { clients: count, size, seconds }
      const ceiling = await measureCeiling(load, directory, preallocated)
      const quorate = await withCluster(directory, ({ leader }) => leader.ask('load', { load }))
      yield {
        scenario: title,
        clients: count,
        size,
        opsPerSecond: quorate.opsPerSecond,
        p50Ms: quorate.p50Ms,
        p99Ms: quorate.p99Ms,
        ceilingOpsPerSecond: ceiling.opsPerSecond,
        ceilingP50Ms: ceiling.p50Ms,
      }
    }
  }
}

function measureCeiling(load, directory, preallocated) {
  return withChildren(3, directory, async ([leader, ...followers], folder) => {
    const ports = await freePorts(followers.length)
    await Promise.all(
      followers.map((follower, i) => follower.ask('follow', { directory: folder, port: ports[i], preallocated })),
    )
    return leader.ask('lead', { directory: folder, ports, preallocated, load })
  })
}

export const columns = [
  ['proposers', (row) => row.clients],
  ['bytes', (row) => row.size],
  ['ceiling/s', (row) => row.ceilingOpsPerSecond],
  ['ceiling p50', (row) => `${row.ceilingP50Ms} ms`],
  ['quorate/s', (row) => row.opsPerSecond],
  ['p50', (row) => `${row.p50Ms} ms`],
  ['p99', (row) => `${row.p99Ms} ms`],
  ['share', (row) => `${Math.round((100 * row.opsPerSecond) / row.ceilingOpsPerSecond)} %`],
  ['p50 to ceiling', (row) => `${(row.p50Ms / row.ceilingP50Ms).toFixed(2)} ×`],
]

export const bar = (row) => ({
  label: `${row.clients} proposers, ${row.size} bytes: share of the raw ceiling`,
  value: row.opsPerSecond / row.ceilingOpsPerSecond,
  goal: row.clients === 1 ? null : 0.6,
})

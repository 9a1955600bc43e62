// A crashed leader's connections break with it, and that is what the others go by, long before a time-out is over.
import { afterEach, describe, expect, test } from 'vitest'
import { Cluster, IDS } from './cluster.ts'
import { withTls } from './peer-tls.ts'
import { eventually, killAll } from './server-process.ts'

/** So long that nobody takes one for the other. */
const RAFT = { heartbeatIntervalMs: 500, electionTimeoutMinMs: 3000, electionTimeoutMaxMs: 4000 }

afterEach(killAll)

describe.each(['plain TCP', 'TLS'])('over %s', (network) => {
  test('a leader that is killed is missed at once, not after a time-out of three seconds', async () => {
    const cluster = await Cluster.configure({ raft: RAFT })
    if (network === 'TLS') withTls(cluster)
    await cluster.startAll()
    const leader = await cluster.leader()
    const others = IDS.filter((id) => id !== leader)
    const leaderOf = async (id: string): Promise<unknown> => (await cluster.status(id))['leaderId']
    for (const id of others) await eventually(`${id} follows`, async () => (await leaderOf(id)) === leader)
    const killedAt = performance.now()
    await cluster.kill(leader)
    await eventually('somebody campaigns', async () =>
      (await Promise.all(others.map(leaderOf))).some((one) => one !== leader),
    )
    // Not until there is a successor: two that campaign in the same moment may split the votes, and wait.
    expect(performance.now() - killedAt).toBeLessThan(RAFT.electionTimeoutMinMs / 2)
    await cluster.leader(others)
  }, 60_000)
})

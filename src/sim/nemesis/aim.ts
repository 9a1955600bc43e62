import type { Random } from '../../util/random.ts'
import type { Target } from '../plan.ts'
import type { SimCluster } from '../sim-cluster.ts'
import type { SimServer } from '../sim-server.ts'

/** Whom a decision means, at this moment; null when there is no such server. */
export function aimAt(target: Target, cluster: SimCluster, random: Random): SimServer | null {
  if (typeof target === 'number') return cluster.server(target)
  const { leader } = cluster
  if (target === 'leader') return leader
  const others = cluster.servers.filter((server) => server !== leader && server.isRunning)
  return others.length === 0 ? null : random.pick(others)
}

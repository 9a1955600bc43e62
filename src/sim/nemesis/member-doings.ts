/** What an operator does while all of this goes on: transfers, snapshots, changes of members. */
import type { ConfigurationChange } from '../../raft/configuration-change.ts'
import type { Action } from '../plan.ts'
import type { SimCluster } from '../sim-cluster.ts'
import { aimAt } from './aim.ts'
import type { Operator } from './operator.ts'
import type { Doing, Stage } from './stage.ts'

type MemberAction = Extract<
  Action,
  { kind: 'transfer' | 'snapshot' | 'add' | 'remove' | 'demote' | 'promote' | 'replaceVoters' }
>

/** More than that nobody adds: each is a lane, and a dozen servers say nothing that nine do not. */
const MAX_SERVERS = 9

/** How long the operator waits for a change of members. */
export const CHANGE_PATIENCE_MS = 2000

/** See `doingOf`. */
export function doToMembers(action: MemberAction, { cluster, random, operator }: Stage): Doing | null {
  switch (action.kind) {
    case 'transfer': {
      const { leader } = cluster
      const to = cluster.server(action.to)
      if (leader?.node === undefined || leader.node === null || to === leader) return null
      operator.ask(leader.node.transferLeadership(to.id))
      return { words: `is to hand over to ${to.id}`, server: leader, end: null }
    }
    case 'snapshot': {
      const server = aimAt(action.server, cluster, random)
      if (server?.node === undefined || server.node === null) return null
      operator.ask(server.node.snapshot())
      return { words: 'is to take a snapshot', server, end: null }
    }
    case 'add':
      if (cluster.servers.length >= MAX_SERVERS) return null
      return {
        words: `joins as a ${action.promote ? 'voter' : 'learner'}`,
        server: cluster.join(action.promote),
        end: null,
      }
    case 'remove':
    case 'demote': {
      const server = aimAt(action.server, cluster, random)
      return server === null ? null : change(cluster, operator, { type: action.kind, id: server.id })
    }
    case 'promote':
      return change(cluster, operator, { type: 'promote', id: cluster.server(action.server).id })
    case 'replaceVoters': {
      const voters = cluster.servers.filter(({ number }) => ((action.voters >> (number - 1)) & 1) === 1)
      return change(cluster, operator, { type: 'replaceVoters', voters: voters.map(({ id }) => id) })
    }
  }
}

/** Asked for at whichever server runs; what cannot be done is refused, and that is all right. */
function change(cluster: SimCluster, operator: Operator, wanted: ConfigurationChange): Doing | null {
  const server = cluster.leader ?? cluster.servers.find((one) => one.isRunning) ?? null
  if (server?.node === undefined || server.node === null) return null
  operator.ask(server.node.change(wanted, { timeoutMs: CHANGE_PATIENCE_MS }))
  const who = wanted.type === 'replaceVoters' ? wanted.voters.join(' ') : wanted.id
  return { words: `is asked to ${wanted.type} ${who}`, server, end: null }
}

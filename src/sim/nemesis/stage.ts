import type { Random } from '../../util/random.ts'
import type { SimCluster } from '../sim-cluster.ts'
import type { SimServer } from '../sim-server.ts'
import type { Operator } from './operator.ts'
import type { Supervisor } from './supervisor.ts'

/** What a doing works with. */
export interface Stage {
  readonly cluster: SimCluster
  readonly random: Random
  readonly supervisor: Supervisor
  readonly operator: Operator
}

/** What was done: in words, to whom, and how it ends; null when it does not last. */
export interface Doing {
  readonly words: string
  readonly server: SimServer | null
  readonly end: (() => void) | null
}

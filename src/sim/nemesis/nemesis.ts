/**
 * Carries out a plan's decisions, each at its moment, and undoes what does not last. Also the supervisor of all servers:
 * whoever has stopped itself is started again, as a system would do it.
 */
import type { Random } from '../../util/random.ts'
import type { Action, Decision } from '../plan.ts'
import type { SimCluster } from '../sim-cluster.ts'
import { doingOf } from './doings.ts'
import { Operator } from './operator.ts'
import type { Doing } from './stage.ts'
import { Supervisor } from './supervisor.ts'

/** What lasts until it is undone. */
interface Lasting {
  readonly action: Action
  readonly end: () => void
}

export class Nemesis {
  /** How often each kind of thing was done. */
  readonly counts: Map<string, number> = new Map()
  readonly supervisor: Supervisor
  readonly operator: Operator = new Operator()
  private readonly cluster: SimCluster
  private readonly random: Random
  private readonly lasting = new Set<Lasting>()
  private isOver = false

  constructor(cluster: SimCluster, random: Random) {
    this.cluster = cluster
    this.random = random
    this.supervisor = new Supervisor(cluster, random.split())
  }

  /** Something happened that is a part of what was decided. */
  count(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
  }

  /** From now on, each decision happens at its moment. */
  follow(decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      this.cluster.world.schedule(decision.at, () => {
        if (!this.isOver) this.carryOut(decision)
      })
    }
  }

  /** No decision happens any more. What lasts goes on, until `undo`. */
  stop(): void {
    this.isOver = true
  }

  /** Ends all that lasts. */
  undo(): void {
    for (const lasting of this.lasting) this.finish(lasting)
  }

  private carryOut(action: Action): void {
    const { cluster, random, supervisor, operator } = this
    const doing: Doing | null = doingOf(action, { cluster, random, supervisor, operator })
    if (doing === null) return
    this.count(action.kind)
    cluster.observers.happened(doing.words, doing.server, false)
    const { end } = doing
    if (end === null) return
    const lasting: Lasting = {
      action,
      end: () => {
        end()
        cluster.observers.happened(doing.words, doing.server, true)
      },
    }
    this.lasting.add(lasting)
    cluster.world.schedule('forMs' in action ? action.forMs : 0, () => this.finish(lasting))
  }

  private finish(lasting: Lasting): void {
    if (this.lasting.delete(lasting)) lasting.end()
  }
}

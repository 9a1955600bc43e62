/** The configurations that servers go by, as far as they were ever told: also those of servers that are down. */
import type { Configuration } from '../../raft/configuration.ts'
import type { Raft } from '../../raft/raft.ts'
import type { SimServer } from '../sim-server.ts'
import type { Observer } from './observer.ts'

export class Configurations implements Observer {
  /** Of each server, the newest that is committed as it knows, and all behind it. */
  private readonly known = new Map<string, readonly Configuration[]>()
  private readonly current = new Map<string, Configuration>()

  /** All that may still decide anything. */
  all(): Configuration[] {
    return [...this.known.values()].flat()
  }

  booted(server: SimServer, raft: Raft): void {
    this.look(server, raft)
  }

  told(server: SimServer, raft: Raft): void {
    this.look(server, raft)
  }

  private look(server: SimServer, raft: Raft): void {
    const { configurations, configuration, commitIndex } = raft.inspect()
    if (this.current.get(server.id) === configuration && configurations.currentIndex > commitIndex) return
    this.current.set(server.id, configuration)
    const committed = configurations.at(commitIndex)
    const list = configurations.list().filter(({ index }) => index > commitIndex)
    this.known.set(server.id, [committed, ...list.map((one) => one.configuration)])
  }
}

/**
 * Where there are leases: asks whoever believes that it leads, again and again, for a read under its lease. A lease that
 * is too long is so for the tenth of a second between the next leader's election and its own end, and clients that ask
 * any server for anything seldom ask the old leader just then. Nothing of it comes into the history.
 */
import type { Random } from '../../util/random.ts'
import type { SimServer } from '../sim-server.ts'
import type { Bench } from './bench.ts'

const MAX_PAUSE_MS = 20

export class LeaseProbe {
  private readonly bench: Bench
  private readonly random: Random

  constructor(bench: Bench, random: Random) {
    this.bench = bench
    this.random = random
  }

  /** Until the bench closes. */
  async work(): Promise<void> {
    const { bench, random } = this
    while (bench.isOpen) {
      await bench.sleep(random.fraction() * MAX_PAUSE_MS)
      for (const server of bench.cluster.servers) this.ask(server)
    }
  }

  /** It waits at the door of a server that stands still, and is the first thing that one hears. */
  private ask(server: SimServer): void {
    const { node, host } = server
    if (node?.status().role !== 'leader') return
    this.bench.world.scheduleArrival(0, host, () => {
      if (server.node === node) void this.bench.probe(server, node)
    })
  }
}

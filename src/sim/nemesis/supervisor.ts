/**
 * What starts servers, as the system of each machine would: again when they have stopped themselves, not while somebody
 * holds them down, and not when they have said that their disk is damaged, which is for a person to mend. And the judge of
 * why they stopped: only a disk may be the reason.
 */
import { NodeError } from '../../runtime/errors.ts'
import { StorageError } from '../../storage/errors.ts'
import { FileSystemError } from '../../storage/file-system.ts'
import type { Random } from '../../util/random.ts'
import type { SimCluster } from '../sim-cluster.ts'
import type { SimServer } from '../sim-server.ts'
import { BrokenProperty } from '../watch/observer.ts'

const MIN_RESTART_MS = 50
const MAX_RESTART_MS = 500

/** A disk's faults cost lives that begin and end before the next fault; what happened so long ago is no excuse any more. */
const EXCUSE_MS = 2000

export class Supervisor {
  /** Those that stay down: their disks cannot be believed any more, or they are abandoned. */
  readonly lost: Set<SimServer> = new Set()
  private readonly cluster: SimCluster
  private readonly random: Random
  /** How many of its disk's faults last. */
  private readonly faults = new Map<SimServer, number>()
  private readonly excusedUntil = new Map<SimServer, number>()

  constructor(cluster: SimCluster, random: Random) {
    this.cluster = cluster
    this.random = random
    cluster.onFailure = (server, error) => this.failed(server, error)
  }

  /** A fault of its disk begins: it may stop itself for that. */
  excuse(server: SimServer): void {
    this.faults.set(server, (this.faults.get(server) ?? 0) + 1)
  }

  /** The fault is over; others may go on. */
  excuseEnds(server: SimServer): void {
    this.faults.set(server, (this.faults.get(server) ?? 1) - 1)
    this.excusedUntil.set(server, this.cluster.world.now() + EXCUSE_MS)
  }

  /** It goes down, and stays down until `letUp`. */
  holdDown(server: SimServer, how: 'kill' | 'power'): void {
    server.holds++
    this.cluster.crash(server, how)
  }

  /** Nobody starts it any more: not when a crash is over, and not after an operator's stop. */
  abandon(server: SimServer): void {
    this.lost.add(server)
  }

  letUp(server: SimServer): void {
    server.holds = Math.max(server.holds - 1, 0)
    this.startIfMay(server)
  }

  startIfMay(server: SimServer): void {
    if (server.isUp || server.holds > 0 || this.lost.has(server)) return
    this.cluster.start(server)
  }

  startLater(server: SimServer): void {
    this.cluster.world.schedule(this.random.between(MIN_RESTART_MS, MAX_RESTART_MS), () => this.startIfMay(server))
  }

  private failed(server: SimServer, error: Error): void {
    if (error instanceof StorageError && error.code === 'ERR_QUORATE_STORAGE_DAMAGED' && server.isTampered) {
      this.lost.add(server)
      return
    }
    // It asked to be taken in, was, and was removed before it knew: it may not come back.
    if (!server.isFounder && error instanceof NodeError && error.code === 'ERR_QUORATE_CHANGE_REFUSED') {
      this.lost.add(server)
      return
    }
    const isOfDisk = error instanceof StorageError || error instanceof FileSystemError
    if (!isOfDisk || !this.isExcused(server)) {
      const words = `stops itself, although nothing is wrong with its disk: ${error.message}`
      this.cluster.world.fail(
        error instanceof BrokenProperty ? error : new BrokenProperty('No Stop Without Cause', server.id, words),
      )
      return
    }
    this.startLater(server)
  }

  private isExcused(server: SimServer): boolean {
    const now = this.cluster.world.now()
    return server.isTampered || (this.faults.get(server) ?? 0) > 0 || now <= (this.excusedUntil.get(server) ?? -1)
  }
}

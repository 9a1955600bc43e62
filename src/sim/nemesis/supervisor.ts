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
  /** They stay down: their disks cannot be believed any more, or the run has given them up. */
  readonly lost: Set<SimServer> = new Set()
  private readonly cluster: SimCluster
  private readonly random: Random
  private readonly excusedUntil = new Map<SimServer, number>()

  constructor(cluster: SimCluster, random: Random) {
    this.cluster = cluster
    this.random = random
    cluster.onFailure = (server, error) => this.failed(server, error)
  }

  /** Its disk fails, or did a moment ago: it may stop itself for that. */
  excuse(server: SimServer): void {
    this.excusedUntil.set(server, Number.POSITIVE_INFINITY)
  }

  excuseEnds(server: SimServer): void {
    this.excusedUntil.set(server, this.cluster.world.now() + EXCUSE_MS)
  }

  /** It goes down, and stays down until `letUp`. */
  holdDown(server: SimServer, how: 'kill' | 'power'): void {
    server.holds++
    this.cluster.crash(server, how)
  }

  /** For ever. Of a crash at a moment on the disk somebody may still mean to let it up: that counts no more. */
  giveUp(server: SimServer): void {
    this.lost.add(server)
    this.cluster.crash(server, 'kill')
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
    return server.isTampered || this.cluster.world.now() <= (this.excusedUntil.get(server) ?? -1)
  }
}

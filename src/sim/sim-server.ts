/**
 * One server of the simulated cluster, through all its lives: a process, a clock, a disk, and, while it is up, a real
 * RaftNode in between.
 */
import type { ServerId } from '../raft/entry.ts'
import { asError } from '../runtime/errors.ts'
import { type NodeSettings, openNode } from '../runtime/open-node.ts'
import type { RaftNode } from '../runtime/raft-node.ts'
import type { DiskStorage } from '../storage/disk-storage.ts'
import type { Identity } from '../transport/handshake.ts'
import type { Transport } from '../transport/transport.ts'
import type { Random } from '../util/random.ts'
import { Host } from './host.ts'
import { SimClock } from './sim-clock.ts'
import { type Latency, SimDisk } from './sim-disk.ts'
import type { World } from './world.ts'

/** What whoever holds the servers gives to each of its lives. */
export interface Life {
  readonly settings: NodeSettings
  transport(self: Identity, random: Random): Transport
  storage(storage: DiskStorage): DiskStorage
}

/** What becomes of a life. */
export interface LifeListener {
  started(server: SimServer): void
  /** It could not start, or has stopped itself. */
  failed(server: SimServer, error: Error): void
  /** Its disk did not do what it was asked for. */
  diskFailed(): void
}

export class SimServer {
  readonly id: ServerId
  /** From 1, in the order of coming into being. */
  readonly number: number
  readonly host: Host
  readonly clock: SimClock
  readonly random: Random
  disk: SimDisk
  /** Counts its disks: an emptied one is another one. */
  diskNumber = 1
  /** The random name of its present disk, once it was opened. */
  incarnation = ''
  /** One of the cluster's first members. */
  readonly isFounder: boolean
  /** Somebody has tampered with what lies on its disk: it may refuse to start, and must not serve what is wrong. */
  isTampered = false
  /** How many of those who hold it down there are: a crash that lasts, an operator. */
  holds = 0
  /** The node of this life; null while there is none. */
  node: RaftNode | null = null
  /** Why its last life ended by itself, or did not begin. */
  failure: Error | null = null
  /** Called when this life ends, whatever it ends by. */
  readonly onDeath: Set<() => void> = new Set()
  private readonly world: World
  private readonly latency: Latency
  private readonly listener: LifeListener

  constructor(
    world: World,
    number: number,
    isFounder: boolean,
    latency: Latency,
    random: Random,
    listener: LifeListener,
  ) {
    this.isFounder = isFounder
    this.id = `s${number}`
    this.number = number
    this.world = world
    this.latency = latency
    this.random = random
    this.listener = listener
    this.host = new Host(this.id)
    this.clock = new SimClock(world, this.host)
    this.clock.setBack(random.below(1_000_000))
    this.disk = this.newDisk(random.split())
  }

  get isUp(): boolean {
    return this.host.isUp
  }

  /** It has opened its disk and takes part, as far as it knows. */
  get isRunning(): boolean {
    return this.node !== null && this.host.isUp && !this.host.isPaused
  }

  start(life: Life): void {
    const { host, clock, random, listener } = this
    host.begin()
    const { life: number } = host
    this.failure = null
    const isOver = (): boolean => host.life !== number
    openNode(life.settings, {
      fileSystem: this.disk.files,
      clock,
      random: random.split(),
      transport: (self, chance) => {
        this.incarnation = self.incarnation
        return life.transport(self, chance)
      },
      storage: (storage) => life.storage(storage),
    }).then(
      (node) => {
        if (isOver()) return
        this.node = node
        void node.failed.then((error) => {
          if (!isOver()) this.fail(error)
        })
        listener.started(this)
      },
      (error: unknown) => {
        if (!isOver()) this.fail(asError(error))
      },
    )
  }

  /** The process is gone. What it had is lost with it, and of the disk what `how` says. */
  crash(how: 'kill' | 'power'): void {
    this.node = null
    this.host.end()
    if (how === 'power') this.disk.losePower()
    else this.disk.loseProcess()
    const mourners = [...this.onDeath]
    this.onDeath.clear()
    for (const mourn of mourners) mourn()
  }

  /** The folder is gone; a new, empty one is under the same name. */
  emptyDisk(): void {
    this.disk = this.newDisk(this.random.split())
    this.diskNumber++
  }

  private newDisk(random: Random): SimDisk {
    const disk = new SimDisk(this.world, this.host, this.latency, random)
    disk.onFailure = () => this.listener.diskFailed()
    return disk
  }

  private fail(error: Error): void {
    this.failure = error
    this.crash('kill')
    this.listener.failed(this, error)
  }
}

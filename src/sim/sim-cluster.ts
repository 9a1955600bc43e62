/** The simulated cluster: its servers, what is between them, and what looks on. */
import type { ServerId } from '../raft/entry.ts'
import { type RaftWatcher, WatchedRaft } from '../raft/watched-raft.ts'
import type { StateMachine } from '../runtime/state-machine.ts'
import { StreamTransport } from '../transport/stream-transport.ts'
import { Random } from '../util/random.ts'
import { CALM_LINK, type LinkState, Links } from './network/link.ts'
import { SimNetwork } from './network/sim-network.ts'
import type { StreamFaults } from './network/sim-stream.ts'
import { SimWire } from './network/sim-wire.ts'
import type { Settings } from './plan.ts'
import { type Life, SimServer } from './sim-server.ts'
import type { Observers } from './watch/observer.ts'
import { WatchedStateMachine } from './watch/watched-machine.ts'
import { watchedStorage } from './watch/watched-storage.ts'
import type { World } from './world.ts'

/** Heard of, not run into: the name of the cluster in hellos. */
const CLUSTER = 'sim'

/** Told of what the network and the disks do to the servers, so that it can be counted. */
export interface FaultListener extends StreamFaults {
  operationFailed(): void
}

export class SimCluster {
  readonly world: World
  readonly settings: Settings
  readonly links: Links
  readonly network: SimNetwork
  readonly servers: SimServer[] = []
  readonly observers: Observers
  /** What links are like when nothing is wrong. */
  readonly calm: LinkState
  /** Why servers have stopped themselves or have not started, all lives together. */
  onFailure: (server: SimServer, error: Error) => void = () => {}
  onStarted: (server: SimServer) => void = () => {}
  private readonly random: Random
  private readonly faults: FaultListener
  private readonly makeMachine: () => StateMachine
  private readonly founders: { readonly [id: ServerId]: string }
  private readonly machines = new Map<SimServer, WatchedStateMachine>()
  /** The servers that came later, and which release each server runs. */
  private readonly joiners = new Map<SimServer, { readonly promote: boolean }>()
  private readonly releases = new Map<SimServer, number>()

  constructor(
    world: World,
    seed: number,
    settings: Settings,
    makeMachine: () => StateMachine,
    observers: Observers,
    faults: FaultListener,
  ) {
    this.world = world
    this.settings = settings
    this.makeMachine = makeMachine
    this.observers = observers
    this.faults = faults
    this.random = new Random(seed)
    this.calm = { ...CALM_LINK, minDelayMs: settings.minDelayMs, maxDelayMs: settings.maxDelayMs }
    this.links = new Links(this.calm, seed, ({ from, to, state }) => observers.linked(from, to, state.isUp))
    this.network = new SimNetwork(world, this.links, faults)
    const ids = Array.from({ length: settings.servers }, () => this.addServer().id)
    this.founders = Object.fromEntries(ids.map((id) => [id, addressOf(id)]))
  }

  /** A server that exists, with an empty disk, and is off. */
  addServer(): SimServer {
    const number = this.servers.length + 1
    const isFounder = number <= this.settings.servers
    const server = new SimServer(this.world, number, isFounder, this.settings, this.random.split(), {
      started: (one) => this.onStarted(one),
      failed: (one, error) => {
        this.observers.ended(one, error.message)
        this.onFailure(one, error)
      },
      diskFailed: () => this.faults.operationFailed(),
    })
    this.servers.push(server)
    return server
  }

  /** A new server that asks the others to take it in. */
  join(promote: boolean): SimServer {
    const server = this.addServer()
    this.joiners.set(server, { promote })
    this.start(server)
    return server
  }

  start(server: SimServer): void {
    server.start(this.lifeOf(server))
  }

  crash(server: SimServer, how: 'kill' | 'power'): void {
    if (!server.isUp) return
    if (how === 'kill') this.network.resetAll(server.host)
    server.crash(how)
    this.observers.ended(server, how)
  }

  pause(server: SimServer): void {
    this.world.pause(server.host)
    this.observers.paused(server, true)
  }

  resume(server: SimServer): void {
    if (!server.host.isPaused) return
    this.world.resume(server.host)
    this.observers.paused(server, false)
  }

  /** Runs the servers' next life as another release. */
  setRelease(server: SimServer, release: number): void {
    this.releases.set(server, release)
  }

  /** The state machine of this life, as the workload made it. */
  machineOf(server: SimServer): StateMachine | null {
    return this.machines.get(server)?.inner ?? null
  }

  setApplyMs(server: SimServer, ms: number): void {
    const machine = this.machines.get(server)
    if (machine !== undefined) machine.applyMs = ms
  }

  /** By its number, from 1; numbers beyond the last begin anew. */
  server(number: number): SimServer {
    return this.servers[(number - 1) % this.servers.length] as SimServer
  }

  byId(id: ServerId): SimServer | null {
    return this.servers.find((server) => server.id === id) ?? null
  }

  /** Of those that lead, the one of the highest term. */
  get leader(): SimServer | null {
    let leader: SimServer | null = null
    let highest = -1
    for (const server of this.servers) {
      const status = server.isRunning ? server.node?.status() : undefined
      if (status?.role !== 'leader' || status.stopped !== null || status.term <= highest) continue
      leader = server
      highest = status.term
    }
    return leader
  }

  private lifeOf(server: SimServer): Life {
    const { world, links, observers, settings, network } = this
    const { id, clock, host } = server
    const machine = new WatchedStateMachine(this.makeMachine(), world, server, observers)
    this.machines.set(server, machine)
    const join = this.joiners.get(server) ?? null
    const release = RELEASES[(this.releases.get(server) ?? 0) % RELEASES.length] as Release
    return {
      settings: {
        id,
        cluster: CLUSTER,
        address: addressOf(id),
        members: this.founders,
        join,
        stateMachine: machine,
        raft: { ...settings.raft, ...release.raft },
        maxQueuedBytes: settings.maxQueuedBytes,
        snapshotEveryBytes: settings.snapshotEveryBytes,
        storage: { firstSegmentBytes: settings.firstSegmentBytes },
        makeRaft: (...made) => new WatchedRaft(...made, this.watcherOf(server)),
      },
      transport: (self, random) => {
        const stream = new StreamTransport(
          { ...self, address: addressOf(id), clock, random, limits: release.limits },
          network.of(host),
        )
        return new SimWire(world, links, server, stream, observers, (id) => this.byId(id)?.diskNumber ?? 0)
      },
      storage: (storage) => watchedStorage(storage, server, observers),
    }
  }

  private watcherOf(server: SimServer): RaftWatcher {
    const { observers } = this
    const { life } = server.host
    const isAlive = (): boolean => server.host.life === life
    return {
      booted: (raft) => {
        if (isAlive()) observers.booted(server, raft)
      },
      told: (raft, input) => {
        if (isAlive()) observers.told(server, raft, input)
      },
      readied: (raft, ready) => {
        if (isAlive()) observers.readied(server, raft, ready)
      },
    }
  }
}

function addressOf(id: ServerId): string {
  return `${id}:1`
}

/** What differs from one release to the next: sizes and limits that need not agree. */
interface Release {
  readonly raft: Partial<Settings['raft']>
  readonly limits: { readonly maxBackOffMs: number; readonly maxOutboxMessages: number }
}

const RELEASES: readonly Release[] = [
  { raft: {}, limits: { maxBackOffMs: 2000, maxOutboxMessages: 65_536 } },
  { raft: { maxAppendBytes: 4096, maxInflightMessages: 2 }, limits: { maxBackOffMs: 500, maxOutboxMessages: 64 } },
  { raft: { commitPushDelayMs: 0, retainEntries: 0 }, limits: { maxBackOffMs: 1000, maxOutboxMessages: 1024 } },
]

// The servers of one test and what can be done to them: start, crash, connect, disconnect. At a crash only what was
// saved before it survives; an instance that lives on afterwards saves to a Persister that nobody reads.

import type { Clock } from '../util/clock.ts'
import type { Random } from '../util/random.ts'
import { AppliedLog } from './applied-log.ts'
import type { Applier } from './appliers.ts'
import type { ApplyMsg } from './apply-msg.ts'
import { Channel } from './channel.ts'
import type { LabEvent } from './event.ts'
import { blame } from './failure.ts'
import { GuardedClock } from './guarded-clock.ts'
import type { ClientEnd, LabEnvironment, LabRaft, Make, OnStep } from './lab.ts'
import type { Labgob } from './labgob.ts'
import { Network } from './labrpc.ts'
import { Persister } from './persister.ts'

/** What a test's servers stand on. */
export interface ClusterOptions {
  readonly servers: number
  readonly unreliable: boolean
  readonly applier: Applier
  readonly make: Make
  readonly clock: Clock
  readonly handOver: (action: () => void) => void
  readonly networkRandom: Random
  /** Each instance gets a generator split off from this one. */
  readonly serverRandom: Random
  readonly labgob: Labgob
  readonly onStep: OnStep | undefined
  readonly emit: (event: LabEvent) => void
  /** Whether anybody but the trace hash listens: without, log lines are not even built. */
  readonly observed: boolean
  /** The test cannot go on: an apply error, or something that the code under test threw. */
  readonly abort: (error: Error) => void
}

interface Slot {
  raft: LabRaft | null
  persister: Persister
  ends: readonly ClientEnd[]
  connected: boolean
}

export class Cluster {
  readonly clock: Clock
  readonly network: Network
  readonly applied: AppliedLog
  protected readonly options: ClusterOptions
  private readonly slots: readonly Slot[]

  constructor(options: ClusterOptions) {
    const { servers, unreliable, clock, labgob, handOver } = options
    this.options = options
    this.clock = clock
    this.applied = new AppliedLog(servers, labgob)
    this.network = new Network({
      clock,
      labgob,
      handOver,
      random: options.networkRandom,
      onEvent: options.emit,
      onError: (error, server) => this.blame(error, server),
    })
    this.network.reliable = !unreliable
    this.network.longDelays = true
    this.slots = Array.from({ length: servers }, () => ({
      raft: null,
      persister: new Persister(),
      ends: [],
      connected: false,
    }))
  }

  get servers(): number {
    return this.slots.length
  }

  /** Starts every server, then connects them all. */
  startAll(): void {
    for (let server = 0; server < this.servers; server++) this.start1(server)
    for (let server = 0; server < this.servers; server++) this.connect(server)
  }

  /** The running instance, or null when it was crashed. Numbers wrap around: leader + 1 is the next server. */
  raft(server: number): LabRaft | null {
    return this.slot(server).raft
  }

  isConnected(server: number): boolean {
    return this.slot(server).connected
  }

  persister(server: number): Persister {
    return this.slot(server).persister
  }

  /** Stops a server. What it saved until now is what its next instance will find. */
  crash1(server: number): void {
    const slot = this.slot(server)
    this.disconnect(server)
    this.network.deleteServer(this.wrap(server))
    slot.persister = slot.persister.copy()
    if (slot.raft === null) return
    this.tell('crash', server)
    this.guard(server, () => slot.raft?.kill())
    slot.raft = null
    slot.persister = slot.persister.copy()
  }

  /** Starts a server, or restarts it from what it saved. It is not connected yet. */
  start1(server: number): void {
    const me = this.wrap(server)
    this.crash1(me)
    const slot = this.slot(me)
    slot.ends = this.slots.map((_, peer) => this.makeEnd(me, peer))
    const persister = slot.persister.copy((raftStateBytes, snapshotBytes) => {
      if (slot.persister !== persister) return
      this.options.emit({ kind: 'persist', time: this.clock.now(), server: me, raftStateBytes, snapshotBytes })
    })
    slot.persister = persister
    this.tell('start', me)
    const snapshot = persister.readSnapshot()
    const lastApplied = snapshot.length > 0 ? this.applied.ingest(me, snapshot, -1) : 0
    const applyCh = new Channel<ApplyMsg>()
    const raft = this.guard(me, () => this.options.make(slot.ends, me, persister, applyCh, this.environment(me)))
    slot.raft = raft
    this.serve(me, raft, applyCh, lastApplied)
    this.network.addServer(me, raft.handlers)
  }

  /** Joins a server to all others that are connected. */
  connect(server: number): void {
    const slot = this.slot(server)
    if (!slot.connected) this.tell('connect', server)
    slot.connected = true
    this.slots.forEach((peer, other) => {
      if (peer.connected) this.enableBetween(this.wrap(server), other, true)
    })
  }

  /** Cuts a server off. It runs on and may think what it likes. */
  disconnect(server: number): void {
    const slot = this.slot(server)
    if (slot.connected) this.tell('disconnect', server)
    slot.connected = false
    for (let other = 0; other < this.servers; other++) this.enableBetween(this.wrap(server), other, false)
  }

  killAll(): void {
    for (const { raft } of this.slots) raft?.kill()
    this.network.close()
  }

  /** Runs code under test in the tester's name: what it throws is said to be that server's. */
  guard<T>(server: number, action: () => T): T {
    try {
      return action()
    } catch (error) {
      throw blame(error, this.wrap(server), this.clock.now())
    }
  }

  private serve(server: number, raft: LabRaft, applyCh: Channel<ApplyMsg>, lastApplied: number): void {
    const { applier, emit } = this.options
    const now = (): number => this.clock.now()
    applier({ server, raft, applyCh, log: this.applied, lastApplied, now, emit }).catch((error: unknown) =>
      this.blame(error, server),
    )
  }

  private environment(server: number): LabEnvironment {
    const { labgob, onStep, observed, emit, serverRandom } = this.options
    const clock = new GuardedClock(this.clock, (error) => this.blame(error, server))
    return {
      clock,
      labgob,
      onStep,
      random: serverRandom.split(),
      sleep: (ms) => clock.sleep(ms),
      go: (loop) => void loop().catch((error: unknown) => this.blame(error, server)),
      log: (topic, line) => {
        if (!observed) return
        emit({ kind: 'log', time: clock.now(), server, topic, text: typeof line === 'string' ? line : line() })
      },
    }
  }

  private makeEnd(server: number, peer: number): ClientEnd {
    const end = this.network.makeEnd(server)
    this.network.connect(end, peer)
    return end
  }

  /** Both ways. */
  private enableBetween(server: number, other: number, enabled: boolean): void {
    const there = this.slot(server).ends[other]
    const back = this.slot(other).ends[server]
    if (there !== undefined) this.network.enable(there, enabled)
    if (back !== undefined) this.network.enable(back, enabled)
  }

  private blame(error: unknown, server: number): void {
    this.options.abort(blame(error, server, this.clock.now()))
  }

  private tell(kind: 'connect' | 'disconnect' | 'crash' | 'start', server: number): void {
    this.options.emit({ kind, time: this.clock.now(), server: this.wrap(server) })
  }

  private wrap(server: number): number {
    return server % this.servers
  }

  private slot(server: number): Slot {
    return this.slots[this.wrap(server)] as Slot
  }
}

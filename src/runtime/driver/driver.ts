/**
 * The driver: the one place where the core meets the world. It feeds inputs to the core as they come, takes one Ready
 * for all that arrived in a turn, and carries it out through the ports. Nobody else holds a Ready, so nobody else can
 * get its order wrong.
 */
import type { Entry, ServerId } from '../../raft/entry.ts'
import type { InstallSnapshot } from '../../raft/message.ts'
import type { Raft } from '../../raft/raft.ts'
import type { Fetch, RaftEvent, Ready } from '../../raft/ready.ts'
import { needsNewerSnapshot } from '../../raft/snapshot.ts'
import type { LogStore } from '../../storage/log-store.ts'
import type { SnapshotStore } from '../../storage/snapshot-store.ts'
import type { Transport } from '../../transport/transport.ts'
import type { Cancel, Clock } from '../../util/clock.ts'
import { asError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Gate } from '../members/gate.ts'
import type { ReplicatedState } from '../replicated-state.ts'
import { Applier, type ApplierHandlers } from './applier.ts'
import { Arrivals } from './arrivals.ts'
import { Dialler } from './dialler.ts'
import { Disk } from './disk.ts'
import { Snapshots } from './snapshots.ts'
import { Troubles } from './troubles.ts'

/**
 * A timer that fires later than this finds the event loop behind with its work: what lies in the sockets is read first,
 * or an election would start although the leader's heartbeats have arrived.
 */
const LATE_TIMER_MS = 20

/**
 * A turn that has lasted so long makes room for what has arrived: a server that starts with a million entries to apply
 * must not be deaf to its leader until it is through.
 */
const MAX_TURN_MS = 10

/** What stands between the driver and the world. */
export interface DriverPorts {
  readonly log: LogStore
  readonly snapshots: SnapshotStore
  readonly transport: Transport
  readonly clock: Clock
  readonly logger: Logger
  readonly state: ReplicatedState
  /** Log bytes that are applied between two snapshots. */
  readonly snapshotEveryBytes: number
  /** Of a new cluster: until it is done, this server takes no part. */
  readonly gate: Pick<Gate, 'isFormed' | 'admit' | 'isStranger'>
}

/** What the driver tells whoever holds the requests: `RaftNode`. Nothing here may throw. */
export interface DriverHandlers extends Pick<ApplierHandlers, 'onAnswer'> {
  /** A turn begins: the last chance to give the core something to do in it. */
  beforeTurn(): void
  /** A read may be served once `index` is applied; null: refused. */
  onRead(token: number, index: number | null): void
  /** A turn is over. */
  afterTurn(): void
  /** `bytes` is what was applied by that, in the log's bytes. */
  onApplied(index: number, bytes: number): void
  /** No snapshot came about. */
  onSnapshotFailed(error: Error): void
  onSnapshotRestored(index: number): void
  onEvent(event: RaftEvent): void
  /** The node must stop: its disk or its state machine failed. */
  onFailure(error: Error): void
}

export class Driver {
  readonly raft: Raft
  private readonly ports: DriverPorts
  private readonly handlers: DriverHandlers
  private readonly disk: Disk
  private readonly applier: Applier
  private readonly snapshots: Snapshots
  private readonly arrivals: Arrivals
  private readonly troubles: Troubles
  private readonly dialler: Dialler
  private timer: Cancel | null = null
  private timerAt = Number.POSITIVE_INFINITY
  private turnIsDue = false
  private stopped = false
  private bytesSinceSnapshot = 0
  private snapshotWanted = false

  constructor(raft: Raft, ports: DriverPorts, handlers: DriverHandlers) {
    const { log, snapshots, transport, clock, logger, state } = ports
    this.raft = raft
    this.ports = ports
    this.handlers = handlers
    this.disk = new Disk(log, clock, logger, {
      onPersisted: (seq) => this.input(() => raft.persisted(seq, clock.now())),
      onSend: (message) => transport.send(message),
      onFailure: (error) => this.fail(error),
    })
    this.snapshots = new Snapshots(snapshots, transport, clock, logger, {
      describe: (index) => raft.describeSnapshot(index),
      needsNewer: (to, session, index) => needsNewerSnapshot(raft.inspect(), to, session, index),
      onTaken: (meta) => this.input(() => raft.snapshotTaken(meta, clock.now())),
      // Again when a quarter more has come, rather than at once, over and over.
      onTakeFailed: (error) => {
        handlers.onSnapshotFailed(error)
        this.bytesSinceSnapshot += (ports.snapshotEveryBytes * 3) / 4
      },
      onSendFailed: (to, session) => this.input(() => raft.snapshotFailed(to, session, clock.now())),
    })
    this.arrivals = new Arrivals(snapshots, clock, logger, {
      refuse: (message) => this.refuseSnapshot(message),
      isRestoring: () => raft.inspect().restoring,
      onReceived: (message) => this.input(() => raft.step(message, clock.now())),
    })
    this.troubles = new Troubles(logger)
    this.dialler = new Dialler(transport, clock)
    this.applier = new Applier(state, (meta) => this.snapshots.open(meta), {
      onAnswer: (index, term, outcome) => handlers.onAnswer(index, term, outcome),
      onApplied: (index, bytes) => this.noteApplied(index, bytes),
      onRestored: (index) => this.noteRestored(index),
      onFailure: (error) => this.fail(error),
    })
  }

  /** Begins to work: the transport delivers, timers run. @throws TransportError */
  async start(onRequest: (from: ServerId, body: Uint8Array) => Promise<Uint8Array>): Promise<void> {
    const { transport, clock, gate } = this.ports
    await transport.start({
      onMessage: (message) => {
        this.troubles.heard(message.from, clock.now())
        if (!gate.isFormed || gate.isStranger(message.from, this.raft.inspect().configuration)) return
        this.input(() => this.raft.step(message, clock.now()))
      },
      onRequest,
      onConnectionLost: (peer) => this.input(() => this.raft.connectionLost(peer, clock.now())),
      admit: (peer) => gate.admit(peer, this.raft.inspect().configuration),
      onSnapshot: (message, offer) => this.arrivals.receive(message, offer),
      onTrouble: (trouble) => this.troubles.note(trouble, clock.now()),
    })
    if (this.stopped) return
    this.dialler.dial(this.raft.peers())
    this.turnSoon()
  }

  /** True when the disk has no room, so that nothing new can be promised. */
  get isDiskFull(): boolean {
    return this.disk.isFull
  }

  /** Something happened: tell the core, and take its Ready when everything else that came with it is told, too. */
  input(tell: () => void): void {
    this.guard(tell)
    this.turnSoon()
  }

  /** The cluster is formed: from now on this server waits for a leader, or campaigns. */
  takePart(): void {
    this.input(() => this.raft.waitForLeader(this.ports.clock.now()))
  }

  turnSoon(): void {
    if (this.turnIsDue || this.stopped) return
    this.turnIsDue = true
    this.ports.clock.soon(() => {
      this.turnIsDue = false
      if (!this.stopped) this.guard(() => this.turn())
    })
  }

  /** Takes a snapshot as soon as the state machine is between two calls of `apply`, and no other is being taken. */
  wantSnapshot(): void {
    this.snapshotWanted = true
    if (!this.applier.isBusy) this.takeSnapshot(this.raft.inspect().lastApplied)
  }

  /** Or later, when what forbids it is over: every batch that is applied asks again. */
  private takeSnapshot(index: number): void {
    if (this.snapshots.isTaking || !this.ports.state.isWholeAt(index)) return
    this.bytesSinceSnapshot = 0
    this.snapshotWanted = false
    this.snapshots.take(this.ports.state, index)
  }

  async stop(): Promise<void> {
    this.halt()
    await this.ports.transport.stop()
  }

  private turn(): void {
    const { clock } = this.ports
    const endAt = clock.now() + MAX_TURN_MS
    this.handlers.beforeTurn()
    while (this.raft.hasReady() && !this.stopped) {
      this.carryOut(this.raft.takeReady())
      if (clock.now() < endAt) continue
      this.turnSoon()
      break
    }
    this.setTimer()
    this.handlers.afterTurn()
  }

  /** In the order that `raft/ready.ts` lays down. */
  private carryOut(ready: Ready): void {
    const { log } = this.ports
    for (const event of ready.events) this.handlers.onEvent(event)
    if (ready.persist !== null) this.disk.write(ready.persist)
    for (const outgoing of ready.messages) this.disk.send(outgoing)
    if (ready.restore !== null) this.applier.restore(ready.restore)
    if (ready.apply.length > 0) this.applier.apply(ready.apply)
    for (const fetch of ready.fetches) this.fetch(fetch)
    for (const order of ready.snapshots) this.snapshots.send(this.raft.inspect().id, order)
    for (const { token, index } of ready.reads) this.handlers.onRead(token, index)
    // Also with a durable machine, whose newest transactions a crash may take back: the core cuts only behind a snapshot
    // that is whole and durable here, and a machine that has fallen behind that one is restored from it.
    if (ready.compactTo !== null)
      log.compact(ready.compactTo).catch((error: Error) => this.noteCompactionFailure(error))
    if (ready.events.some(({ type }) => type === 'configuration' || type === 'departed')) {
      this.dialler.dial(this.raft.peers())
    }
  }

  private fetch({ id, from, to, maxBytes }: Fetch): void {
    const { log, clock } = this.ports
    log.read(from, to, maxBytes).then(
      (entries: readonly Entry[]) => this.input(() => this.raft.fetched(id, entries, clock.now())),
      (error: unknown) => this.fail(asError(error)),
    )
  }

  private noteApplied(index: number, bytes: number): void {
    const { clock, snapshotEveryBytes } = this.ports
    this.raft.applied(index, clock.now())
    this.handlers.onApplied(index, bytes)
    this.turnSoon()
    this.bytesSinceSnapshot += bytes
    if (this.snapshotWanted || this.bytesSinceSnapshot >= snapshotEveryBytes) this.takeSnapshot(index)
  }

  private noteRestored(index: number): void {
    this.bytesSinceSnapshot = 0
    this.handlers.onSnapshotRestored(index)
    this.input(() => this.raft.restored(index, this.ports.clock.now()))
    this.arrivals.restored()
    this.handlers.onApplied(index, 0)
  }

  /** Files that could not be removed cost room, not safety; a broken disk shows at the next write. */
  private noteCompactionFailure(error: Error): void {
    if (!this.stopped) this.ports.logger.warn('the log could not be compacted', { reason: error.message })
  }

  /** One timer. A deadline that moves away, as with every heartbeat, leaves it be: it looks again when it fires. */
  private setTimer(): void {
    const deadline = this.ports.gate.isFormed ? this.raft.nextDeadline() : null
    if (deadline === null || this.stopped || this.timerAt <= deadline) return
    this.timer?.()
    this.timerAt = deadline
    const { clock } = this.ports
    this.timer = clock.schedule(Math.max(deadline - clock.now(), 0), () => this.guard(() => this.timerFired(deadline)))
  }

  private timerFired(expectedAt: number): void {
    const { clock } = this.ports
    this.timerAt = Number.POSITIVE_INFINITY
    this.timer = null
    if (clock.now() - expectedAt > LATE_TIMER_MS) this.afterStall()
    else this.tick()
  }

  /** We were held up: what has arrived meanwhile is heard first, and a lease from before it counts no more. */
  private afterStall(): void {
    const { clock } = this.ports
    this.raft.stalled(clock.now())
    clock.soon(() => this.guard(() => this.tick()))
  }

  private tick(): void {
    const now = this.ports.clock.now()
    const deadline = this.raft.nextDeadline()
    if (deadline !== null && now >= deadline) this.raft.tick(now)
    this.turn()
  }

  /**
   * An emptied server must not come back by way of a snapshot: a leader that has joined later does not know the first
   * members' disks, and would bring one to it. It would have forgotten whom it has voted for.
   */
  private refuseSnapshot({ from, term, lastIncludedIndex: index }: InstallSnapshot): string | null {
    const { gate } = this.ports
    const { currentTerm, commitIndex, configuration } = this.raft.inspect()
    if (!gate.isFormed || gate.isStranger(from, configuration))
      return 'this server has not met those who founded the cluster with it'
    if (term < currentTerm) return `the snapshot's term ${term} is over: it is ${currentTerm} here`
    if (index <= commitIndex) return `the snapshot ends with ${index}, and ${commitIndex} is committed here already`
    return null
  }

  /** Whatever our own code throws ends the node, aloud: going on after a broken invariant would spread the damage. */
  private guard(action: () => void): void {
    if (this.stopped) return
    try {
      action()
    } catch (error) {
      this.fail(asError(error))
    }
  }

  private fail(error: Error): void {
    if (this.stopped) return
    this.halt()
    this.handlers.onFailure(error)
  }

  private halt(): void {
    this.stopped = true
    this.timer?.()
    this.disk.stop()
    this.applier.stop()
    this.snapshots.stop()
    this.arrivals.stop()
    this.dialler.stop()
  }
}

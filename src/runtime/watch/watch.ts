/**
 * Looks at a node from its ports: what passes through them is counted and timed, and ten times a second somebody looks
 * whether anything stands still. Consensus itself knows nothing of it.
 */
import type { ServerId } from '../../raft/entry.ts'
import type { Message } from '../../raft/message.ts'
import type { RaftOptions } from '../../raft/options.ts'
import type { RaftEvent } from '../../raft/ready.ts'
import type { RaftState } from '../../raft/state.ts'
import type { LogStore } from '../../storage/log-store.ts'
import type { SnapshotStore } from '../../storage/snapshot-store.ts'
import type { Transport } from '../../transport/transport.ts'
import type { Cancel, Clock } from '../../util/clock.ts'
import { Deque } from '../../util/deque.ts'
import type { OperationEvents, Report } from '../events.ts'
import { harmless, type Logger, SILENT } from '../logger.ts'
import { Counters } from './counters.ts'
import { ForgetfulPeers, type OnContradiction } from './forgetful-peers.ts'
import { narrate } from './narrate.ts'
import { SlowPeers } from './slow-peers.ts'
import { Stall } from './stall.ts'
import { WatchedLog } from './watched-log.ts'
import type { WatchedMachine } from './watched-machine.ts'
import { WatchedSnapshots } from './watched-snapshots.ts'
import { WatchedTransport } from './watched-transport.ts'

const ROUND_INTERVAL_MS = 100

/** A call of `apply` that has taken so long is worth a word: the log grows meanwhile, and reads wait. */
const APPLY_STALL_MS = 1000

/** What the node is made of, as it was given to us, and from when on something takes too long. */
export interface WatchOptions {
  readonly log: LogStore
  readonly snapshots: SnapshotStore
  readonly transport: Transport
  readonly clock: Clock
  readonly diskStallMs?: number
  readonly slowPeerMs?: number
  readonly logger?: Logger
}

/** When the options do not say: so many of the longest election time-outs. */
const PATIENCE = 5

/** What the watch is told, and whom it tells. */
export interface WatchHandlers {
  readonly state: () => Readonly<RaftState>
  readonly onEvent: Report
  readonly onContradiction: OnContradiction
  /** Nothing is asked for and nothing will happen by itself: nobody needs to look. */
  readonly isQuiet: () => boolean
  /** After each round, and with it whether the disk stands still. */
  readonly onRound: (isDiskStalled: boolean) => void
}

/** A batch of proposals in our log as leader. */
interface Placed {
  readonly lastIndex: number
  readonly at: number
}

export class Watch {
  readonly counters: Counters = new Counters()
  readonly log: WatchedLog
  readonly snapshots: WatchedSnapshots
  readonly transport: WatchedTransport
  readonly stateMachine: WatchedMachine
  private readonly clock: Clock
  private readonly logger: Logger
  private readonly handlers: WatchHandlers
  private readonly slowPeers: SlowPeers
  private readonly forgetfulPeers: ForgetfulPeers
  private readonly loop: Stall
  private readonly disk: Stall
  private readonly apply: Stall
  private readonly placed = new Deque<Placed>()
  private timer: Cancel | null = null
  private stopped = false

  constructor(options: WatchOptions, machine: WatchedMachine, raftOptions: RaftOptions, handlers: WatchHandlers) {
    const { counters } = this
    const { clock, log, snapshots, transport } = options
    const { electionTimeoutMinMs, electionTimeoutMaxMs } = raftOptions
    const { diskStallMs = PATIENCE * electionTimeoutMaxMs, slowPeerMs = PATIENCE * electionTimeoutMaxMs } = options
    const report: Report = (name, event) => this.report(name, event)
    this.clock = clock
    this.logger = harmless(options.logger ?? SILENT)
    this.handlers = handlers
    this.log = new WatchedLog(log, clock, counters, report)
    this.snapshots = new WatchedSnapshots(snapshots, clock, report)
    this.transport = new WatchedTransport(transport, clock, counters, report, (message) => this.heard(message))
    this.stateMachine = machine
    this.slowPeers = new SlowPeers(slowPeerMs, (event) => report('slowPeer', event))
    this.forgetfulPeers = new ForgetfulPeers(handlers.onContradiction)
    const stall = (cause: 'loop' | 'disk' | 'apply', limitMs: number): Stall =>
      new Stall(cause, limitMs, counters.stalls[cause], (event) => report('stall', event))
    // Another stall of that length, and the leader has lost its office.
    this.loop = stall('loop', electionTimeoutMinMs / 2)
    this.disk = stall('disk', diskStallMs)
    this.apply = stall('apply', APPLY_STALL_MS)
  }

  /** From now on somebody looks; not at a node that has stopped itself while it was being started. */
  start(): void {
    if (this.stopped || this.timer !== null) return
    const dueAt = this.clock.now() + ROUND_INTERVAL_MS
    this.timer = this.clock.schedule(ROUND_INTERVAL_MS, () => this.round(dueAt))
  }

  stop(): void {
    this.stopped = true
    this.timer?.()
  }

  isSlow(peer: ServerId): boolean {
    return this.slowPeers.isSlow(peer)
  }

  get isDiskStalled(): boolean {
    return this.disk.isGoingOn
  }

  /** Every event of the core's. */
  noteRaftEvent(event: RaftEvent): void {
    const { counters } = this
    if (event.type === 'role' && event.role === 'candidate') counters.electionsStarted++
    if (event.type === 'role' && event.role === 'leader') counters.electionsWon++
    if (event.type === 'role' && event.role !== 'leader') this.placed.clear()
    if (event.type === 'leader' && event.leaderId !== null) counters.leaderChanges++
    if (event.type === 'contradiction') counters.contradictions++
  }

  /** As leader we have put a batch of proposals into the log. */
  notePlaced(lastIndex: number): void {
    this.placed.push({ lastIndex, at: this.clock.now() })
  }

  /** A turn is over: batches may have been committed in it. */
  noteTurn(): void {
    this.start()
    let first = this.placed.first()
    if (first === undefined) return
    const { commitIndex } = this.handlers.state()
    const now = this.clock.now()
    for (; first !== undefined && first.lastIndex <= commitIndex; first = this.placed.first()) {
      this.counters.commitMs.observe(now - first.at)
      this.placed.shift()
    }
  }

  noteRestored(index: number): void {
    const sizeBytes = this.snapshots.latest()?.sizeBytes ?? 0
    const durationMs = this.stateMachine.lastRestoreMs
    this.report('snapshot', { action: 'restored', index, sizeBytes, durationMs, peer: null })
  }

  private report<Name extends keyof OperationEvents>(name: Name, event: OperationEvents[Name]): void {
    if (name === 'snapshot') this.countSnapshot(event as OperationEvents['snapshot'])
    narrate(this.logger, name, event)
    this.handlers.onEvent(name, event)
  }

  private countSnapshot({ action, sizeBytes, durationMs }: OperationEvents['snapshot']): void {
    const amount = this.counters.snapshots[action]
    amount.count++
    amount.bytes += sizeBytes
    amount.ms += durationMs
  }

  /** A thousand groups that rest would be looked at ten thousand times a second. The next turn ends the quiet. */
  private isQuiet(): boolean {
    return this.handlers.isQuiet() && this.log.oldestWriteMs() === 0 && this.stateMachine.busyMs() === 0
  }

  private heard(message: Message): void {
    this.forgetfulPeers.heard(message, this.handlers.state(), this.clock.now())
  }

  private round(dueAt: number): void {
    const now = this.clock.now()
    this.timer = null
    if (!this.isQuiet()) this.start()
    this.loop.happened(now - dueAt, now)
    this.disk.look(this.log.oldestWriteMs(), now)
    this.apply.look(this.stateMachine.busyMs(), now)
    this.slowPeers.look(this.handlers.state(), now)
    this.handlers.onRound(this.disk.isGoingOn)
  }
}

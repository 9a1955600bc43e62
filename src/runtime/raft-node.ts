/**
 * RaftNode: what a service holds. Commands go in and come out committed, in one order on every server; reads see
 * everything that was acknowledged before them; both from any server.
 */
import type { Configuration } from '../raft/configuration.ts'
import type { ConfigurationChange } from '../raft/configuration-change.ts'
import type { Index, ServerId } from '../raft/entry.ts'
import { OptionsError } from '../raft/errors.ts'
import type { Raft } from '../raft/raft.ts'
import type { RaftEvent } from '../raft/ready.ts'
import { DEFAULT_LIMITS } from '../transport/limits.ts'
import { checkLimits } from './check-options.ts'
import { Driver } from './driver/driver.ts'
import { asError, NodeError } from './errors.ts'
import { Listeners } from './listeners.ts'
import { harmless, type Logger, SILENT } from './logger.ts'
import { makeRaft } from './make-raft.ts'
import { isChangeRequest } from './members/change-codec.ts'
import { Changes } from './members/changes.ts'
import { Formation } from './members/formation.ts'
import type { Gate } from './members/gate.ts'
import { type Joiner, joinerFor } from './members/joiner.ts'
import type {
  NodeEvents,
  RaftNodeOptions,
  ReadOptions,
  RequestOptions,
  StopOptions,
  WaitOptions,
} from './node-options.ts'
import { type NodeMetrics, readMetrics } from './operations/metrics.ts'
import { Operations } from './operations/operations.ts'
import type { TakenSnapshot } from './operations/snapshot-requests.ts'
import { describeNode, type NodeStatus } from './operations/status.ts'
import { Queues } from './queues.ts'
import { ReplicatedState } from './replicated-state.ts'
import { ProposalDesk } from './requests/proposal-desk.ts'
import { objectionToRead, Reads } from './requests/reads.ts'
import type { Session } from './sessions/session.ts'
import { type SessionOptions, Sessions } from './sessions/sessions.ts'
import { Watch } from './watch/watch.ts'
import { WatchedMachine } from './watch/watched-machine.ts'
import { within } from './within.ts'

/** For the call of the state machine's `apply` that is under way when the node stops. */
const STOP_APPLY_MS = 10_000

const DEFAULT_TIMEOUT_MS = 5000

const MIB = 1024 * 1024

declare global {
  interface SymbolConstructor {
    /** Of ES2026; every supported Node has it. */
    readonly asyncDispose: unique symbol
  }
}

/** One server of a cluster, as `startNode` gives it. Commands, reads and changes can be asked for on any of them. */
export class RaftNode {
  readonly id: ServerId
  /** Resolves with the reason if the node has to stop itself: a disk that failed, a state machine that threw. */
  readonly failed: Promise<Error>
  private readonly options: RaftNodeOptions
  private readonly driver: Driver
  private readonly raft: Raft
  private readonly desk: ProposalDesk
  private readonly reads: Reads
  private readonly changes: Changes
  private readonly sessions: Sessions
  private readonly joiner: Joiner | null
  private readonly gate: Gate
  private readonly queues: Queues
  private readonly events: Listeners<NodeEvents>
  private readonly watch: Watch
  private readonly operations: Operations
  private readonly logger: Logger
  private reportFailure: (error: Error) => void = () => {}
  private stopReason: string | null = null
  /** An orderly stop: no more requests are taken, and those under way end. */
  private leaving: Promise<void> | null = null
  private closing: Promise<void> | null = null

  /**
   * Restores what the state machine lacks, then joins the cluster. When it rejects, transport and storage are let go of.
   *
   * @throws OptionsError, TransportError, or what `restore` rejects with
   */
  static async open(options: RaftNodeOptions): Promise<RaftNode> {
    const { snapshots, stateMachine, transport, clock, boot } = options
    try {
      const machine = new WatchedMachine(stateMachine, clock)
      const state = new ReplicatedState(machine)
      const latest = snapshots.latest()
      const snapshot = latest === null ? null : { index: latest.meta.index, source: snapshots.read(latest) }
      await state.start(snapshot, boot.lastIndex)
      // Not before: the election timer runs from here, and restoring may take a minute.
      const node = new RaftNode(options, machine, state)
      await node.driver.start((_from, body) =>
        isChangeRequest(body) ? node.changes.answer(body) : node.desk.answer(body),
      )
      node.watch.start()
      node.gate.start()
      node.joiner?.start()
      return node
    } catch (error) {
      await letGo(transport.stop(), options)
      throw error
    }
  }

  private constructor(options: RaftNodeOptions, machine: WatchedMachine, state: ReplicatedState) {
    this.id = options.id
    this.options = options
    this.logger = harmless(options.logger ?? SILENT)
    this.events = new Listeners(this.logger)
    this.failed = new Promise((resolve) => {
      this.reportFailure = resolve
    })
    this.raft = makeRaft(options, machine)
    const { maxMessageBytes = DEFAULT_LIMITS.maxFrameBytes } = options
    checkLimits(options, this.raft.inspect().options, maxMessageBytes)
    this.watch = this.makeWatch(machine)
    this.reads = new Reads(this.watch.counters.requests, options.clock, () => {
      const { lastApplied, restoring } = this.raft.inspect()
      return restoring ? null : lastApplied
    })
    this.desk = this.makeDesk(maxMessageBytes)
    this.gate = options.gate ?? this.makeGate()
    this.gate.whenFormed(() => this.driver.takePart())
    this.joiner = joinerFor(this.raft, options, this.logger, (error) => this.failWith(error))
    this.changes = new Changes(this.raft, this.watch.transport, {
      expiry: (timeoutMs) => this.expiry(timeoutMs),
      workOn: () => this.workOn(),
    })
    this.driver = this.makeDriver(state)
    this.sessions = new Sessions(this.raft, state.table, {
      clock: options.clock,
      requestTimeoutMs: options.requestTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      propose: (payload, request) => this.desk.propose('session', payload, request),
    })
    this.queues = new Queues(
      [this.desk.proposals, this.desk.forwarder, this.reads, this.changes],
      options.clock,
      () => this.raft.inspect().leaderId,
      () => this.driver.turnSoon(),
    )
    this.operations = new Operations({
      ...{ raft: this.raft, watch: this.watch, clock: options.clock, logger: this.logger },
      requestTimeoutMs: options.requestTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      status: () => this.status(),
      refusal: () => this.refusalToWork(),
      input: (tell) => this.driver.input(tell),
      wantSnapshot: () => this.driver.wantSnapshot(),
    })
  }

  private makeGate(): Gate {
    const { formation = null, boot } = this.options
    return new Formation(this.id, formation, isNew(boot), this.logger, (error) => this.failWith(error))
  }

  private makeWatch(machine: WatchedMachine): Watch {
    return new Watch(this.options, machine, this.raft.inspect().options, {
      state: () => this.raft.inspect(),
      onEvent: (name, event) => this.events.emit(name, event as never),
      onContradiction: (event) => this.noteEvent(event),
      isQuiet: () => this.raft.inspect().resting && this.queues.areEmpty && this.operations.isIdle,
      onRound: (isDiskStalled) => this.operations.afterRound(isDiskStalled),
    })
  }

  private makeDesk(maxMessageBytes: number): ProposalDesk {
    return new ProposalDesk({
      ...{ raft: this.raft, transport: this.watch.transport, tally: this.watch.counters.requests, maxMessageBytes },
      maxQueuedBytes: this.options.maxQueuedBytes ?? 64 * MIB,
      isDiskFull: () => this.driver.isDiskFull,
      refusal: () => this.refusalToWork(),
      expiry: (timeoutMs) => this.expiry(timeoutMs),
      workOn: () => this.workOn(),
      sweepLater: () => this.queues.sweepLater(),
      stamp: (command) => this.sessions.stamp(command),
      onPlaced: (firstIndex, count, term) => {
        this.watch.notePlaced(firstIndex + count - 1)
        this.events.emit('proposals', { firstIndex, count, term })
      },
    })
  }

  private makeDriver(state: ReplicatedState): Driver {
    const { clock, snapshotEveryBytes = 64 * MIB } = this.options
    const { log, snapshots, transport } = this.watch
    const { logger, gate } = this
    const ports = { log, snapshots, transport, clock, state, snapshotEveryBytes, logger, gate }
    return new Driver(this.raft, ports, {
      beforeTurn: () => this.submit(),
      afterTurn: () => this.operations.afterTurn(),
      onAnswer: (index, term, outcome) => this.desk.proposals.applied(index, term, outcome),
      onApplied: (index, bytes) => {
        this.watch.counters.bytesApplied += bytes
        this.reads.applied(index)
        this.sessions.applied(index)
      },
      onSnapshotFailed: (error) => this.operations.snapshotFailed(error),
      onSnapshotRestored: (index) => {
        this.watch.noteRestored(index)
        this.desk.proposals.skipped(index)
      },
      onRead: (token, index) => this.noteReadIndex(token, index),
      onEvent: (event) => this.noteEvent(event),
      onFailure: (error) => this.failWith(error),
    })
  }

  // ── What users call ───────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Resolves with the state machine's answer, once the command is committed and applied on the leader. From any server:
   * a follower hands it to the leader, once.
   *
   * @throws NodeError whose `applied` says whether the command certainly has no effect or may have one
   */
  propose(command: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    return this.desk.propose('command', command, options)
  }

  /** Opens a session, whose commands are retried and yet applied once. @throws NodeError, OptionsError */
  openSession(options: SessionOptions = {}): Promise<Session> {
    return this.sessions.openNew(options)
  }

  /**
   * Takes up a session whose client has crashed, here or elsewhere. One client at a time may hold a session. Its next
   * 1,000 commands may have been sent before, so an error of theirs says 'unknown'.
   *
   * @param nextSerial what `session.nextSerial` was when the first command was proposed whose answer is still wanted
   * @throws NodeError ERR_QUORATE_SESSION_EXPIRED when it is no more; OptionsError when that serial was settled before
   */
  resumeSession(id: number, nextSerial: number, options: RequestOptions = {}): Promise<Session> {
    return this.sessions.resume(id, nextSerial, options)
  }

  /**
   * Runs `query` against the state machine when it holds everything that was acknowledged anywhere before this call
   * (Thesis §6.4), or less when `consistency` says so. `query` must be synchronous.
   *
   * @throws NodeError ERR_QUORATE_NO_LEADER when that cannot be confirmed in time; whatever `query` throws;
   *   OptionsError for options that make no sense
   */
  read<T>(query: () => T, options: ReadOptions = {}): Promise<T> {
    const refusal = this.refusalToWork() ?? objectionToRead(options, this.raft.inspect().options)
    if (refusal !== null) return Promise.reject(refusal)
    const answer = this.reads.request(query, this.expiry(options.timeoutMs), options)
    this.workOn()
    return answer
  }

  /**
   * Hands leadership to another voter.
   *
   * @throws NodeError ERR_QUORATE_NOT_TRANSFERRED when nothing came of it
   */
  transferLeadership(to: ServerId): Promise<void> {
    return this.operations.transfer(to)
  }

  /**
   * Takes a snapshot of what is applied by now, and resolves when it is durable. If one is being taken, it waits for
   * that one, or for one behind it when more was applied meanwhile.
   *
   * @throws NodeError ERR_QUORATE_NO_SNAPSHOT when nothing was applied since the last one, or when it failed
   */
  snapshot(): Promise<TakenSnapshot> {
    return this.operations.snapshot()
  }

  /**
   * Changes who belongs to the cluster, or where a member listens (Paper §6). From any server. What must wait (another
   * change, a learner that catches up) is waited for until the time is up.
   *
   * @returns the configuration, once it is committed and no longer joint
   * @throws NodeError ERR_QUORATE_CHANGE_REFUSED when it makes no sense or would stop the cluster; others as `propose`
   */
  change(change: ConfigurationChange, options: RequestOptions = {}): Promise<Configuration> {
    return this.changes.request(change, options)
  }

  /** How this server stands, at this moment and from its own point of view. Cheap; also works when it has stopped. */
  status(): NodeStatus {
    return describeNode(this.raft.inspect(), {
      now: this.options.clock.now(),
      forming: this.gate.missing,
      diskFull: this.driver.isDiskFull,
      stopped: this.stopReason,
      isSlow: (peer) => this.watch.isSlow(peer),
    })
  }

  /** Everything that is counted and measured here, as plain numbers; `prometheusText` makes Prometheus' text of it. */
  metrics(): NodeMetrics {
    const { isDiskFull: diskFull } = this.driver
    const { queuedBytes } = this.desk
    const connections = this.options.connectionCounters?.() ?? null
    const now = this.options.clock.now()
    return readMetrics(this.raft.inspect(), this.watch, { now, queuedBytes, diskFull, connections })
  }

  /**
   * Resolves with the status as soon as `holds` returns true for it. Looked at now, after every turn in which something
   * happened, and ten times a second.
   *
   * @throws NodeError ERR_QUORATE_TIMEOUT, ERR_QUORATE_ABORTED or ERR_QUORATE_STOPPED; whatever `holds` throws
   */
  waitFor(holds: (status: NodeStatus) => boolean, options: WaitOptions = {}): Promise<NodeStatus> {
    return this.operations.waitFor(holds, options)
  }

  /** Resolves with the leader's id as soon as this server knows one. @throws as `waitFor` */
  async waitForLeader(options: WaitOptions = {}): Promise<ServerId> {
    const { leaderId } = await this.waitFor((status) => status.leaderId !== null, options)
    return leaderId as ServerId
  }

  /**
   * Reads the certificates anew. Connections that begin from now on use them; those that are there live on.
   *
   * @throws TransportError ERR_QUORATE_CERTIFICATE_INVALID: the old ones stay in use; OptionsError for a node without `tls`
   */
  async reloadCertificates(): Promise<void> {
    const { reloadCertificates } = this.options
    if (reloadCertificates === undefined) throw new OptionsError('this node was started without tls')
    await reloadCertificates()
  }

  /** Calls `listener` at each such event from now on; one that throws is logged. @returns what ends it */
  on<Name extends keyof NodeEvents>(name: Name, listener: (event: NodeEvents[Name]) => void): () => void {
    return this.events.on(name, listener)
  }

  /**
   * Takes no more requests, hands over if it leads, lets what is under way end, and then leaves; each for a bounded time.
   * What was promised is on the disk. What has no answer by then rejects, as unknown if a leader has taken it.
   */
  async stop({ handOver = true, timeoutMs }: StopOptions = {}): Promise<void> {
    if (handOver && this.stopReason === null) {
      const limitMs = timeoutMs ?? 2 * this.raft.inspect().options.electionTimeoutMaxMs
      this.leaving ??= this.operations.leave(limitMs, () => this.queues.areEmpty)
      await this.leaving
    }
    if (this.stopReason === null) this.shutDown('the node was stopped')
    this.closing ??= this.close()
    await this.closing
  }

  /** For `await using`: the same as `stop`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** The state machine may be in the middle of `apply`: whoever stops a node may take its state apart afterwards. */
  private close(): Promise<void> {
    const atRest = within(this.options.clock, STOP_APPLY_MS, this.watch.stateMachine.rest())
    return letGo(Promise.all([this.driver.stop(), this.gate.stop(), atRest]), this.options)
  }

  private refusalToWork(): NodeError | null {
    if (this.stopReason !== null) return new NodeError('ERR_QUORATE_STOPPED', this.stopReason, 'no')
    return this.leaving === null ? null : new NodeError('ERR_QUORATE_STOPPED', 'the node is being stopped', 'no')
  }

  private expiry(timeoutMs: number | undefined): number {
    return this.options.clock.now() + (timeoutMs ?? this.options.requestTimeoutMs ?? DEFAULT_TIMEOUT_MS)
  }

  /** At the start of a turn: all that was asked for since the last one goes to the core, or to the leader, as one. */
  private submit(): void {
    const now = this.options.clock.now()
    for (const { token, underLease } of this.reads.ask()) this.raft.read(token, now, underLease)
    this.changes.submit(now)
    this.desk.submit(now)
  }

  // ── What comes back ───────────────────────────────────────────────────────────────────────────────────────────────

  private noteReadIndex(token: number, index: Index | null): void {
    this.reads.answered(token, index)
  }

  private noteEvent(event: RaftEvent): void {
    this.watch.noteRaftEvent(event)
    this.operations.noteRaftEvent(event)
    if (event.type === 'role') this.logger.info(`${event.role} in term ${event.term}`)
    if (event.type === 'contradiction') this.logger.error(event.detail, { from: event.from, index: event.index })
    // Whoever waits for a leader can go on.
    if (event.type === 'leader') this.driver.turnSoon()
    if (event.type === 'configurationCommitted') {
      this.joiner?.noteMembers(event.configuration)
      this.changes.advance()
    }
    const emit: (name: RaftEvent['type'], event: never) => void = (name, payload) => this.events.emit(name, payload)
    emit(event.type, event as never)
  }

  /** Somebody waits: for the next turn, and, in the end, for the sweep. */
  private workOn(): void {
    this.driver.turnSoon()
    this.queues.sweepLater()
  }

  private failWith(error: Error): void {
    this.logger.error('the node stops itself', { reason: error.message })
    this.shutDown(`the node has stopped itself: ${error.message}`)
    this.reportFailure(error)
    this.events.emit('failure', error)
    this.closing ??= this.close()
    this.closing.catch((late: unknown) => this.logger.warn('while stopping', { reason: asError(late).message }))
  }

  private shutDown(reason: string): void {
    this.stopReason = reason
    this.watch.stop()
    this.queues.stop(reason)
    this.operations.failAll(reason)
    this.sessions.stop(reason)
    this.joiner?.stop()
  }
}

function isNew({ hardState, lastIndex, snapshot }: RaftNodeOptions['boot']): boolean {
  return hardState.term === 0 && lastIndex === 0 && snapshot.index === 0
}

/** The disk is let go of whatever the network does. */
async function letGo(networkStopped: Promise<unknown>, { closeStorage }: RaftNodeOptions): Promise<void> {
  try {
    await networkStopped
  } finally {
    await closeStorage?.()
  }
}

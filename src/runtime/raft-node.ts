/**
 * RaftNode: what a service holds. Commands go in and come out committed, in one order on every server; reads see
 * everything that was acknowledged before them; both from any server.
 */
import type { Index, ServerId } from '../raft/entry.ts'
import type { RaftOptions } from '../raft/options.ts'
import { type ProposeRefusal, Raft } from '../raft/raft.ts'
import type { RaftEvent } from '../raft/ready.ts'
import { DEFAULT_LIMITS } from '../transport/limits.ts'
import { checkLimits } from './check-options.ts'
import { Driver } from './driver.ts'
import { asError, NodeError } from './errors.ts'
import { Forwarder } from './forwarder.ts'
import { decodeForward, encodeOutcomes, type ForwardedOutcome } from './forwarding.ts'
import { Listeners } from './listeners.ts'
import { harmless, type Logger, SILENT } from './logger.ts'
import { MESSAGE_OVERHEAD_BYTES } from './message-limits.ts'
import { type NodeMetrics, readMetrics } from './metrics.ts'
import type { NodeEvents, RaftNodeOptions, RequestOptions, StopOptions, WaitOptions } from './node-options.ts'
import { Operations } from './operations.ts'
import { watchSignal } from './pending.ts'
import { abort, costOf, fail, type Proposal, Proposals, requireBytes } from './proposals.ts'
import { Queues } from './queues.ts'
import { Reads } from './reads.ts'
import type { TakenSnapshot } from './snapshot-requests.ts'
import { describeNode, type NodeStatus } from './status.ts'
import { Watch } from './watch/watch.ts'
import { WatchedMachine } from './watch/watched-machine.ts'
import { within } from './within.ts'

/** For the call of the state machine's `apply` that is under way when the node stops. */
const STOP_APPLY_MS = 10_000

const MIB = 1024 * 1024

declare global {
  interface SymbolConstructor {
    /** Of ES2026; every supported Node has it. */
    readonly asyncDispose: unique symbol
  }
}

/**
 * The state machine is in memory, so it may be ahead of the own disk. And under load the next append carries the news of
 * a commit: pushing it at once made two messages of each, and woke every follower twice.
 */
const NODE_DEFAULTS: Partial<RaftOptions> = { applyBeforeDurable: true, commitPushDelayMs: 3 }

export class RaftNode {
  readonly id: ServerId
  /** Resolves with the reason if the node has to stop itself: a disk that failed, a state machine that threw. */
  readonly failed: Promise<Error>
  private readonly options: RaftNodeOptions
  private readonly driver: Driver
  private readonly raft: Raft
  private readonly proposals = new Proposals()
  private readonly forwarder: Forwarder
  private readonly reads: Reads
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
  private readonly maxEntryBytes: number
  private readonly maxMessageBytes: number

  /**
   * Restores the state machine, then joins the cluster. When it rejects, transport and storage are let go of.
   *
   * @throws OptionsError, TransportError, or what `restore` rejects with
   */
  static async open(options: RaftNodeOptions): Promise<RaftNode> {
    const { snapshots, stateMachine, transport, clock } = options
    try {
      const machine = new WatchedMachine(stateMachine, clock)
      const latest = snapshots.latest()
      if (latest !== null) await machine.restore(snapshots.read(latest))
      // Not before: the election timer runs from here, and restoring may take a minute.
      const node = new RaftNode(options, machine)
      await node.driver.start((_from, body) => node.answerForward(body))
      node.watch.start()
      return node
    } catch (error) {
      await letGo(transport.stop(), options)
      throw error
    }
  }

  private constructor(options: RaftNodeOptions, machine: WatchedMachine) {
    this.id = options.id
    this.options = options
    this.logger = harmless(options.logger ?? SILENT)
    this.events = new Listeners(this.logger)
    this.failed = new Promise((resolve) => {
      this.reportFailure = resolve
    })
    const raftOptions = { ...NODE_DEFAULTS, ...options.raft, id: options.id }
    this.raft = new Raft(raftOptions, options.boot, options.random, options.clock.now())
    this.maxEntryBytes = this.raft.inspect().options.maxEntryBytes
    this.maxMessageBytes = options.maxMessageBytes ?? DEFAULT_LIMITS.maxFrameBytes
    checkLimits(options, this.raft.inspect().options, this.maxMessageBytes)
    this.watch = this.makeWatch(machine)
    this.reads = new Reads(this.watch.counters.requests)
    this.forwarder = new Forwarder(this.watch.transport, (proposal) => this.tryAgainLater(proposal))
    this.driver = this.makeDriver()
    this.queues = new Queues(
      [this.proposals, this.forwarder, this.reads],
      options.clock,
      () => this.raft.inspect().leaderId,
      () => this.driver.turnSoon(),
    )
    this.operations = new Operations({
      ...{ raft: this.raft, watch: this.watch, clock: options.clock, logger: this.logger },
      requestTimeoutMs: options.requestTimeoutMs ?? 5000,
      status: () => this.status(),
      refusal: () => this.refusalToWork(),
      input: (tell) => this.driver.input(tell),
      wantSnapshot: () => this.driver.wantSnapshot(),
    })
  }

  private makeWatch(machine: WatchedMachine): Watch {
    return new Watch(this.options, machine, this.raft.inspect().options, {
      state: () => this.raft.inspect(),
      onEvent: (name, event) => this.events.emit(name, event as never),
      onContradiction: (event) => this.noteEvent(event),
      onRound: (isDiskStalled) => this.operations.afterRound(isDiskStalled),
    })
  }

  private makeDriver(): Driver {
    const { clock, snapshotEveryBytes = 64 * MIB, invariants } = this.options
    const { log, snapshots, transport, stateMachine } = this.watch
    const ports = { log, snapshots, transport, clock, stateMachine, snapshotEveryBytes, logger: this.logger }
    return new Driver(this.raft, invariants === undefined ? ports : { ...ports, invariants }, {
      beforeTurn: () => this.submit(),
      afterTurn: () => this.operations.afterTurn(),
      onAnswer: (index, term, answer) => this.proposals.applied(index, term, answer),
      onApplied: (index, bytes) => {
        this.watch.counters.bytesApplied += bytes
        this.reads.applied(index)
      },
      onSnapshotFailed: (error) => this.operations.snapshotFailed(error),
      onSnapshotRestored: (index) => {
        this.watch.noteRestored(index)
        this.proposals.skipped(index)
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
    return new Promise((resolve, reject) => {
      requireBytes(command)
      this.addProposal(command, options, false, resolve, reject)
    })
  }

  /**
   * Runs `query` against the state machine when it holds everything that was acknowledged anywhere before this call
   * (Thesis §6.4). `query` must be synchronous.
   *
   * @throws NodeError ERR_QUORATE_NO_LEADER when that cannot be confirmed in time; whatever `query` throws
   */
  read<T>(query: () => T, { timeoutMs, signal }: RequestOptions = {}): Promise<T> {
    const refusal = this.refusalToWork()
    if (refusal !== null) return Promise.reject(refusal)
    const answer = this.reads.request(query, this.expiry(timeoutMs), signal)
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

  /** As of now. */
  status(): NodeStatus {
    return describeNode(this.raft.inspect(), {
      now: this.options.clock.now(),
      diskFull: this.driver.isDiskFull,
      stopped: this.stopReason,
      isSlow: (peer) => this.watch.isSlow(peer),
    })
  }

  /** Everything that is counted and measured here, as plain numbers; `prometheusText` makes Prometheus' text of it. */
  metrics(): NodeMetrics {
    const { isDiskFull: diskFull } = this.driver
    const queuedBytes = this.proposals.queuedBytes + this.forwarder.bytesUnderWay
    return readMetrics(this.raft.inspect(), this.watch, { now: this.options.clock.now(), queuedBytes, diskFull })
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

  /** A listener that throws is logged; it harms nobody else. */
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

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** The state machine may be in the middle of `apply`: whoever stops a node may take its state apart afterwards. */
  private close(): Promise<void> {
    const atRest = within(this.options.clock, STOP_APPLY_MS, this.watch.stateMachine.rest())
    return letGo(Promise.all([this.driver.stop(), atRest]), this.options)
  }

  private refusalToWork(): NodeError | null {
    if (this.stopReason !== null) return new NodeError('ERR_QUORATE_STOPPED', this.stopReason, 'no')
    return this.leaving === null ? null : new NodeError('ERR_QUORATE_STOPPED', 'the node is being stopped', 'no')
  }

  // ── Proposals ─────────────────────────────────────────────────────────────────────────────────────────────────────

  private addProposal(
    command: Uint8Array,
    { timeoutMs, signal }: RequestOptions,
    isForwarded: boolean,
    resolve: (answer: Uint8Array) => void,
    reject: (error: NodeError) => void,
  ): void {
    const proposal: Proposal = {
      command,
      resolve,
      reject,
      expiresAt: this.expiry(timeoutMs),
      isForwarded,
      tally: this.watch.counters.requests,
      handedOver: false,
      index: 0,
      term: 0,
      settled: false,
      unhook: null,
    }
    const refusal = this.refusal(proposal)
    if (refusal !== null) fail(proposal, refusal)
    else if (signal?.aborted) abort(proposal)
    else {
      watchSignal(proposal, signal, () => abort(proposal))
      this.proposals.add(proposal)
      this.workOn()
    }
  }

  private refusal(proposal: Proposal): NodeError | null {
    const { maxQueuedBytes = 64 * MIB } = this.options
    const { length } = proposal.command
    const stopped = this.refusalToWork()
    if (stopped !== null) return stopped
    if (length > this.maxEntryBytes) {
      const message = `a command of ${length} bytes is larger than the ${this.maxEntryBytes} that are allowed`
      return new NodeError('ERR_QUORATE_TOO_LARGE', message, 'no')
    }
    const queuedBytes = this.proposals.queuedBytes + this.forwarder.bytesUnderWay
    if (queuedBytes + costOf(proposal) > maxQueuedBytes) {
      const message = `${queuedBytes} bytes of commands wait already: propose less at a time`
      return new NodeError('ERR_QUORATE_OVERLOADED', message, 'no')
    }
    return null
  }

  private expiry(timeoutMs: number | undefined): number {
    return this.options.clock.now() + (timeoutMs ?? this.options.requestTimeoutMs ?? 5000)
  }

  /** At the start of a turn: all that was asked for since the last one goes to the core, or to the leader, as one. */
  private submit(): void {
    const now = this.options.clock.now()
    const token = this.reads.ask()
    if (token !== null) this.raft.read(token, now)
    if (!this.proposals.hasWaiting) return
    const { role, leaderId } = this.raft.inspect()
    if (role === 'leader') this.proposeHere(this.proposals.takeWaiting(), now)
    else if (leaderId !== null) this.passOn(this.proposals.takeWaiting(), leaderId, now)
    else this.proposals.refuseForwarded()
  }

  private proposeHere(batch: readonly Proposal[], now: number): void {
    if (batch.length === 0) return
    if (this.driver.isDiskFull) {
      for (const one of batch) fail(one, new NodeError('ERR_QUORATE_DISK_FULL', 'the disk of the leader is full', 'no'))
      return
    }
    const commands = batch.map(({ command }) => command)
    const result = this.raft.propose(commands, now)
    if (result.accepted) {
      this.proposals.place(batch, result.firstIndex, result.term)
      this.watch.notePlaced(result.firstIndex + batch.length - 1)
      this.events.emit('proposals', { firstIndex: result.firstIndex, count: batch.length, term: result.term })
    } else {
      this.handleRefusal(batch, result.reason)
    }
  }

  private handleRefusal(batch: readonly Proposal[], reason: ProposeRefusal): void {
    for (const one of batch) {
      if (reason === 'overloaded') fail(one, new NodeError('ERR_QUORATE_OVERLOADED', 'too much is uncommitted', 'no'))
      else if (reason === 'tooLarge') fail(one, new NodeError('ERR_QUORATE_TOO_LARGE', 'a command is too large', 'no'))
      else this.letWait(one)
    }
  }

  private letWait(proposal: Proposal): void {
    if (proposal.isForwarded) {
      const { leaderId } = this.raft.inspect()
      fail(proposal, new NodeError('ERR_QUORATE_NO_LEADER', `${this.id} does not lead`, 'no', leaderId))
    } else if (!proposal.settled) {
      this.proposals.add(proposal)
    }
  }

  private passOn(batch: readonly Proposal[], leaderId: ServerId, now: number): void {
    for (const one of batch) if (one.isForwarded) this.letWait(one)
    const own = batch.filter(({ isForwarded }) => !isForwarded)
    this.forwarder.pass(own, leaderId, now)
  }

  /** Certainly not applied, so it may be proposed again; not at once, or it would run in a ring until there is a leader. */
  private tryAgainLater(proposal: Proposal): void {
    this.proposals.addForNextSweep(proposal)
    this.queues.sweepLater()
  }

  /** The leader's side of forwarding: one answer for all commands of a follower's request. */
  private async answerForward(body: Uint8Array): Promise<Uint8Array> {
    const forward = decodeForward(body)
    if (forward === null) throw new Error('the forwarded commands cannot be read')
    const { timeoutMs, commands } = forward
    const outcomes = commands.map(
      (command) =>
        new Promise<ForwardedOutcome>((resolve) => this.addProposal(command, { timeoutMs }, true, resolve, resolve)),
    )
    return encodeOutcomes(await Promise.all(outcomes), this.maxMessageBytes - MESSAGE_OVERHEAD_BYTES)
  }

  // ── What comes back ───────────────────────────────────────────────────────────────────────────────────────────────

  private noteReadIndex(token: number, index: Index | null): void {
    const { lastApplied, restoring } = this.raft.inspect()
    this.reads.answered(token, index, restoring ? null : lastApplied)
  }

  private noteEvent(event: RaftEvent): void {
    this.watch.noteRaftEvent(event)
    this.operations.noteRaftEvent(event)
    if (event.type === 'role') this.logger.info(`${event.role} in term ${event.term}`)
    if (event.type === 'contradiction') this.logger.error(event.detail, { from: event.from, index: event.index })
    // Whoever waits for a leader can go on.
    if (event.type === 'leader') this.driver.turnSoon()
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
  }
}

/** The disk is let go of whatever the network does. */
async function letGo(networkStopped: Promise<unknown>, { closeStorage }: RaftNodeOptions): Promise<void> {
  try {
    await networkStopped
  } finally {
    await closeStorage?.()
  }
}

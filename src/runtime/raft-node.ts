/**
 * RaftNode: what a service holds. Commands go in and come out committed, in one order on every server; reads see
 * everything that was acknowledged before them; both from any server.
 */
import type { Configuration } from '../raft/configuration.ts'
import type { ConfigurationChange } from '../raft/configuration-change.ts'
import type { Index, ServerId } from '../raft/entry.ts'
import type { RaftOptions } from '../raft/options.ts'
import { type ProposeRefusal, Raft } from '../raft/raft.ts'
import type { RaftEvent } from '../raft/ready.ts'
import { DEFAULT_LIMITS } from '../transport/limits.ts'
import { Events } from '../util/events.ts'
import { isChangeRequest } from './change-codec.ts'
import { Changes } from './changes.ts'
import type { Cancel } from './clock.ts'
import { Driver } from './driver.ts'
import { asError, NodeError } from './errors.ts'
import { Formation } from './formation.ts'
import { Forwarder } from './forwarder.ts'
import { decodeForward, encodeOutcomes, type ForwardedOutcome, type ForwardedProposal } from './forwarding.ts'
import { type Joiner, joinerFor } from './joiner.ts'
import { harmless, type Logger, SILENT } from './logger.ts'
import { MESSAGE_OVERHEAD_BYTES, requireFittingMessages } from './message-limits.ts'
import type { NodeEvents, RaftNodeOptions, RequestOptions } from './node-options.ts'
import { watchSignal } from './pending.ts'
import { abort, costOf, fail, type Proposal, Proposals, requireBytes, runsOfOneKind } from './proposals.ts'
import { failRead, type Read, Reads } from './reads.ts'
import { ReplicatedState } from './replicated-state.ts'
import type { Session } from './sessions/session.ts'
import { type SessionOptions, Sessions } from './sessions/sessions.ts'
import { describeNode, type NodeStatus } from './status.ts'

/** How late a time-out may be noticed. */
const SWEEP_INTERVAL_MS = 50

const DEFAULT_TIMEOUT_MS = 5000

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

/** One server of a cluster, as `startNode` gives it. Commands, reads and changes can be asked for on any of them. */
export class RaftNode {
  readonly id: ServerId
  /** Resolves with the reason if the node has to stop itself: a disk that failed, a state machine that threw. */
  readonly failed: Promise<Error>
  private readonly options: RaftNodeOptions
  private readonly driver: Driver
  private readonly raft: Raft
  private readonly proposals = new Proposals()
  private readonly forwarder: Forwarder
  private readonly reads = new Reads()
  private readonly changes: Changes
  private readonly joiner: Joiner | null
  private readonly formation: Formation
  private readonly sessions: Sessions
  private readonly events = new Events<NodeEvents>()
  /** Ends the transfers of leadership that somebody waits for. */
  private readonly transfers = new Set<(error: NodeError) => void>()
  private readonly logger: Logger
  private reportFailure: (error: Error) => void = () => {}
  private sweeper: Cancel | null = null
  private stopReason: string | null = null
  private closing: Promise<void> | null = null
  private readonly maxEntryBytes: number
  private readonly maxMessageBytes: number

  /**
   * Restores the state machine, then joins the cluster. When it rejects, transport and storage are let go of.
   *
   * @throws OptionsError, TransportError, or what `restore` rejects with
   */
  static async open(options: RaftNodeOptions): Promise<RaftNode> {
    const { snapshots, stateMachine, transport } = options
    try {
      const state = new ReplicatedState(stateMachine)
      const latest = snapshots.latest()
      if (latest !== null) await state.restore(snapshots.read(latest))
      // Not before: the election timer runs from here, and restoring may take a minute.
      const node = new RaftNode(options, state)
      await node.driver.start((_from, body) =>
        isChangeRequest(body) ? node.changes.answer(body) : node.answerForward(body),
      )
      node.formation.start()
      node.joiner?.start()
      return node
    } catch (error) {
      await letGo(transport.stop(), options)
      throw error
    }
  }

  private constructor(options: RaftNodeOptions, state: ReplicatedState) {
    this.id = options.id
    this.options = options
    this.logger = harmless(options.logger ?? SILENT)
    this.failed = new Promise((resolve) => {
      this.reportFailure = resolve
    })
    const raftOptions = { ...NODE_DEFAULTS, ...options.raft, id: options.id }
    this.raft = new Raft(raftOptions, options.boot, options.random, options.clock.now())
    this.maxEntryBytes = this.raft.inspect().options.maxEntryBytes
    this.maxMessageBytes = options.maxMessageBytes ?? DEFAULT_LIMITS.maxFrameBytes
    requireFittingMessages(this.raft.inspect().options, this.maxMessageBytes)
    this.forwarder = new Forwarder(options.transport, (proposal) => this.tryAgainLater(proposal))
    this.formation = new Formation(this.id, options.formation ?? null, options.boot, this.logger, {
      onFormed: () => this.driver.takePart(),
      onFailure: (error) => this.failWith(error),
    })
    this.driver = this.makeDriver(state)
    this.sessions = new Sessions(this.raft, state.table, {
      clock: options.clock,
      requestTimeoutMs: options.requestTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      propose: (payload, request) => this.proposeAs('session', payload, request),
    })
    this.joiner = joinerFor(this.raft, options, this.logger, (error) => this.failWith(error))
    this.changes = new Changes(this.raft, options.transport, {
      expiry: (timeoutMs) => this.expiry(timeoutMs),
      workOn: () => this.workOn(),
    })
  }

  private makeDriver(state: ReplicatedState): Driver {
    const { log, snapshots, transport, clock, snapshotEveryBytes = 64 * MIB, invariants } = this.options
    const { logger, formation } = this
    const ports = { log, snapshots, transport, clock, state, snapshotEveryBytes, logger, formation }
    return new Driver(this.raft, invariants === undefined ? ports : { ...ports, invariants }, {
      beforeTurn: () => this.submit(),
      onAnswer: (index, term, outcome) => this.proposals.applied(index, term, outcome),
      onApplied: (index) => {
        this.reads.applied(index)
        this.sessions.applied(index)
      },
      onSnapshotRestored: (index) => this.proposals.skipped(index),
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
    return this.proposeAs('command', command, options)
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
   * (Thesis §6.4). `query` must be synchronous.
   *
   * @throws NodeError ERR_QUORATE_NO_LEADER when that cannot be confirmed in time; whatever `query` throws
   */
  read<T>(query: () => T, { timeoutMs, signal }: RequestOptions = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.stopReason !== null) throw new NodeError('ERR_QUORATE_STOPPED', this.stopReason, 'no')
      const serve = (): void => {
        try {
          resolve(query())
        } catch (error) {
          reject(asError(error))
        }
      }
      const read: Read = { serve, reject, expiresAt: this.expiry(timeoutMs), settled: false, unhook: null }
      if (signal?.aborted) throw readAborted()
      watchSignal(read, signal, () => failRead(read, readAborted()))
      this.reads.add(read)
      this.workOn()
    })
  }

  /**
   * Hands leadership to another voter.
   *
   * @throws NodeError ERR_QUORATE_NOT_TRANSFERRED when nothing came of it
   */
  transferLeadership(to: ServerId): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.stopReason !== null) throw new NodeError('ERR_QUORATE_STOPPED', this.stopReason, 'no')
      const end = (error: NodeError | null): void => {
        off()
        this.transfers.delete(end)
        if (error === null) resolve()
        else reject(error)
      }
      const off = this.events.on('transfer', (event) => {
        if (event.to === to) end(event.outcome === 'done' ? null : notTransferred(to, event.reason))
      })
      this.transfers.add(end)
      this.driver.input(() => {
        const refusal = this.raft.transfer(to, this.options.clock.now())
        if (refusal !== null) end(notTransferred(to, refusal))
      })
    })
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
    return describeNode(this.raft.inspect(), this.formation.missing, this.driver.isDiskFull, this.stopReason)
  }

  /** Calls `listener` at each such event from now on; one that throws is logged. @returns what ends it */
  on<Name extends keyof NodeEvents>(name: Name, listener: (event: NodeEvents[Name]) => void): () => void {
    return this.events.on(name, (event) => {
      try {
        listener(event)
      } catch (error) {
        this.logger.error(`a listener of '${name}' threw`, { reason: asError(error).message })
      }
    })
  }

  /** Leaves the cluster's work; what was promised is on the disk. Proposals under way reject as unknown. */
  async stop(): Promise<void> {
    if (this.stopReason === null) this.shutDown('the node was stopped')
    this.closing ??= this.close()
    await this.closing
  }

  /** For `await using`: the same as `stop`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  private close(): Promise<void> {
    return letGo(Promise.all([this.driver.stop(), this.formation.stop()]), this.options)
  }

  // ── Proposals ─────────────────────────────────────────────────────────────────────────────────────────────────────

  private proposeAs(kind: Proposal['kind'], command: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      requireBytes(command)
      this.addProposal({ kind, command }, options, false, resolve, reject)
    })
  }

  private addProposal(
    what: ForwardedProposal,
    { timeoutMs, signal }: RequestOptions,
    isForwarded: boolean,
    resolve: (answer: Uint8Array) => void,
    reject: (error: NodeError) => void,
  ): void {
    const proposal: Proposal = {
      ...what,
      resolve,
      reject,
      expiresAt: this.expiry(timeoutMs),
      isForwarded,
      handedOver: false,
      index: 0,
      term: 0,
      settled: false,
      unhook: null,
    }
    const refusal = this.refusal(proposal)
    if (refusal !== null) reject(refusal)
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
    if (this.stopReason !== null) return new NodeError('ERR_QUORATE_STOPPED', this.stopReason, 'no')
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
    return this.options.clock.now() + (timeoutMs ?? this.options.requestTimeoutMs ?? DEFAULT_TIMEOUT_MS)
  }

  /** At the start of a turn: all that was asked for since the last one goes to the core, or to the leader, as one. */
  private submit(): void {
    const now = this.options.clock.now()
    const token = this.reads.ask()
    if (token !== null) this.raft.read(token, now)
    this.changes.submit(now)
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
    for (const run of runsOfOneKind(batch)) {
      const { kind } = run[0] as Proposal
      const commands = run.map(({ command }) => command)
      if (kind === 'session') for (const command of commands) this.sessions.stamp(command)
      const result = this.raft.propose(commands, now, kind)
      if (result.accepted) this.proposals.place(run, result.firstIndex, result.term)
      else this.handleRefusal(run, result.reason)
    }
  }

  private handleRefusal(batch: readonly Proposal[], reason: ProposeRefusal): void {
    for (const one of batch) {
      if (reason === 'overloaded') fail(one, new NodeError('ERR_QUORATE_OVERLOADED', 'too much is uncommitted', 'no'))
      else if (reason === 'tooLarge') fail(one, new NodeError('ERR_QUORATE_TOO_LARGE', 'a command is too large', 'no'))
      else this.waitForLeader(one)
    }
  }

  private waitForLeader(proposal: Proposal): void {
    if (proposal.isForwarded) {
      const { leaderId } = this.raft.inspect()
      fail(proposal, new NodeError('ERR_QUORATE_NO_LEADER', `${this.id} does not lead`, 'no', leaderId))
    } else if (!proposal.settled) {
      this.proposals.add(proposal)
    }
  }

  private passOn(batch: readonly Proposal[], leaderId: ServerId, now: number): void {
    for (const one of batch) if (one.isForwarded) this.waitForLeader(one)
    const own = batch.filter(({ isForwarded }) => !isForwarded)
    this.forwarder.pass(own, leaderId, now)
  }

  /** Certainly not applied, so it may be proposed again; not at once, or it would run in a ring until there is a leader. */
  private tryAgainLater(proposal: Proposal): void {
    this.proposals.addForNextSweep(proposal)
    this.sweepLater()
  }

  /** The leader's side of forwarding: one answer for all commands of a follower's request. */
  private async answerForward(body: Uint8Array): Promise<Uint8Array> {
    const forward = decodeForward(body)
    if (forward === null) throw new Error('the forwarded commands cannot be read')
    const { timeoutMs, proposals } = forward
    const outcomes = proposals.map(
      (one) => new Promise<ForwardedOutcome>((resolve) => this.addProposal(one, { timeoutMs }, true, resolve, resolve)),
    )
    return encodeOutcomes(await Promise.all(outcomes), this.maxMessageBytes - MESSAGE_OVERHEAD_BYTES)
  }

  // ── What comes back ───────────────────────────────────────────────────────────────────────────────────────────────

  private noteReadIndex(token: number, index: Index | null): void {
    const { lastApplied, restoring } = this.raft.inspect()
    this.reads.answered(token, index, restoring ? null : lastApplied)
  }

  private noteEvent(event: RaftEvent): void {
    if (event.type === 'role') this.logger.info(`${event.role} in term ${event.term}`)
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
    this.sweepLater()
  }

  /** One timer for all time-outs, and none for an idle node. */
  private sweepLater(): void {
    if (this.stopReason !== null) return
    this.sweeper ??= this.options.clock.schedule(SWEEP_INTERVAL_MS, () => this.sweep())
  }

  private sweep(): void {
    this.sweeper = null
    const { leaderId } = this.raft.inspect()
    const now = this.options.clock.now()
    this.proposals.sweep(now, leaderId)
    this.forwarder.sweep(now, leaderId)
    this.reads.sweep(now, leaderId)
    this.changes.sweep(now)
    if (this.proposals.hasWaiting || this.reads.hasWaiting) this.driver.turnSoon()
    const parts = [this.proposals, this.forwarder, this.reads, this.changes]
    if (parts.some(({ isEmpty }) => !isEmpty)) this.sweepLater()
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
    this.sweeper?.()
    this.proposals.failAll(reason)
    this.forwarder.failAll(reason)
    this.reads.failAll(reason)
    this.changes.failAll(reason)
    this.joiner?.stop()
    this.sessions.stop(reason)
    for (const end of [...this.transfers]) end(new NodeError('ERR_QUORATE_STOPPED', reason, 'unknown'))
  }
}

/** The disk is let go of whatever the network does. */
async function letGo(stopped: Promise<unknown>, { closeStorage }: RaftNodeOptions): Promise<void> {
  try {
    await stopped
  } finally {
    await closeStorage?.()
  }
}

function readAborted(): NodeError {
  return new NodeError('ERR_QUORATE_ABORTED', 'the read was given up', 'no')
}

function notTransferred(to: ServerId, reason: string): NodeError {
  return new NodeError('ERR_QUORATE_NOT_TRANSFERRED', `leadership was not transferred to ${to}: ${reason}`, 'no')
}

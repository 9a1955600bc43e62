/**
 * RaftNode: what a service holds. Commands go in and come out committed, in one order on every server; reads see
 * everything that was acknowledged before them; both from any server.
 */
import { ENTRY_HEADER_BYTES, type Index, type ServerId } from '../raft/entry.ts'
import { OptionsError } from '../raft/errors.ts'
import type { RaftOptions } from '../raft/options.ts'
import { type ProposeRefusal, Raft } from '../raft/raft.ts'
import type { RaftEvent } from '../raft/ready.ts'
import { DEFAULT_LIMITS } from '../transport/limits.ts'
import type { Cancel } from '../util/clock.ts'
import { Events } from '../util/events.ts'
import { Driver } from './driver.ts'
import { asError, NodeError } from './errors.ts'
import { Forwarder } from './forwarder.ts'
import { decodeForward, encodeOutcomes, type ForwardedOutcome } from './forwarding.ts'
import { harmless, type Logger, SILENT } from './logger.ts'
import type { NodeEvents, RaftNodeOptions, RequestOptions } from './node-options.ts'
import { watchSignal } from './pending.ts'
import { abort, costOf, fail, type Proposal, Proposals } from './proposals.ts'
import { failRead, type Read, Reads } from './reads.ts'
import { describeNode, type NodeStatus } from './status.ts'

/** How late a time-out may be noticed. */
const SWEEP_INTERVAL_MS = 50

/** What a message takes beyond the entries or the commands in it, and more. */
const MESSAGE_OVERHEAD_BYTES = 4096

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
  private readonly reads = new Reads()
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
      const latest = snapshots.latest()
      if (latest !== null) await stateMachine.restore(snapshots.read(latest))
      // Not before: the election timer runs from here, and restoring may take a minute.
      const node = new RaftNode(options)
      await node.driver.start((_from, body) => node.answerForward(body))
      return node
    } catch (error) {
      await letGo(transport.stop(), options)
      throw error
    }
  }

  private constructor(options: RaftNodeOptions) {
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
    this.driver = this.makeDriver()
  }

  private makeDriver(): Driver {
    const { log, snapshots, transport, clock, stateMachine, snapshotEveryBytes = 64 * MIB, invariants } = this.options
    const ports = { log, snapshots, transport, clock, stateMachine, snapshotEveryBytes, logger: this.logger }
    return new Driver(this.raft, invariants === undefined ? ports : { ...ports, invariants }, {
      beforeTurn: () => this.submit(),
      onAnswer: (index, term, answer) => this.proposals.applied(index, term, answer),
      onApplied: (index) => this.reads.applied(index),
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

  status(): NodeStatus {
    return describeNode(this.raft.inspect(), this.driver.isDiskFull, this.stopReason)
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

  /** A listener that throws is logged; it harms nobody else. */
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

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  private close(): Promise<void> {
    return letGo(this.driver.stop(), this.options)
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
    if (result.accepted) this.proposals.place(batch, result.firstIndex, result.term)
    else this.handleRefusal(batch, result.reason)
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
    if (event.type === 'role') this.logger.info(`${event.role} in term ${event.term}`)
    // Whoever waits for a leader can go on.
    if (event.type === 'leader') this.driver.turnSoon()
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
    if (this.proposals.hasWaiting || this.reads.hasWaiting) this.driver.turnSoon()
    if (!this.proposals.isEmpty || !this.forwarder.isEmpty || !this.reads.isEmpty) this.sweepLater()
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
    for (const end of [...this.transfers]) end(new NodeError('ERR_QUORATE_STOPPED', reason, 'unknown'))
  }
}

/** The disk is let go of whatever the network does. */
async function letGo(networkStopped: Promise<void>, { closeStorage }: RaftNodeOptions): Promise<void> {
  try {
    await networkStopped
  } finally {
    await closeStorage?.()
  }
}

/** An entry that fits into the log and into no message would stop every leader that tries to send it. */
function requireFittingMessages({ maxEntryBytes, maxAppendBytes }: RaftOptions, maxMessageBytes: number): void {
  const neededBytes = Math.max(maxEntryBytes + ENTRY_HEADER_BYTES, maxAppendBytes) + MESSAGE_OVERHEAD_BYTES
  if (neededBytes <= maxMessageBytes) return
  throw new OptionsError(
    `maxEntryBytes ${maxEntryBytes} and maxAppendBytes ${maxAppendBytes} need messages of ${neededBytes} bytes, ` +
      `and the transport takes ${maxMessageBytes}: lower them`,
  )
}

/** What TypeScript would refuse and JavaScript lets through: it must not get as far as the log. */
function requireBytes(command: unknown): void {
  if (!(command instanceof Uint8Array)) throw new TypeError(`a command is a Uint8Array, not a ${typeof command}`)
}

function readAborted(): NodeError {
  return new NodeError('ERR_QUORATE_ABORTED', 'the read was given up', 'no')
}

function notTransferred(to: ServerId, reason: string): NodeError {
  return new NodeError('ERR_QUORATE_NOT_TRANSFERRED', `leadership was not transferred to ${to}: ${reason}`, 'no')
}

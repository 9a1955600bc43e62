/**
 * RaftNode: what a service holds. Commands go in and come out committed, in one order on every server; reads see
 * everything that was acknowledged before them; both from any server.
 */
import type { Index, ServerId, Term } from '../raft/entry.ts'
import type { InvariantChecker } from '../raft/invariants.ts'
import type { RaftOptions } from '../raft/options.ts'
import { type ProposeRefusal, Raft } from '../raft/raft.ts'
import type { BootState, RaftEvent, Role } from '../raft/ready.ts'
import type { LogStore } from '../storage/log-store.ts'
import type { SnapshotStore } from '../storage/snapshot-store.ts'
import { type Transport, TransportError } from '../transport/transport.ts'
import { Events } from '../util/events.ts'
import type { Random } from '../util/random.ts'
import type { Cancel, Clock } from './clock.ts'
import { Driver } from './driver.ts'
import { NodeError } from './errors.ts'
import { decodeForward, decodeOutcomes, encodeForward, encodeOutcomes, type ForwardedOutcome } from './forwarding.ts'
import { type Logger, SILENT } from './logger.ts'
import { fail, type Proposal, Proposals, settle, unknown } from './proposals.ts'
import { Reads } from './reads.ts'
import type { StateMachine } from './state-machine.ts'
import { describeNode, type NodeStatus } from './status.ts'

const SWEEP_INTERVAL_MS = 50

export interface RaftNodeOptions {
  readonly id: ServerId
  readonly boot: BootState
  readonly log: LogStore
  readonly snapshots: SnapshotStore
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly stateMachine: StateMachine
  readonly raft?: Partial<RaftOptions>
  /** Log bytes applied between two snapshots; default 64 MiB. */
  readonly snapshotEveryBytes?: number
  /** How long a proposal or a read may take when the call does not say; default 5,000 ms. */
  readonly requestTimeoutMs?: number
  /** Commands that wait for a leader, in bytes; above it proposals are refused. Default 64 MiB. */
  readonly maxQueuedBytes?: number
  readonly logger?: Logger
  /** Called once, last, when the node has stopped or stopped itself: lets go of the stores. */
  readonly closeStorage?: () => Promise<void>
  readonly invariants?: InvariantChecker
}

export interface RequestOptions {
  /** Rejects after this long: certainly or possibly without effect, as the error says. */
  readonly timeoutMs?: number
}

export interface NodeEvents {
  role: { readonly role: Role; readonly term: Term }
  leader: { readonly leaderId: ServerId | null; readonly term: Term }
  configuration: Extract<RaftEvent, { type: 'configuration' }>
  contradiction: Extract<RaftEvent, { type: 'contradiction' }>
  transfer: Extract<RaftEvent, { type: 'transfer' }>
  /** The node has stopped itself. */
  failure: Error
}

export class RaftNode {
  readonly id: ServerId
  /** Resolves with the reason if the node has to stop itself: a disk that failed, a state machine that threw. */
  readonly failed: Promise<Error>
  private readonly options: RaftNodeOptions
  private readonly driver: Driver
  private readonly raft: Raft
  private readonly proposals = new Proposals()
  private readonly reads = new Reads()
  private readonly events = new Events<NodeEvents>()
  private readonly logger: Logger
  private reportFailure: (error: Error) => void = () => {}
  private sweeper: Cancel | null = null
  private stopReason: string | null = null
  private closing: Promise<void> | null = null
  private readonly maxEntryBytes: number

  /** Restores the state machine, then joins the cluster. @throws TransportError, or what `restore` rejects with */
  static async open(options: RaftNodeOptions): Promise<RaftNode> {
    const node = new RaftNode(options)
    const latest = options.snapshots.latest()
    if (latest !== null) await options.stateMachine.restore(options.snapshots.read(latest))
    await node.driver.start((_from, body) => node.answerForward(body))
    node.scheduleSweep()
    return node
  }

  private constructor(options: RaftNodeOptions) {
    this.id = options.id
    this.options = options
    this.logger = options.logger ?? SILENT
    this.failed = new Promise((resolve) => {
      this.reportFailure = resolve
    })
    const raftOptions = { applyBeforeDurable: true, ...options.raft, id: options.id }
    this.raft = new Raft(raftOptions, options.boot, options.random, options.clock.now())
    this.maxEntryBytes = this.raft.inspect().options.maxEntryBytes
    const { log, snapshots, transport, clock, stateMachine, snapshotEveryBytes = 64 * 1024 * 1024 } = options
    const invariants = options.invariants === undefined ? {} : { invariants: options.invariants }
    const ports = { log, snapshots, transport, clock, stateMachine, snapshotEveryBytes, ...invariants }
    this.driver = new Driver(
      this.raft,
      { ...ports, logger: this.logger },
      {
        beforeTurn: () => this.submit(),
        onAnswer: (index, term, answer) => this.settleProposal(index, term, answer),
        onApplied: (index) => this.reads.applied(index),
        onSnapshotRestored: (index) => this.proposals.skipped(index),
        onRead: (token, index) => this.reads.answered(token, index, this.raft.inspect().lastApplied),
        onEvent: (event) => this.noteEvent(event),
        onFailure: (error) => this.failWith(error),
      },
    )
  }

  // ── What users call ───────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Resolves with the state machine's answer, once the command is committed and applied on the leader. From any server:
   * a follower hands it to the leader, once.
   *
   * @throws NodeError whose `applied` says whether the command certainly has no effect or may have one
   */
  propose(command: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    return new Promise((resolve, reject) => this.addProposal(command, options, false, resolve, reject))
  }

  /**
   * Runs `query` against the state machine when it holds everything that was acknowledged anywhere before this call
   * (Thesis §6.4). `query` must be synchronous.
   *
   * @throws NodeError ERR_QUORATE_NO_LEADER when that cannot be confirmed in time; whatever `query` throws
   */
  read<T>(query: () => T, options: RequestOptions = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.stopReason !== null) throw new NodeError('ERR_QUORATE_STOPPED', this.stopReason, 'no')
      const serve = (): void => {
        try {
          resolve(query())
        } catch (error) {
          reject(error as Error)
        }
      }
      this.reads.add({ serve, reject, expiresAt: this.expiry(options), settled: false })
      this.driver.turnSoon()
    })
  }

  /** Hands leadership to another voter. Resolves when it was given up, rejects when nothing came of it. */
  transferLeadership(to: ServerId): Promise<void> {
    return new Promise((resolve, reject) => {
      const off = this.on('transfer', (event) => {
        off()
        if (event.outcome === 'done') resolve()
        else reject(new Error(`leadership was not transferred to ${to}: ${event.reason}`))
      })
      this.driver.input(() => {
        const refusal = this.raft.transfer(to, this.options.clock.now())
        if (refusal === null) return
        off()
        reject(new Error(`leadership cannot be transferred to ${to}: ${refusal}`))
      })
    })
  }

  status(): NodeStatus {
    return describeNode(this.raft.inspect(), this.driver.isDiskFull, this.stopReason)
  }

  on<Name extends keyof NodeEvents>(name: Name, listener: (event: NodeEvents[Name]) => void): () => void {
    return this.events.on(name, listener)
  }

  /** Leaves the cluster's work; what was promised is on the disk. Proposals under way reject as unknown. */
  async stop(): Promise<void> {
    if (this.stopReason === null) this.shutDown('the node was stopped')
    this.closing ??= this.close()
    await this.closing
  }

  private async close(): Promise<void> {
    await this.driver.stop()
    await this.options.closeStorage?.()
  }

  // ── Proposals ─────────────────────────────────────────────────────────────────────────────────────────────────────

  private addProposal(
    command: Uint8Array,
    options: RequestOptions,
    isForwarded: boolean,
    resolve: (answer: Uint8Array) => void,
    reject: (error: NodeError) => void,
  ): void {
    const refusal = this.refusal(command)
    if (refusal === null) {
      this.proposals.add({ command, resolve, reject, expiresAt: this.expiry(options), isForwarded, settled: false })
      this.driver.turnSoon()
    } else {
      reject(refusal)
    }
  }

  private refusal(command: Uint8Array): NodeError | null {
    const { maxQueuedBytes = 64 * 1024 * 1024 } = this.options
    if (this.stopReason !== null) return new NodeError('ERR_QUORATE_STOPPED', this.stopReason, 'no')
    if (command.length > this.maxEntryBytes) {
      const message = `a command of ${command.length} bytes is larger than the ${this.maxEntryBytes} that are allowed`
      return new NodeError('ERR_QUORATE_TOO_LARGE', message, 'no')
    }
    if (this.proposals.queuedBytes + command.length > maxQueuedBytes) {
      const message = `${this.proposals.queuedBytes} bytes of commands wait already: propose less at a time`
      return new NodeError('ERR_QUORATE_OVERLOADED', message, 'no')
    }
    return null
  }

  private expiry({ timeoutMs }: RequestOptions): number {
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
    const result = this.raft.propose(
      batch.map(({ command }) => command),
      now,
    )
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

  // ── Forwarding ────────────────────────────────────────────────────────────────────────────────────────────────────

  private passOn(batch: readonly Proposal[], leaderId: ServerId, now: number): void {
    const own = batch.filter((one) => !one.isForwarded)
    for (const one of batch) if (one.isForwarded) this.waitForLeader(one)
    if (own.length === 0) return
    const timeoutMs = Math.max(...own.map(({ expiresAt }) => expiresAt)) - now
    const body = encodeForward(own.map(({ command }) => command))
    this.options.transport.request(leaderId, body, Math.max(timeoutMs, 1)).then(
      (answer) => this.settleForwarded(own, decodeOutcomes(answer, own.length), leaderId),
      (error: Error) => this.handleForwardError(own, error, leaderId),
    )
  }

  private settleForwarded(
    batch: readonly Proposal[],
    outcomes: readonly ForwardedOutcome[] | null,
    to: ServerId,
  ): void {
    batch.forEach((proposal, i) => {
      const outcome = outcomes?.[i] ?? unknown(`${to} gave an answer that makes no sense`, to)
      if (outcome instanceof Uint8Array) settle(proposal, outcome)
      else if (outcome.code === 'ERR_QUORATE_NO_LEADER' && outcome.applied === 'no') this.tryAgainLater(proposal)
      else fail(proposal, outcome)
    })
  }

  private handleForwardError(batch: readonly Proposal[], error: Error, leaderId: ServerId): void {
    const isCertain = error instanceof TransportError && error.delivery === 'never'
    for (const proposal of batch) {
      if (isCertain) this.tryAgainLater(proposal)
      else fail(proposal, unknown(`the connection to the leader ${leaderId} failed (${error.message})`, leaderId))
    }
  }

  /** Certainly not applied, so it may be proposed again; not at once, or it would run in a ring until there is a leader. */
  private tryAgainLater(proposal: Proposal): void {
    if (proposal.settled) return
    if (this.stopReason !== null) fail(proposal, new NodeError('ERR_QUORATE_STOPPED', this.stopReason, 'no'))
    else this.proposals.addForNextSweep(proposal)
  }

  /** The leader's side: one answer for all commands of a follower's turn. */
  private async answerForward(body: Uint8Array): Promise<Uint8Array> {
    const commands = decodeForward(body)
    if (commands === null) throw new Error('the forwarded commands cannot be read')
    const outcomes = commands.map(
      (command) => new Promise<ForwardedOutcome>((resolve) => this.addProposal(command, {}, true, resolve, resolve)),
    )
    return encodeOutcomes(await Promise.all(outcomes))
  }

  // ── What comes back ───────────────────────────────────────────────────────────────────────────────────────────────

  private settleProposal(index: Index, term: Term, answer: Uint8Array | null): void {
    if (answer === null) this.proposals.appliedOther(index, term)
    else this.proposals.applied(index, term, answer)
  }

  private noteEvent(event: RaftEvent): void {
    if (event.type === 'role') this.logger.info(`${event.role} in term ${event.term}`)
    // Whoever waits for a leader can go on.
    if (event.type === 'leader') this.driver.turnSoon()
    const emit: (name: RaftEvent['type'], event: never) => void = (name, payload) => this.events.emit(name, payload)
    emit(event.type, event as never)
  }

  private scheduleSweep(): void {
    this.sweeper = this.options.clock.schedule(SWEEP_INTERVAL_MS, () => {
      const { leaderId } = this.raft.inspect()
      const now = this.options.clock.now()
      this.proposals.sweep(now, leaderId)
      this.reads.sweep(now, leaderId)
      if (this.proposals.hasWaiting || this.reads.hasWaiting) this.driver.turnSoon()
      this.scheduleSweep()
    })
  }

  private failWith(error: Error): void {
    this.logger.error('the node stops itself', { reason: error.message })
    this.shutDown(`the node has stopped itself: ${error.message}`)
    this.reportFailure(error)
    this.events.emit('failure', error)
    this.closing ??= this.close()
    this.closing.catch((late: Error) => this.logger.warn('while stopping', { reason: late.message }))
  }

  private shutDown(reason: string): void {
    this.stopReason = reason
    this.sweeper?.()
    this.proposals.failAll(reason)
    this.reads.failAll(reason)
  }
}

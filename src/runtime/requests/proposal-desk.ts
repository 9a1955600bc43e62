/**
 * Where commands come in: refused at the door, or waiting for the turn in which they go to the core, if this server leads,
 * or to the leader. What becomes of them afterwards is `proposals.ts` and `forwarder.ts`.
 */
import type { Index, ServerId, Term } from '../../raft/entry.ts'
import type { ProposeRefusal, Raft } from '../../raft/raft.ts'
import type { Transport } from '../../transport/transport.ts'
import { NodeError } from '../errors.ts'
import type { RequestOptions } from '../node-options.ts'
import { watchSignal } from '../pending.ts'
import type { RequestTally } from '../watch/counters.ts'
import { Forwarder } from './forwarder.ts'
import { decodeForward, encodeOutcomes, type ForwardedOutcome, type ForwardedProposal } from './forwarding.ts'
import { MESSAGE_OVERHEAD_BYTES } from './message-limits.ts'
import { abort, costOf, fail, type Proposal, Proposals, requireBytes, runsOfOneKind } from './proposals.ts'

/** What the node does for its proposals. */
export interface ProposalHost {
  readonly raft: Raft
  readonly transport: Transport
  readonly tally: RequestTally
  /** Commands that wait for a leader or for its answer, in bytes. */
  readonly maxQueuedBytes: number
  readonly maxMessageBytes: number
  isDiskFull(): boolean
  /** Why nothing is taken at present; null when it is. */
  refusal(): NodeError | null
  expiry(timeoutMs: number | undefined): number
  /** Somebody waits: a turn is due, and a sweep. */
  workOn(): void
  sweepLater(): void
  /** Writes the time into a session's command, which goes into the log now. */
  stamp(command: Uint8Array): void
  /** Commands are in our log, as leader. */
  onPlaced(firstIndex: Index, count: number, term: Term): void
}

export class ProposalDesk {
  readonly proposals: Proposals = new Proposals()
  readonly forwarder: Forwarder
  private readonly host: ProposalHost
  private readonly maxEntryBytes: number

  constructor(host: ProposalHost) {
    this.host = host
    this.maxEntryBytes = host.raft.inspect().options.maxEntryBytes
    this.forwarder = new Forwarder(host.transport, (proposal) => this.tryAgainLater(proposal))
  }

  /** Bytes of commands whose outcome nobody knows yet, and which are not in our log. */
  get queuedBytes(): number {
    return this.proposals.queuedBytes + this.forwarder.bytesUnderWay
  }

  propose(kind: Proposal['kind'], command: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      requireBytes(command)
      this.add({ kind, command }, options, false, resolve, reject)
    })
  }

  /** The leader's side of forwarding: one answer for all commands of a follower's request. */
  async answer(body: Uint8Array): Promise<Uint8Array> {
    const forward = decodeForward(body)
    if (forward === null) throw new Error('the forwarded commands cannot be read')
    const { timeoutMs, proposals } = forward
    const outcomes = proposals.map(
      (one) => new Promise<ForwardedOutcome>((resolve) => this.add(one, { timeoutMs }, true, resolve, resolve)),
    )
    return encodeOutcomes(await Promise.all(outcomes), this.host.maxMessageBytes - MESSAGE_OVERHEAD_BYTES)
  }

  /** At the start of a turn: all that was asked for since the last one goes to the core, or to the leader, as one. */
  submit(now: number): void {
    if (!this.proposals.hasWaiting) return
    const { role, leaderId } = this.host.raft.inspect()
    if (role === 'leader') this.proposeHere(this.proposals.takeWaiting(), now)
    else if (leaderId !== null) this.passOn(this.proposals.takeWaiting(), leaderId, now)
    else this.proposals.refuseForwarded()
  }

  private add(
    what: ForwardedProposal,
    { timeoutMs, signal }: RequestOptions,
    isForwarded: boolean,
    resolve: (answer: Uint8Array) => void,
    reject: (error: NodeError) => void,
  ): void {
    // Each field by its name: spread, 28 % of a leader's time went into making this object, and a third of its speed was left.
    const proposal: Proposal = {
      kind: what.kind,
      command: what.command,
      resolve,
      reject,
      expiresAt: this.host.expiry(timeoutMs),
      isForwarded,
      tally: this.host.tally,
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
      this.host.workOn()
    }
  }

  private refusal(proposal: Proposal): NodeError | null {
    const { length } = proposal.command
    const refusal = this.host.refusal()
    if (refusal !== null) return refusal
    if (length > this.maxEntryBytes) {
      const message = `a command of ${length} bytes is larger than the ${this.maxEntryBytes} that are allowed`
      return new NodeError('ERR_QUORATE_TOO_LARGE', message, 'no')
    }
    const { queuedBytes } = this
    if (queuedBytes + costOf(proposal) <= this.host.maxQueuedBytes) return null
    const message = `${queuedBytes} bytes of commands wait already: propose less at a time`
    return new NodeError('ERR_QUORATE_OVERLOADED', message, 'no')
  }

  private proposeHere(batch: readonly Proposal[], now: number): void {
    if (this.host.isDiskFull()) {
      for (const one of batch) fail(one, new NodeError('ERR_QUORATE_DISK_FULL', 'the disk of the leader is full', 'no'))
      return
    }
    for (const run of runsOfOneKind(batch)) this.proposeRun(run, now)
  }

  private proposeRun(run: readonly Proposal[], now: number): void {
    const { kind } = run[0] as Proposal
    const commands = run.map(({ command }) => command)
    if (kind === 'session') for (const command of commands) this.host.stamp(command)
    const result = this.host.raft.propose(commands, now, kind)
    if (result.accepted) {
      this.proposals.place(run, result.firstIndex, result.term)
      this.host.onPlaced(result.firstIndex, run.length, result.term)
    } else {
      this.handleRefusal(run, result.reason)
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
      const { id, leaderId } = this.host.raft.inspect()
      fail(proposal, new NodeError('ERR_QUORATE_NO_LEADER', `${id} does not lead`, 'no', leaderId))
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
    this.host.sweepLater()
  }
}

/**
 * What an operator asks of a node, and what the node does by itself to stay operable: snapshots on request, waiting for a
 * status, and handing over the office when the node is stopped or its disk stands still.
 */
import type { ServerId } from '../../raft/entry.ts'
import type { Raft } from '../../raft/raft.ts'
import type { RaftEvent } from '../../raft/ready.ts'
import type { Clock } from '../../util/clock.ts'
import { NodeError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { WaitOptions } from '../node-options.ts'
import type { Watch } from '../watch/watch.ts'
import { within } from '../within.ts'
import { HandOver } from './hand-over.ts'
import { SnapshotRequests, type TakenSnapshot } from './snapshot-requests.ts'
import type { NodeStatus } from './status.ts'
import { Transfers } from './transfers.ts'
import { Waiters } from './waiters.ts'

/** What the operations reach into. */
export interface OperationsParts {
  readonly raft: Raft
  readonly watch: Watch
  readonly clock: Clock
  readonly logger: Logger
  readonly requestTimeoutMs: number
  readonly status: () => NodeStatus
  /** Why nothing is begun any more; null while the node runs. */
  readonly refusal: () => NodeError | null
  /** Tells the core something; its Ready follows. */
  readonly input: (tell: () => void) => void
  /** Has a snapshot taken as soon as may be. */
  readonly wantSnapshot: () => void
}

export class Operations {
  private readonly parts: OperationsParts
  private readonly waiters: Waiters
  private readonly requests: SnapshotRequests
  private readonly transfers: Transfers
  private readonly handOver: HandOver
  private isHandingOver = false

  constructor(parts: OperationsParts) {
    const { raft, watch, clock } = parts
    this.parts = parts
    this.waiters = new Waiters(clock, parts.status)
    this.requests = new SnapshotRequests(watch.snapshots, parts.wantSnapshot)
    this.transfers = new Transfers((to) => {
      let refusal: ReturnType<Raft['transfer']> = null
      parts.input(() => {
        refusal = raft.transfer(to, clock.now())
      })
      return refusal
    })
    this.handOver = new HandOver(() => raft.inspect(), this.transfers, watch.transport, clock)
  }

  async snapshot(): Promise<TakenSnapshot> {
    this.requireRunning()
    return this.requests.ask(this.parts.raft.inspect().lastApplied)
  }

  /** Nobody waits for anything. */
  get isIdle(): boolean {
    return this.waiters.isEmpty
  }

  async waitFor(holds: (status: NodeStatus) => boolean, { timeoutMs, signal }: WaitOptions): Promise<NodeStatus> {
    this.requireRunning()
    // A node that rests is not looked at until something happens.
    this.parts.input(() => {})
    return this.waiters.wait(holds, { timeoutMs: timeoutMs ?? this.parts.requestTimeoutMs, signal })
  }

  async transfer(to: ServerId): Promise<void> {
    this.requireRunning()
    return this.transfers.begin(to)
  }

  /** Before an orderly stop: hands over if there is something to, then lets what is under way end. Never rejects. */
  async leave(limitMs: number, isIdle: () => boolean): Promise<void> {
    const { raft, clock } = this.parts
    const endAt = clock.now() + limitMs
    const hasLed = raft.inspect().role === 'leader'
    await within(clock, limitMs, this.handOver.run(limitMs))
    const timeoutMs = Math.max(endAt - clock.now(), 0)
    // Our own vote may be the one that the successor lacks; it has it when it leads.
    const isOver = ({ leaderId }: NodeStatus): boolean => isIdle() && (!hasLed || leaderId !== null)
    await this.waiters.wait(isOver, { timeoutMs }).catch(() => {})
  }

  noteRaftEvent(event: RaftEvent): void {
    if (event.type === 'transfer') this.transfers.ended(event)
  }

  snapshotFailed(error: Error): void {
    this.parts.watch.counters.snapshotsFailed++
    this.requests.failed(error.message)
  }

  afterTurn(): void {
    this.parts.watch.noteTurn()
    this.requests.look()
    this.waiters.look()
  }

  /** Ten times a second. What changes outside of turns, such as answers to forwarded commands, is seen here. */
  afterRound(isDiskStalled: boolean): void {
    this.waiters.look()
    if (isDiskStalled && this.parts.raft.inspect().role === 'leader') void this.leaveToTheHealthy()
  }

  failAll(reason: string): void {
    this.transfers.failAll(reason)
    this.requests.failAll(new NodeError('ERR_QUORATE_STOPPED', reason, 'no'))
    this.waiters.failAll(reason)
  }

  /** @throws NodeError ERR_QUORATE_STOPPED */
  private requireRunning(): void {
    const refusal = this.parts.refusal()
    if (refusal !== null) throw refusal
  }

  /**
   * A leader whose disk stands still can commit only while all the others are well, and answers nothing that its log no
   * longer holds in memory. Somebody else will do better. Where nobody can be reached it stays: it would be elected again.
   */
  private async leaveToTheHealthy(): Promise<void> {
    const { raft, watch, clock, logger, input } = this.parts
    if (this.isHandingOver) return
    this.isHandingOver = true
    try {
      const { electionTimeoutMaxMs } = raft.inspect().options
      const oldestWriteMs = Math.round(watch.log.oldestWriteMs())
      const outcome = await this.handOver.run(2 * electionTimeoutMaxMs)
      if (outcome !== 'nobody') logger.warn('the disk stands still, so this server leads no longer', { oldestWriteMs })
      if (outcome === 'failed' && watch.isDiskStalled) input(() => raft.stepDown(clock.now()))
    } finally {
      this.isHandingOver = false
    }
  }
}

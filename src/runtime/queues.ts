/** Whatever waits in a node, proposals and reads alike, under one timer: none runs while nobody waits. */
import type { ServerId } from '../raft/entry.ts'
import type { Cancel, Clock } from '../util/clock.ts'

/** How late a time-out may be noticed. */
const SWEEP_INTERVAL_MS = 50

/** A queue of requests. */
export interface Queue {
  readonly isEmpty: boolean
  /** Some of them want the next turn; absent: they wait for something else. */
  readonly hasWaiting?: boolean
  /** Rejects those whose time is up. @param leaderId who leads, for the caller's next try */
  sweep(now: number, leaderId: ServerId | null): void
  failAll(reason: string): void
}

export class Queues {
  private readonly queues: readonly Queue[]
  private readonly clock: Clock
  private readonly leaderId: () => ServerId | null
  private readonly onWaiting: () => void
  private timer: Cancel | null = null
  private stopped = false

  /** @param onWaiting asks for a turn */
  constructor(queues: readonly Queue[], clock: Clock, leaderId: () => ServerId | null, onWaiting: () => void) {
    this.queues = queues
    this.clock = clock
    this.leaderId = leaderId
    this.onWaiting = onWaiting
  }

  get areEmpty(): boolean {
    return this.queues.every(({ isEmpty }) => isEmpty)
  }

  /** Somebody waits. */
  sweepLater(): void {
    if (this.stopped) return
    this.timer ??= this.clock.schedule(SWEEP_INTERVAL_MS, () => this.sweep())
  }

  /** The node stops: nobody gets an answer any more. */
  stop(reason: string): void {
    this.stopped = true
    this.timer?.()
    for (const queue of this.queues) queue.failAll(reason)
  }

  private sweep(): void {
    this.timer = null
    const now = this.clock.now()
    for (const queue of this.queues) queue.sweep(now, this.leaderId())
    if (this.queues.some(({ hasWaiting }) => hasWaiting)) this.onWaiting()
    if (!this.areEmpty) this.sweepLater()
  }
}

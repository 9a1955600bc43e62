/** Whoever waits for a node's status to be one that he wants: looked at after every turn, and free when nobody waits. */
import type { ServerId } from '../../raft/entry.ts'
import type { Clock } from '../../util/clock.ts'
import { asError, NodeError } from '../errors.ts'
import { type AbortSignalLike, type Pending, settleOnce, watchSignal } from '../pending.ts'
import type { NodeStatus } from './status.ts'

interface Waiter extends Pending {
  readonly holds: (status: NodeStatus) => boolean
  readonly resolve: (status: NodeStatus) => void
  readonly reject: (error: Error) => void
}

/** For how long to wait, and what ends the waiting early. */
export interface WaitLimits {
  readonly timeoutMs: number
  readonly signal?: AbortSignalLike | undefined
}

export class Waiters {
  private readonly clock: Clock
  private readonly status: () => NodeStatus
  private readonly waiting = new Set<Waiter>()

  constructor(clock: Clock, status: () => NodeStatus) {
    this.clock = clock
    this.status = status
  }

  get isEmpty(): boolean {
    return this.waiting.size === 0
  }

  /**
   * Resolves with the first status for which `holds` returns true, the present one included.
   *
   * @throws NodeError ERR_QUORATE_TIMEOUT, ERR_QUORATE_ABORTED or ERR_QUORATE_STOPPED; and whatever `holds` throws
   */
  wait(holds: (status: NodeStatus) => boolean, { timeoutMs, signal }: WaitLimits): Promise<NodeStatus> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { holds, resolve, reject, settled: false, unhook: null, expiresAt: 0 }
      if (signal?.aborted) throw aborted()
      watchSignal(waiter, signal, () => this.fail(waiter, aborted()))
      const letGo = waiter.unhook
      const cancel = this.clock.schedule(timeoutMs, () => this.fail(waiter, tooLate(timeoutMs, this.status())))
      waiter.unhook = () => {
        letGo?.()
        cancel()
      }
      this.waiting.add(waiter)
      this.lookAt(waiter, this.status())
    })
  }

  /** Something may have changed. */
  look(): void {
    if (this.waiting.size === 0) return
    const status = this.status()
    for (const waiter of [...this.waiting]) this.lookAt(waiter, status)
  }

  failAll(reason: string): void {
    this.look()
    for (const waiter of [...this.waiting]) this.fail(waiter, new NodeError('ERR_QUORATE_STOPPED', reason, 'no'))
  }

  private lookAt(waiter: Waiter, status: NodeStatus): void {
    let isIt: boolean
    try {
      isIt = waiter.holds(status)
    } catch (error) {
      this.fail(waiter, asError(error))
      return
    }
    if (isIt && this.end(waiter)) waiter.resolve(status)
  }

  private fail(waiter: Waiter, error: Error): void {
    if (this.end(waiter)) waiter.reject(error)
  }

  private end(waiter: Waiter): boolean {
    this.waiting.delete(waiter)
    return settleOnce(waiter)
  }
}

function aborted(): NodeError {
  return new NodeError('ERR_QUORATE_ABORTED', 'the waiting was given up', 'no')
}

function tooLate(timeoutMs: number, { id, role, term, leaderId }: NodeStatus): NodeError {
  const message = `not within ${timeoutMs} ms: ${id} is ${role} in term ${term}, ${leaderOf(leaderId)}`
  return new NodeError('ERR_QUORATE_TIMEOUT', message, 'no', leaderId)
}

function leaderOf(leaderId: ServerId | null): string {
  return leaderId === null ? 'and knows no leader' : `led by ${leaderId}`
}

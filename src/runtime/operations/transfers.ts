/** Transfers of leadership and whoever waits for their end (Thesis §3.10). */
import type { ServerId } from '../../raft/entry.ts'
import type { RaftEvent } from '../../raft/ready.ts'
import type { TransferRefusal } from '../../raft/transfer.ts'
import { NodeError } from '../errors.ts'

type TransferEvent = Extract<RaftEvent, { type: 'transfer' }>

interface Waiting {
  readonly to: ServerId
  readonly end: (error: NodeError | null) => void
}

export class Transfers {
  private readonly ask: (to: ServerId) => TransferRefusal
  private readonly waiting = new Set<Waiting>()

  /** @param ask tells the core; the outcome comes through `ended` */
  constructor(ask: (to: ServerId) => TransferRefusal) {
    this.ask = ask
  }

  /** @throws NodeError ERR_QUORATE_NOT_TRANSFERRED or ERR_QUORATE_STOPPED */
  begin(to: ServerId): Promise<void> {
    const ended = this.join(to)
    const refusal = this.ask(to)
    if (refusal === null) return ended
    // Whoever waits for an earlier transfer to the same server goes on waiting.
    ended.catch(() => {})
    return Promise.reject(notTransferred(to, refusal))
  }

  /** Waits for a transfer that is under way already. @throws as `begin` */
  join(to: ServerId): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        to,
        end: (error) => {
          this.waiting.delete(waiting)
          if (error === null) resolve()
          else reject(error)
        },
      }
      this.waiting.add(waiting)
    })
  }

  ended({ to, outcome, reason }: TransferEvent): void {
    for (const one of [...this.waiting]) {
      if (one.to === to) one.end(outcome === 'done' ? null : notTransferred(to, reason))
    }
  }

  failAll(reason: string): void {
    for (const { end } of [...this.waiting]) end(new NodeError('ERR_QUORATE_STOPPED', reason, 'unknown'))
  }
}

function notTransferred(to: ServerId, reason: string): NodeError {
  return new NodeError('ERR_QUORATE_NOT_TRANSFERRED', `leadership was not transferred to ${to}: ${reason}`, 'no')
}

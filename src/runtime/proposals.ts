/**
 * Proposals and their promises: waiting for a leader, then for their entry to be applied. The promise is the only
 * allocation that a proposal costs at the user's edge; there is no timer for each, a sweep finds those whose time is up.
 */
import type { Index, ServerId, Term } from '../raft/entry.ts'
import { Deque } from '../util/deque.ts'
import { NodeError } from './errors.ts'

export interface Proposal {
  readonly command: Uint8Array
  readonly resolve: (answer: Uint8Array) => void
  readonly reject: (error: NodeError) => void
  readonly expiresAt: number
  /** Came from another server: refused rather than forwarded once more, or a ring of servers could pass it on for ever. */
  readonly isForwarded: boolean
  settled: boolean
}

interface Placed {
  readonly proposal: Proposal
  readonly index: Index
  readonly term: Term
}

export class Proposals {
  private waiting: Proposal[] = []
  /** Certainly not applied by the leader that was asked; asked again at the next sweep. */
  private later: Proposal[] = []
  private waitingBytes = 0
  private readonly placed = new Deque<Placed>(1024)

  /** Bytes of commands that no leader has taken yet. */
  get queuedBytes(): number {
    return this.waitingBytes
  }

  get hasWaiting(): boolean {
    return this.waiting.length > 0
  }

  add(proposal: Proposal): void {
    this.waiting.push(proposal)
    this.waitingBytes += proposal.command.length
  }

  addForNextSweep(proposal: Proposal): void {
    this.later.push(proposal)
  }

  /** Nobody leads: another server's proposals go back to it at once, it knows better where to turn. */
  refuseForwarded(): void {
    for (const proposal of this.waiting) {
      if (!proposal.isForwarded) continue
      fail(proposal, new NodeError('ERR_QUORATE_NO_LEADER', 'there is no leader at present', 'no'))
    }
    this.drop()
  }

  /** Everything that waits for a leader, in order. */
  takeWaiting(): Proposal[] {
    const taken = this.waiting.filter((proposal) => !proposal.settled)
    this.waiting = []
    this.waitingBytes = 0
    return taken
  }

  /** The leader has given them consecutive places in the log. */
  place(proposals: readonly Proposal[], firstIndex: Index, term: Term): void {
    for (let i = 0; i < proposals.length; i++) {
      this.placed.push({ proposal: proposals[i] as Proposal, index: firstIndex + i, term })
    }
  }

  /** An entry was applied. If it is ours, this is its answer; if another took our place, ours never will be. */
  applied(index: Index, term: Term, answer: Uint8Array): void {
    this.skipBefore(index)
    const first = this.placed.first()
    if (first === undefined || first.index !== index) return
    this.placed.shift()
    if (first.term === term) settle(first.proposal, answer)
    else fail(first.proposal, superseded(index, first.term, term))
  }

  /** Entries without an answer (no-ops, configurations) may also stand where ours were meant to be. */
  appliedOther(index: Index, term: Term): void {
    this.skipBefore(index)
    const first = this.placed.first()
    if (first === undefined || first.index !== index) return
    this.placed.shift()
    fail(first.proposal, superseded(index, first.term, term))
  }

  /** A snapshot has overtaken everything up to `index`: whether ours were in it cannot be told. */
  skipped(index: Index): void {
    this.skipBefore(index + 1)
  }

  /** Rejects what has waited too long. @param leaderId who leads, for the caller's next try */
  sweep(now: number, leaderId: ServerId | null): void {
    for (const proposal of this.later) this.add(proposal)
    this.later = []
    for (const proposal of this.waiting) {
      if (now < proposal.expiresAt) continue
      fail(proposal, new NodeError('ERR_QUORATE_NO_LEADER', 'no leader took the proposal in time', 'no', leaderId))
    }
    this.drop()
    for (let i = 0; i < this.placed.length; i++) {
      const { proposal, index } = this.placed.at(i) as Placed
      if (now >= proposal.expiresAt) fail(proposal, unknown(`entry ${index} was not committed in time`, leaderId))
    }
  }

  /** The node stops. */
  failAll(message: string): void {
    for (const proposal of [...this.takeWaiting(), ...this.later]) {
      fail(proposal, new NodeError('ERR_QUORATE_STOPPED', message, 'no'))
    }
    this.later = []
    for (let one = this.placed.shift(); one !== undefined; one = this.placed.shift()) {
      fail(one.proposal, new NodeError('ERR_QUORATE_STOPPED', message, 'unknown'))
    }
  }

  /** Forgets what is settled. */
  private drop(): void {
    if (this.waiting.every((proposal) => !proposal.settled)) return
    this.waiting = this.waiting.filter((proposal) => !proposal.settled)
    this.waitingBytes = this.waiting.reduce((sum, proposal) => sum + proposal.command.length, 0)
  }

  private skipBefore(index: Index): void {
    while ((this.placed.first()?.index ?? index) < index) {
      const { proposal, index: ours } = this.placed.shift() as Placed
      fail(proposal, unknown(`entry ${ours} was overtaken by a snapshot`, null))
    }
  }
}

export function settle(proposal: Proposal, answer: Uint8Array): void {
  if (proposal.settled) return
  proposal.settled = true
  proposal.resolve(answer)
}

export function fail(proposal: Proposal, error: NodeError): void {
  if (proposal.settled) return
  proposal.settled = true
  proposal.reject(error)
}

export function unknown(message: string, leaderId: ServerId | null): NodeError {
  return new NodeError('ERR_QUORATE_OUTCOME_UNKNOWN', `${message}: it may still be applied`, 'unknown', leaderId)
}

function superseded(index: Index, ours: Term, theirs: Term): NodeError {
  const message = `entry ${index} of term ${ours} was replaced by one of term ${theirs}`
  return new NodeError('ERR_QUORATE_SUPERSEDED', `${message}: the command was not applied`, 'no')
}

/**
 * Proposals and their promises: waiting for a leader, then for their entry to be applied. The promise is all that a
 * proposal costs at the user's edge; there is no timer for each, a sweep finds those whose time is up.
 */
import type { Index, ServerId, Term } from '../../raft/entry.ts'
import { Deque } from '../../util/deque.ts'
import { NodeError, outcomeUnknown } from '../errors.ts'
import { type Pending, settleOnce } from '../pending.ts'
import type { Outcome } from '../replicated-state.ts'
import type { RequestTally } from '../watch/counters.ts'

/** What a proposal takes in memory beyond its command: many empty ones are no small thing either. */
const OVERHEAD_BYTES = 128

/** A command on its way, and whoever waits for its answer. */
export interface Proposal extends Pending {
  readonly command: Uint8Array
  /** A plain command, or what a session has to say. */
  readonly kind: 'command' | 'session'
  readonly resolve: (answer: Uint8Array) => void
  readonly reject: (error: NodeError) => void
  /** Came from another server: refused rather than forwarded once more, or a ring of servers could pass it on for ever. */
  readonly isForwarded: boolean
  /** Where the outcome is counted, unless it came from another server: then it is counted there. */
  readonly tally: RequestTally
  /** In a leader's log, or on its way there: from now on nobody can say that it has no effect. */
  handedOver: boolean
  /** Where this server, as leader, has put it; 0 otherwise. */
  index: Index
  term: Term
}

export class Proposals {
  private waiting: Proposal[] = []
  /** Certainly not applied by the leader that was asked; asked again at the next sweep. */
  private later: Proposal[] = []
  private waitingBytes = 0
  private forwardedWaiting = 0
  /** In our log as far as we know, in ascending order of index. */
  private placed = new Deque<Proposal>(1024)

  /** Bytes of commands that no leader has taken yet. */
  get queuedBytes(): number {
    return this.waitingBytes
  }

  get hasWaiting(): boolean {
    return this.waiting.length > 0
  }

  /** True when nobody waits for anything: there is nothing to sweep. */
  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.later.length === 0 && this.placed.length === 0
  }

  add(proposal: Proposal): void {
    this.waiting.push(proposal)
    this.waitingBytes += costOf(proposal)
    if (proposal.isForwarded) this.forwardedWaiting++
  }

  addForNextSweep(proposal: Proposal): void {
    this.later.push(proposal)
    this.waitingBytes += costOf(proposal)
  }

  /** Nobody leads: another server's proposals go back to it at once, it knows better where to turn. */
  refuseForwarded(): void {
    if (this.forwardedWaiting === 0) return
    for (const proposal of this.waiting) {
      if (!proposal.isForwarded) continue
      fail(proposal, new NodeError('ERR_QUORATE_NO_LEADER', 'there is no leader at present', 'no'))
    }
    this.forgetSettled()
  }

  /** Everything that waits for a leader, in order. */
  takeWaiting(): Proposal[] {
    const taken = this.waiting.filter((proposal) => !proposal.settled)
    this.waiting = []
    this.recount()
    return taken
  }

  /** As leader we have given them consecutive places in the log. */
  place(proposals: readonly Proposal[], firstIndex: Index, term: Term): void {
    this.displace(firstIndex)
    let index = firstIndex
    for (const proposal of proposals) {
      proposal.handedOver = true
      proposal.index = index++
      proposal.term = term
      this.placed.push(proposal)
    }
  }

  /**
   * An entry was applied. If it is ours, this is what came of it; if another took our place, ours never will be. Entries
   * without an outcome, null, (no-ops, configurations) may also stand where ours were meant to be.
   */
  applied(index: Index, term: Term, outcome: Outcome): void {
    this.skipBefore(index)
    const first = this.placed.first()
    if (first === undefined || first.index !== index) return
    this.placed.shift()
    if (first.term !== term || outcome === null) fail(first, superseded(first, term))
    else if (outcome instanceof Uint8Array) settle(first, outcome)
    else fail(first, outcome)
  }

  /** A snapshot has overtaken everything up to `index`: whether ours were in it cannot be told. */
  skipped(index: Index): void {
    this.skipBefore(index + 1)
  }

  /** Rejects what has waited too long. @param leaderId who leads, for the caller's next try */
  sweep(now: number, leaderId: ServerId | null): void {
    for (const proposal of this.later) this.waiting.push(proposal)
    this.later = []
    for (const proposal of this.waiting) expireIfDue(proposal, now, leaderId)
    this.forgetSettled()
    for (let i = 0; i < this.placed.length; i++) expireIfDue(this.placed.at(i) as Proposal, now, leaderId)
  }

  /** The node stops. */
  failAll(message: string): void {
    for (const proposal of [...this.waiting, ...this.later]) fail(proposal, stopped(proposal, message))
    this.waiting = []
    this.later = []
    this.recount()
    for (let one = this.placed.shift(); one !== undefined; one = this.placed.shift()) fail(one, stopped(one, message))
  }

  private forgetSettled(): void {
    this.waiting = this.waiting.filter((proposal) => !proposal.settled)
    this.recount()
  }

  private recount(): void {
    this.waitingBytes = 0
    this.forwardedWaiting = 0
    for (const proposal of this.waiting) {
      this.waitingBytes += costOf(proposal)
      if (proposal.isForwarded) this.forwardedWaiting++
    }
    for (const proposal of this.later) this.waitingBytes += costOf(proposal)
  }

  /**
   * We led, put 12 to 20 into our log, lost office, and our successor cut them off; now we lead again and 12 goes to
   * somebody else. The old 12 is no longer in our log, but a third server may still have it and lead one day.
   */
  private displace(firstIndex: Index): void {
    if ((this.placed.last()?.index ?? 0) < firstIndex) return
    const kept = new Deque<Proposal>(1024)
    for (let one = this.placed.shift(); one !== undefined; one = this.placed.shift()) {
      if (one.index < firstIndex) kept.push(one)
      else fail(one, outcomeUnknown(`entry ${one.index} of term ${one.term} was cut off by another leader`, null))
    }
    this.placed = kept
  }

  private skipBefore(index: Index): void {
    for (let first = this.placed.first(); first !== undefined && first.index < index; first = this.placed.first()) {
      this.placed.shift()
      fail(first, outcomeUnknown(`entry ${first.index} was overtaken by a snapshot`, null))
    }
  }
}

/** What TypeScript would refuse and JavaScript lets through: it must not get as far as the log. */
export function requireBytes(command: unknown): void {
  if (!(command instanceof Uint8Array)) throw new TypeError(`a command is a Uint8Array, not a ${typeof command}`)
}

/** Cut where plain commands and those of sessions meet: the core takes one kind at a time. */
export function runsOfOneKind(batch: readonly Proposal[]): (readonly Proposal[])[] {
  if (batch.every(({ kind }) => kind === batch[0]?.kind)) return [batch]
  const runs: (readonly Proposal[])[] = []
  let first = 0
  batch.forEach(({ kind }, i) => {
    if (kind === batch[i + 1]?.kind) return
    runs.push(batch.slice(first, i + 1))
    first = i + 1
  })
  return runs
}

/** What it counts towards the limit of what may wait. */
export function costOf(proposal: Proposal): number {
  return proposal.command.length + OVERHEAD_BYTES
}

/** Gives the caller the answer, unless it has been told something else before. */
export function settle(proposal: Proposal, answer: Uint8Array): void {
  if (!settleOnce(proposal)) return
  if (!proposal.isForwarded) proposal.tally.proposalsCommitted++
  proposal.resolve(answer)
}

/** Tells the caller what went wrong, unless it has been told something else before. */
export function fail(proposal: Proposal, error: NodeError): void {
  if (!settleOnce(proposal)) return
  if (!proposal.isForwarded) proposal.tally.proposalFailed(error)
  proposal.reject(error)
}

/** Rejects it if its time is up. Looks first: an error costs a stack trace, and a hundred thousand may be long settled. */
export function expireIfDue(proposal: Proposal, now: number, leaderId: ServerId | null): void {
  if (proposal.settled || now < proposal.expiresAt) return
  if (!proposal.handedOver)
    fail(proposal, new NodeError('ERR_QUORATE_NO_LEADER', 'no leader took the proposal in time', 'no', leaderId))
  else if (proposal.index > 0)
    fail(proposal, outcomeUnknown(`entry ${proposal.index} was not committed in time`, leaderId))
  else fail(proposal, outcomeUnknown('the leader took the proposal and did not answer in time', leaderId))
}

/** The caller's signal has fired. What is in a log stays there: only the waiting ends. */
export function abort(proposal: Proposal): void {
  const message = proposal.handedOver
    ? 'the proposal was given up after a leader had taken it: it may still be applied'
    : 'the proposal was given up before a leader took it: it is not applied'
  fail(proposal, new NodeError('ERR_QUORATE_ABORTED', message, proposal.handedOver ? 'unknown' : 'no'))
}

/** What remains to be said when the node stops. */
export function stopped(proposal: Proposal, message: string): NodeError {
  return new NodeError('ERR_QUORATE_STOPPED', message, proposal.handedOver ? 'unknown' : 'no')
}

function superseded({ index, term: ours }: Proposal, theirs: Term): NodeError {
  const message = `entry ${index} of term ${ours} was replaced by one of term ${theirs}`
  return new NodeError('ERR_QUORATE_SUPERSEDED', `${message}: the command was not applied`, 'no')
}

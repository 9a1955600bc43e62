/**
 * The follower's side of forwarding: hands proposals to the leader, at most once each, and settles them by what comes
 * back. One that the leader certainly did not take is given back, to be tried again.
 */
import type { ServerId } from '../../raft/entry.ts'
import { type Transport, TransportError } from '../../transport/transport.ts'
import { NodeError, outcomeUnknown } from '../errors.ts'
import { COMMAND_BYTES, decodeOutcomes, encodeForward, type ForwardedOutcome, REQUEST_BYTES } from './forwarding.ts'
import { costOf, expireIfDue, fail, type Proposal, settle, stopped } from './proposals.ts'

/** One request carries about this much, and always one command. */
const MAX_REQUEST_BYTES = 1024 * 1024

/** And no more commands than this: their answers must fit into one message, too. */
const MAX_REQUEST_COMMANDS = 2048

/** A leader that was replaced may have answered already: so long its answer may take. */
const GRACE_MS = 150

/** Whom a batch went to. */
interface Asked {
  readonly leaderId: ServerId
  /** When somebody else was first seen to lead. */
  replacedAt: number
}

export class Forwarder {
  private readonly transport: Transport
  private readonly giveBack: (proposal: Proposal) => void
  private readonly underWay = new Map<readonly Proposal[], Asked>()
  private bytes = 0

  /** @param giveBack takes a proposal that certainly was not applied and whose time is not up */
  constructor(transport: Transport, giveBack: (proposal: Proposal) => void) {
    this.transport = transport
    this.giveBack = giveBack
  }

  /** Bytes of commands whose outcome the leader has not told yet. */
  get bytesUnderWay(): number {
    return this.bytes
  }

  get isEmpty(): boolean {
    return this.underWay.size === 0
  }

  /** All that a turn has for the leader, in as few requests as fit. */
  pass(batch: readonly Proposal[], leaderId: ServerId, now: number): void {
    let first = 0
    let bytes = REQUEST_BYTES
    batch.forEach((proposal, i) => {
      const more = proposal.command.length + COMMAND_BYTES
      if (i > first && (bytes + more > MAX_REQUEST_BYTES || i - first === MAX_REQUEST_COMMANDS)) {
        this.request(batch.slice(first, i), leaderId, now)
        first = i
        bytes = REQUEST_BYTES
      }
      bytes += more
    })
    if (first < batch.length) this.request(batch.slice(first), leaderId, now)
  }

  /** Each proposal has its own time-out, whatever the request's. */
  sweep(now: number, leaderId: ServerId | null): void {
    for (const [batch, asked] of this.underWay) {
      for (const proposal of batch) expireIfDue(proposal, now, leaderId)
      if (leaderId !== null && leaderId !== asked.leaderId) this.noteSuccessor(batch, asked, leaderId, now)
    }
  }

  /** A leader that is held up says nothing for minutes; that another was elected is word enough of what became of it. */
  private noteSuccessor(batch: readonly Proposal[], asked: Asked, successor: ServerId, now: number): void {
    asked.replacedAt = Math.min(asked.replacedAt, now)
    if (now - asked.replacedAt < GRACE_MS) return
    const error = outcomeUnknown(`${successor} leads now, and ${asked.leaderId} has not answered`, successor)
    for (const proposal of batch) if (!proposal.settled) fail(proposal, error)
  }

  failAll(message: string): void {
    for (const batch of this.underWay.keys()) for (const proposal of batch) fail(proposal, stopped(proposal, message))
  }

  private request(batch: readonly Proposal[], leaderId: ServerId, now: number): void {
    let timeoutMs = 1
    for (const proposal of batch) {
      proposal.handedOver = true
      this.bytes += costOf(proposal)
      timeoutMs = Math.max(timeoutMs, proposal.expiresAt - now)
    }
    this.underWay.set(batch, { leaderId, replacedAt: Number.POSITIVE_INFINITY })
    const body = encodeForward({ timeoutMs, proposals: batch })
    this.transport.request(leaderId, body, timeoutMs).then(
      (answer) => this.settleBatch(batch, decodeOutcomes(answer, batch.length), leaderId),
      (error: Error) => this.failBatch(batch, error, leaderId),
    )
  }

  private settleBatch(batch: readonly Proposal[], outcomes: readonly ForwardedOutcome[] | null, from: ServerId): void {
    this.forget(batch)
    batch.forEach((proposal, i) => {
      const outcome = outcomes?.[i]
      if (outcome === undefined) fail(proposal, outcomeUnknown(`${from} gave an answer that makes no sense`, from))
      else if (outcome instanceof Uint8Array) settle(proposal, outcome)
      else if (isWorthAnotherTry(outcome)) this.tryAgain(proposal)
      else fail(proposal, inOurWords(outcome, from))
    })
  }

  private failBatch(batch: readonly Proposal[], error: Error, leaderId: ServerId): void {
    this.forget(batch)
    const isCertain = error instanceof TransportError && error.delivery === 'never'
    for (const proposal of batch) {
      if (isCertain) this.tryAgain(proposal)
      else if (!proposal.settled)
        fail(proposal, outcomeUnknown(`the connection to the leader ${leaderId} failed (${error.message})`, leaderId))
    }
  }

  private tryAgain(proposal: Proposal): void {
    if (proposal.settled) return
    proposal.handedOver = false
    this.giveBack(proposal)
  }

  private forget(batch: readonly Proposal[]): void {
    this.underWay.delete(batch)
    for (const proposal of batch) this.bytes -= costOf(proposal)
  }
}

/** Whoever was asked does not lead, or stops: somebody else will. */
function isWorthAnotherTry({ code, applied }: NodeError): boolean {
  return applied === 'no' && (code === 'ERR_QUORATE_NO_LEADER' || code === 'ERR_QUORATE_STOPPED')
}

/** It was the leader that stopped, not this server. */
function inOurWords({ code, message, applied }: NodeError, from: ServerId): NodeError {
  if (code === 'ERR_QUORATE_STOPPED') return outcomeUnknown(`the leader ${from} stopped`, from)
  return new NodeError(code, message, applied, from)
}

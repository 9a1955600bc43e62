/**
 * Changes of members and their promises (Paper §6): waiting for a leader, for the time to be right, then for the
 * configuration that the change led to, which is committed and no longer joint. Any server takes a change; the leader
 * carries it out.
 */
import type { Configuration } from '../../raft/configuration.ts'
import type { ConfigurationChange } from '../../raft/configuration-change.ts'
import type { Index, ServerId, Term } from '../../raft/entry.ts'
import { OptionsError } from '../../raft/errors.ts'
import type { Raft } from '../../raft/raft.ts'
import type { ChangeRefusal } from '../../raft/reconfiguration.ts'
import { type Transport, TransportError } from '../../transport/transport.ts'
import { NodeError, outcomeUnknown } from '../errors.ts'
import type { RequestOptions } from '../node-options.ts'
import { type Pending, settleOnce, watchSignal } from '../pending.ts'
import { decodeChange, decodeChangeOutcome, encodeChange, encodeChangeOutcome } from './change-codec.ts'

/** What passes by itself: asked again until the time is up. */
const PASSES: ReadonlySet<ChangeRefusal> = new Set([
  'noQuorum',
  'transferring',
  'changePending',
  'notReady',
  'notCaughtUp',
])

/** A change on its way, and whoever waits for it. */
interface Change extends Pending {
  readonly change: ConfigurationChange
  readonly resolve: (configuration: Configuration) => void
  readonly reject: (error: NodeError) => void
  /** Came from another server: not passed on once more, or a ring of servers could do so for ever. */
  readonly isForwarded: boolean
}

/** What the node does for its changes. */
export interface ChangesHost {
  /** When a request with this time-out, or with the default one, is given up. */
  expiry(timeoutMs: number | undefined): number
  /** Somebody waits: a turn is due, and a sweep. */
  workOn(): void
}

interface Placed {
  readonly change: Change
  readonly index: Index
  readonly term: Term
}

export class Changes {
  private waiting: Change[] = []
  private placed: Placed[] = []
  private readonly underWay = new Set<Change>()
  private readonly raft: Raft
  private readonly transport: Transport
  /** Why a change waits, for the error when its time is up. */
  private readonly reasons = new Map<Change, NodeError>()
  private readonly host: ChangesHost
  private stopReason: string | null = null

  constructor(raft: Raft, transport: Transport, host: ChangesHost) {
    this.raft = raft
    this.transport = transport
    this.host = host
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.placed.length === 0 && this.underWay.size === 0
  }

  /** See `RaftNode.change`. */
  request(change: ConfigurationChange, { timeoutMs, signal }: RequestOptions): Promise<Configuration> {
    return new Promise((resolve, reject) => {
      requireChange(change)
      const pending = this.pending(change, timeoutMs, false, resolve, reject)
      if (signal?.aborted) this.abort(pending)
      else watchSignal(pending, signal, () => this.abort(pending))
      this.add(pending)
    })
  }

  /** The leader's side of a change that was asked for elsewhere. @throws Error when the request cannot be read */
  async answer(body: Uint8Array): Promise<Uint8Array> {
    const forwarded = decodeChange(body)
    if (forwarded === null) throw new Error('the forwarded change of members cannot be read')
    const { change, timeoutMs, isJoin } = forwarded
    const outcome = await new Promise<Configuration | NodeError>((resolve) => {
      this.add(this.pending(change, timeoutMs, !isJoin, resolve, resolve))
    })
    return encodeChangeOutcome(outcome)
  }

  private pending(
    change: ConfigurationChange,
    timeoutMs: number | undefined,
    isForwarded: boolean,
    resolve: (configuration: Configuration) => void,
    reject: (error: NodeError) => void,
  ): Change {
    const expiresAt = this.host.expiry(timeoutMs)
    return { change, resolve, reject, isForwarded, expiresAt, settled: false, unhook: null }
  }

  private add(change: Change): void {
    if (this.stopReason !== null) this.fail(change, new NodeError('ERR_QUORATE_STOPPED', this.stopReason, 'no'))
    if (change.settled) return
    this.waiting.push(change)
    this.host.workOn()
  }

  /** At the start of a turn: what waits goes to the core, or to the leader. */
  submit(now: number): void {
    if (this.waiting.length === 0) return
    const { waiting } = this
    this.waiting = []
    const { role, leaderId } = this.raft.inspect()
    for (const change of waiting.filter(({ settled }) => !settled)) {
      if (role === 'leader') this.ask(change, now)
      else if (leaderId !== null && !change.isForwarded) this.passOn(change, leaderId, now)
      else this.waitBecauseOf(change, noLeader(leaderId))
    }
  }

  /** A configuration is committed, or time has passed: what became of the entries that changes were put into? */
  advance(): void {
    if (this.placed.length === 0) return
    const { commitIndex, configuration, configurations, log } = this.raft.inspect()
    const isSettling = configurations.currentIndex > commitIndex || configuration.votersOutgoing.length > 0
    const { placed } = this
    this.placed = []
    for (const one of placed) {
      const { change, index, term } = one
      const found = index <= commitIndex ? log.termAt(index) : term
      if (index <= commitIndex && found === null) this.fail(change, outcomeUnknown(`entry ${index} is compacted`, null))
      else if (found !== term) this.fail(change, superseded(index, term))
      else if (index > commitIndex || isSettling) this.placed.push(one)
      else this.settle(change, configuration)
    }
  }

  /** Rejects what has waited too long. */
  sweep(now: number): void {
    this.advance()
    for (const change of this.waiting) {
      if (now < change.expiresAt) continue
      this.fail(change, this.reasons.get(change) ?? noLeader(this.raft.inspect().leaderId))
    }
    this.waiting = this.waiting.filter(({ settled }) => !settled)
    for (const { change, index } of this.placed) {
      if (now >= change.expiresAt) this.fail(change, outcomeUnknown(`entry ${index} was not committed in time`, null))
    }
    this.placed = this.placed.filter(({ change }) => !change.settled)
    for (const change of this.underWay) {
      if (now >= change.expiresAt) this.fail(change, outcomeUnknown('the leader did not answer in time', null))
    }
    if (this.waiting.length > 0) this.host.workOn()
  }

  /** The caller's signal has fired. */
  private abort(change: Change): void {
    const isUntouched = !this.underWay.has(change) && !this.placed.some((one) => one.change === change)
    const message = isUntouched ? 'the change was given up before it began' : 'the change was given up under way'
    this.fail(change, new NodeError('ERR_QUORATE_ABORTED', message, isUntouched ? 'no' : 'unknown'))
  }

  /** The node stops. */
  failAll(message: string): void {
    this.stopReason = message
    const untouched = this.waiting
    const others = [...this.placed.map(({ change }) => change), ...this.underWay]
    this.waiting = []
    this.placed = []
    for (const change of untouched) this.fail(change, new NodeError('ERR_QUORATE_STOPPED', message, 'no'))
    for (const change of others) this.fail(change, new NodeError('ERR_QUORATE_STOPPED', message, 'unknown'))
  }

  private ask(change: Change, now: number): void {
    const same = alreadyAdded(this.raft.inspect().configuration, change.change)
    if (same !== null) {
      this.settle(change, same)
      return
    }
    const result = this.raft.change(change.change, now)
    if (result.accepted) this.placed.push({ change, index: result.index, term: result.term })
    else if (PASSES.has(result.reason)) this.waitBecauseOf(change, refusal(result.detail))
    else if (result.reason === 'notLeader') this.waitBecauseOf(change, noLeader(null))
    else this.fail(change, refusal(result.detail))
  }

  /** It is asked again at the next sweep; one that was forwarded goes back to where it came from, which knows better. */
  private waitBecauseOf(change: Change, reason: NodeError): void {
    if (change.isForwarded && reason.code === 'ERR_QUORATE_NO_LEADER') {
      this.fail(change, reason)
      return
    }
    this.reasons.set(change, reason)
    this.waiting.push(change)
  }

  private passOn(change: Change, leaderId: ServerId, now: number): void {
    this.underWay.add(change)
    const timeoutMs = Math.max(change.expiresAt - now, 1)
    this.transport.request(leaderId, encodeChange({ isJoin: false, timeoutMs, change: change.change }), timeoutMs).then(
      (answer) => this.answered(change, leaderId, answer),
      (error: Error) => this.notAnswered(change, leaderId, error),
    )
  }

  private answered(change: Change, leaderId: ServerId, answer: Uint8Array): void {
    this.underWay.delete(change)
    const outcome = decodeChangeOutcome(answer)
    if (outcome === null) this.fail(change, outcomeUnknown(`${leaderId} gave an answer that makes no sense`, leaderId))
    else if (!(outcome instanceof NodeError)) this.settle(change, outcome)
    else if (outcome.code === 'ERR_QUORATE_NO_LEADER') this.tryAgain(change, outcome)
    else this.fail(change, outcome)
  }

  private notAnswered(change: Change, leaderId: ServerId, error: Error): void {
    this.underWay.delete(change)
    if (error instanceof TransportError && error.delivery === 'never') this.tryAgain(change, noLeader(leaderId))
    else
      this.fail(change, outcomeUnknown(`the connection to the leader ${leaderId} failed (${error.message})`, leaderId))
  }

  private tryAgain(change: Change, reason: NodeError): void {
    if (!change.settled) this.waitBecauseOf(change, reason)
  }

  private settle(change: Change, configuration: Configuration): void {
    this.reasons.delete(change)
    if (settleOnce(change)) change.resolve(configuration)
  }

  private fail(change: Change, error: NodeError): void {
    this.reasons.delete(change)
    if (settleOnce(change)) change.reject(error)
  }
}

/** A server that joins and was not told that it is in asks again: the same disk under the same name is no news. */
function alreadyAdded(configuration: Configuration, change: ConfigurationChange): Configuration | null {
  if (change.type !== 'addLearner' || change.incarnation === '') return null
  return configuration.incarnations[change.id] === change.incarnation ? configuration : null
}

function superseded(index: Index, term: Term): NodeError {
  const message = `the configuration of entry ${index} in term ${term} was replaced by another leader's entry`
  return new NodeError('ERR_QUORATE_SUPERSEDED', message, 'no')
}

function refusal(detail: string): NodeError {
  return new NodeError('ERR_QUORATE_CHANGE_REFUSED', `the members stay as they are: ${detail}`, 'no')
}

function noLeader(leaderId: ServerId | null): NodeError {
  return new NodeError('ERR_QUORATE_NO_LEADER', 'there is no leader at present', 'no', leaderId)
}

const FIELDS: Record<ConfigurationChange['type'], readonly string[]> = {
  addLearner: ['id', 'address', 'incarnation'],
  promote: ['id'],
  demote: ['id'],
  remove: ['id'],
  replaceVoters: [],
  setAddress: ['id', 'address'],
}

/** What TypeScript would refuse and JavaScript lets through. @throws OptionsError */
function requireChange(change: unknown): void {
  const fields = (typeof change === 'object' && change !== null ? change : {}) as { readonly [name: string]: unknown }
  const type = String(fields['type'])
  if (!Object.hasOwn(FIELDS, type)) {
    throw new OptionsError(`a change has a type, one of ${Object.keys(FIELDS).join(', ')}; this has '${type}'`)
  }
  const wrong = FIELDS[type as ConfigurationChange['type']].find((name) => typeof fields[name] !== 'string')
  if (wrong !== undefined) throw new OptionsError(`${type} needs a text for ${wrong}, not ${String(fields[wrong])}`)
  if (type === 'addLearner' && typeof fields['promote'] !== 'boolean') {
    throw new OptionsError('addLearner needs promote: true for a voter to be, false for a server that stays a learner')
  }
  const { voters } = fields
  if (type === 'replaceVoters' && !(Array.isArray(voters) && voters.every((id) => typeof id === 'string'))) {
    throw new OptionsError("replaceVoters needs voters: an array of ids, such as ['a', 'b', 'c']")
  }
}

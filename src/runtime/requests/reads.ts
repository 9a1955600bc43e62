/**
 * Reads and their promises: waiting for a read index, then for the state machine to get there (Thesis §6.4). One index
 * that a leader has confirmed serves every read that is content with its age.
 */
import type { Index, ServerId } from '../../raft/entry.ts'
import { OptionsError } from '../../raft/errors.ts'
import type { RaftOptions } from '../../raft/options.ts'
import type { Clock } from '../../util/clock.ts'
import { asError, NodeError } from '../errors.ts'
import type { ReadOptions } from '../node-options.ts'
import { type Pending, settleOnce, watchSignal } from '../pending.ts'
import type { RequestTally } from '../watch/counters.ts'

/** A query that waits until it may be run. */
export interface Read extends Pending {
  /** Runs the query against the state machine; settles the caller's promise. */
  readonly serve: () => void
  readonly reject: (error: NodeError) => void
}

/** A question to the leader: from which index on may these be served? */
interface Asked {
  readonly reads: readonly Read[]
  readonly at: number
}

interface Indexed {
  readonly index: Index
  readonly reads: readonly Read[]
}

/** What to ask the core under this token. */
export interface ReadQuestion {
  readonly token: number
  readonly underLease: boolean
}

const DEFAULT_STALENESS_MS = 1000

const CONSISTENCIES: readonly unknown[] = [undefined, 'linearizable', 'lease', 'bounded', 'local']

/** What is wrong with the options of a read; null when nothing. */
export function objectionToRead(
  { consistency, maxStalenessMs }: ReadOptions,
  { leaseReads }: RaftOptions,
): Error | null {
  if (!CONSISTENCIES.includes(consistency))
    return new OptionsError(`consistency '${consistency}': choose linearizable, lease, bounded or local`)
  if (consistency === 'lease' && !leaseReads)
    return new OptionsError(
      'a read under a lease needs raft.leaseReads, on all servers: leaders keep no lease without it',
    )
  if (maxStalenessMs !== undefined && !(maxStalenessMs >= 0))
    return new OptionsError(`maxStalenessMs ${maxStalenessMs}: it must be a number of milliseconds, at least 0`)
  return null
}

export class Reads {
  private waiting: Read[] = []
  private leased: Read[] = []
  private readonly asked = new Map<number, Asked>()
  private indexed: Indexed[] = []
  private nextToken = 1
  /** The newest index that a leader has confirmed, and when it was asked for. */
  private confirmed: { readonly index: Index; readonly at: number } = { index: 0, at: Number.NEGATIVE_INFINITY }
  private readonly tally: RequestTally
  private readonly clock: Pick<Clock, 'now'>
  private readonly readableIndex: () => Index | null

  /**
   * @param readableIndex what the state machine holds; null while it is being replaced by a snapshot, when it may hold
   *   half of one
   */
  constructor(tally: RequestTally, clock: Pick<Clock, 'now'>, readableIndex: () => Index | null) {
    this.tally = tally
    this.clock = clock
    this.readableIndex = readableIndex
  }

  get hasWaiting(): boolean {
    return this.waiting.length > 0 || this.leased.length > 0
  }

  /** True when nobody waits for anything: there is nothing to sweep. */
  get isEmpty(): boolean {
    return !this.hasWaiting && this.asked.size === 0 && this.indexed.length === 0
  }

  add(read: Read, { consistency = 'linearizable', maxStalenessMs = DEFAULT_STALENESS_MS }: ReadOptions = {}): void {
    if (consistency === 'local') this.serveFrom(0, [read])
    else if (consistency === 'bounded' && this.clock.now() - this.confirmed.at <= maxStalenessMs)
      this.serveFrom(this.confirmed.index, [read])
    else if (consistency === 'lease') this.leased.push(read)
    else this.waiting.push(read)
  }

  /** A read from here, answered with what `query` returns; rejects with what it throws. */
  request<T>(query: () => T, expiresAt: number, options: ReadOptions): Promise<T> {
    const { tally } = this
    const { signal } = options
    return new Promise((resolve, reject) => {
      const refuse = (error: NodeError): void => {
        tally.readFailed(error)
        reject(error)
      }
      const serve = (): void => {
        tally.readsServed++
        try {
          resolve(query())
        } catch (error) {
          reject(asError(error))
        }
      }
      const read: Read = { serve, reject: refuse, expiresAt, settled: false, unhook: null }
      if (signal?.aborted) {
        refuse(aborted())
        return
      }
      watchSignal(read, signal, () => failRead(read, aborted()))
      this.add(read, options)
    })
  }

  /** All reads of a turn ask as one, and those under a lease as another. */
  ask(): ReadQuestion[] {
    const questions: ReadQuestion[] = []
    for (const underLease of [false, true]) {
      const reads = underLease ? this.leased : this.waiting
      if (reads.length === 0) continue
      const token = this.nextToken++
      this.asked.set(token, { reads, at: this.clock.now() })
      questions.push({ token, underLease })
    }
    this.waiting = []
    this.leased = []
    return questions
  }

  /** The answer. Refused reads wait for the next turn's question: nothing was read yet, so asking again is safe. */
  answered(token: number, index: Index | null): void {
    const { reads, at } = this.asked.get(token) ?? { reads: [], at: Number.NEGATIVE_INFINITY }
    this.asked.delete(token)
    if (index === null) {
      for (const read of reads) if (!read.settled) this.waiting.push(read)
      return
    }
    if (at > this.confirmed.at) this.confirmed = { index, at }
    this.serveFrom(index, reads)
  }

  /** Now, or when this has been applied. */
  private serveFrom(index: Index, reads: readonly Read[]): void {
    const readable = this.readableIndex()
    if (readable !== null && index <= readable) serveAll(reads)
    else this.indexed.push({ index, reads })
  }

  applied(lastApplied: Index): void {
    if (this.indexed.length === 0) return
    const due = this.indexed.filter(({ index }) => index <= lastApplied)
    if (due.length === 0) return
    this.indexed = this.indexed.filter(({ index }) => index > lastApplied)
    for (const { reads } of due) serveAll(reads)
  }

  sweep(now: number, leaderId: ServerId | null): void {
    for (const read of this.everyRead()) {
      if (read.settled || now < read.expiresAt) continue
      const message = 'the read could not be confirmed in time: no leader, or one without a majority'
      failRead(read, new NodeError('ERR_QUORATE_NO_LEADER', message, 'no', leaderId))
    }
    this.waiting = this.waiting.filter((read) => !read.settled)
    this.leased = this.leased.filter((read) => !read.settled)
  }

  failAll(message: string): void {
    for (const read of this.everyRead()) failRead(read, new NodeError('ERR_QUORATE_STOPPED', message, 'no'))
    this.waiting = []
    this.leased = []
    this.indexed = []
    this.asked.clear()
  }

  private *everyRead(): Generator<Read> {
    yield* this.waiting
    yield* this.leased
    for (const { reads } of this.asked.values()) yield* reads
    for (const { reads } of this.indexed) yield* reads
  }
}

function serveAll(reads: readonly Read[]): void {
  for (const read of reads) if (settleOnce(read)) read.serve()
}

/** Tells the caller what went wrong, unless the query has run already. */
export function failRead(read: Read, error: NodeError): void {
  if (settleOnce(read)) read.reject(error)
}

function aborted(): NodeError {
  return new NodeError('ERR_QUORATE_ABORTED', 'the read was given up', 'no')
}

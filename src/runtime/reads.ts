/** Linearizable reads and their promises: waiting for a read index, then for the state machine to get there (Thesis §6.4). */
import type { Index, ServerId } from '../raft/entry.ts'
import { asError, NodeError } from './errors.ts'
import { type AbortSignalLike, type Pending, settleOnce, watchSignal } from './pending.ts'
import type { RequestTally } from './watch/counters.ts'

/** A query that waits until it may be run. */
export interface Read extends Pending {
  /** Runs the query against the state machine; settles the caller's promise. */
  readonly serve: () => void
  readonly reject: (error: NodeError) => void
}

interface Indexed {
  readonly index: Index
  readonly reads: readonly Read[]
}

export class Reads {
  private waiting: Read[] = []
  private readonly asked = new Map<number, readonly Read[]>()
  private indexed: Indexed[] = []
  private nextToken = 1
  private readonly tally: RequestTally

  constructor(tally: RequestTally) {
    this.tally = tally
  }

  get hasWaiting(): boolean {
    return this.waiting.length > 0
  }

  /** True when nobody waits for anything: there is nothing to sweep. */
  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.asked.size === 0 && this.indexed.length === 0
  }

  add(read: Read): void {
    this.waiting.push(read)
  }

  /** A read from here, answered with what `query` returns; rejects with what it throws. */
  request<T>(query: () => T, expiresAt: number, signal: AbortSignalLike | undefined): Promise<T> {
    const { tally } = this
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
      this.add(read)
    })
  }

  /** All reads of a turn ask as one. @returns the token to ask under, or null when nobody waits */
  ask(): number | null {
    if (this.waiting.length === 0) return null
    const token = this.nextToken++
    this.asked.set(token, this.waiting)
    this.waiting = []
    return token
  }

  /**
   * The answer. Refused reads wait for the next turn's question: nothing was read yet, so asking again is safe.
   *
   * @param readableIndex what the state machine holds; null while it is being replaced by a snapshot, when it may hold
   *   half of one
   */
  answered(token: number, index: Index | null, readableIndex: Index | null): void {
    const reads = this.asked.get(token) ?? []
    this.asked.delete(token)
    if (index === null) {
      for (const read of reads) if (!read.settled) this.waiting.push(read)
    } else if (readableIndex !== null && index <= readableIndex) {
      serveAll(reads)
    } else {
      this.indexed.push({ index, reads })
    }
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
  }

  failAll(message: string): void {
    for (const read of this.everyRead()) failRead(read, new NodeError('ERR_QUORATE_STOPPED', message, 'no'))
    this.waiting = []
    this.indexed = []
    this.asked.clear()
  }

  private *everyRead(): Generator<Read> {
    yield* this.waiting
    for (const reads of this.asked.values()) yield* reads
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

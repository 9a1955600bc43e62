/** Linearizable reads and their promises: waiting for a read index, then for the state machine to get there (Thesis §6.4). */
import type { Index, ServerId } from '../raft/entry.ts'
import { NodeError } from './errors.ts'

export interface Read {
  /** Runs the query against the state machine; settles the caller's promise. */
  readonly serve: () => void
  readonly reject: (error: NodeError) => void
  readonly expiresAt: number
  settled: boolean
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

  get hasWaiting(): boolean {
    return this.waiting.length > 0
  }

  add(read: Read): void {
    this.waiting.push(read)
  }

  /** All reads of a turn ask as one. @returns the token to ask under, or null when nobody waits */
  ask(): number | null {
    if (this.waiting.length === 0) return null
    const token = this.nextToken++
    this.asked.set(token, this.waiting)
    this.waiting = []
    return token
  }

  /** The answer. Refused reads wait for the next turn's question: nothing was read yet, so asking again is safe. */
  answered(token: number, index: Index | null, lastApplied: Index): void {
    const reads = this.asked.get(token) ?? []
    this.asked.delete(token)
    if (index === null) this.waiting.push(...reads.filter((read) => !read.settled))
    else if (index <= lastApplied) serveAll(reads)
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
      if (now < read.expiresAt) continue
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

  private everyRead(): Read[] {
    return [...this.waiting, ...[...this.asked.values()].flat(), ...this.indexed.flatMap(({ reads }) => reads)]
  }
}

function serveAll(reads: readonly Read[]): void {
  for (const read of reads) {
    if (read.settled) continue
    read.settled = true
    read.serve()
  }
}

function failRead(read: Read, error: NodeError): void {
  if (read.settled) return
  read.settled = true
  read.reject(error)
}

/**
 * What a server has promised, held against what its disk gives back. A vote, a term, an acknowledged entry: who has said
 * it must find it after any crash (Paper Figure 2, "Persistent state on all servers"), and must not say it before.
 */
import type { ServerId, Term } from '../../raft/entry.ts'
import type { Message } from '../../raft/message.ts'
import type { BootState, PersistBatch } from '../../raft/ready.ts'
import type { SimServer } from '../sim-server.ts'
import { BrokenProperty, type Observer } from './observer.ts'

/** What a disk must hold: the outcome of writes, in order. Terms of entries by index. */
class Image {
  term: Term = 0
  votedFor: ServerId | null = null
  /** What lies at or below it is in the snapshot. */
  base = 0
  terms: Term[] = [0]

  write({ hardState, snapshot, truncateFrom, entries }: PersistBatch): void {
    if (hardState !== null) {
      this.term = hardState.term
      this.votedFor = hardState.votedFor
    }
    if (snapshot !== null) this.startBehind(snapshot.index)
    if (truncateFrom !== null) this.terms.length = Math.min(this.terms.length, truncateFrom)
    for (const { index, term } of entries) this.terms[index] = term
  }

  startBehind(index: number): void {
    this.base = index
    this.terms.length = index + 1
  }

  get lastIndex(): number {
    return Math.max(this.terms.length - 1, this.base)
  }

  copy(): Image {
    return Object.assign(new Image(), { ...this, terms: [...this.terms] })
  }

  /** The term and vote, or in words how `boot` falls short. */
  objectionTo(boot: BootState): string | null {
    const { term, votedFor } = boot.hardState
    if (term !== this.term) return `has term ${term} on its disk, not ${this.term}`
    if (votedFor !== this.votedFor) return `has voted for ${votedFor} in term ${term}, not for ${this.votedFor}`
    const base = Math.max(boot.base.index, boot.snapshot.index, this.base)
    if (boot.lastIndex !== this.lastIndex && !(boot.lastIndex <= base && this.lastIndex <= base))
      return `has a log up to ${boot.lastIndex}, not ${this.lastIndex}`
    for (let index = base + 1; index <= boot.lastIndex; index++) {
      const found = termAt(boot, index)
      if (found !== this.terms[index]) return `has entry ${index} of term ${found}, not ${this.terms[index]}`
    }
    return null
  }
}

interface Record {
  diskNumber: number
  durable: Image
  /** How far the disk has had the log in each term: what is acknowledged late was there, whatever has replaced it since. */
  readonly reached: Map<Term, number>
  /** Handed to the disk and not confirmed: each of them may have arrived. */
  pending: PersistBatch[]
}

/** See the properties One Vote, Durable Promise, Durable Term and Durable Log. */
export class Promises implements Observer {
  private readonly records = new Map<string, Record>()
  /** For each term, whom each server has voted for: over all its lives. */
  private readonly votes = new Map<Term, Map<ServerId, ServerId>>()

  opened(server: SimServer, boot: BootState): void {
    const record = this.records.get(server.id)
    if (record === undefined || record.diskNumber !== server.diskNumber) {
      const durable = imageOf(boot)
      const reached = new Map([[durable.term, durable.lastIndex]])
      this.records.set(server.id, { diskNumber: server.diskNumber, durable, reached, pending: [] })
      return
    }
    this.checkBoot(server, record, boot)
    record.durable = imageOf(boot)
    noteReached(record)
    record.pending = []
  }

  written(server: SimServer, batches: readonly PersistBatch[]): void {
    const pending = this.records.get(server.id)?.pending
    // Those that were refused for want of room come again, the same ones and in the same order.
    for (const batch of batches) if (pending?.includes(batch) === false) pending.push(batch)
  }

  durable(server: SimServer, batches: readonly PersistBatch[]): void {
    const record = this.records.get(server.id)
    if (record === undefined) return
    for (const batch of batches) {
      record.durable.write(batch)
      noteReached(record)
      const place = record.pending.indexOf(batch)
      if (place >= 0) record.pending.splice(place, 1)
    }
  }

  sent(server: SimServer, message: Message): void {
    const record = this.records.get(server.id)
    if (record === undefined) return
    const { durable, reached } = record
    switch (message.type) {
      case 'RequestVote':
        this.noteVote(server, message.term, server.id)
        requireVote(server, durable, message.term, server.id)
        break
      case 'RequestVoteReply':
        if (!message.granted) break
        this.noteVote(server, message.term, message.to)
        requireVote(server, durable, message.term, message.to)
        break
      case 'AppendEntries':
      case 'InstallSnapshot':
      case 'TimeoutNow':
        if (durable.term < message.term)
          throw early(server, `leads in term ${message.term}, and its disk knows ${durable.term}`)
        break
      case 'AppendEntriesReply':
        if (message.success && message.index > Math.max(durable.lastIndex, reached.get(message.term) ?? 0))
          throw early(server, `acknowledges entry ${message.index}, and its disk has them up to ${durable.lastIndex}`)
        break
      default:
    }
  }

  /** What lies on the disk is what was confirmed, and behind it a part of what was under way, in order. */
  private checkBoot(server: SimServer, { durable, pending }: Record, boot: BootState): void {
    const image = durable.copy()
    let objection = image.objectionTo(boot)
    const first = objection
    for (const batch of pending) {
      if (objection === null) return
      image.write(batch)
      objection = image.objectionTo(boot)
    }
    if (objection !== null) throw new BrokenProperty('Durable State', server.id, `starts again and ${first}`)
  }

  private noteVote(server: SimServer, term: Term, candidate: ServerId): void {
    let votes = this.votes.get(term)
    if (votes === undefined) {
      votes = new Map()
      this.votes.set(term, votes)
    }
    const before = votes.get(server.id) ?? candidate
    if (before !== candidate)
      throw new BrokenProperty('One Vote', server.id, `votes for ${candidate} in term ${term}, after ${before}`)
    votes.set(server.id, candidate)
  }
}

function noteReached({ durable, reached }: Record): void {
  reached.set(durable.term, Math.max(reached.get(durable.term) ?? 0, durable.lastIndex))
}

function requireVote(server: SimServer, { term, votedFor }: Image, voteTerm: Term, candidate: ServerId): void {
  if (term > voteTerm || (term === voteTerm && votedFor === candidate)) return
  throw early(server, `votes for ${candidate} in term ${voteTerm}, and its disk says ${votedFor} in term ${term}`)
}

function early(server: SimServer, detail: string): BrokenProperty {
  return new BrokenProperty('Durable Promise', server.id, detail)
}

function imageOf(boot: BootState): Image {
  const image = new Image()
  image.term = boot.hardState.term
  image.votedFor = boot.hardState.votedFor
  image.base = Math.max(boot.base.index, 0)
  for (let index = image.base + 1; index <= boot.lastIndex; index++) image.terms[index] = termAt(boot, index)
  if (boot.lastIndex <= image.base) image.terms.length = image.base + 1
  return image
}

function termAt({ terms, base }: BootState, index: number): Term {
  let { term } = base
  for (const run of terms) {
    if (run.index > index) break
    term = run.term
  }
  return term
}

/**
 * What a server's disk holds for certain, and what it may hold: writes that are under way reach it in their order, and
 * a crash keeps any first part of them (Paper Figure 2, "Persistent state"; Thesis §10.2.1 writes beside sending).
 */
import type { ServerId } from './message.ts'
import type { DiskInView, View } from './step.ts'

/** A write that is under way. */
interface Write {
  readonly number: number
  term: number
  votedFor: ServerId | null
  /** Whether it changes the term or the vote. */
  changesVote: boolean
  /** How far the log as it is now is on the disk once this write is: what was cut since does not count. */
  upTo: number
  /** Entries that it cuts off: until it is durable, they may be there after a crash. */
  /** The snapshot that takes the log's place with it, 0 for none. */
  snapshotIndex: number
  readonly cut: { readonly index: number; readonly term: number }[]
}

/** Term, vote and log of one server, as far as they are durable. */
export class Disk {
  term = 0
  votedFor: ServerId | null = null
  /** The log's entries up to here are durable, and no write under way cuts them off. */
  durableIndex = 0
  /** The newest snapshot that a restart must find. */
  snapshotIndex = 0
  /** All writes up to this number are durable. */
  confirmed = 0
  #pending: Write[] = []

  /** What the view shows is durable: the server has just read it. Unless it has begun to mend what it has read. */
  boot(view: View): void {
    const isMended = view.write > 0
    if (!isMended) {
      this.term = view.currentTerm
      this.votedFor = view.votedFor
    }
    this.durableIndex = view.durableIndex
    this.snapshotIndex = view.snapshotIndex
    this.confirmed = 0
    this.#pending = []
    if (isMended) this.record(view.write, view.currentTerm, view.votedFor, view.durableIndex + 1, view.lastIndex)
  }

  /** Takes over writes that were under way before anybody looked. */
  adopt(view: View, known: DiskInView | null): void {
    this.term = known?.term ?? view.currentTerm
    this.votedFor = known === null ? view.votedFor : known.votedFor
    this.durableIndex = view.durableIndex
    this.snapshotIndex = known?.snapshotIndex ?? view.snapshotIndex
    this.#pending = []
    for (const { number, lastIndex } of view.pendingWrites()) {
      const underWay = known?.writes.find((one) => one.number === number)
      const { term, votedFor } = underWay ?? this
      const write = this.record(number, term, votedFor, lastIndex + 1, lastIndex)
      write.snapshotIndex = underWay?.snapshotIndex ?? 0
      write.cut.push(...(underWay?.cut ?? []))
    }
  }

  /** The write of this number will change term and vote to these, and the log from `from` on. */
  record(number: number, term: number, votedFor: ServerId | null, from: number, lastIndex: number): Write {
    const cutTo = from - 1
    this.durableIndex = Math.min(this.durableIndex, cutTo)
    for (const write of this.#pending) write.upTo = Math.min(write.upTo, cutTo)
    let last = this.#pending[this.#pending.length - 1]
    const before = last ?? this
    const changesVote = term !== before.term || votedFor !== before.votedFor
    if (last === undefined || last.number !== number) {
      last = { number, term, votedFor, changesVote, upTo: lastIndex, snapshotIndex: 0, cut: [] }
      this.#pending.push(last)
    }
    last.term = term
    last.votedFor = votedFor
    last.changesVote ||= changesVote
    last.upTo = lastIndex
    return last
  }

  /** The disk has confirmed all writes up to this number. */
  confirm(number: number): void {
    this.confirmed = Math.max(this.confirmed, number)
    for (;;) {
      const write = this.#pending[0]
      if (write === undefined || write.number > number) return
      this.term = write.term
      this.votedFor = write.votedFor
      this.durableIndex = write.upTo
      this.snapshotIndex = Math.max(this.snapshotIndex, write.snapshotIndex)
      this.#pending.shift()
    }
  }

  /** The write that a message must wait for which claims the log up to this index; 0: none. */
  writeOfEntry(index: number): number {
    if (index <= this.durableIndex) return 0
    for (const write of this.#pending) if (write.upTo >= index) return write.number
    return Number.POSITIVE_INFINITY
  }

  /** The write that a message must wait for which claims the term and the vote as they are; 0: none. */
  get writeOfVote(): number {
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      const write = this.#pending[i] as Write
      if (write.changesVote) return write.number
    }
    return 0
  }

  /** Whether a crash may leave this term with this vote. */
  mayHoldVote(term: number, votedFor: ServerId | null): boolean {
    const is = (one: { readonly term: number; readonly votedFor: ServerId | null }) =>
      one.term === term && one.votedFor === votedFor
    return is(this) || this.#pending.some(is)
  }

  /** Whether a write under way has cut off this entry, so that a crash may bring it back. */
  mayBringBack(index: number, term: number): boolean {
    return this.#pending.some(({ cut }) => cut.some((one) => one.index === index && one.term === term))
  }
}

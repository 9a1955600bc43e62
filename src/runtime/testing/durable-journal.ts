/** A journal that keeps its lines on a disk, with the index that they go up to: the twin in memory of a durable machine. */
import type { Index } from '../../raft/entry.ts'
import type { Clock } from '../../util/clock.ts'
import type { Random } from '../../util/random.ts'
import type { CommittedEntry, EntryPlace } from '../state-machine.ts'
import { Journal } from './journal.ts'

interface Transaction {
  readonly index: Index
  readonly lines: readonly string[]
}

/** As many as a crash may take back, and one to fall back on. */
const KEPT = 6

/** What is left of a journal when its process is gone. */
export class JournalStore {
  private transactions: Transaction[] = [{ index: 0, lines: [] }]
  private owner: DurableJournal | null = null

  get latest(): Transaction {
    return this.transactions.at(-1) as Transaction
  }

  open(owner: DurableJournal): void {
    this.owner = owner
  }

  /** What a process that has crashed still wants to write is not written. */
  commit(owner: DurableJournal, index: Index, lines: readonly string[]): void {
    if (owner === this.owner) this.transactions = [...this.transactions, { index, lines: [...lines] }].slice(-KEPT)
  }

  /** The power goes: up to so many of the newest transactions with it. */
  crash(lost: number): void {
    this.owner = null
    this.transactions = this.transactions.slice(0, Math.max(this.transactions.length - lost, 1))
  }

  crashSomewhere(random: Random): void {
    this.crash(random.pick([0, 0, 1, 2, 3]))
  }
}

export class DurableJournal extends Journal {
  /** Commands that came to it in this life. */
  given = 0
  readonly store: JournalStore
  private ended: readonly number[] = []
  private endedAt: Index = 0

  constructor(clock: Clock, store: JournalStore) {
    super(clock)
    store.open(this)
    this.store = store
    this.lines = [...store.latest.lines]
  }

  get appliedIndex(): Index | undefined {
    return this.store.latest.index
  }

  override apply(entries: readonly CommittedEntry[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]> {
    this.given += entries.length
    for (const id of this.ended) this.lines.push(`session ${id} closed`)
    this.ended = []
    const index = entries.at(-1)?.index ?? this.endedAt
    const answers = super.apply(entries)
    if (Array.isArray(answers)) return this.committed(index, answers)
    return (answers as Promise<readonly Uint8Array[]>).then((late) => this.committed(index, late))
  }

  override sessionsClosed(ids: readonly number[], entry?: EntryPlace): void {
    this.ended = ids
    this.endedAt = entry?.index ?? 0
  }

  /** With an index of 0 from before the first change to after the last. */
  override async restore(source: AsyncIterable<Uint8Array>, index: Index = 0): Promise<void> {
    this.store.commit(this, 0, [])
    await super.restore(source)
    this.store.commit(this, index, this.lines)
  }

  protected committed(index: Index, answers: readonly Uint8Array[]): readonly Uint8Array[] {
    this.store.commit(this, index, this.lines)
    return answers
  }
}

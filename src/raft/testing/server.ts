/**
 * One server of a test cluster: a Raft, its disk and a state machine that only counts. It carries out each Ready as
 * `ready.ts` demands; the test may hold the disk and the state machine back.
 */
import type { RaftObserver } from '../../observe/observer.ts'
import { assert } from '../../util/assert.ts'
import { Random } from '../../util/random.ts'
import type { Entry, Index, ServerId } from '../entry.ts'
import type { Message } from '../message.ts'
import type { RaftOptions } from '../options.ts'
import type { Raft } from '../raft.ts'
import type { Fetch, Outgoing, PersistBatch, ReadState, Ready, SendSnapshot, Seq, SnapshotMeta } from '../ready.ts'
import { WatchedRaft } from '../watched-raft.ts'
import { describeBatch, describeEvent, describeMessage } from './describe.ts'
import type { TestDisk } from './disk.ts'

/** What a server needs of its cluster. */
export interface Surroundings {
  readonly now: number
  readonly seed: number
  /** Shows every step to the specification. */
  readonly observer: RaftObserver
  /** @returns false when the message was lost at once */
  send(message: Message): boolean
  /** `isNews`: worth a line even when the script is quiet. */
  trace(line: string, isNews: boolean): void
  /** Called after every input: invariants. */
  check(raft: Raft): void
  /** A read was answered. */
  served(id: ServerId, read: ReadState): void
}

export class TestServer {
  readonly id: ServerId
  disk: TestDisk
  /** Null while it is down. */
  raft: Raft | null = null
  /** Written batches wait for `persist`. */
  isDiskHeld = false
  /** Committed entries and snapshots wait for `apply`. */
  isApplyHeld = false
  /** By how many ms its clock is ahead of the cluster's: servers need not agree on the time. */
  clockAheadMs = 0
  /** What the state machine has applied. */
  appliedIndex: Index = 0
  private readonly options: Partial<RaftOptions>
  private readonly world: Surroundings
  private durableSeq: Seq = 0
  private waiting: Outgoing[] = []
  private toApply: readonly Entry[] = []
  private toRestore: SnapshotMeta | null = null
  private starts = 0

  constructor(id: ServerId, options: Partial<RaftOptions>, disk: TestDisk, world: Surroundings) {
    this.id = id
    this.options = options
    this.disk = disk
    this.world = world
  }

  /** By its own clock. */
  get now(): number {
    return this.world.now + this.clockAheadMs
  }

  /** Boots from what is durable. */
  start(): void {
    const { id, options, world } = this
    const random = new Random(world.seed * 1000 + Number(id.slice(1)) * 100 + this.starts++)
    this.raft = new WatchedRaft({ ...options, id }, this.disk.boot(), random, this.now, world.observer)
    this.appliedIndex = this.disk.snapshot.index
    this.durableSeq = 0
    world.check(this.raft)
  }

  /** Loses its memory, and what its disk did not have yet. */
  crash(): void {
    this.raft = null
    this.disk.crash()
    this.waiting = []
    this.toApply = []
    this.toRestore = null
  }

  /** One input, and everything that comes of it here. */
  input<Result>(act: (raft: Raft, now: number) => Result): Result {
    const raft = this.running()
    const result = act(raft, this.now)
    this.world.check(raft)
    while (raft.hasReady()) this.carryOut(raft, raft.takeReady())
    return result
  }

  running(): Raft {
    assert(this.raft !== null, `${this.id} is down: restart it first`)
    return this.raft
  }

  /** Batches up to `seq`, or all, become durable; what waited for them leaves. */
  persist(seq: Seq | null): void {
    const upTo = seq ?? this.disk.pendingSeqs.at(-1)
    if (upTo === undefined) return
    this.disk.sync(upTo)
    this.durableSeq = upTo
    this.world.trace(`${this.id} #${upTo} durable`, false)
    this.releaseMessages()
    this.input((raft, now) => raft.persisted(upTo, now))
  }

  /** The state machine does what it was handed. */
  apply(): void {
    const last = this.toApply.at(-1)
    if (last !== undefined) this.applyEntries(last.index)
    if (this.toRestore !== null) this.restoreSnapshot(this.toRestore)
  }

  private carryOut(raft: Raft, ready: Ready): void {
    for (const event of ready.events) {
      const line = describeEvent(this.id, event)
      if (line !== null) this.world.trace(line, event.type !== 'leader' && event.type !== 'configuration')
    }
    if (ready.persist !== null) this.write(ready.persist)
    for (const outgoing of ready.messages) this.send(outgoing)
    for (const snapshot of ready.snapshots) this.sendSnapshot(snapshot)
    for (const read of ready.reads) this.serve(read)
    if (ready.compactTo !== null) this.disk.compactTo(ready.compactTo)
    if (ready.apply.length > 0) this.toApply = ready.apply
    if (ready.restore !== null) this.toRestore = ready.restore
    if (ready.persist !== null && !this.isDiskHeld) this.confirm(raft, ready.persist.seq)
    for (const fetch of ready.fetches) this.fetch(raft, fetch)
    if (!this.isApplyHeld) this.apply()
  }

  private write(batch: PersistBatch): void {
    this.disk.write(batch)
    this.world.trace(`${this.id} writes ${describeBatch(batch)}`, false)
    if (this.isDiskHeld) return
    this.disk.sync(batch.seq)
    this.durableSeq = batch.seq
  }

  private confirm(raft: Raft, seq: Seq): void {
    raft.persisted(seq, this.now)
    this.world.check(raft)
  }

  private send(outgoing: Outgoing): void {
    if (outgoing.after > this.durableSeq) {
      this.world.trace(`${describeMessage(outgoing.message)} (waits for #${outgoing.after})`, false)
      this.waiting.push(outgoing)
    } else {
      this.putOnWire(outgoing.message)
    }
  }

  private putOnWire(message: Message): void {
    const isSent = this.world.send(message)
    this.world.trace(`${describeMessage(message)}${isSent ? '' : ' (lost)'}`, false)
  }

  private releaseMessages(): void {
    const free = this.waiting.filter(({ after }) => after <= this.durableSeq)
    this.waiting = this.waiting.filter(({ after }) => after > this.durableSeq)
    for (const { message } of free) this.putOnWire(message)
  }

  /** The bytes travel with the message: when it arrives, they are there, complete and durable. */
  private sendSnapshot({ to, term, session, meta }: SendSnapshot): void {
    const { index: lastIncludedIndex, term: lastIncludedTerm, configuration } = meta
    const from = this.id
    this.putOnWire({
      type: 'InstallSnapshot',
      from,
      to,
      term,
      session,
      lastIncludedIndex,
      lastIncludedTerm,
      configuration,
    })
  }

  private serve(read: ReadState): void {
    const answer = read.index === null ? 'refused' : `served at ${read.index}`
    this.world.trace(`${this.id} read ${read.token} ${answer}`, true)
    this.world.served(this.id, read)
  }

  private fetch(raft: Raft, { id, from, to, maxBytes }: Fetch): void {
    this.world.trace(`${this.id} fetches ${from}..${to}`, false)
    const entries: Entry[] = []
    let bytes = 0
    for (const entry of this.disk.read(from, to)) {
      bytes += entry.size
      if (bytes > maxBytes && entries.length > 0) break
      entries.push(entry)
    }
    raft.fetched(id, entries, this.now)
    this.world.check(raft)
  }

  private applyEntries(upTo: Index): void {
    const first = (this.toApply[0] as Entry).index
    assert(first === this.appliedIndex + 1, `${this.id} applies ${first} after ${this.appliedIndex}`)
    this.toApply = []
    this.appliedIndex = upTo
    this.world.trace(`${this.id} applies ${first === upTo ? first : `${first}..${upTo}`}`, false)
    this.input((raft, now) => raft.applied(upTo, now))
  }

  private restoreSnapshot(meta: SnapshotMeta): void {
    this.toRestore = null
    this.appliedIndex = meta.index
    this.world.trace(`${this.id} restores ${meta.index}/${meta.term}`, false)
    this.input((raft, now) => raft.restored(meta.index, now))
  }
}

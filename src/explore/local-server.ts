/**
 * One server and its disk, as a value, and what one input makes of them: the real core takes the step. A step depends on
 * nothing else, which is why its outcome can be remembered: see `transitions.ts`.
 *
 * Effects are carried out as `ready.ts` demands, in the order in which the core's own tests carry them out; a path that
 * was found here can so be told as a script of theirs.
 */
import { NOBODY, votersOnly } from '../raft/configuration.ts'
import type { ConfigurationChange } from '../raft/configuration-change.ts'
import type { ServerId } from '../raft/entry.ts'
import type { Message } from '../raft/message.ts'
import { Raft } from '../raft/raft.ts'
import type { Outgoing, PersistBatch, Ready, SendSnapshot, Seq } from '../raft/ready.ts'
import type { RaftState } from '../raft/state.ts'
import { type RaftWatcher, WatchedRaft } from '../raft/watched-raft.ts'
import type { DiskInView } from '../spec/step.ts'
import { Random } from '../util/random.ts'
import { type Bounds, coreOptions, nameOf, serverCount } from './bounds.ts'
import { forgetTime, HEARTBEAT_AT, LATE_AT, NOW, renumberBatches, TIMEOUT_AT } from './clockless.ts'
import { bootFrom, compacted, type DiskImage, diskInView, emptyDisk, withBatch, withSnapshot } from './disk-image.ts'

/** A server between two steps. Equal servers have equal numbers, disks and messages. */
export interface LocalServer {
  readonly id: ServerId
  /** What `exportState` wrote, without its clock. */
  readonly core: readonly number[]
  readonly disk: DiskImage
  /** Written, and not durable: lost in a crash. Numbered from 1. */
  readonly pending: readonly PersistBatch[]
  /** They leave when the batch that they wait for is durable. */
  readonly waiting: readonly Outgoing[]
}

/** Everything that can happen to a server. */
export type LocalInput =
  | { readonly type: 'deliver'; readonly message: Message }
  /** Its election time-out runs out. */
  | { readonly type: 'timeout' }
  | { readonly type: 'heartbeat' }
  /** A leader's longer deadlines: a snapshot is sent again, a transfer given up, a removed server forgotten. */
  | { readonly type: 'late' }
  /** A leader has heard no quorum for too long. */
  | { readonly type: 'quorumLost' }
  /** The oldest pending batch is durable. */
  | { readonly type: 'persist' }
  /** It loses its memory and what is pending, and starts again. */
  | { readonly type: 'crash' }
  | { readonly type: 'propose'; readonly command: Uint8Array }
  | { readonly type: 'snapshot' }
  | { readonly type: 'transfer'; readonly to: ServerId }
  | { readonly type: 'change'; readonly change: ConfigurationChange }

/** What an input made of a server. */
export interface LocalOutcome {
  readonly after: LocalServer
  /** In the order of sending. */
  readonly messages: readonly Message[]
  /** What the core said in this step, sent or waiting. Batches are numbered on from those that were pending before. */
  readonly said: readonly Outgoing[]
  /** The core says of a message that no correct server can have sent it; null when it does not. */
  readonly contradiction: string | null
  /** The state behind it: look, and do not keep it. */
  readonly state: Readonly<RaftState>
}

/** Is shown a server as it is before each step, and then every input and Ready of it. What it throws ends the step. */
export interface StepWatcher extends RaftWatcher {
  adopt(raft: Raft, disk: DiskInView): void
}

/** Takes single steps with the real core. */
export class LocalStepper {
  private readonly bounds: Bounds
  private readonly watcher: StepWatcher | null
  private readonly rafts = new Map<ServerId, Raft>()

  /** `watcher` is shown all that the core does in a step. */
  constructor(bounds: Bounds, watcher: StepWatcher | null = null) {
    this.bounds = bounds
    this.watcher = watcher
  }

  /** The server at this place before anything has happened: a voter of the first configuration, or a spare. */
  first(place: number): LocalOutcome {
    const { servers } = this.bounds
    const voters = Array.from({ length: servers }, (_, i) => [nameOf(i), nameOf(i)] as const)
    const configuration = place < servers ? votersOnly(Object.fromEntries(voters)) : NOBODY
    const disk = emptyDisk({ index: 0, term: 0, configuration })
    return this.carryOut(new Workbench(this.bounds, this.boot(nameOf(place), disk), disk), nameOf(place))
  }

  /** @throws InvariantError when the core's own assertions fail */
  step(before: LocalServer, input: LocalInput): LocalOutcome {
    if (input.type === 'crash') {
      if (this.watcher !== null) this.begin(before)
      const { disk, id } = before
      return this.carryOut(new Workbench(this.bounds, this.boot(id, disk), bootFrom(disk).image), id)
    }
    const bench = new Workbench(this.bounds, this.begin(before), before.disk, before.pending, before.waiting)
    bench.input(input)
    return this.carryOut(bench, before.id)
  }

  /** The core's state of this server: look, and do not keep it beyond the next step. */
  view(server: LocalServer): Readonly<RaftState> {
    return this.imported(server).inspect()
  }

  /** How many servers there are. */
  get count(): number {
    return serverCount(this.bounds)
  }

  private carryOut(bench: Workbench, id: ServerId): LocalOutcome {
    bench.settle()
    return bench.finish(id)
  }

  private boot(id: ServerId, disk: DiskImage): Raft {
    const options = { ...coreOptions(this.bounds), id }
    const { boot } = bootFrom(disk)
    return this.watcher === null
      ? new Raft(options, boot, new Random(0), NOW)
      : new WatchedRaft(options, boot, new Random(0), NOW, this.watcher)
  }

  private begin(before: LocalServer): Raft {
    const raft = this.imported(before)
    this.watcher?.adopt(raft, diskInView(before.disk, before.pending))
    return raft
  }

  private imported({ id, core }: LocalServer): Raft {
    const raft = this.raftOf(id)
    raft.importState(core, NOW)
    return raft
  }

  private raftOf(id: ServerId): Raft {
    let raft = this.rafts.get(id)
    if (raft === undefined) {
      raft = this.boot(id, emptyDisk({ index: 0, term: 0, configuration: NOBODY }))
      this.rafts.set(id, raft)
    }
    return raft
  }
}

/** A server while it takes one step. */
class Workbench {
  private readonly bounds: Bounds
  private readonly raft: Raft
  private disk: DiskImage
  private pending: PersistBatch[]
  private waiting: Outgoing[]
  private durableSeq: Seq = 0
  private readonly sent: Message[] = []
  private readonly said: Outgoing[] = []
  private contradiction: string | null = null

  constructor(
    bounds: Bounds,
    raft: Raft,
    disk: DiskImage,
    pending: readonly PersistBatch[] = [],
    waiting: readonly Outgoing[] = [],
  ) {
    this.bounds = bounds
    this.raft = raft
    this.disk = disk
    this.pending = [...pending]
    this.waiting = [...waiting]
  }

  input(input: Exclude<LocalInput, { type: 'crash' }>): void {
    const { raft } = this
    switch (input.type) {
      case 'deliver':
        raft.step(input.message, NOW)
        break
      case 'timeout':
      case 'quorumLost':
        raft.tick(TIMEOUT_AT)
        break
      case 'heartbeat':
        raft.tick(HEARTBEAT_AT)
        break
      case 'late':
        raft.tick(LATE_AT)
        break
      case 'persist':
        this.persistOldest()
        break
      case 'propose':
        raft.propose([input.command], NOW)
        break
      case 'snapshot':
        this.takeSnapshot()
        break
      case 'transfer':
        raft.transfer(input.to, NOW)
        break
      case 'change':
        raft.change(input.change, NOW)
        break
    }
  }

  settle(): void {
    while (this.raft.hasReady()) this.carryOut(this.raft.takeReady())
  }

  finish(id: ServerId): LocalOutcome {
    // It is imported anew for its next step, so nobody else holds it.
    const state = this.raft.inspect() as RaftState
    forgetTime(state, this.bounds.changes > 0)
    const shift = renumberBatches(state)
    const pending = shift === 0 ? this.pending : this.pending.map((batch) => ({ ...batch, seq: batch.seq - shift }))
    const waiting = this.waiting.map(({ message, after }) => ({ message: timeless(message), after: after - shift }))
    const after = { id, core: this.raft.exportState(), disk: this.disk, pending, waiting: inOrder(waiting) }
    const { said } = this
    return { after, messages: this.sent.map(timeless), said, contradiction: this.contradiction, state }
  }

  private carryOut(ready: Ready): void {
    for (const event of ready.events) if (event.type === 'contradiction') this.contradiction = event.detail
    if (ready.persist !== null) this.write(ready.persist)
    for (const outgoing of ready.messages) this.send(outgoing)
    for (const snapshot of ready.snapshots) this.sent.push(installSnapshot(this.raft.inspect().id, snapshot))
    if (ready.compactTo !== null) this.disk = compacted(this.disk, ready.compactTo)
    if (ready.persist !== null && !this.bounds.unsynced) this.raft.persisted(ready.persist.seq, NOW)
    const last = ready.apply.at(-1)
    if (last !== undefined) this.raft.applied(last.index, NOW)
    if (ready.restore !== null) this.raft.restored(ready.restore.index, NOW)
  }

  private write(batch: PersistBatch): void {
    if (this.bounds.unsynced) {
      this.pending.push(batch)
      return
    }
    this.disk = withBatch(this.disk, batch)
    this.durableSeq = batch.seq
  }

  private send(outgoing: Outgoing): void {
    this.said.push(outgoing)
    if (outgoing.after > this.durableSeq) this.waiting.push(outgoing)
    else this.sent.push(outgoing.message)
  }

  private persistOldest(): void {
    const batch = this.pending.shift()
    if (batch === undefined) return
    this.disk = withBatch(this.disk, batch)
    this.durableSeq = batch.seq
    for (const { message, after } of this.waiting) if (after <= batch.seq) this.sent.push(message)
    this.waiting = this.waiting.filter(({ after }) => after > batch.seq)
    this.raft.persisted(batch.seq, NOW)
  }

  private takeSnapshot(): void {
    const { raft } = this
    const meta = raft.describeSnapshot(raft.inspect().lastApplied)
    if (meta === null || meta.index <= this.disk.snapshot.index) return
    this.disk = withSnapshot(this.disk, meta)
    raft.snapshotTaken(meta, NOW)
  }
}

/**
 * Messages that wait for the same batch leave together, so their order says nothing, but for those of one kind to one
 * receiver, of which scripts speak by number. Left as the core said them they would be in the order of names: a candidate
 * s1 asks s2, then s3; with s2 and s3 exchanged it would ask s3, then s2, and be another state.
 */
export function inOrder(waiting: readonly Outgoing[]): Outgoing[] {
  const keyOf = ({ message, after }: Outgoing): string => `${after} ${message.to} ${message.type}`
  return [...waiting].sort((left, right) => {
    const [a, b] = [keyOf(left), keyOf(right)]
    return a === b ? 0 : a < b ? -1 : 1
  })
}

/** The bytes travel with it: when it arrives they are there, complete and durable. */
function installSnapshot(from: ServerId, { to, term, session, meta }: SendSnapshot): Message {
  const { index: lastIncludedIndex, term: lastIncludedTerm, configuration } = meta
  return { type: 'InstallSnapshot', from, to, term, session, lastIncludedIndex, lastIncludedTerm, configuration }
}

/** As `clockless.ts` has it of sessions and rounds. */
function timeless(message: Message): Message {
  switch (message.type) {
    case 'AppendEntries':
    case 'AppendEntriesReply':
      return { ...message, session: Math.min(message.session, 1), readRound: 0 }
    case 'InstallSnapshot':
    case 'InstallSnapshotReply':
      return { ...message, session: Math.min(message.session, 1) }
    default:
      return message
  }
}

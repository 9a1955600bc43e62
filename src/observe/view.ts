/** A server of the core as the specification looks at it: nothing is copied, each question is passed on. */
import { type Configuration, decodeConfiguration } from '../raft/configuration.ts'
import type { Entry, Index, ServerId, Term } from '../raft/entry.ts'
import type { Raft } from '../raft/raft.ts'
import type { Role, SnapshotMeta } from '../raft/ready.ts'
import type { RaftState } from '../raft/state.ts'
import type { PendingWrite, View } from '../spec/step.ts'
import { readUint32 } from '../util/bytes.ts'

/** The checksum of an entry's encoding: index, term, kind and command are in it. */
export function identityOf(entry: Entry): number {
  return readUint32(entry.source, entry.offset)
}

/** One a server: it looks at the Raft that it was made for, as it is at that moment. */
export class RaftView implements View {
  readonly raft: Raft

  constructor(raft: Raft) {
    this.raft = raft
  }

  private get state(): Readonly<RaftState> {
    return this.raft.inspect()
  }

  private get snapshot(): SnapshotMeta {
    return this.state.snapshot
  }

  get currentTerm(): Term {
    return this.state.currentTerm
  }

  get votedFor(): ServerId | null {
    return this.state.votedFor
  }

  get role(): Role {
    return this.state.role
  }

  get leaderId(): ServerId | null {
    return this.state.leaderId
  }

  get commitIndex(): Index {
    return this.state.commitIndex
  }

  get lastApplied(): Index {
    return this.state.lastApplied
  }

  get snapshotIndex(): Index {
    return this.snapshot.index
  }

  get snapshotTerm(): Term {
    return this.snapshot.term
  }

  get baseIndex(): Index {
    return this.state.log.baseIndex
  }

  get lastIndex(): Index {
    return this.state.log.lastIndex
  }

  termAt(index: Index): Term {
    return this.state.log.termAt(index) ?? -1
  }

  identityAt(index: Index): number {
    const entry = this.state.log.entryAt(index)
    return entry === undefined ? 0 : identityOf(entry)
  }

  /** Read from the entry itself where it is in memory, so that the core's own list is not taken for granted. */
  configurationAt(index: Index): Configuration | null {
    const entry = this.state.log.entryAt(index)
    if (entry !== undefined) return entry.kind === 'configuration' ? decodeConfiguration(entry.command) : null
    return this.state.configurations.list().find((one) => one.index === index)?.configuration ?? null
  }

  get configuration(): Configuration {
    return this.state.configuration
  }

  get configurationIndex(): Index {
    return this.state.configurations.currentIndex
  }

  get snapshotConfiguration(): Configuration {
    return this.snapshot.configuration
  }

  get snapshotConfigurationIndex(): Index {
    const asOf = this.state.configurations.list().findLast(({ index }) => index <= this.snapshotIndex)
    return asOf?.index ?? this.snapshotIndex
  }

  get write(): number {
    return this.state.durability.pendingSeq
  }

  get durableIndex(): Index {
    return this.state.log.durableIndex
  }

  matchIndex(id: ServerId): Index {
    return this.state.progress.get(id)?.matchIndex ?? 0
  }

  votes(): ServerId[] {
    return [...this.state.votes].flatMap(([id, isGranted]) => (isGranted ? [id] : []))
  }

  pendingWrites(): readonly PendingWrite[] {
    const { durability, log } = this.state
    const numbers = durability.exportClaims()
    const writes: PendingWrite[] = []
    for (let i = 2; i < numbers.length; i += 2) {
      writes.push({ number: numbers[i] as number, lastIndex: numbers[i + 1] as number })
    }
    if (durability.isDirty) writes.push({ number: durability.pendingSeq, lastIndex: log.lastIndex })
    return writes
  }
}

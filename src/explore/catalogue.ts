/**
 * Every server state and every message that has been seen, each with a small number of its own. A global state is then a
 * few numbers, and comparing two is comparing numbers. What properties ask of a state is written beside its number once.
 */
import { encodeConfiguration } from '../raft/configuration.ts'
import type { Entry } from '../raft/entry.ts'
import type { Message } from '../raft/message.ts'
import type { PersistBatch, SnapshotMeta } from '../raft/ready.ts'
import type { RaftState } from '../raft/state.ts'
import { placeOf } from './bounds.ts'
import type { DiskImage } from './disk-image.ts'
import { Column } from './growing.ts'
import type { LocalServer } from './local-server.ts'

/** Entries that a row of a log column has room for. */
export const LOG_ROOM = 6
/** A log's row: base, the base's term, last index, then the entry's number for each index from 1; 0 up to the base. */
export const LOG_STRIDE: number = 3 + LOG_ROOM
/** A configuration's row: sets of servers as bits. */
export const CONFIGURATION_STRIDE = 4
export const MATCH_STRIDE = 5
const NEVER_STALE = 1_000

/** Columns by number of a server state. */
export class ServerColumns {
  readonly place: Column = new Column()
  /** 1 for a leader. */
  readonly leads: Column = new Column()
  readonly term: Column = new Column()
  /** The term that a crash leaves. */
  readonly durableTerm: Column = new Column()
  /** Place + 1 of whom it voted for in its term, 0 for nobody; and what its disk says of that. */
  readonly votedFor: Column = new Column()
  readonly durableVote: Column = new Column()
  readonly commitIndex: Column = new Column()
  /** How far the server believes its log to be on the disk. */
  readonly durableIndex: Column = new Column()
  /** The log in memory and the log on the disk, `LOG_STRIDE` each. */
  readonly log: Column = new Column()
  readonly disk: Column = new Column()
  /** A leader's matchIndex by place, `MATCH_STRIDE` each; −1 where it has none. */
  readonly match: Column = new Column()
  /** Voters, outgoing voters, and both of the configuration before, `CONFIGURATION_STRIDE` each. */
  readonly configuration: Column = new Column()
  /** The index of the entry that brought it. */
  readonly configurationIndex: Column = new Column()
  /** 1 while batches are pending. */
  readonly isWriting: Column = new Column()
  /** 1 when a leader's longer deadlines are armed. */
  readonly isWaiting: Column = new Column()
}

export class Catalogue {
  readonly columns: ServerColumns = new ServerColumns()
  readonly messageTo: Column = new Column()
  readonly messageFrom: Column = new Column()
  /** From which durable term of the receiver on the message can never have an effect again. */
  readonly messageStaleAt: Column = new Column()
  /** By number of an entry. */
  readonly entryTerm: Column = new Column()
  private readonly serverNumbers = new Map<string, number>()
  private readonly servers: LocalServer[] = []
  private readonly messageNumbers = new Map<string, number>()
  private readonly messages: Message[] = []
  private readonly entryNumbers = new Map<string, number>()
  private readonly entries: (Entry | null)[] = [null]

  get serverCount(): number {
    return this.servers.length
  }

  get messageCount(): number {
    return this.messages.length
  }

  server(number: number): LocalServer {
    return this.servers[number] as LocalServer
  }

  message(number: number): Message {
    return this.messages[number] as Message
  }

  entry(number: number): Entry {
    return this.entries[number] as Entry
  }

  /** `viewOf` is asked for the core's state of a server that was never seen. */
  numberOfServer(server: LocalServer, viewOf: (server: LocalServer) => Readonly<RaftState>): number {
    const key = this.serverKey(server)
    const known = this.serverNumbers.get(key)
    if (known !== undefined) return known
    const number = this.servers.length
    this.serverNumbers.set(key, number)
    this.servers.push(server)
    this.describe(number, server, viewOf(server))
    return number
  }

  numberOfMessage(message: Message): number {
    const key = this.messageKey(message)
    const known = this.messageNumbers.get(key)
    if (known !== undefined) return known
    const number = this.messages.length
    this.messageNumbers.set(key, number)
    this.messages.push(message)
    this.messageTo.set(number, placeOf(message.to))
    this.messageFrom.set(number, placeOf(message.from))
    this.messageStaleAt.set(number, staleAt(message))
    return number
  }

  numberOfEntry(entry: Entry): number {
    const key = textOf(entry.bytes)
    const known = this.entryNumbers.get(key)
    if (known !== undefined) return known
    const number = this.entries.length
    this.entryNumbers.set(key, number)
    this.entries.push(entry)
    this.entryTerm.set(number, entry.term)
    return number
  }

  // ── Keys: equal for equal states, and for no others ───────────────────────────────────────────────────────────────

  private serverKey({ core, disk, pending, waiting }: LocalServer): string {
    const batches = pending.map((batch) => this.batchKey(batch))
    const held = waiting.map(({ message, after }) => `${after}:${this.numberOfMessage(message)}`)
    return `${core.join()}|${this.diskKey(disk)}|${batches.join(';')}|${held.join(';')}`
  }

  private diskKey({ hardState, snapshot, base, entries }: DiskImage): string {
    const { term, votedFor } = hardState
    return `${term},${votedFor},${base.index},${base.term},${snapshotKey(snapshot)},${this.entriesKey(entries)}`
  }

  private batchKey({ seq, hardState, snapshot, truncateFrom, entries }: PersistBatch): string {
    const hard = hardState === null ? '' : `${hardState.term}/${hardState.votedFor}`
    const meta = snapshot === null ? '' : snapshotKey(snapshot)
    return `${seq},${hard},${meta},${truncateFrom},${this.entriesKey(entries)}`
  }

  private entriesKey(entries: readonly Entry[]): string {
    return entries.map((entry) => this.numberOfEntry(entry)).join('.')
  }

  private messageKey(message: Message): string {
    switch (message.type) {
      case 'AppendEntries':
        return `${this.entriesKey(message.entries)}|${valuesOf({ ...message, entries: 0 })}`
      case 'InstallSnapshot':
        return `${textOf(encodeConfiguration(message.configuration))}|${valuesOf({ ...message, configuration: 0 })}`
      default:
        return valuesOf(message)
    }
  }

  // ── Columns ───────────────────────────────────────────────────────────────────────────────────────────────────────

  private describe(number: number, server: LocalServer, state: Readonly<RaftState>): void {
    const { columns } = this
    const { log, disk } = { log: state.log, disk: server.disk }
    columns.place.set(number, placeOf(server.id))
    columns.leads.set(number, state.role === 'leader' ? 1 : 0)
    columns.term.set(number, state.currentTerm)
    columns.durableTerm.set(number, disk.hardState.term)
    columns.votedFor.set(number, voteOf(state.votedFor))
    columns.durableVote.set(number, voteOf(disk.hardState.votedFor))
    columns.commitIndex.set(number, state.commitIndex)
    columns.durableIndex.set(number, log.durableIndex)
    columns.isWriting.set(number, server.pending.length > 0 ? 1 : 0)
    columns.isWaiting.set(number, isWaiting(state) ? 1 : 0)
    const held =
      log.lastIndex > log.baseIndex ? log.slice(log.baseIndex + 1, log.lastIndex, Number.MAX_SAFE_INTEGER) : []
    this.describeLog(columns.log, number, log.baseIndex, log.baseTerm, held)
    this.describeLog(columns.disk, number, disk.base.index, disk.base.term, disk.entries)
    for (let place = 0; place < MATCH_STRIDE; place++) columns.match.set(number * MATCH_STRIDE + place, -1)
    for (const { id, matchIndex } of state.progress.values()) {
      columns.match.set(number * MATCH_STRIDE + placeOf(id), matchIndex)
    }
    const { current, currentIndex } = state.configurations
    columns.configurationIndex.set(number, currentIndex)
    const before = state.configurations.at(currentIndex - 1)
    const sets = [current.voters, current.votersOutgoing, before.voters, before.votersOutgoing]
    for (const [i, ids] of sets.entries()) columns.configuration.set(number * CONFIGURATION_STRIDE + i, bitsOf(ids))
  }

  private describeLog(
    column: Column,
    number: number,
    baseIndex: number,
    baseTerm: number,
    entries: readonly Entry[],
  ): void {
    const row = number * LOG_STRIDE
    column.growTo(row + LOG_STRIDE)
    column.set(row, baseIndex)
    column.set(row + 1, baseTerm)
    column.set(row + 2, baseIndex + entries.length)
    for (const entry of entries) column.set(row + 2 + entry.index, this.numberOfEntry(entry))
  }
}

function isWaiting({ role, transfer, progress }: Readonly<RaftState>): boolean {
  if (role !== 'leader') return false
  if (transfer !== null) return true
  for (const { state, departsAt } of progress.values()) if (state === 'snapshot' || departsAt !== null) return true
  return false
}

/** Terms never fall, so an answer that is too old for what is on the receiver's disk stays too old for ever. */
function staleAt(message: Message): number {
  switch (message.type) {
    case 'PreVoteReply':
      return Math.max(message.campaignTerm, message.term)
    case 'RequestVoteReply':
    case 'AppendEntriesReply':
    case 'InstallSnapshotReply':
    case 'TimeoutNow':
      return message.term + 1
    default:
      // Whoever asks in an old term is answered, and learns the new one by that.
      return NEVER_STALE
  }
}

function snapshotKey({ index, term, configuration }: SnapshotMeta): string {
  return `${index}/${term}/${textOf(encodeConfiguration(configuration))}`
}

function valuesOf(message: object): string {
  return Object.values(message).join()
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

function voteOf(votedFor: string | null): number {
  return votedFor === null ? 0 : placeOf(votedFor) + 1
}

/** A set of servers, one bit each. */
function bitsOf(ids: readonly string[]): number {
  return ids.reduce((bits, id) => bits | (1 << placeOf(id)), 0)
}

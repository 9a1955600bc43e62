/**
 * A stage for the specification: servers that do what the test says, right or wrong. What the stories need again and
 * again, such as an election, is done the right way here.
 */
import type { Configuration, LogEntry, Message, ServerId } from '../message.ts'
import type { RuleName } from '../rules.ts'
import { Specification } from '../specification.ts'
import type { Input, ReadAnswer, Role, Said, View } from '../step.ts'

interface PlainEntry extends LogEntry {
  readonly identity: number
  readonly configuration: Configuration | null
}

/** What a test may change about a server: all of it. */
export class Actor implements View {
  currentTerm = 0
  votedFor: ServerId | null = null
  role: Role = 'follower'
  leaderId: ServerId | null = null
  commitIndex = 0
  lastApplied = 0
  snapshotIndex = 0
  snapshotTerm = 0
  baseIndex = 0
  entries: PlainEntry[] = []
  configuration: Configuration
  configurationIndex = 0
  snapshotConfiguration: Configuration
  snapshotConfigurationIndex = 0
  write = 0
  durableIndex = 0
  matches: { [id: ServerId]: number } = {}
  grants: ServerId[] = []

  constructor(configuration: Configuration) {
    this.configuration = configuration
    this.snapshotConfiguration = configuration
  }

  get lastIndex(): number {
    return this.baseIndex + this.entries.length
  }

  termAt(index: number): number {
    if (index === 0) return 0
    return index === this.baseIndex ? this.snapshotTerm : (this.entries[index - this.baseIndex - 1]?.term ?? -1)
  }

  identityAt(index: number): number {
    return this.entries[index - this.baseIndex - 1]?.identity ?? 0
  }

  configurationAt(index: number): Configuration | null {
    return this.entries[index - this.baseIndex - 1]?.configuration ?? null
  }

  matchIndex(id: ServerId): number {
    return this.matches[id] ?? 0
  }

  votes(): readonly ServerId[] {
    return this.grants
  }

  pendingWrites(): readonly never[] {
    return []
  }
}

/** Voters by name. */
export function voters(...ids: readonly ServerId[]): Configuration {
  return { voters: ids, votersOutgoing: [], learners: [] }
}

/** Entries behind `after` of these terms; equal places and terms are equal entries. */
export function log(terms: string, after = 0): PlainEntry[] {
  const words = terms.split(' ').filter((word) => word !== '')
  return words.map((word, i) => ({
    index: after + 1 + i,
    term: Number(word),
    identity: 1000 * Number(word) + after + 1 + i,
    configuration: null,
  }))
}

type Fields<T> = T extends Message ? Partial<Omit<T, 'from' | 'to' | 'term' | 'type'>> : never

/** A message with every field of every kind; those that matter are given. */
export function message<T extends Message['type']>(
  type: T,
  [from, to]: readonly [ServerId, ServerId],
  term: number,
  fields: Fields<Extract<Message, { type: T }>>,
): Extract<Message, { type: T }> {
  const entries: readonly LogEntry[] = []
  const place = { lastLogIndex: 0, lastLogTerm: 0, prevLogIndex: 0, prevLogTerm: 0, lastIncludedIndex: 0 }
  const rest = {
    lastIncludedTerm: 0,
    leaderCommit: 0,
    session: 1,
    readRound: 0,
    requestId: 1,
    index: 0,
    campaignTerm: 0,
  }
  const flags = { transfer: false, granted: false, success: false, configuration: voters('s1', 's2', 's3') }
  return { type, from, to, term, entries, ...place, ...rest, ...flags, ...fields } as unknown as Extract<
    Message,
    { type: T }
  >
}

export class Stage {
  readonly specification: Specification
  private readonly actors = new Map<ServerId, Actor>()

  /** Three voters, s1 to s3, with empty disks; `without` switches a rule off. */
  constructor(without: RuleName | null, preVote = false) {
    const identify = (entry: LogEntry): number => 1000 * entry.term + entry.index
    const off = new Set(without === null ? [] : [without])
    this.specification = new Specification({ preVote, identify, without: off })
    for (const id of ['s1', 's2', 's3']) this.boots(id, {})
  }

  actor(id: ServerId): Actor {
    return this.actors.get(id) as Actor
  }

  /** A new server, or one that starts again, with this on its disk. */
  boots(id: ServerId, disk: Partial<Actor>): void {
    const actor = new Actor(disk.configuration ?? voters('s1', 's2', 's3'))
    actor.snapshotConfiguration = actor.configuration
    this.actors.set(id, Object.assign(actor, disk))
    actor.durableIndex = actor.lastIndex
    this.specification.step({ server: id, input: { type: 'boot' }, after: actor, said: [], reads: [] })
  }

  /** A step as told: nothing is added but the number of the write. Messages wait for it unless `after` is given. */
  does(
    id: ServerId,
    input: Input | Message,
    change: Partial<Actor> = {},
    said: readonly Message[] = [],
    { after, reads = [] }: { readonly after?: number; readonly reads?: readonly ReadAnswer[] } = {},
  ): void {
    const actor = this.actor(id)
    Object.assign(actor, { write: actor.write + 1 }, change)
    const asInput = 'from' in input ? { type: 'receive' as const, message: input } : input
    const withAfter: Said[] = said.map((one) => ({ message: one, after: after ?? actor.write }))
    this.specification.step({ server: id, input: asInput, after: actor, said: withAfter, reads })
  }

  /** The same, and then all is durable. */
  doesDurably(id: ServerId, input: Input | Message, change: Partial<Actor> = {}, said: readonly Message[] = []): void {
    this.does(id, input, change, said)
    const actor = this.actor(id)
    actor.durableIndex = actor.lastIndex
    const durable = { type: 'durable', write: actor.write } as const
    this.specification.step({ server: id, input: durable, after: actor, said: [], reads: [] })
  }

  /** `id` asks for votes in the next term; the question lies on the wire. */
  campaigns(id: ServerId, to: ServerId): Message {
    const { currentTerm, lastIndex } = this.actor(id)
    const term = currentTerm + 1
    const last = { lastLogIndex: lastIndex, lastLogTerm: this.actor(id).termAt(lastIndex) }
    const question = message('RequestVote', [id, to], term, last)
    const candidate = { currentTerm: term, role: 'candidate', votedFor: id, leaderId: null, grants: [id] } as const
    this.doesDurably(id, TICK, { ...candidate, grants: [id] }, [question])
    return question
  }

  /** `id` wins the next term with the vote of `voter`. */
  elects(id: ServerId, voter: ServerId): void {
    const question = this.campaigns(id, voter)
    const { term } = question
    const yes = message('RequestVoteReply', [voter, id], term, { granted: true })
    const vote = { currentTerm: term, votedFor: id, role: 'follower', leaderId: null } as const
    this.doesDurably(voter, question, vote, [yes])
    this.does(id, yes, { role: 'leader', leaderId: id, matches: {} })
  }

  /** Entries of the leader's term. */
  appends(id: ServerId, count = 1): void {
    const { entries, currentTerm, lastIndex } = this.actor(id)
    const terms = Array.from({ length: count }, () => currentTerm).join(' ')
    this.doesDurably(id, { type: 'propose' }, { entries: [...entries, ...log(terms, lastIndex)] })
  }

  /** Everything from the log's beginning, said now. */
  sends(id: ServerId, to: ServerId, fields: Fields<Extract<Message, { type: 'AppendEntries' }>> = {}): Message {
    const { currentTerm, entries, commitIndex } = this.actor(id)
    const sent = message('AppendEntries', [id, to], currentTerm, { entries, leaderCommit: commitIndex, ...fields })
    this.does(id, OTHER, {}, [sent], { after: 0 })
    return sent
  }

  /** `to` has all that `id` has, durably, and `id` knows it. */
  replicates(id: ServerId, to: ServerId): void {
    const sent = this.sends(id, to)
    const { entries, lastIndex, currentTerm } = this.actor(id)
    const ok = message('AppendEntriesReply', [to, id], currentTerm, { success: true, index: lastIndex })
    this.doesDurably(to, sent, { currentTerm, entries: [...entries], leaderId: id, role: 'follower' }, [ok])
    this.does(id, ok, { matches: { [to]: lastIndex } })
  }

  /** One entry of s1's, which leads in term 1, on s1 and s2, and committed on s1. */
  commitsOne(): void {
    this.elects('s1', 's2')
    this.appends('s1')
    this.replicates('s1', 's2')
    this.does('s1', OTHER, { commitIndex: 1 })
  }
}

export const TICK = { type: 'tick' } as const
export const OTHER = { type: 'other' } as const

// Writes down a run while it goes. One method for each kind of event; each takes the time first, in milliseconds since
// the start of the run, which must not fall. A call costs less than a microsecond, because it only appends to
// arrays; what costs something, such as the text of a message, is the caller's.
//
// Servers and clients are named. Whoever is not in the header gets the next lane when he is first named.

import { ClusterState, type ServerState } from './cluster-state.ts'
import {
  KIND,
  LINK_STATES,
  type LinkState,
  NOBODY,
  OUTCOMES,
  type Outcome,
  TRACE_ROLES,
  type Trace,
  type TraceColumns,
  type TraceHeader,
  type TraceRole,
} from './trace.ts'

/** What a page can still show; about 80 MB of memory. */
const MAX_EVENTS = 1_000_000

export class TraceRecorder {
  private readonly header: TraceHeader
  private readonly maxEvents: number
  private columns: TraceColumns = noColumns()
  private omitted = 0
  private readonly servers: Lanes
  private readonly clients: Lanes

  /**
   * @param maxEvents when there are that many, the older half is let go: what it led to is kept, and every violation.
   * The end of a run is what matters, as a rule
   */
  constructor(header: TraceHeader, maxEvents: number = MAX_EVENTS) {
    this.header = header
    this.maxEvents = maxEvents
    this.servers = new Lanes(header.servers)
    this.clients = new Lanes(header.clients)
  }

  /** The run as it was recorded: ask at its end. */
  trace(): Trace {
    const header = { ...this.header, servers: this.servers.names, clients: this.clients.names }
    return { header, events: this.columns, omitted: this.omitted }
  }

  /** How many events there are. */
  get count(): number {
    return this.columns.at.length
  }

  // ── A server's life ───────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The server runs, for the first time or again. Its term, its vote, its snapshot and the durable part of its log are
   * as they were; the rest of its log is gone, it is a follower without a leader, and has committed and applied what its
   * snapshot holds. Where its disk held something else, say so with `role`, `append` or `truncate` right afterwards.
   */
  start(at: number, server: string): void {
    this.add(at, KIND.start, this.servers.of(server), 0, 0, 0, 0, '')
  }

  /** It died without warning: kill, power loss. */
  crash(at: number, server: string): void {
    this.add(at, KIND.crash, this.servers.of(server), 0, 0, 0, 0, '')
  }

  /** It ended as it was asked to, or because it found something wrong. */
  stop(at: number, server: string): void {
    this.add(at, KIND.stop, this.servers.of(server), 0, 0, 0, 0, '')
  }

  /** It does nothing from now on, without knowing it: a long garbage collection, a suspended machine. */
  pause(at: number, server: string): void {
    this.add(at, KIND.pause, this.servers.of(server), 0, 0, 0, 0, '')
  }

  resume(at: number, server: string): void {
    this.add(at, KIND.resume, this.servers.of(server), 0, 0, 0, 0, '')
  }

  // ── What it knows ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Any of role, term, leader and vote has changed: record all four. */
  role(
    at: number,
    server: string,
    role: TraceRole,
    term: number,
    leader: string | null,
    votedFor: string | null,
  ): void {
    const [lane, leads, vote] = [
      this.servers.of(server),
      this.servers.orNobody(leader),
      this.servers.orNobody(votedFor),
    ]
    this.add(at, KIND.role, lane, TRACE_ROLES.indexOf(role), term, leads, vote, '')
  }

  /**
   * Entries were appended, from `firstIndex` on, with these terms. An index that is there already is overwritten, and
   * what stood behind it goes.
   */
  append(at: number, server: string, firstIndex: number, terms: readonly number[]): void {
    const lane = this.servers.of(server)
    let begin = 0
    for (let i = 1; i <= terms.length; i++) {
      if (terms[i] === terms[begin]) continue
      this.add(at, KIND.append, lane, firstIndex + begin, i - begin, terms[begin] ?? 0, 0, '')
      begin = i
    }
  }

  /** The entries from `fromIndex` on were cut off. */
  truncate(at: number, server: string, fromIndex: number): void {
    this.add(at, KIND.truncate, this.servers.of(server), fromIndex, 0, 0, 0, '')
  }

  /**
   * A snapshot has taken the place of the log up to `baseIndex`. A snapshot that came from the leader and that the log
   * contradicts replaces it: `truncate` first.
   */
  compact(at: number, server: string, baseIndex: number, baseTerm: number): void {
    this.add(at, KIND.compact, this.servers.of(server), baseIndex, baseTerm, 0, 0, '')
  }

  /** The log up to `index` will outlive a crash. */
  durable(at: number, server: string, index: number): void {
    this.add(at, KIND.durable, this.servers.of(server), index, 0, 0, 0, '')
  }

  /** The server knows that the log up to `index` is committed. */
  commit(at: number, server: string, index: number): void {
    this.add(at, KIND.commit, this.servers.of(server), index, 0, 0, 0, '')
  }

  /** Its state machine holds everything up to `index`. */
  apply(at: number, server: string, index: number): void {
    this.add(at, KIND.apply, this.servers.of(server), index, 0, 0, 0, '')
  }

  /** The configuration that it goes by; `outgoing` are the voters of the old one while both count (Paper §6). */
  configuration(
    at: number,
    server: string,
    voters: readonly string[],
    learners: readonly string[] = [],
    outgoing: readonly string[] = [],
  ): void {
    const text = JSON.stringify([voters, learners, outgoing])
    this.add(at, KIND.configuration, this.servers.of(server), 0, 0, 0, 0, text)
  }

  // ── Its disk ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Asked the disk to make durable what was written. One sync of a server at a time. */
  syncBegin(at: number, server: string): void {
    this.add(at, KIND.syncBegin, this.servers.of(server), 0, 0, 0, 0, '')
  }

  syncEnd(at: number, server: string, failed = false): void {
    this.add(at, KIND.syncEnd, this.servers.of(server), failed ? 1 : 0, 0, 0, 0, '')
  }

  // ── The network ───────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A message left. `message` is any number that no other message of the run has; `type` is one word, such as
   * 'AppendEntries', and a reply's ends in 'Reply'; `fields` are its other fields, as short as they can be read.
   */
  send(at: number, message: number, from: string, to: string, type: string, term: number, fields = ''): void {
    const [lane, target] = [this.servers.of(from), this.servers.of(to)]
    this.add(at, KIND.send, lane, message, target, term, 0, fields === '' ? type : `${type} ${fields}`)
  }

  /** It arrived. Once more for each copy, if the network has made some. */
  arrive(at: number, message: number): void {
    this.add(at, KIND.arrive, NOBODY, message, 0, 0, 0, '')
  }

  /** It, or a copy of it, will not arrive. */
  lose(at: number, message: number, reason: string): void {
    this.add(at, KIND.lose, NOBODY, message, 0, 0, 0, reason)
  }

  /** One direction of the network between two servers. Each is up until something else is said. */
  link(at: number, from: string, to: string, state: LinkState): void {
    this.add(at, KIND.link, this.servers.of(from), 0, this.servers.of(to), LINK_STATES.indexOf(state), 0, '')
  }

  // ── The story ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Something was done to the cluster: a disk that fails from now on, a clock that jumps. Null: to no server alone. */
  fault(at: number, server: string | null, text: string): void {
    this.add(at, KIND.fault, this.servers.orNobody(server), 0, 0, 0, 0, text)
  }

  /** A client asks for something. `operation` is any number that no other operation of the run has. */
  invoke(at: number, client: string, operation: number, text: string): void {
    this.add(at, KIND.invoke, this.clients.of(client), operation, 0, 0, 0, text)
  }

  /** Its answer. An operation that never returns is of unknown outcome. */
  return(at: number, operation: number, outcome: Outcome, text: string): void {
    this.add(at, KIND.return, NOBODY, operation, OUTCOMES.indexOf(outcome), 0, 0, text)
  }

  /** Something to read at this place of the run. */
  note(at: number, text: string): void {
    this.add(at, KIND.note, NOBODY, 0, 0, 0, 0, text)
  }

  /** What must always be true was not. The first one is what the page opens with. */
  violation(at: number, property: string, detail: string, server: string | null = null): void {
    this.add(at, KIND.violation, this.servers.orNobody(server), property.length, 0, 0, 0, property + detail)
  }

  /** So many parameters, because an object for each event is what the columns are there to avoid. */
  private add(
    at: number,
    kind: number,
    server: number,
    a: number,
    b: number,
    c: number,
    d: number,
    text: string,
  ): void {
    const { columns } = this
    columns.at.push(at)
    columns.kind.push(kind)
    columns.server.push(server)
    columns.a.push(a)
    columns.b.push(b)
    columns.c.push(c)
    columns.d.push(d)
    columns.text.push(text)
    if (columns.at.length >= this.maxEvents) this.letGo()
  }

  private letGo(): void {
    const old = this.trace()
    const half = old.events.at.length >> 1
    const now = old.events.at[half] ?? 0
    const state = ClusterState.ofServers(old.header.servers.length)
    this.columns = noColumns()
    for (let place = 0; place < half; place++) {
      state.apply(old, place)
      if (old.events.kind[place] === KIND.violation) this.take(old, place)
    }
    this.omitted += half - this.count
    state.servers.forEach((server, lane) => {
      this.describe(now, this.servers.names[lane] ?? '', server)
    })
    for (const [key, link] of state.links) this.add(now, KIND.link, key >> 10, 0, key & 1023, link, 0, '')
    for (let place = half; place < old.events.at.length; place++) this.take(old, place)
  }

  private take({ events }: Trace, place: number): void {
    for (const name of COLUMN_NAMES) (this.columns[name] as unknown[]).push(events[name][place])
  }

  /** As events, what a server has come to. */
  private describe(now: number, name: string, state: ServerState): void {
    if (state.life === 'absent') return
    const { log, voters, learners, outgoing } = state
    const nameOf = (lane: number): string | null => this.servers.names[lane] ?? null
    this.start(now, name)
    this.role(now, name, state.role, state.term, nameOf(state.leader), nameOf(state.votedFor))
    if (log.baseIndex > 0) this.compact(now, name, log.baseIndex, log.baseTerm)
    const lane = this.servers.of(name)
    for (const { first, last, term } of log.runs())
      this.add(now, KIND.append, lane, first, last - first + 1, term, 0, '')
    this.durable(now, name, state.durable)
    this.commit(now, name, state.commit)
    this.apply(now, name, state.applied)
    if (voters.length > 0) this.configuration(now, name, voters, learners, outgoing)
    if (state.life === 'paused') this.pause(now, name)
    if (state.life === 'down') this.crash(now, name)
  }
}

const COLUMN_NAMES = ['at', 'kind', 'server', 'a', 'b', 'c', 'd', 'text'] as const

function noColumns(): TraceColumns {
  return { at: [], kind: [], server: [], a: [], b: [], c: [], d: [], text: [] }
}

/** Names with their numbers, in the order in which they were first said. */
class Lanes {
  readonly names: string[] = []
  private readonly numbers = new Map<string, number>()

  constructor(names: readonly string[]) {
    for (const name of names) this.of(name)
  }

  of(name: string): number {
    const known = this.numbers.get(name)
    if (known !== undefined) return known
    this.numbers.set(name, this.names.length)
    return this.names.push(name) - 1
  }

  orNobody(name: string | null): number {
    return name === null ? NOBODY : this.of(name)
  }
}

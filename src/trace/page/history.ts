// Each server's run as spans of time in which one thing stayed the same: what it was, what its log was like, whom it
// could not reach. Kept as arrays of numbers, ascending, so that what a window shows is found by halving.

import { ClusterState, type ServerState } from '../cluster-state.ts'
import { countOf, KIND, type LinkState, TRACE_ROLES, type Trace } from '../trace.ts'

/** Spans one behind the other; each ends where the next begins. `values[i]` holds from `starts[i]` on. */
export class Spans<T> {
  readonly starts: number[] = []
  readonly values: T[] = []
  private readonly isSame: (one: T, other: T) => boolean

  constructor(isSame: (one: T, other: T) => boolean) {
    this.isSame = isSame
  }

  /** Times must not fall. Of several values at one time the last one counts. */
  add(at: number, value: T): void {
    const last = this.values.at(-1)
    if (last !== undefined && this.isSame(last, value)) return
    if (this.starts.at(-1) === at) {
      this.starts.pop()
      this.values.pop()
    }
    this.starts.push(at)
    this.values.push(value)
  }

  /**
   * Calls `visit` for the spans between two times. Those that are shorter than `least` are told as one, with the value
   * of the last of them: a window that shows 50,000 spans on 1000 pixels visits 1000.
   */
  between(from: number, to: number, least: number, visit: (value: T, start: number, end: number) => void): void {
    let i = Math.max(0, lastAtOrBefore(this.starts, from))
    while (i < this.starts.length) {
      const start = this.starts[i] ?? 0
      if (start > to) return
      let next = i + 1
      if ((this.starts[next] ?? Number.POSITIVE_INFINITY) < start + least) {
        next = Math.max(next, lastAtOrBefore(this.starts, start + least) + 1)
      }
      const value = this.values[next - 1]
      if (value !== undefined) visit(value, start, Math.min(this.starts[next] ?? to, Math.max(to, start)))
      i = next
    }
  }
}

/** The last place whose value is at most `limit`, −1 if there is none. */
export function lastAtOrBefore(ascending: ArrayLike<number>, limit: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ascending[middle] ?? 0) <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** How many are in [from, to). */
export function countBetween(ascending: ArrayLike<number>, from: number, to: number): number {
  return lastAtOrBefore(ascending, to) - lastAtOrBefore(ascending, from)
}

/** What a server was. */
export interface RoleSpan {
  readonly life: ServerState['life']
  readonly role: ServerState['role']
  readonly term: number
}

/** What its log was like. */
export interface LogSpan {
  readonly base: number
  readonly last: number
  readonly lastTerm: number
  readonly durable: number
  readonly commit: number
}

/** How the text of a slow link begins: it is drawn in another way than a cut. */
export const SLOW = 'slow'

/** One server over the whole run. */
export interface LaneHistory {
  readonly roles: Spans<RoleSpan>
  readonly logs: Spans<LogSpan>
  /** With whom it could not talk, in one direction or both, or only slowly, as one text; empty when with all. */
  readonly cuts: Spans<string>
  /** Begin and end of each sync, and whether it failed. */
  readonly syncs: { readonly begin: number; readonly end: number; readonly failed: boolean }[]
}

/** When servers came to lead: for the overview, and for the keys that jump from one to the next. */
export interface Election {
  readonly place: number
  readonly at: number
  readonly server: number
  readonly term: number
}

/** All servers, and the elections of the run in order. */
export interface Histories {
  readonly lanes: readonly LaneHistory[]
  readonly elections: readonly Election[]
}

const CHANGES_LOG = new Set([
  KIND.append,
  KIND.truncate,
  KIND.compact,
  KIND.durable,
  KIND.commit,
  KIND.start,
  KIND.crash,
])

/** Folds the whole run once. */
export function historiesOf(trace: Trace): Histories {
  const { at, kind, server } = trace.events
  const names = trace.header.servers
  const lanes = names.map(
    (): LaneHistory => ({ roles: new Spans(sameRole), logs: new Spans(sameLog), cuts: new Spans(same), syncs: [] }),
  )
  const elections: Election[] = []
  const state = ClusterState.ofServers(names.length)
  const syncBegan = names.map(() => 0)
  const elected = new Set<string>()
  for (let place = 0; place < countOf(trace); place++) {
    state.apply(trace, place)
    const [time, code, who] = [at[place] ?? 0, kind[place] ?? -1, server[place] ?? -1]
    const [lane, its] = [lanes[who], state.servers[who]]
    if (code === KIND.link || (code < KIND.role && state.links.size > 0)) noteCuts(lanes, state, names, time)
    if (lane === undefined || its === undefined || code === KIND.send) continue
    if (code <= KIND.role) lane.roles.add(time, { life: its.life, role: its.role, term: its.term })
    if (code === KIND.role && isLeader(trace, place))
      noteElection(elections, elected, { place, at: time, server: who, term: its.term })
    if (CHANGES_LOG.has(code)) lane.logs.add(time, logSpan(its))
    if (code === KIND.syncBegin) syncBegan[who] = time
    if (code === KIND.syncEnd) {
      lane.syncs.push({ begin: syncBegan[who] ?? time, end: time, failed: trace.events.a[place] === 1 })
    }
  }
  return { lanes, elections }
}

function isLeader(trace: Trace, place: number): boolean {
  return TRACE_ROLES[trace.events.a[place] ?? 0] === 'leader'
}

/** Its vote may be recorded after it came to lead: that is no second election. */
function noteElection(elections: Election[], known: Set<string>, election: Election): void {
  const key = `${election.server} ${election.term}`
  if (known.has(key)) return
  known.add(key)
  elections.push(election)
}

function logSpan({ log, durable, commit }: ServerState): LogSpan {
  return { base: log.baseIndex, last: log.lastIndex, lastTerm: log.lastTerm, durable, commit }
}

/**
 * A cut between two servers is shown at the one that has more of them. With s1 alone and four others together, s1 is cut
 * off: to say of each of the four that it cannot reach s1 would be true, and hide what happened.
 */
function noteCuts(lanes: readonly LaneHistory[], state: ClusterState, names: readonly string[], at: number): void {
  const having = (what: LinkState): number[][] =>
    names.map((_, server) => names.flatMap((__, other) => (isLink(state, what, server, other) ? [other] : [])))
  const [cuts, slow] = [having('down'), having('slow')]
  lanes.forEach((lane, server) => {
    const own = cuts[server] ?? []
    const shown = own.filter((other) => own.length >= (cuts[other] ?? []).length)
    const isDown = state.servers[server]?.life !== 'up' && state.servers[server]?.life !== 'paused'
    const slowOnes = (slow[server] ?? []).filter((other) => (slow[server] ?? []).length >= (slow[other] ?? []).length)
    const named = (others: readonly number[]): string => others.map((other) => names[other]).join(', ')
    const all = names.length - 1
    if (isDown) lane.cuts.add(at, '')
    else if (own.length === all && all > 1) lane.cuts.add(at, 'cut off')
    else if (shown.length > 0) lane.cuts.add(at, `no way to ${named(shown)}`)
    else lane.cuts.add(at, slowOnes.length === 0 ? '' : `${SLOW} to ${named(slowOnes)}`)
  })
}

/** In one direction or both. */
function isLink(state: ClusterState, what: LinkState, one: number, other: number): boolean {
  return one !== other && (state.link(one, other) === what || state.link(other, one) === what)
}

function same(one: string, other: string): boolean {
  return one === other
}

function sameRole(one: RoleSpan, other: RoleSpan): boolean {
  return one.life === other.life && one.role === other.role && one.term === other.term
}

function sameLog(one: LogSpan, other: LogSpan): boolean {
  return (
    one.last === other.last &&
    one.commit === other.commit &&
    one.durable === other.durable &&
    one.lastTerm === other.lastTerm &&
    one.base === other.base
  )
}

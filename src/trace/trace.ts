// A recorded run: what happened on every server, on the network and at the clients of one cluster, in the order in which
// it happened. A recorder (recorder.ts) writes it, whoever runs a cluster on a clock of his own calls the recorder, and
// the page (page.ts) shows it.
//
// A run of ten seconds is easily 100,000 events, so they are kept in columns: one array of numbers for each field, and
// no object for each event. `eventAt` makes an object of one event, for whoever wants to read it.

/** What a server is (Paper Figure 4; a pre-candidate asks first whether an election would succeed, Thesis §9.6). */
export type TraceRole = 'follower' | 'preCandidate' | 'candidate' | 'leader'

/** How one direction of the network between two servers is. A slow one delivers, late. */
export type LinkState = 'up' | 'down' | 'slow'

/** How an operation ended for its client. Nobody knows whether one of unknown outcome took effect, or still will. */
export type Outcome = 'ok' | 'fail' | 'unknown'

/** Which run it was, and all that is to be known about it beforehand. */
export interface TraceHeader {
  readonly title: string
  /** The command that runs it again; empty if there is none. */
  readonly command: string
  readonly seed: string
  /** The names of the servers in the order of their lanes. A server that only joins later may come later, too. */
  readonly servers: readonly string[]
  /** The names of the clients, in the order of their lanes; may be empty. */
  readonly clients: readonly string[]
  /** Options of the run, faults and the like: shown as they are. */
  readonly settings: { readonly [name: string]: string }
}

/** The kinds of events. A file holds their numbers and this list, so a new kind may stand anywhere. */
export const TRACE_KINDS = [
  'start',
  'crash',
  'stop',
  'pause',
  'resume',
  'role',
  'append',
  'truncate',
  'compact',
  'durable',
  'commit',
  'apply',
  'configuration',
  'syncBegin',
  'syncEnd',
  'send',
  'arrive',
  'lose',
  'link',
  'fault',
  'invoke',
  'return',
  'note',
  'violation',
] as const

export type TraceKind = (typeof TRACE_KINDS)[number]

/** The number under which a kind stands in the column `kind`. */
export const KIND: { readonly [kind in TraceKind]: number } = Object.fromEntries(
  TRACE_KINDS.map((kind, number) => [kind, number]),
) as { [kind in TraceKind]: number }

/** The number of a role, a state of a link and an outcome is its place here. */
export const TRACE_ROLES: readonly TraceRole[] = ['follower', 'preCandidate', 'candidate', 'leader']
export const LINK_STATES: readonly LinkState[] = ['up', 'down', 'slow']
export const OUTCOMES: readonly Outcome[] = ['ok', 'fail', 'unknown']

/** In a column, instead of a server's or a client's number: none. */
export const NOBODY = -1

/**
 * The events, column by column; all columns are of one length. `at` is in milliseconds since the start of the run, with
 * fractions, and never falls. `server` is the number of the lane, that of the sender for a message and that of the
 * client for an operation. What `a` to `d` and `text` are, depends on the kind: see `eventAt`.
 */
export interface TraceColumns {
  readonly at: number[]
  readonly kind: number[]
  readonly server: number[]
  readonly a: number[]
  readonly b: number[]
  readonly c: number[]
  readonly d: number[]
  readonly text: string[]
}

/** A whole run. */
export interface Trace {
  readonly header: TraceHeader
  readonly events: TraceColumns
  /** Events before the first that were let go because there were too many; what they led to is in the first ones. */
  readonly omitted: number
}

interface Of<K extends TraceKind> {
  /** Milliseconds since the start of the run. */
  readonly at: number
  readonly kind: K
}

interface At<K extends TraceKind> extends Of<K> {
  readonly server: string
}

/** One event, as an object. What each kind says and promises is told at the method of the recorder that records it. */
export type TraceEvent =
  | At<'start' | 'crash' | 'stop' | 'pause' | 'resume'>
  | (At<'role'> & {
      readonly role: TraceRole
      readonly term: number
      readonly leader: string | null
      readonly votedFor: string | null
    })
  | (At<'append'> & { readonly firstIndex: number; readonly count: number; readonly term: number })
  | (At<'truncate'> & { readonly fromIndex: number })
  | (At<'compact'> & { readonly baseIndex: number; readonly baseTerm: number })
  | (At<'durable' | 'commit' | 'apply'> & { readonly index: number })
  | (At<'configuration'> & {
      readonly voters: readonly string[]
      readonly learners: readonly string[]
      readonly outgoing: readonly string[]
    })
  | At<'syncBegin'>
  | (At<'syncEnd'> & { readonly failed: boolean })
  | (Of<'send'> & {
      readonly message: number
      readonly from: string
      readonly to: string
      readonly type: string
      readonly term: number
      readonly fields: string
    })
  | (Of<'arrive'> & { readonly message: number })
  | (Of<'lose'> & { readonly message: number; readonly reason: string })
  | (Of<'link'> & { readonly from: string; readonly to: string; readonly state: LinkState })
  | (Of<'fault'> & { readonly server: string | null; readonly text: string })
  | (Of<'invoke'> & { readonly client: string; readonly operation: number; readonly text: string })
  | (Of<'return'> & { readonly operation: number; readonly outcome: Outcome; readonly text: string })
  | (Of<'note'> & { readonly text: string })
  | (Of<'violation'> & { readonly server: string | null; readonly property: string; readonly detail: string })

/** How many events there are. */
export function countOf(trace: Trace): number {
  return trace.events.at.length
}

/** The event at this place, from 0. @throws RangeError when there is none */
export function eventAt(trace: Trace, place: number): TraceEvent {
  const { header, events } = trace
  const kind = TRACE_KINDS[events.kind[place] ?? -1]
  if (kind === undefined) throw new RangeError(`event ${place} of ${countOf(trace)}`)
  const row: Row = {
    at: cell(events.at, place),
    server: nameOf(header.servers, cell(events.server, place)),
    a: cell(events.a, place),
    b: cell(events.b, place),
    c: cell(events.c, place),
    d: cell(events.d, place),
    text: events.text[place] ?? '',
  }
  switch (kind) {
    case 'start':
    case 'crash':
    case 'stop':
    case 'pause':
    case 'resume':
    case 'syncBegin':
      return { at: row.at, kind, server: row.server }
    case 'syncEnd':
      return { at: row.at, kind, server: row.server, failed: row.a === 1 }
    case 'role':
    case 'append':
    case 'truncate':
    case 'compact':
    case 'durable':
    case 'commit':
    case 'apply':
    case 'configuration':
      return stateEvent(kind, row, header)
    case 'send':
    case 'arrive':
    case 'lose':
    case 'link':
      return networkEvent(kind, row, header)
    case 'fault':
    case 'invoke':
    case 'return':
    case 'note':
    case 'violation':
      return storyEvent(kind, row, events.server[place] ?? NOBODY, header)
  }
}

interface Row {
  readonly at: number
  readonly server: string
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
  readonly text: string
}

type StateKind = 'role' | 'append' | 'truncate' | 'compact' | 'durable' | 'commit' | 'apply' | 'configuration'

function stateEvent(kind: StateKind, row: Row, { servers }: TraceHeader): TraceEvent {
  const { at, server, a, b, c, d } = row
  switch (kind) {
    case 'role': {
      const [leader, votedFor] = [servers[c] ?? null, servers[d] ?? null]
      return { at, kind, server, role: TRACE_ROLES[a] ?? 'follower', term: b, leader, votedFor }
    }
    case 'append':
      return { at, kind, server, firstIndex: a, count: b, term: c }
    case 'truncate':
      return { at, kind, server, fromIndex: a }
    case 'compact':
      return { at, kind, server, baseIndex: a, baseTerm: b }
    case 'durable':
    case 'commit':
    case 'apply':
      return { at, kind, server, index: a }
    case 'configuration': {
      const [voters = [], learners = [], outgoing = []] = JSON.parse(row.text) as string[][]
      return { at, kind, server, voters, learners, outgoing }
    }
  }
}

function networkEvent(kind: 'send' | 'arrive' | 'lose' | 'link', row: Row, { servers }: TraceHeader): TraceEvent {
  const { at, server: from, a, b, c, text } = row
  switch (kind) {
    case 'send':
      return { at, kind, message: a, from, to: nameOf(servers, b), type: typeOf(text), term: c, fields: fieldsOf(text) }
    case 'arrive':
      return { at, kind, message: a }
    case 'lose':
      return { at, kind, message: a, reason: text }
    case 'link':
      return { at, kind, from, to: nameOf(servers, b), state: LINK_STATES[c] ?? 'up' }
  }
}

function storyEvent(
  kind: 'fault' | 'invoke' | 'return' | 'note' | 'violation',
  { at, a, b, text }: Row,
  who: number,
  { servers, clients }: TraceHeader,
): TraceEvent {
  switch (kind) {
    case 'fault':
      return { at, kind, server: servers[who] ?? null, text }
    case 'invoke':
      return { at, kind, client: nameOf(clients, who), operation: a, text }
    case 'return':
      return { at, kind, operation: a, outcome: OUTCOMES[b] ?? 'unknown', text }
    case 'note':
      return { at, kind, text }
    case 'violation':
      return { at, kind, server: servers[who] ?? null, property: text.slice(0, a), detail: text.slice(a) }
  }
}

/** The first word of a message's text: what kind of message it is. */
export function typeOf(text: string): string {
  const end = text.indexOf(' ')
  return end < 0 ? text : text.slice(0, end)
}

function fieldsOf(text: string): string {
  const end = text.indexOf(' ')
  return end < 0 ? '' : text.slice(end + 1)
}

function nameOf(names: readonly string[], number: number): string {
  return names[number] ?? '?'
}

function cell(column: readonly number[], place: number): number {
  return column[place] ?? 0
}

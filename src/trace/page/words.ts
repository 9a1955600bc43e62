// Every event in words: for the list beside the picture, for the panel, and for whoever hears the page instead of seeing
// it.

import type { Flights } from '../flights.ts'
import { countOf, eventAt, KIND, type Trace, type TraceEvent } from '../trace.ts'
import type { Operations } from './operations.ts'

/** Groups of kinds, as the filters offer them. */
export type Group = 'messages' | 'roles' | 'logs' | 'syncs' | 'life' | 'faults' | 'operations' | 'notes' | 'violations'

export const GROUPS: readonly { readonly group: Group; readonly label: string }[] = [
  { group: 'violations', label: 'violations' },
  { group: 'life', label: 'starts, crashes, pauses' },
  { group: 'faults', label: 'faults and links' },
  { group: 'roles', label: 'roles, terms, votes' },
  { group: 'logs', label: 'logs, commits' },
  { group: 'syncs', label: 'syncs of disks' },
  { group: 'messages', label: 'messages' },
  { group: 'operations', label: 'operations of clients' },
  { group: 'notes', label: 'notes' },
]

const GROUP_OF: { readonly [kind in TraceEvent['kind']]: Group } = {
  start: 'life',
  crash: 'life',
  stop: 'life',
  pause: 'life',
  resume: 'life',
  role: 'roles',
  append: 'logs',
  truncate: 'logs',
  compact: 'logs',
  durable: 'logs',
  commit: 'logs',
  apply: 'logs',
  configuration: 'roles',
  syncBegin: 'syncs',
  syncEnd: 'syncs',
  send: 'messages',
  arrive: 'messages',
  lose: 'messages',
  link: 'faults',
  fault: 'faults',
  invoke: 'operations',
  return: 'operations',
  note: 'notes',
  violation: 'violations',
}

/** The group of each kind's number. */
export const GROUP_OF_CODE: readonly Group[] = Object.entries(KIND)
  .sort(([, one], [, other]) => one - other)
  .map(([kind]) => GROUP_OF[kind as TraceEvent['kind']])

/** A sign for each kind, where there is no room for a word. */
const SIGNS: { readonly [kind in TraceEvent['kind']]: string } = {
  start: '▲',
  crash: '✕',
  stop: '■',
  pause: '‖',
  resume: '▶',
  role: '●',
  append: '+',
  truncate: '−',
  compact: '▤',
  durable: '▬',
  commit: '✓',
  apply: '»',
  configuration: '◫',
  syncBegin: '↓',
  syncEnd: '⤓',
  send: '→',
  arrive: '⇥',
  lose: '⨯',
  link: '⌇',
  fault: '▼',
  invoke: '?',
  return: '!',
  note: '¶',
  violation: '‼',
}

const ROLE_WORDS = { follower: 'follower', preCandidate: 'pre-candidate', candidate: 'candidate', leader: 'leader' }

/** One event for people: who, in a word or none, and what. */
export interface Sentence {
  readonly sign: string
  readonly who: string
  readonly what: string
}

/** Says what happened, and looks up what an event only names by its number. */
export class Words {
  private readonly trace: Trace
  private readonly flights: Flights
  private readonly operations: Operations

  constructor(trace: Trace, flights: Flights, operations: Operations) {
    this.trace = trace
    this.flights = flights
    this.operations = operations
  }

  sentence(place: number): Sentence {
    const event = eventAt(this.trace, place)
    return { sign: SIGNS[event.kind], ...this.whoAndWhat(event) }
  }

  /** As one line. */
  line(place: number): string {
    const { who, what } = this.sentence(place)
    return who === '' ? what : `${who} ${what}`
  }

  /** The servers that an event is about: one, two or none. */
  lanesOf(place: number): readonly number[] {
    const { kind, server, a, b } = this.trace.events
    const code = kind[place]
    if (code === KIND.invoke || code === KIND.return) return []
    if (code === KIND.arrive || code === KIND.lose) {
      const flight = this.flights.of(a[place] ?? -1)
      return flight === undefined ? [] : [flight.from, flight.to]
    }
    const own = server[place] ?? -1
    if (code === KIND.send || code === KIND.link) return [own, b[place] ?? -1]
    return own < 0 ? [] : [own]
  }

  /** The type of the message that an event is about, null for other events. */
  typeOf(place: number): string | null {
    const { kind, a } = this.trace.events
    const code = kind[place]
    if (code !== KIND.send && code !== KIND.arrive && code !== KIND.lose) return null
    return this.flights.of(a[place] ?? -1)?.type ?? null
  }

  private whoAndWhat(event: TraceEvent): { who: string; what: string } {
    switch (event.kind) {
      case 'start':
        return { who: event.server, what: 'starts' }
      case 'crash':
        return { who: event.server, what: 'crashes' }
      case 'stop':
        return { who: event.server, what: 'stops' }
      case 'pause':
        return { who: event.server, what: 'is paused' }
      case 'resume':
        return { who: event.server, what: 'goes on' }
      case 'role':
        return { who: event.server, what: roleWords(event) }
      case 'configuration':
        return { who: event.server, what: configurationWords(event) }
      case 'syncBegin':
        return { who: event.server, what: 'begins a sync' }
      case 'syncEnd':
        return { who: event.server, what: event.failed ? 'a sync fails' : 'a sync is done' }
      case 'append':
      case 'truncate':
      case 'compact':
      case 'durable':
      case 'commit':
      case 'apply':
        return { who: event.server, what: logWords(event) }
      case 'send':
      case 'arrive':
      case 'lose':
        return this.messageWords(event)
      case 'link':
        return { who: event.from, what: `to ${event.to}: the link is ${event.state}` }
      case 'fault':
        return { who: event.server ?? '', what: event.text }
      case 'invoke':
        return { who: event.client, what: `asks: ${event.text}` }
      case 'return':
        return this.answerWords(event)
      case 'note':
        return { who: '', what: event.text }
      case 'violation':
        return violationWords(event)
    }
  }

  private messageWords(event: Extract<TraceEvent, { kind: 'send' | 'arrive' | 'lose' }>): {
    who: string
    what: string
  } {
    const flight = this.flights.of(event.message)
    if (flight === undefined) return { who: '', what: `message ${event.message}, sent before this trace begins` }
    const names = this.trace.header.servers
    const [from, to] = [names[flight.from] ?? '?', names[flight.to] ?? '?']
    switch (event.kind) {
      case 'send':
        return {
          who: from,
          what: `sends ${flight.type} to ${to}${event.term > 0 ? `, term ${event.term}` : ''}${comma(event.fields)}`,
        }
      case 'arrive':
        return { who: to, what: `receives ${flight.type} from ${from}` }
      case 'lose':
        return { who: from, what: `${flight.type} to ${to} is lost: ${event.reason}` }
    }
  }

  private answerWords(event: Extract<TraceEvent, { kind: 'return' }>): { who: string; what: string } {
    const operation = this.operations.byId.get(event.operation)
    const who = this.trace.header.clients[operation?.client ?? -1] ?? ''
    const about = operation === undefined ? '' : `${operation.text}: `
    return { who, what: `${about}${event.outcome}${comma(event.text)}` }
  }

  get count(): number {
    return countOf(this.trace)
  }
}

function violationWords({ server, property, detail }: Extract<TraceEvent, { kind: 'violation' }>): {
  who: string
  what: string
} {
  if (server === null) return { who: '', what: `${property}: ${detail}` }
  return { who: server, what: `breaks ${property}: ${detail}` }
}

function comma(text: string): string {
  return text === '' ? '' : `, ${text}`
}

function roleWords({ role, term, leader, votedFor }: Extract<TraceEvent, { kind: 'role' }>): string {
  const vote = votedFor === null ? '' : `, voted for ${votedFor}`
  const led = leader === null || role === 'leader' ? '' : `, follows ${leader}`
  return `is ${ROLE_WORDS[role]} in term ${term}${led}${vote}`
}

function configurationWords({ voters, learners, outgoing }: Extract<TraceEvent, { kind: 'configuration' }>): string {
  const also = learners.length === 0 ? '' : `, learners ${learners.join(' ')}`
  const old = outgoing.length === 0 ? '' : `, and the old voters ${outgoing.join(' ')}`
  return `goes by the voters ${voters.join(' ')}${also}${old}`
}

function logWords(
  event: Extract<TraceEvent, { kind: 'append' | 'truncate' | 'compact' | 'durable' | 'commit' | 'apply' }>,
): string {
  switch (event.kind) {
    case 'append': {
      const { firstIndex, count, term } = event
      const which = count === 1 ? `entry ${firstIndex}` : `entries ${firstIndex} to ${firstIndex + count - 1}`
      return `appends ${which} of term ${term}`
    }
    case 'truncate':
      return `cuts its log from entry ${event.fromIndex} on`
    case 'compact':
      return `has a snapshot up to entry ${event.baseIndex} of term ${event.baseTerm}`
    case 'durable':
      return `its log is durable up to ${event.index}`
    case 'commit':
      return `commits up to ${event.index}`
    case 'apply':
      return `has applied up to ${event.index}`
  }
}

export { ROLE_WORDS }

/** Milliseconds with blanks between thousands, and as many decimals as the window is narrow. */
export function formatTime(ms: number, decimals = 3): string {
  const [whole = '0', fraction] = Math.abs(ms).toFixed(decimals).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ' ')
  return `${ms < 0 ? '−' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`
}

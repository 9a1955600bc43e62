// All that is worked out of a run once, when the page opens.

import { type Flight, FlightIndex, Flights } from '../flights.ts'
import { Timeline } from '../timeline.ts'
import { countOf, KIND, type Trace } from '../trace.ts'
import { type Histories, historiesOf } from './history.ts'
import { type Operations, operationsOf } from './operations.ts'
import { familyOf } from './theme.ts'
import { Words } from './words.ts'

/** Something that stands at one moment: a crash, a fault, a note. */
export interface Mark {
  readonly place: number
  readonly at: number
  /** −1 when it concerns no server alone. */
  readonly server: number
  readonly kind: 'start' | 'crash' | 'stop' | 'fault' | 'note' | 'violation'
  readonly text: string
}

const MARKS = new Map<number, Mark['kind']>(
  (['start', 'crash', 'stop', 'fault', 'note', 'violation'] as const).map((kind) => [KIND[kind], kind]),
)

export class RunModel {
  readonly trace: Trace
  readonly timeline: Timeline
  readonly flights: Flights
  /** Those that are worth an arrow where there is no room for all: votes, snapshots, what was lost, copied or late. */
  readonly rareFlights: FlightIndex
  readonly histories: Histories
  readonly operations: Operations
  readonly words: Words
  readonly marks: readonly Mark[]
  /** The place of the first violation, null when there is none. */
  readonly firstViolation: number | null
  /** The types of messages that occur, the most frequent first. */
  readonly types: readonly string[]
  /** When each server sent something, ascending, and when it sent what was lost. */
  readonly sentBy: readonly number[][]
  readonly lostBy: readonly number[][]

  constructor(trace: Trace) {
    this.trace = trace
    this.timeline = new Timeline(trace)
    this.flights = new Flights(trace)
    this.rareFlights = new FlightIndex(this.flights.all.filter(isRare))
    this.histories = historiesOf(trace)
    this.operations = operationsOf(trace)
    this.words = new Words(trace, this.flights, this.operations)
    this.marks = marksOf(trace)
    this.firstViolation = this.marks.find(({ kind }) => kind === 'violation')?.place ?? null
    this.types = typesOf(this.flights)
    const lanes = trace.header.servers.map(() => 0)
    this.sentBy = lanes.map(() => [])
    this.lostBy = lanes.map(() => [])
    for (const { from, sentAt, fate, isCopy } of this.flights.all) {
      if (!isCopy) this.sentBy[from]?.push(sentAt)
      if (fate === 'lost') this.lostBy[from]?.push(sentAt)
    }
  }

  get count(): number {
    return countOf(this.trace)
  }

  /** When the last event was, in milliseconds. */
  get end(): number {
    return this.trace.events.at.at(-1) ?? 0
  }

  at(place: number): number {
    return this.trace.events.at[place] ?? 0
  }
}

function isRare({ type, fate, isCopy, isLate }: Flight): boolean {
  return fate === 'lost' || isCopy || isLate || familyOf(type) === 'vote' || familyOf(type) === 'snapshot'
}

function marksOf({ events }: Trace): Mark[] {
  const marks: Mark[] = []
  events.kind.forEach((code, place) => {
    const kind = MARKS.get(code)
    if (kind === undefined) return
    const [at, server, text] = [events.at[place] ?? 0, events.server[place] ?? -1, events.text[place] ?? '']
    const property = kind === 'violation' ? text.slice(0, events.a[place]) : text
    marks.push({ place, at, server, kind, text: property })
  })
  return marks
}

function typesOf(flights: Flights): string[] {
  const counts = new Map<string, number>()
  for (const { type } of flights.all) counts.set(type, (counts.get(type) ?? 0) + 1)
  return [...counts].sort(([, one], [, other]) => other - one).map(([type]) => type)
}

// Each message of a run from its sending to its end, so that it can be drawn as one arrow. A copy that the network made
// is a flight of its own.

import { KIND, NOBODY, type Trace, typeOf } from './trace.ts'

/** How a flight ended, if it did: it is under way at the end of the run otherwise. */
export type Fate = 'arrived' | 'lost' | 'flying'

/** One message on its way, or one copy of it. Servers are numbers of lanes, times milliseconds. */
export interface Flight {
  readonly message: number
  /** The place of the event `send`. */
  readonly sendPlace: number
  /** The place of the event that ended it, −1 if none did. */
  endPlace: number
  readonly sentAt: number
  /** When it arrived or was lost; the end of the run for one under way. */
  endAt: number
  readonly from: number
  readonly to: number
  readonly type: string
  fate: Fate
  /** Not the first of its message to arrive. */
  readonly isCopy: boolean
  /** One that was sent later, from the same server to the same, had arrived before it. */
  isLate: boolean
}

const BLOCK = 256

/** Flights in the order of their sending. */
export class FlightIndex {
  readonly all: readonly Flight[]
  /** For each block of flights the latest end, so that a long one is found although it began long ago. */
  private readonly blockEnds: Float64Array

  constructor(flights: Flight[]) {
    this.all = flights.sort((one, other) => one.sendPlace - other.sendPlace)
    this.blockEnds = new Float64Array(Math.ceil(this.all.length / BLOCK))
    this.all.forEach(({ endAt }, i) => {
      const block = Math.floor(i / BLOCK)
      this.blockEnds[block] = Math.max(this.blockEnds[block] ?? 0, endAt)
    })
  }

  /** Calls `visit` for each flight that was in the air between the two times, until it returns false. */
  between(from: number, to: number, visit: (flight: Flight) => boolean): void {
    for (let block = 0; block < this.blockEnds.length; block++) {
      if ((this.all[block * BLOCK]?.sentAt ?? 0) > to) return
      if ((this.blockEnds[block] ?? 0) < from) continue
      for (let i = block * BLOCK; i < Math.min(this.all.length, (block + 1) * BLOCK); i++) {
        const flight = this.all[i]
        if (flight === undefined || flight.sentAt > to) return
        if (flight.endAt >= from && !visit(flight)) return
      }
    }
  }
}

/** All flights of a run. */
export class Flights extends FlightIndex {
  private readonly byMessage: ReadonlyMap<number, Flight>

  constructor(trace: Trace) {
    const { flights, byMessage } = collect(trace)
    super(flights)
    this.byMessage = byMessage
  }

  /** The flight of this message; of several copies the one that ended first. */
  of(message: number): Flight | undefined {
    return this.byMessage.get(message)
  }
}

function collect(trace: Trace): { flights: Flight[]; byMessage: Map<number, Flight> } {
  const { at, kind, server, a, b, text } = trace.events
  const endOfRun = at.at(-1) ?? 0
  const flights: Flight[] = []
  const byMessage = new Map<number, Flight>()
  const newestArrived = new Map<number, number>()
  for (let place = 0; place < at.length; place++) {
    const code = kind[place]
    const message = a[place] ?? 0
    if (code === KIND.send) {
      const [from, to] = [server[place] ?? NOBODY, b[place] ?? NOBODY]
      const begun = { message, sendPlace: place, sentAt: at[place] ?? 0, from, to, type: typeOf(text[place] ?? '') }
      const flight: Flight = { ...begun, endPlace: -1, endAt: endOfRun, fate: 'flying', isCopy: false, isLate: false }
      flights.push(flight)
      byMessage.set(message, flight)
    } else if (code === KIND.arrive || code === KIND.lose) {
      const first = byMessage.get(message)
      if (first === undefined) continue
      const flight = first.fate === 'flying' ? first : copyOf(first)
      if (flight !== first) flights.push(flight)
      flight.fate = code === KIND.arrive ? 'arrived' : 'lost'
      flight.endPlace = place
      flight.endAt = at[place] ?? 0
      if (code === KIND.arrive) flight.isLate = isOvertaken(flight, newestArrived)
    }
  }
  return { flights, byMessage }
}

function copyOf(flight: Flight): Flight {
  return { ...flight, isCopy: true, isLate: false }
}

/** Remembers for each direction the newest message that has arrived. */
function isOvertaken({ from, to, sendPlace }: Flight, newest: Map<number, number>): boolean {
  const key = from * 1024 + to
  const known = newest.get(key) ?? -1
  newest.set(key, Math.max(known, sendPlace))
  return sendPlace < known
}

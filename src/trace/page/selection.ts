// What is chosen and what is shown: the one place that the picture, the list and the panel go by. Whoever changes it
// tells all of them.

import type { RunModel } from './run-model.ts'
import { GROUP_OF_CODE, type Group } from './words.ts'

/** What is left out. */
export interface Filter {
  readonly groups: Set<Group>
  readonly types: Set<string>
  readonly servers: Set<number>
  /** Only events whose words have this; empty for all. */
  text: string
}

export class Selection {
  readonly filter: Filter = { groups: new Set(), types: new Set(), servers: new Set(), text: '' }
  /** The events that pass the filter, by their places, ascending. */
  visible: Int32Array
  /** The chosen event. */
  place: number
  /** The server whose state the panel shows. */
  server: number
  private readonly model: RunModel
  private readonly listeners: (() => void)[] = []

  constructor(model: RunModel) {
    this.model = model
    this.visible = Int32Array.from({ length: model.count }, (_, place) => place)
    this.place = model.firstViolation ?? model.count - 1
    this.server = Math.max(0, this.laneOf(this.place))
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener)
  }

  /** Chooses an event, and the server that it is about unless another one is given. */
  choose(place: number, server: number = this.laneOf(place)): void {
    this.place = Math.min(Math.max(place, 0), this.model.count - 1)
    if (server >= 0) this.server = server
    this.tell()
  }

  chooseServer(server: number): void {
    this.server = server
    this.tell()
  }

  /** So many visible events further, or back. */
  step(by: number): void {
    const near = this.rankOf(this.place)
    const isVisible = this.visible[near] === this.place
    const target = by < 0 && !isVisible ? near + by + 1 : near + by
    const place = this.visible[Math.min(Math.max(target, 0), this.visible.length - 1)]
    if (place !== undefined) this.choose(place)
  }

  /** The next visible event of the chosen one's kind, or the one before it. */
  stepWithinKind(by: 1 | -1): void {
    const { kind } = this.model.trace.events
    const wanted = kind[this.place]
    for (let rank = this.rankOf(this.place) + by; rank >= 0 && rank < this.visible.length; rank += by) {
      const place = this.visible[rank]
      if (place !== undefined && place !== this.place && kind[place] === wanted) {
        this.choose(place)
        return
      }
    }
  }

  /** Where in `visible` the event is, or the last one before it. */
  rankOf(place: number): number {
    let low = 0
    let high = this.visible.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.visible[middle] ?? 0) <= place) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }

  /** The servers whose lanes are shown. */
  get lanes(): number[] {
    const all = this.model.trace.header.servers.map((_, server) => server)
    return all.filter((server) => !this.filter.servers.has(server))
  }

  /** To be called after `filter` was changed. */
  refilter(): void {
    const { words, trace } = this.model
    const { groups, types, servers, text } = this.filter
    const wanted = text.trim().toLowerCase()
    const places: number[] = []
    trace.events.kind.forEach((code, place) => {
      if (groups.has(GROUP_OF_CODE[code] ?? 'notes')) return
      if (types.size > 0 && types.has(words.typeOf(place) ?? '')) return
      if (servers.size > 0 && isHidden(words.lanesOf(place), servers)) return
      if (wanted !== '' && !words.line(place).toLowerCase().includes(wanted)) return
      places.push(place)
    })
    this.visible = Int32Array.from(places)
    this.tell()
  }

  get isFiltered(): boolean {
    return this.visible.length < this.model.count
  }

  private laneOf(place: number): number {
    return this.model.words.lanesOf(place)[0] ?? -1
  }

  private tell(): void {
    for (const listener of this.listeners) listener()
  }
}

/** An event is about those servers; one that is about none is always shown. */
function isHidden(lanes: readonly number[], hidden: ReadonlySet<number>): boolean {
  return lanes.length > 0 && lanes.every((lane) => hidden.has(lane))
}

// Any moment of a run, at once: the cluster's state is kept after every so many events, and from there it is only a few
// events to any other. With 100,000 events that is fifty states, and one to two thousand events for a click.

import { ClusterState } from './cluster-state.ts'
import { countOf, type Trace } from './trace.ts'

const EVENTS_BETWEEN = 2000

export class Timeline {
  private readonly trace: Trace
  /** `kept[k]` is the state before event k · EVENTS_BETWEEN. */
  private readonly kept: ClusterState[] = []

  constructor(trace: Trace) {
    this.trace = trace
    const state = ClusterState.ofServers(trace.header.servers.length)
    for (let place = 0; place < countOf(trace); place++) {
      if (place % EVENTS_BETWEEN === 0) this.kept.push(state.copy())
      state.apply(trace, place)
    }
  }

  /** After the event at this place; −1 is before the first. The caller may keep it. */
  after(place: number): ClusterState {
    const last = Math.min(place, countOf(this.trace) - 1)
    const near = Math.max(0, Math.floor(last / EVENTS_BETWEEN))
    const state = this.kept[near]?.copy() ?? ClusterState.ofServers(this.trace.header.servers.length)
    for (let next = near * EVENTS_BETWEEN; next <= last; next++) state.apply(this.trace, next)
    return state
  }
}

/** The last event at or before this time, −1 if there is none. `at` ascends. */
export function placeAt(at: ArrayLike<number>, time: number): number {
  let low = 0
  let high = at.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((at[middle] ?? 0) <= time) low = middle + 1
    else high = middle
  }
  return low - 1
}

// A binary heap of events, earliest first.

/** What is to happen and when; `action` is null once cancelled. */
export interface ScheduledEvent {
  readonly time: number
  /** Orders events of one instant before `order` does. */
  readonly tie: number
  readonly order: number
  action: (() => void) | null
}

/** Cancelled events stay where they are until they come to the top: to take them out would cost more. */
export class EventHeap {
  private readonly events: ScheduledEvent[] = []

  push(event: ScheduledEvent): void {
    const { events } = this
    let place = events.length
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = events[parent] as ScheduledEvent
      if (!isBefore(event, above)) break
      events[place] = above
      place = parent
    }
    events[place] = event
  }

  pop(): ScheduledEvent | undefined {
    const { events } = this
    const first = events[0]
    const last = events.pop()
    if (last !== undefined && events.length > 0) this.sink(last)
    return first
  }

  /** Puts an event at the top and lets it sink to its place. */
  private sink(event: ScheduledEvent): void {
    const { events } = this
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= events.length) break
      const right = child + 1
      if (right < events.length && isBefore(events[right] as ScheduledEvent, events[child] as ScheduledEvent))
        child = right
      const below = events[child] as ScheduledEvent
      if (!isBefore(below, event)) break
      events[place] = below
      place = child
    }
    events[place] = event
  }
}

function isBefore(left: ScheduledEvent, right: ScheduledEvent): boolean {
  if (left.time !== right.time) return left.time < right.time
  return left.tie !== right.tie ? left.tie < right.tie : left.order < right.order
}

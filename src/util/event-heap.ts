/** A binary heap of events, earliest first. */

/** What is to happen and when; `action` is null once cancelled. */
export interface ScheduledEvent {
  readonly time: number
  /** Orders events of one instant before `order` does. */
  readonly tie: number
  readonly order: number
  action: (() => void) | null
}

/** Cancelled events stay where they are until they come to the top: to take them out would cost more. */
export class EventHeap<Event extends ScheduledEvent = ScheduledEvent> {
  private events: Event[] = []

  push(event: Event): void {
    const { events } = this
    let place = events.length
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = events[parent] as Event
      if (!isBefore(event, above)) break
      events[place] = above
      place = parent
    }
    events[place] = event
  }

  pop(): Event | undefined {
    const { events } = this
    const first = events[0]
    const last = events.pop()
    if (last !== undefined && events.length > 0) this.sink(last)
    return first
  }

  /** Takes out all that `which` holds for, in no particular order; cancelled ones go as well. */
  takeOut(which: (event: Event) => boolean): Event[] {
    const taken: Event[] = []
    const { events } = this
    this.events = []
    for (const event of events) {
      if (event.action === null) continue
      if (which(event)) taken.push(event)
      else this.push(event)
    }
    return taken
  }

  /** Puts an event at the top and lets it sink to its place. */
  private sink(event: Event): void {
    const { events } = this
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= events.length) break
      const right = child + 1
      if (right < events.length && isBefore(events[right] as Event, events[child] as Event)) child = right
      const below = events[child] as Event
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

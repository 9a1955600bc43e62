/** Typed events: a map from each event's name to what its listeners are given. */
export class Events<EventMap extends object> {
  private readonly listeners = new Map<keyof EventMap, Set<(payload: never) => void>>()

  /** Calls `listener` at each such event; the returned function ends it. */
  on<Name extends keyof EventMap>(name: Name, listener: (payload: EventMap[Name]) => void): () => void {
    let set = this.listeners.get(name)
    if (set === undefined) {
      set = new Set()
      this.listeners.set(name, set)
    }
    set.add(listener as (payload: never) => void)
    return () => {
      set.delete(listener as (payload: never) => void)
    }
  }

  emit<Name extends keyof EventMap>(name: Name, payload: EventMap[Name]): void {
    for (const listener of [...(this.listeners.get(name) ?? [])])
      (listener as (payload: EventMap[Name]) => void)(payload)
  }
}

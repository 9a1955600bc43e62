/**
 * A node's events on Node's own channels, `quorate:role`, `quorate:leader` and so on, where agents and tracers find them
 * without a hand on the node. Costs a look at `hasSubscribers` for each event while nobody listens.
 */
import { channel } from 'node:diagnostics_channel'

/** What can be listened to: a RaftNode, as far as it matters here. */
export type Listen<Name extends string> = (name: Name, listener: (event: object) => void) => void

/**
 * Publishes each of these events on `quorate:<name>`, as `{ id, ...event }`; for an event that is an error, as
 * `{ id, error }`.
 */
export function publishEvents<Name extends string>(id: string, names: readonly Name[], listen: Listen<Name>): void {
  for (const name of names) {
    const target = channel(`quorate:${name}`)
    listen(name, (event) => {
      if (target.hasSubscribers) target.publish(event instanceof Error ? { id, error: event } : { id, ...event })
    })
  }
}

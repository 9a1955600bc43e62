/**
 * A node's events on Node's own channels, `quorate:role`, `quorate:leader` and so on, where agents and tracers find them
 * without a hand on the node. Costs a look at `hasSubscribers` for each event while nobody listens.
 */
import { channel } from 'node:diagnostics_channel'

/** What can be listened to: a RaftNode, as far as it matters here. */
export type Listen<Name extends string> = (name: Name, listener: (event: object) => void) => void

/**
 * Publishes each of these events on `quorate:<name>`, as `{ ...source, ...event }`; for an event that is an
 * error, as `{ ...source, error }`.
 *
 * @param source whose events they are: a node's id, and the group's name on a host
 */
export function publishEvents<Name extends string>(source: object, names: readonly Name[], listen: Listen<Name>): void {
  for (const name of names) {
    const target = channel(`quorate:${name}`)
    listen(name, (event) => {
      if (target.hasSubscribers) target.publish({ ...source, ...(event instanceof Error ? { error: event } : event) })
    })
  }
}

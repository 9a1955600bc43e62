/** A node's events on Node's own channels. */
import { publishEvents } from '../io/diagnostics.ts'
import type { NodeEvents } from '../runtime/node-options.ts'
import type { RaftNode } from '../runtime/raft-node.ts'

/** All that a node tells, in the order of its type: each is published on a channel, too. */
const EVENTS: { readonly [Name in keyof NodeEvents]: true } = {
  role: true,
  leader: true,
  configuration: true,
  configurationCommitted: true,
  departed: true,
  contradiction: true,
  transfer: true,
  snapshot: true,
  slowPeer: true,
  stall: true,
  diskFull: true,
  proposals: true,
  failure: true,
}

const NAMES = Object.keys(EVENTS) as (keyof NodeEvents)[]

/** See docs/guide/operations.md. */
export function publishNodeEvents(node: RaftNode): void {
  publishEvents({ id: node.id }, NAMES, (name, listener) => node.on(name, listener))
}

/** The same, and the name of the group with each. */
export function publishGroupEvents(group: string, node: RaftNode): void {
  publishEvents({ id: node.id, group }, NAMES, (name, listener) => node.on(name, listener))
}

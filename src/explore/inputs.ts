/** Inputs as numbers: those of a server's own come first, then one for each message of the catalogue. */
import type { ConfigurationChange } from '../raft/configuration-change.ts'
import type { ServerId } from '../raft/entry.ts'
import type { Message } from '../raft/message.ts'
import { assert } from '../util/assert.ts'
import { utf8Encode } from '../util/bytes.ts'
import { type Bounds, nameOf, serverCount } from './bounds.ts'
import type { LocalInput } from './local-server.ts'

export const TIMEOUT = 0
export const HEARTBEAT = 1
export const LATE = 2
export const QUORUM_LOST = 3
export const PERSIST = 4
export const CRASH = 5
export const SNAPSHOT = 6
/** And the number of the value. */
export const PROPOSE = 8
/** And the place of the successor. */
export const TRANSFER = 16
/** And the number of the change. */
export const CHANGE = 24
/** And the number of the message. */
export const DELIVER = 128

const SIMPLE: readonly LocalInput['type'][] = [
  ...['timeout', 'heartbeat', 'late', 'quorumLost'],
  ...['persist', 'crash', 'snapshot'],
] as LocalInput['type'][]

export class Inputs {
  /** What can be asked of a leader, in this order: see `CHANGE`. */
  readonly changes: readonly ConfigurationChange[]

  constructor(bounds: Bounds) {
    this.changes = bounds.changes > 0 ? changesIn(bounds) : []
    assert(CHANGE + this.changes.length <= DELIVER, `${this.changes.length} changes leave no numbers for messages`)
  }

  /** `messageOf` is asked for a message by its number. */
  decode(input: number, messageOf: (number: number) => Message): LocalInput {
    if (input >= DELIVER) return { type: 'deliver', message: messageOf(input - DELIVER) }
    if (input >= CHANGE) return { type: 'change', change: this.changes[input - CHANGE] as ConfigurationChange }
    if (input >= TRANSFER) return { type: 'transfer', to: nameOf(input - TRANSFER) }
    if (input >= PROPOSE) return { type: 'propose', command: commandOf(input - PROPOSE) }
    return { type: SIMPLE[input] } as LocalInput
  }
}

/** x, y, z … */
export function wordOf(value: number): string {
  return String.fromCharCode(120 + (value % 3)) + (value < 3 ? '' : String(value))
}

function commandOf(value: number): Uint8Array {
  return utf8Encode(wordOf(value))
}

/** A spare joins, anybody leaves, and by way of a joint configuration the voters become as many, or one less. */
function changesIn(bounds: Bounds): ConfigurationChange[] {
  const all = Array.from({ length: serverCount(bounds) }, (_, place) => nameOf(place))
  const spares = all.slice(bounds.servers)
  return [
    ...spares.map((id) => ({ type: 'addLearner', id, address: id, incarnation: '', promote: true }) as const),
    ...all.map((id) => ({ type: 'remove', id }) as const),
    ...[bounds.servers, bounds.servers - 1]
      .flatMap((size) => subsetsOf(all, size))
      .map((voters) => ({ type: 'replaceVoters', voters }) as const),
  ]
}

function subsetsOf(ids: readonly ServerId[], size: number): ServerId[][] {
  if (size === 0) return [[]]
  return ids.flatMap((id, place) => subsetsOf(ids.slice(place + 1), size - 1).map((rest) => [id, ...rest]))
}

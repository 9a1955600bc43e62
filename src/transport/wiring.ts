import type { ServerId } from '../raft/entry.ts'
import type { Clock } from '../util/clock.ts'
import type { Random } from '../util/random.ts'
import type { Counters } from './counters.ts'
import type { Groups } from './groups.ts'
import type { Identity } from './handshake.ts'
import type { TransportLimits } from './limits.ts'
import type { Network } from './network.ts'
import type { TransportError, TransportHandlers } from './transport.ts'

/** What every part of one transport shares. */
export interface Wiring {
  readonly self: Identity
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly limits: TransportLimits
  readonly counters: Counters
  /** The host's own: it alone is asked whom to admit, and told of trouble. */
  readonly handlers: TransportHandlers
  readonly groups: Groups
}

/** Tells the operator; a connection that merely ended is told by `onConnectionLost` already. */
export function reportTrouble({ handlers }: Wiring, peer: ServerId | null, { code, message }: TransportError): void {
  if (code !== 'ERR_QUORATE_STOPPED') handlers.onTrouble?.({ peer, code, message })
}

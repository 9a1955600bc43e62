/**
 * What a transport has done since it was made, in plain numbers that only grow: whoever draws them takes differences.
 * Counting is one addition where the thing happens, so nobody has to switch it on.
 */
import type { TransportError } from './transport.ts'

/** Why a connection ended. Each connection counts once, under the first reason that came up. */
const CLOSE_REASONS = [
  /** We were done with it: a snapshot that arrived, a server that is no longer a peer, our own stop. */
  'ended',
  /** The other end hung up, or the network did. */
  'lost',
  /** The other end dialled anew; the older connection made room. */
  'replaced',
  /** No sign of life for `idleTimeoutMs`. */
  'idle',
  /** No hello, or no answer to ours, within `helloTimeoutMs`; the TLS handshake is part of that time. */
  'helloTimeout',
  /** A frame began and did not come on. */
  'frameTimeout',
  /** A frame of a known type that was too large, damaged, malformed or out of place. */
  'badFrame',
  /** A frame of a type that nobody knows. */
  'unknownFrame',
  /** A frame of a group that was not announced, or an announcement that cannot be: two names for one slot, too many. */
  'badSlot',
  /** The hello was refused, by either end: another cluster, another server, no common version, not admitted, no room. */
  'helloRefused',
  /** No certificate, one of another CA or another member, or one that has expired; found by this end, or told by the other. */
  'certificateRefused',
  /** The TLS handshake failed otherwise: plain TCP at the other end, an older TLS. */
  'tlsFailed',
  /** A caller for whom there was no place even to say hello. */
  'noPlace',
] as const

export type CloseReason = (typeof CLOSE_REASONS)[number]

/** The numbers, for reading. They are live: copy what you want to compare later. */
export type TransportCounters = {
  readonly [Name in keyof Counters]: Name extends 'closed' ? { readonly [Reason in CloseReason]: number } : number
}

export class Counters {
  /** Everything that came over connections, hellos and pings included; without what TCP and TLS add. */
  bytesIn = 0
  framesIn = 0
  bytesOut = 0
  framesOut = 0
  /** Frames that were to be sent and were not: no connection, or too much waited for it already. */
  framesDropped = 0
  /** What arrived for a group that does not run here: messages, which are dropped, requests and snapshots, which are refused. */
  framesWithoutGroup = 0
  /** Attempts to reach a peer, for messages or for a snapshot. */
  dials = 0
  /** Of those, the ones that brought no connection at all: nobody there, or a TLS handshake that failed. */
  dialsFailed = 0
  /** Connections for messages that were made again, to a peer that we had been connected to before. */
  reconnections = 0
  /** Callers that came as far as our door. */
  callers = 0
  /** How connections ended, those that we dialled and those of callers. */
  readonly closed: Record<CloseReason, number> = noneClosed()
}

function noneClosed(): Record<CloseReason, number> {
  return Object.fromEntries(CLOSE_REASONS.map((reason) => [reason, 0])) as Record<CloseReason, number>
}

/** The reason for which the network below ended a connection. */
export function reasonOfLoss({ code }: TransportError): CloseReason {
  if (code === 'ERR_QUORATE_CERTIFICATE_REFUSED') return 'certificateRefused'
  return code === 'ERR_QUORATE_TLS_FAILED' ? 'tlsFailed' : 'lost'
}

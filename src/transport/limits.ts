import { OptionsError } from '../raft/errors.ts'
import { MAX_SLOT } from './frame.ts'

/**
 * Every bound of the transport, with its unit. A cluster's servers should agree on `maxFrameBytes`, and on `keepAliveMs`
 * and `idleTimeoutMs`, since one end asks for the signs of life that the other waits for; the rest is local.
 */
export interface TransportLimits {
  /** The largest AppendEntries, request or response. Must exceed what Raft puts into one message. */
  readonly maxFrameBytes: number
  /** What may wait for one connection, of all groups. More is dropped, see `outbox.ts`: Raft sends again what is needed. */
  readonly maxOutboxBytes: number
  readonly maxOutboxMessages: number
  /** Groups that one transport can have in its life, and that the other end of a connection may announce; at most 65,535. */
  readonly maxGroups: number
  /** Connections that others made to us and that said hello. */
  readonly maxConnections: number
  /** Connections that others made to us and that have not said hello yet. */
  readonly maxPendingHellos: number
  /** Of those, from one address. */
  readonly maxPendingHellosPerHost: number
  /** Requests of one connection whose answers are still being worked out; more are refused, undelivered. */
  readonly maxConcurrentRequests: number
  readonly connectTimeoutMs: number
  /** From the first packet to the hello's answer, the TLS handshake included. */
  readonly helloTimeoutMs: number
  /** How long a frame that has begun may take, or every further 64 KiB of it. */
  readonly frameTimeoutMs: number
  /** How often whoever dialled asks for a sign of life. Well below `idleTimeoutMs`. */
  readonly keepAliveMs: number
  /**
   * How long the other end may be silent before the connection counts as lost, at either end. A peer whose machine froze
   * is noticed by this alone: 250 with `keepAliveMs` at 50 notices it within 250 ms.
   */
  readonly idleTimeoutMs: number
  /** Between two attempts to connect: the first wait, doubled each time up to the second, less up to half by lot. */
  readonly minBackOffMs: number
  readonly maxBackOffMs: number
  /** What a snapshot's receiver may owe its disk. */
  readonly snapshotWindowBytes: number
  /** What one outgoing snapshot may take of the network; Infinity for no bound. */
  readonly snapshotBytesPerSecond: number
}

const MIB = 1024 * 1024

/** What holds when an option does not say otherwise. */
export const DEFAULT_LIMITS: TransportLimits = {
  maxFrameBytes: 16 * MIB,
  maxOutboxBytes: 64 * MIB,
  maxOutboxMessages: 65_536,
  maxGroups: MAX_SLOT,
  maxConnections: 256,
  maxPendingHellos: 64,
  maxPendingHellosPerHost: 16,
  maxConcurrentRequests: 4096,
  connectTimeoutMs: 2000,
  helloTimeoutMs: 5000,
  frameTimeoutMs: 10_000,
  keepAliveMs: 1000,
  idleTimeoutMs: 5000,
  minBackOffMs: 20,
  maxBackOffMs: 2000,
  snapshotWindowBytes: 2 * MIB,
  snapshotBytesPerSecond: Number.POSITIVE_INFINITY,
}

/**
 * The limits that hold when these are given.
 *
 * @throws OptionsError for slots that a frame has no room for, and for connections that would end while all is well
 */
export function resolveLimits(given: Partial<TransportLimits> = {}): TransportLimits {
  const limits = { ...DEFAULT_LIMITS, ...given }
  const { maxGroups, keepAliveMs, idleTimeoutMs } = limits
  if (!Number.isInteger(maxGroups) || maxGroups < 0 || maxGroups > MAX_SLOT)
    throw new OptionsError(`maxGroups is ${maxGroups}: give a whole number from 0 to ${MAX_SLOT}`)
  if (!(keepAliveMs > 0 && idleTimeoutMs >= 2 * keepAliveMs))
    throw new OptionsError(
      `idleTimeoutMs is ${idleTimeoutMs} and keepAliveMs ${keepAliveMs}: one ping that comes late would end a good connection, so give the first at least twice the second`,
    )
  return limits
}

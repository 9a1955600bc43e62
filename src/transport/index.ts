/**
 * How servers reach each other: the Transport port, its implementation over any stream of bytes, and a twin in memory
 * for tests. What an implementation of your own must do is in `quorate/testing`.
 *
 * @module quorate/transport
 */
export type { Cancel, Clock } from '../util/clock.ts'
export type { CloseReason, TransportCounters } from './counters.ts'
export type { OutgoingFrame } from './frame.ts'
export type { Group } from './groups.ts'
export type { Identity } from './handshake.ts'
export { DEFAULT_LIMITS, type TransportLimits } from './limits.ts'
export { memberName } from './member-name.ts'
export type { MemoryLink } from './memory-links.ts'
export { MemorySwitchboard } from './memory-transport.ts'
export type { ByteStream, ByteStreamHandlers, Listener, Network } from './network.ts'
export { StreamTransport, type StreamTransportOptions } from './stream-transport.ts'
export {
  type Delivery,
  type Introduction,
  type PeerIdentity,
  type SharedTransport,
  type SnapshotOffer,
  type SnapshotSink,
  type SnapshotSource,
  type Transport,
  TransportError,
  type TransportErrorCode,
  type TransportHandlers,
  type TransportTrouble,
} from './transport.ts'

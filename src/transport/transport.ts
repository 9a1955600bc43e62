/**
 * The Transport port: how a server reaches the others. The driver sends Raft's messages through it, asks small
 * questions (a proposal on its way to the leader), and brings snapshots over; it never sees a socket.
 *
 * Raft needs nothing reliable (Paper §2): a message may be lost, repeated or late. What the port promises beyond that:
 * it never blocks the caller, its memory is bounded whatever the other side does, nothing from the network throws, and
 * a connection that breaks is reported at once, because that is how a crashed leader is noticed before a time-out.
 *
 * `MemoryTransport` is the twin for tests, the simulator and the lab; `transportAcceptance` is what every
 * implementation must pass.
 */
import type { ServerId } from '../raft/entry.ts'
import type { InstallSnapshot, Message } from '../raft/message.ts'

/** How a server reaches the others. The whole contract is in the comments of its methods. */
export interface Transport {
  /**
   * Listens and begins to dial. The first call, once in a transport's life; handlers run only after it was called.
   *
   * @throws TransportError ERR_QUORATE_ADDRESS_IN_USE, ERR_QUORATE_ADDRESS_INVALID or ERR_QUORATE_PLAINTEXT_REFUSED
   */
  start(handlers: TransportHandlers): Promise<void>

  /**
   * Whom to dial and where, `host:port`; a server that is gone from the list is hung up on, one whose address changed is
   * dialled anew. The own id is ignored. Servers that are not in the list may still dial us, and are answered on the
   * connection they made: a server takes part in elections and replication without looking at its own configuration,
   * which may be the older one (Thesis §4.1).
   */
  setPeers(addresses: { readonly [id: ServerId]: string }): void

  /**
   * Sends and forgets. Messages to one server arrive in the order in which they were sent, or not at all; only around a
   * reconnection may one overtake another. Dropped when there is no connection and none is being made, and when too
   * much waits already. Never blocks; never throws for what the network does.
   *
   * @throws InvariantError for a message that no receiver would take: larger than `maxFrameBytes`
   */
  send(message: Message): void

  /**
   * Asks `to`'s `onRequest` and returns its answer. At most once: a request is never sent twice.
   *
   * @throws TransportError whose `delivery` says what is known: 'never' (no handler has seen it: ask again, or ask
   *   another) or 'unknown' (it may have been carried out)
   */
  request(to: ServerId, body: Uint8Array, timeoutMs: number): Promise<Uint8Array>

  /**
   * Brings a snapshot to `message.to` over a connection of its own, from where an earlier attempt with the same
   * `source.id` ended. Returns when the receiver's `finish` has: it has the snapshot, durably, and has stepped
   * `message`. Holds at most a few chunks in memory, however slow the receiver is.
   *
   * @throws TransportError ERR_QUORATE_SNAPSHOT_INTERRUPTED: try again, it resumes; ERR_QUORATE_SNAPSHOT_REFUSED: the
   *   receiver's `onSnapshot` or its sink said no, with its words
   */
  sendSnapshot(message: InstallSnapshot, source: SnapshotSource): Promise<void>

  /** Hangs up everywhere, fails what is under way, and returns when the address is free again. No handler runs after it. */
  stop(): Promise<void>
}

/**
 * A Transport that many Raft groups of one process share: one listener, one connection to each other process. It is itself
 * the host's: it is started first, and its handlers alone are asked whom to admit and told of trouble.
 */
export interface SharedTransport extends Transport {
  /**
   * The transport of one group, to be started and stopped on its own; what is sent on it reaches the group of the same
   * name at the other server. Its `start` listens nowhere; its peers are dialled with those of all other groups, at the
   * address that was changed last. Where the group does not run, messages are dropped, requests and snapshots refused.
   * Its `stop` leaves the connections alone, and tells the group's other members with their `onConnectionLost`.
   *
   * Once stopped, the name may be taken again. A name counts against `maxGroups` as long as the process lives.
   *
   * @throws OptionsError for a name that is not 1 to 255 bytes of UTF-8, and for one group too many
   */
  group(name: string): Transport
}

/** What the driver does with what arrives. Handlers must not throw; `onRequest` and `onSnapshot` may reject. */
export interface TransportHandlers {
  /** `message.from` is who the connection's hello named, and `message.to` is us. */
  onMessage(message: Message): void

  /** The answer's bytes. A rejection reaches the asker as 'unknown', with the error's message. */
  onRequest(from: ServerId, body: Uint8Array): Promise<Uint8Array>

  /**
   * An established connection, ours to the peer or the peer's to us, ended. A crash ends both and is reported twice. For
   * a group also: the peer lives, and its member of the group has stopped.
   * It is a hint: the peer may be well, and reconnected a moment later.
   */
  onConnectionLost(peer: ServerId): void

  /**
   * A snapshot is offered. Returns where to put it, or rejects with the reason for not wanting it. Two offers may be
   * under way at a time (the old leader's and the new one's).
   */
  onSnapshot(message: InstallSnapshot, offer: SnapshotOffer): Promise<SnapshotSink>

  /** Asked at every hello, in both directions: null lets the server in, words refuse it. Absent: the cluster id is enough. */
  admit?(peer: Introduction): string | null

  /** For the operator's log: what went wrong with whom. Nothing needs to be done about it. */
  onTrouble?(trouble: TransportTrouble): void
}

/** Who is at the other end of a connection. */
export interface PeerIdentity {
  readonly id: ServerId
  /** The random id of the server's data folder: another one means an emptied disk under an old name. */
  readonly incarnation: string
}

/** A server at the door. */
export interface Introduction extends PeerIdentity {
  /** It has let us in already: it was we who dialled. Otherwise it may still say no. */
  readonly hasLetUsIn: boolean
}

/** What a sender knows of a snapshot's bytes. */
export interface SnapshotOffer {
  /** Names these very bytes: whoever has the first n bytes of a snapshot with this id may go on at n. */
  readonly id: string
  readonly sizeBytes: number
}

export interface SnapshotSource extends SnapshotOffer {
  /** The bytes from `offset` on, in pieces of any size. Left early (`return()`) when the connection breaks. */
  read(offset: number): AsyncIterable<Uint8Array>
}

/** Where a snapshot arrives. Calls come one at a time; after `finish` or `interrupt` there are none. */
export interface SnapshotSink {
  /** How many bytes with this id are there already; the sender goes on behind them. At most the offer's size. */
  readonly offset: number
  /** The next piece, checksum verified; the sender is held back until it returns. The bytes may be kept. */
  write(chunk: Uint8Array): Promise<void>
  /** All bytes are there: check them, make them durable, step the message. Only then does `sendSnapshot` return. */
  finish(): Promise<void>
  /** The connection ended early. Keep what is there: the next offer with this id resumes. */
  interrupt(): void
}

/** A connection that failed or was refused; `peer` is null for a caller that was never let in. */
export interface TransportTrouble {
  readonly peer: ServerId | null
  readonly code: TransportErrorCode
  readonly message: string
}

/** What went wrong with the network, for programs. */
export type TransportErrorCode =
  | 'ERR_QUORATE_ADDRESS_IN_USE'
  | 'ERR_QUORATE_ADDRESS_INVALID'
  | 'ERR_QUORATE_PLAINTEXT_REFUSED'
  | 'ERR_QUORATE_UNREACHABLE'
  | 'ERR_QUORATE_CONNECTION_LOST'
  | 'ERR_QUORATE_BAD_FRAME'
  | 'ERR_QUORATE_HELLO_REFUSED'
  | 'ERR_QUORATE_CERTIFICATE_INVALID'
  | 'ERR_QUORATE_CERTIFICATE_REFUSED'
  | 'ERR_QUORATE_TLS_FAILED'
  | 'ERR_QUORATE_REQUEST_TIMEOUT'
  | 'ERR_QUORATE_REQUEST_FAILED'
  | 'ERR_QUORATE_SNAPSHOT_INTERRUPTED'
  | 'ERR_QUORATE_SNAPSHOT_REFUSED'
  | 'ERR_QUORATE_STOPPED'

/** What is known about a request that failed: no handler has seen it, or nobody can tell. */
export type Delivery = 'never' | 'unknown'

/** Something that the network, or the other end of it, did. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: TransportErrorCode
  readonly delivery: Delivery

  constructor(code: TransportErrorCode, message: string, delivery: Delivery = 'never') {
    super(message)
    this.code = code
    this.delivery = delivery
  }
}

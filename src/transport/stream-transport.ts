/**
 * The Transport over any Network: one connection dialled to each peer, whatever connections the peers dialled to us, and
 * one more for each snapshot. However many groups there are, they share them. All that TCP, TLS and the tests' memory have in common is here; what differs is behind `Network`.
 */
import type { ServerId } from '../raft/entry.ts'
import type { InstallSnapshot, Message } from '../raft/message.ts'
import { assert } from '../util/assert.ts'
import type { Clock } from '../util/clock.ts'
import type { Random } from '../util/random.ts'
import { AddressBook } from './address-book.ts'
import { Channel, fitsFrame, Outbound } from './channel.ts'
import { encodeMessage } from './codec.ts'
import { Counters, type TransportCounters } from './counters.ts'
import type { FramedStream } from './framed-stream.ts'
import { type CallOff, receive } from './greeting.ts'
import { type Carrier, GroupTransport } from './group-transport.ts'
import { type Group, Groups } from './groups.ts'
import type { Hello, Identity, Refusal } from './handshake.ts'
import { resolveLimits, type TransportLimits } from './limits.ts'
import { Lobby } from './lobby.ts'
import type { ByteStream, Listener, Network } from './network.ts'
import { Peer } from './peer.ts'
import { SnapshotReceiver } from './snapshot-receiver.ts'
import { SnapshotSender } from './snapshot-sender.ts'
import {
  type SharedTransport,
  type SnapshotSource,
  type Transport,
  TransportError,
  type TransportHandlers,
} from './transport.ts'
import { reportTrouble, type Wiring } from './wiring.ts'

/**
 * Who this server is, where it listens, and the clock and the chance that it goes by. A limit that is not given is that
 * of DEFAULT_LIMITS.
 */
export interface StreamTransportOptions extends Identity {
  /** Where to listen, `host:port`. Port 0 lets the system choose; `listeningAt` tells. */
  readonly address: string
  readonly clock: Clock
  /** Draws the jitter of the waits between attempts. */
  readonly random: Random
  readonly limits?: Partial<TransportLimits>
}

/** The Transport over any Network: one connection to each server that it dials, and one for each snapshot. */
export class StreamTransport implements SharedTransport {
  private readonly options: StreamTransportOptions
  private readonly network: Network
  private readonly limits: TransportLimits
  /** Whom we dial. */
  private readonly peers = new Map<ServerId, Peer>()
  /** Who dialled us, one connection for messages each. */
  private readonly callers = new Map<ServerId, Channel>()
  private readonly sending = new Set<SnapshotSender>()
  private readonly receiving = new Set<SnapshotReceiver>()
  private readonly greetings = new Set<CallOff>()
  private readonly lobby: Lobby
  private readonly tally = new Counters()
  private wiring: Wiring | null = null
  private listener: Listener | null = null
  private readonly groups: Groups
  private readonly carrier: Carrier
  /** Whom to dial, as the host and all groups have said. */
  private readonly addresses = new AddressBook<Group>()
  private stopped = false

  /** @throws OptionsError for limits that cannot be, see `resolveLimits` */
  constructor(options: StreamTransportOptions, network: Network) {
    this.options = options
    this.network = network
    this.limits = resolveLimits(options.limits)
    this.lobby = new Lobby(this.limits)
    this.groups = new Groups(this.limits.maxGroups)
    this.carrier = this.carrierOfGroups()
  }

  /** Where it listens, once started. */
  get listeningAt(): string | null {
    return this.listener?.address ?? null
  }

  /** What it has done so far: live numbers, which only grow. */
  get counters(): TransportCounters {
    return this.tally
  }

  async start(handlers: TransportHandlers): Promise<void> {
    assert(this.wiring === null && !this.stopped, 'a transport is started once')
    const { cluster, id, incarnation, clock, random, address } = this.options
    const { network, limits, groups, tally: counters } = this
    this.wiring = { self: { cluster, id, incarnation }, network, clock, random, limits, counters, handlers, groups }
    groups.begin(groups.host, handlers)
    this.listener = await network.listen(address, (stream) => this.accept(stream))
    if (this.stopped) await this.listener.close()
    else for (const peer of this.addresses.ids()) this.dialAsTold(peer)
  }

  setPeers(addresses: { readonly [id: ServerId]: string }): void {
    this.carrier.setPeers(this.groups.host, addresses)
  }

  send(message: Message): void {
    this.carrier.send(this.groups.host, message)
  }

  request(to: ServerId, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return this.carrier.request(this.groups.host, to, body, timeoutMs)
  }

  sendSnapshot(message: InstallSnapshot, source: SnapshotSource): Promise<void> {
    return this.carrier.sendSnapshot(this.groups.host, message, source)
  }

  group(name: string): Transport {
    return new GroupTransport(this.carrier, this.groups.named(name))
  }

  async stop(): Promise<void> {
    if (this.stopped) return
    this.stopped = true
    this.groups.endAll()
    for (const callOff of this.greetings) callOff()
    for (const peer of this.peers.values()) peer.stop('stopped')
    for (const channel of this.callers.values()) channel.close('ended', 'stopped')
    for (const sender of this.sending)
      sender.stop(new TransportError('ERR_QUORATE_STOPPED', 'the transport was stopped'))
    for (const receiver of this.receiving) receiver.stop()
    await this.listener?.close()
  }

  private carrierOfGroups(): Carrier {
    return {
      begin: (group, handlers) => {
        if (this.stopped) throw new TransportError('ERR_QUORATE_STOPPED', 'the transport below was stopped')
        this.groups.begin(group, handlers)
      },
      setPeers: (group, addresses) => {
        for (const peer of this.addresses.set(group, addresses)) this.dialAsTold(peer)
      },
      send: (group, message) => this.sendFor(group, message),
      request: (group, to, body, timeoutMs) => this.requestFor(group, to, body, timeoutMs),
      sendSnapshot: (group, message, source) => this.sendSnapshotFor(group, message, source),
      end: (group) => this.endGroup(group),
    }
  }

  /** Dials the server, hangs up on it, or dials it elsewhere, as its address asks for. */
  private dialAsTold(id: ServerId): void {
    if (this.listener === null || this.wiring === null || this.stopped || id === this.options.id) return
    const address = this.addresses.addressOf(id)
    this.peers.get(id)?.stop(address === undefined ? 'no longer a peer' : 'its address changed')
    if (address === undefined) this.peers.delete(id)
    else this.peers.set(id, new Peer(this.wiring, id, address))
  }

  private sendFor({ slot }: Group, message: Message): void {
    const peer = this.route(message.to)
    if (peer === undefined || this.wiring === null) {
      this.tally.framesDropped++
      return
    }
    const frame = encodeMessage(message, slot)
    assert(fitsFrame(this.wiring, frame), `${message.type} of ${frame.sizeBytes} bytes exceeds maxFrameBytes`)
    peer.send(frame)
  }

  private async requestFor({ slot }: Group, to: ServerId, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const peer = this.route(to)
    if (peer === undefined) throw this.unreachable(to)
    if (body.length + 64 > this.limits.maxFrameBytes)
      throw new TransportError('ERR_QUORATE_REQUEST_FAILED', `a request of ${body.length} bytes exceeds maxFrameBytes`)
    return peer.request(body, timeoutMs, slot)
  }

  private async sendSnapshotFor({ slot }: Group, message: InstallSnapshot, source: SnapshotSource): Promise<void> {
    const address = this.addresses.addressOf(message.to)
    if (address === undefined || this.wiring === null || this.stopped) throw this.unreachable(message.to)
    const sender = new SnapshotSender(this.wiring, message, source, slot)
    this.sending.add(sender)
    try {
      await sender.send(address)
    } finally {
      this.sending.delete(sender)
    }
  }

  private endGroup(group: Group): void {
    this.groups.end(group)
    for (const peer of this.peers.values()) peer.groupEnded(group.slot)
    for (const channel of this.callers.values()) channel.groupEnded(group.slot)
    for (const sender of this.sending)
      if (sender.slot === group.slot)
        sender.stop(new TransportError('ERR_QUORATE_STOPPED', `group '${group.name}' was stopped`))
    for (const receiver of this.receiving) {
      if (!receiver.isFor(group)) continue
      receiver.stop()
      this.receiving.delete(receiver)
    }
    this.carrier.setPeers(group, {})
  }

  /**
   * Our own connection if it is up, else the one that the server made to us: a dial into a black hole takes seconds to
   * fail, and the answer to a vote must not wait for it. Else what is being dialled.
   */
  private route(to: ServerId): Peer | Channel | undefined {
    if (this.stopped) return undefined
    const peer = this.peers.get(to)
    return peer?.isOpen() ? peer : (this.callers.get(to) ?? peer)
  }

  private accept(stream: ByteStream): void {
    const leaveLobby = this.stopped ? null : this.lobby.enter(stream.remote)
    this.tally.callers++
    if (this.wiring === null || leaveLobby === null) {
      this.tally.closed.noPlace++
      stream.open({ onData: () => {}, onDrain: () => {}, onClose: () => {} })
      stream.close()
      return
    }
    const wiring = this.wiring
    const callOff = receive(wiring, stream, (hello) => this.refuseForRoom(hello), {
      onGreeted: (framed, hello) => {
        leaveLobby()
        this.greetings.delete(callOff)
        this.welcome(wiring, framed, hello)
      },
      onFailed: (error) => {
        leaveLobby()
        this.greetings.delete(callOff)
        reportTrouble(wiring, null, error)
      },
    })
    this.greetings.add(callOff)
  }

  private refuseForRoom({ from }: Hello): Refusal | null {
    const connections = this.callers.size + this.receiving.size
    if (connections < this.limits.maxConnections || this.callers.has(from)) return null
    return { code: 'tooManyConnections', reason: `${connections} connections are open, which is the limit` }
  }

  private welcome(wiring: Wiring, framed: FramedStream, { from, purpose }: Hello): void {
    if (purpose === 'snapshot') {
      const receiver: SnapshotReceiver = new SnapshotReceiver(wiring, framed, from, () =>
        this.receiving.delete(receiver),
      )
      this.receiving.add(receiver)
      return
    }
    // Who dials again has lost the earlier connection, whether or not we noticed.
    this.callers.get(from)?.close('replaced', 'replaced by a newer connection')
    const side = { peer: from, outbound: new Outbound(wiring, from), dialled: false }
    const channel: Channel = new Channel(wiring, framed, side, (error) => this.callerLost(wiring, channel, error))
    this.callers.set(from, channel)
    this.peers.get(from)?.retryNow()
  }

  private callerLost(wiring: Wiring, channel: Channel, error: TransportError): void {
    if (this.callers.get(channel.peer) === channel) this.callers.delete(channel.peer)
    if (error.code === 'ERR_QUORATE_BAD_FRAME') reportTrouble(wiring, channel.peer, error)
    wiring.groups.connectionLost(channel.peer)
  }

  private unreachable(to: ServerId): TransportError {
    return this.stopped
      ? new TransportError('ERR_QUORATE_STOPPED', 'the transport was stopped')
      : new TransportError('ERR_QUORATE_UNREACHABLE', `no address is known of '${to}', and it has not connected to us`)
  }
}

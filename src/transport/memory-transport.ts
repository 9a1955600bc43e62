/**
 * The in-memory twin: transports that meet at a switchboard instead of on a wire. Each direction of each link can be
 * cut, slowed and made lossy on its own; with a virtual clock and a seed, the same run happens again. Messages are
 * handed over as they are, without being encoded.
 *
 * As on a real network, a cut link is silent: only a server that stops, or `hangUp`, is noticed by the others.
 */
import type { ServerId } from '../raft/entry.ts'
import type { InstallSnapshot, Message } from '../raft/message.ts'
import { assert } from '../util/assert.ts'
import type { Clock } from '../util/clock.ts'
import type { Random } from '../util/random.ts'
import { AddressBook } from './address-book.ts'
import { MAX_SLOT } from './frame.ts'
import { type Carrier, GroupTransport } from './group-transport.ts'
import { type Group, Groups } from './groups.ts'
import { Crossing } from './memory-crossing.ts'
import { type MemoryLink, MemoryLinks } from './memory-links.ts'
import type { Fate } from './outbox.ts'
import { encodeReason, type Outcome, Requests } from './requests.ts'
import {
  type SharedTransport,
  type SnapshotSource,
  type Transport,
  TransportError,
  type TransportHandlers,
} from './transport.ts'

/** How soon somebody dials again whose hello was lost. */
const REDIAL_MS = 50

/** Where the transports of one cluster meet: it owns the links, and draws losses and delays from `random`. */
export class MemorySwitchboard {
  readonly clock: Clock
  private readonly random: Random
  private readonly transports = new Map<ServerId, MemoryTransport>()
  private readonly links = new MemoryLinks()

  constructor(clock: Clock, random: Random) {
    this.clock = clock
    this.random = random
  }

  /** A transport for this server; takes the place of an earlier one that was stopped. */
  transport(id: ServerId, incarnation = ''): SharedTransport {
    return new MemoryTransport(this, id, incarnation)
  }

  /** Changes one direction. What is under way arrives as it would have. */
  setLink(from: ServerId, to: ServerId, change: Partial<MemoryLink>): void {
    const state = this.links.of(from, to)
    const wasUp = state.link.up
    state.link = { ...state.link, ...change }
    if (state.link.up && !wasUp) this.greet(from, to)
  }

  /** A hello: what is there to be said is who says it. One that gets lost is said again, as somebody dials again. */
  greet(from: ServerId, to: ServerId): void {
    if (!this.areConnected(from, to)) return
    const isSent = this.carry(from, to, () => {})
    if (!isSent && this.links.of(from, to).link.up) this.clock.schedule(REDIAL_MS, () => this.greet(from, to))
  }

  /** The connection between two servers breaks, and both notice. What is under way is lost. */
  hangUp(one: ServerId, other: ServerId): void {
    this.links.of(one, other).connection++
    this.links.of(other, one).connection++
    this.transports.get(one)?.connectionLost(other)
    this.transports.get(other)?.connectionLost(one)
  }

  /** A group stopped at this transport: what is on its way there ends, and the group's other members hear of it. */
  groupEnded(transport: MemoryTransport, group: Group): void {
    for (const [id, other] of this.transports) {
      if (other === transport || !this.areConnected(transport.id, id)) continue
      other.interruptCrossings((crossing) => crossing.to === transport.id && crossing.group.name === group.name)
      this.carry(transport.id, id, (target) => target.handlersOf(group)?.onConnectionLost(transport.id))
    }
  }

  /** Lets `arrive` happen at the other end, after the link's delay. False: it never will. */
  carry(from: ServerId, to: ServerId, arrive: (target: MemoryTransport) => void): boolean {
    const state = this.links.of(from, to)
    const { up, lossProbability, minDelayMs, maxDelayMs } = state.link
    if (!up || this.random.chance(lossProbability)) return false
    const delayMs = minDelayMs + this.random.fraction() * (maxDelayMs - minDelayMs)
    const { connection } = state
    const source = this.transports.get(from)
    state.lastArrival = Math.max(state.lastArrival, this.clock.now() + delayMs)
    const deliver = (): void => {
      const target = this.transports.get(to)
      if (target === undefined || connection !== state.connection) return
      if (source !== undefined && haveMet(source, target)) arrive(target)
    }
    const waitMs = state.lastArrival - this.clock.now()
    if (waitMs <= 0) this.clock.soon(deliver)
    else this.clock.schedule(waitMs, deliver)
    return true
  }

  /** True when one of the two would have dialled the other. */
  areConnected(one: ServerId, other: ServerId): boolean {
    const [first, second] = [this.transports.get(one), this.transports.get(other)]
    if (first === undefined || second === undefined || first.refuses(second)) return false
    return first.dials(other) || second.dials(one)
  }

  plugIn(transport: MemoryTransport): void {
    if (this.transports.has(transport.id))
      throw new TransportError('ERR_QUORATE_ADDRESS_IN_USE', `a server '${transport.id}' is plugged in already`)
    this.transports.set(transport.id, transport)
  }

  unplug(transport: MemoryTransport): void {
    if (this.transports.get(transport.id) !== transport) return
    for (const other of this.transports.keys()) {
      if (this.areConnected(transport.id, other)) this.hangUp(transport.id, other)
    }
    this.transports.delete(transport.id)
  }
}

/** Both ends of a handshake: each may refuse the other, and has said so then for as long as both live. */
function haveMet(one: MemoryTransport, other: MemoryTransport): boolean {
  if (one.knows(other)) return !one.refuses(other)
  return one.admits(other, false) && other.admits(one, true) && one.admits(other, true)
}

class MemoryTransport implements SharedTransport {
  readonly id: ServerId
  readonly incarnation: string
  /** Whom we let in, or not: asked once for each transport, as at a hello. */
  private readonly admitted = new Map<MemoryTransport, boolean>()
  private readonly switchboard: MemorySwitchboard
  private readonly requests = new Map<ServerId, Requests>()
  private readonly crossings = new Set<Crossing<MemoryTransport>>()
  private readonly groups = new Groups(MAX_SLOT)
  private readonly carrier: Carrier
  private readonly peers = new AddressBook<Group>()
  private stopped = false

  constructor(switchboard: MemorySwitchboard, id: ServerId, incarnation: string) {
    this.switchboard = switchboard
    this.id = id
    this.incarnation = incarnation
    this.carrier = this.carrierOfGroups()
  }

  private get handlers(): TransportHandlers | null {
    return this.groups.host.handlers
  }

  async start(handlers: TransportHandlers): Promise<void> {
    assert(this.handlers === null && !this.stopped, 'a transport is started once')
    this.switchboard.plugIn(this)
    this.groups.begin(this.groups.host, handlers)
  }

  group(name: string): Transport {
    return new GroupTransport(this.carrier, this.groups.named(name))
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

  async stop(): Promise<void> {
    if (this.stopped) return
    this.stopped = true
    this.switchboard.unplug(this)
    this.groups.endAll()
  }

  /** Of the group of this name, or of the host; null when it does not run here. */
  handlersOf({ slot, name }: Group): TransportHandlers | null {
    return slot === 0 ? this.handlers : (this.groups.find(name)?.handlers ?? null)
  }

  /** The two have said hello. */
  knows(other: MemoryTransport): boolean {
    return this.admitted.has(other) && other.admitted.has(this)
  }

  admits(other: MemoryTransport, hasLetUsIn: boolean): boolean {
    if (this.handlers === null) return false
    const { id, incarnation } = other
    const reason = this.handlers.admit?.({ id, incarnation, hasLetUsIn }) ?? null
    this.admitted.set(other, reason === null)
    if (reason === null) return true
    this.handlers.onTrouble?.({ peer: id, code: 'ERR_QUORATE_HELLO_REFUSED', message: reason })
    other.handlers?.onTrouble?.({ peer: this.id, code: 'ERR_QUORATE_HELLO_REFUSED', message: reason })
    return false
  }

  /** One of the two has said no to the other. */
  refuses(other: MemoryTransport): boolean {
    return this.admitted.get(other) === false || other.admitted.get(this) === false
  }

  dials(id: ServerId): boolean {
    return this.peers.addressOf(id) !== undefined
  }

  private carrierOfGroups(): Carrier {
    return {
      begin: (group, handlers) => {
        if (this.stopped) throw new TransportError('ERR_QUORATE_STOPPED', 'the transport below was stopped')
        this.groups.begin(group, handlers)
      },
      setPeers: (group, addresses) => {
        this.peers.set(group, addresses)
        for (const id of Object.keys(addresses)) if (id !== this.id) this.switchboard.greet(this.id, id)
      },
      send: (group, message) => {
        if (this.switchboard.areConnected(this.id, message.to))
          this.switchboard.carry(this.id, message.to, (target) => target.handlersOf(group)?.onMessage(message))
      },
      request: (group, to, body, timeoutMs) => this.requestFor(group, to, body, timeoutMs),
      sendSnapshot: (group, message, source) => this.sendSnapshotFor(group, message, source),
      end: (group) => this.endGroup(group),
    }
  }

  private async requestFor(group: Group, to: ServerId, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (!this.switchboard.areConnected(this.id, to)) throw this.unreachable(to)
    const submit = (number: number, fate: Fate): void => {
      fate.take()
      this.switchboard.carry(this.id, to, (target) => target.answer(this, group, number, body))
    }
    return this.requestsTo(to).ask(timeoutMs, submit, group.slot)
  }

  private async sendSnapshotFor(group: Group, message: InstallSnapshot, source: SnapshotSource): Promise<void> {
    const { to } = message
    if (!this.switchboard.areConnected(this.id, to)) throw this.unreachable(to)
    const crossing = new Crossing<MemoryTransport>(to, group, (arrive) => this.switchboard.carry(this.id, to, arrive))
    this.crossings.add(crossing)
    try {
      await this.bringSnapshot(message, source, crossing)
    } finally {
      this.crossings.delete(crossing)
    }
  }

  private endGroup(group: Group): void {
    this.groups.end(group)
    for (const requests of this.requests.values()) requests.groupEnded(group.slot)
    this.interruptCrossings((crossing) => crossing.group === group, 'the group was stopped')
    this.switchboard.groupEnded(this, group)
    this.peers.set(group, {})
  }

  connectionLost(peer: ServerId): void {
    this.requests.get(peer)?.connectionLost('the connection broke')
    this.interruptCrossings(({ to }) => to === peer)
    this.switchboard.clock.soon(() => this.groups.connectionLost(peer))
  }

  interruptCrossings(which: (crossing: Crossing<MemoryTransport>) => boolean, reason = 'the connection broke'): void {
    for (const crossing of this.crossings) if (which(crossing)) crossing.interrupt(reason)
  }

  private async bringSnapshot(
    message: InstallSnapshot,
    source: SnapshotSource,
    crossing: Crossing<MemoryTransport>,
  ): Promise<void> {
    const { id, sizeBytes } = source
    const handlers = (await crossing.next()).handlersOf(crossing.group)
    if (handlers === null) return refusal(new Error(notHere(crossing.group)))
    const sink = await handlers.onSnapshot(message, { id, sizeBytes }).catch(refusal)
    try {
      if (sink.offset < sizeBytes) {
        for await (const chunk of source.read(sink.offset)) {
          await crossing.next()
          await sink.write(chunk).catch(refusal)
        }
      }
      await crossing.next()
    } catch (error) {
      if (!(error instanceof TransportError && error.code === 'ERR_QUORATE_SNAPSHOT_REFUSED')) sink.interrupt()
      throw error
    }
    await sink.finish().catch(refusal)
  }

  /** An answer goes back to the transport that asked: its successor of the same name numbers from 1 again. */
  private answer(asker: MemoryTransport, group: Group, number: number, body: Uint8Array): void {
    const handlers = this.handlersOf(group)
    const reply = (outcome: Outcome, answer: Uint8Array): void => {
      this.switchboard.carry(this.id, asker.id, (target) => {
        if (target === asker) asker.requestsTo(this.id).settle(number, outcome, answer)
      })
    }
    if (handlers === null) {
      reply('refused', encodeReason(notHere(group)))
      return
    }
    handlers.onRequest(asker.id, body).then(
      (answer) => reply('answered', answer),
      (error: unknown) => reply('failed', encodeReason(error instanceof Error ? error.message : 'unknown')),
    )
  }

  private requestsTo(to: ServerId): Requests {
    let requests = this.requests.get(to)
    if (requests === undefined) {
      requests = new Requests(to, this.switchboard.clock)
      this.requests.set(to, requests)
    }
    return requests
  }

  private unreachable(to: ServerId): TransportError {
    return this.stopped
      ? new TransportError('ERR_QUORATE_STOPPED', 'the transport was stopped')
      : new TransportError('ERR_QUORATE_UNREACHABLE', `'${to}' is not connected`)
  }
}

function notHere({ name }: Group): string {
  return `group '${name}' does not run here`
}

function refusal(error: unknown): never {
  const reason = error instanceof Error ? error.message : 'no reason given'
  throw new TransportError('ERR_QUORATE_SNAPSHOT_REFUSED', `the snapshot was refused: ${reason}`)
}

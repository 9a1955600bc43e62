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
import { encodeReason, type Outcome, Requests } from './requests.ts'
import { type SnapshotSource, type Transport, TransportError, type TransportHandlers } from './transport.ts'

/** One direction between two servers. */
export interface MemoryLink {
  readonly up: boolean
  /** Of one message, request, response or piece of a snapshot. */
  readonly lossProbability: number
  readonly minDelayMs: number
  readonly maxDelayMs: number
}

/** How soon somebody dials again whose hello was lost. */
const REDIAL_MS = 50

const PERFECT_LINK: MemoryLink = { up: true, lossProbability: 0, minDelayMs: 0, maxDelayMs: 0 }

interface LinkState {
  link: MemoryLink
  /** When the latest message arrives: nothing overtakes it. */
  lastArrival: number
  /** Messages of before a hang-up do not arrive after it. */
  connection: number
}

/** Where the transports of one cluster meet: it owns the links, and draws losses and delays from `random`. */
export class MemorySwitchboard {
  readonly clock: Clock
  private readonly random: Random
  private readonly transports = new Map<ServerId, MemoryTransport>()
  private readonly links = new Map<string, LinkState>()

  constructor(clock: Clock, random: Random) {
    this.clock = clock
    this.random = random
  }

  /** A transport for this server; takes the place of an earlier one that was stopped. */
  transport(id: ServerId, incarnation = ''): Transport {
    return new MemoryTransport(this, id, incarnation)
  }

  /** Changes one direction. What is under way arrives as it would have. */
  setLink(from: ServerId, to: ServerId, change: Partial<MemoryLink>): void {
    const state = this.stateOf(from, to)
    const wasUp = state.link.up
    state.link = { ...state.link, ...change }
    if (state.link.up && !wasUp) this.greet(from, to)
  }

  /** A hello: what is there to be said is who says it. One that gets lost is said again, as somebody dials again. */
  greet(from: ServerId, to: ServerId): void {
    if (!this.areConnected(from, to)) return
    const isSent = this.carry(from, to, () => {})
    if (!isSent && this.stateOf(from, to).link.up) this.clock.schedule(REDIAL_MS, () => this.greet(from, to))
  }

  /** The connection between two servers breaks, and both notice. What is under way is lost. */
  hangUp(one: ServerId, other: ServerId): void {
    this.stateOf(one, other).connection++
    this.stateOf(other, one).connection++
    this.transports.get(one)?.connectionLost(other)
    this.transports.get(other)?.connectionLost(one)
  }

  /** Lets `arrive` happen at the other end, after the link's delay. False: it never will. */
  carry(from: ServerId, to: ServerId, arrive: (target: MemoryTransport) => void): boolean {
    const state = this.stateOf(from, to)
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

  private stateOf(from: ServerId, to: ServerId): LinkState {
    const key = JSON.stringify([from, to])
    let state = this.links.get(key)
    if (state === undefined) {
      state = { link: PERFECT_LINK, lastArrival: 0, connection: 0 }
      this.links.set(key, state)
    }
    return state
  }
}

/** Both ends of a handshake: each may refuse the other, and has said so then for as long as both live. */
function haveMet(one: MemoryTransport, other: MemoryTransport): boolean {
  if (one.knows(other)) return !one.refuses(other)
  return one.admits(other, false) && other.admits(one, true) && one.admits(other, true)
}

class MemoryTransport implements Transport {
  readonly id: ServerId
  readonly incarnation: string
  /** Whom we let in, or not: asked once for each transport, as at a hello. */
  private readonly admitted = new Map<MemoryTransport, boolean>()
  private readonly switchboard: MemorySwitchboard
  private readonly requests = new Map<ServerId, Requests>()
  private readonly crossings = new Set<Crossing>()
  private handlers: TransportHandlers | null = null
  private peers: ReadonlySet<ServerId> = new Set()
  private stopped = false

  constructor(switchboard: MemorySwitchboard, id: ServerId, incarnation: string) {
    this.switchboard = switchboard
    this.id = id
    this.incarnation = incarnation
  }

  async start(handlers: TransportHandlers): Promise<void> {
    assert(this.handlers === null && !this.stopped, 'a transport is started once')
    this.switchboard.plugIn(this)
    this.handlers = handlers
  }

  setPeers(addresses: { readonly [id: ServerId]: string }): void {
    this.peers = new Set(Object.keys(addresses))
    for (const id of this.peers) if (id !== this.id) this.switchboard.greet(this.id, id)
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
    return this.peers.has(id)
  }

  send(message: Message): void {
    if (this.switchboard.areConnected(this.id, message.to))
      this.switchboard.carry(this.id, message.to, (target) => target.handlers?.onMessage(message))
  }

  async request(to: ServerId, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (!this.switchboard.areConnected(this.id, to)) throw this.unreachable(to)
    return this.requestsTo(to).ask(timeoutMs, (number, fate) => {
      fate.take()
      this.switchboard.carry(this.id, to, (target) => target.answer(this, number, body))
    })
  }

  async sendSnapshot(message: InstallSnapshot, source: SnapshotSource): Promise<void> {
    if (!this.switchboard.areConnected(this.id, message.to)) throw this.unreachable(message.to)
    const crossing = new Crossing(this.switchboard, this.id, message.to)
    this.crossings.add(crossing)
    try {
      await this.bringSnapshot(message, source, crossing)
    } finally {
      this.crossings.delete(crossing)
    }
  }

  async stop(): Promise<void> {
    if (this.stopped) return
    this.stopped = true
    this.switchboard.unplug(this)
    this.handlers = null
  }

  connectionLost(peer: ServerId): void {
    this.requests.get(peer)?.connectionLost('the connection broke')
    for (const crossing of this.crossings) {
      if (crossing.to === peer) crossing.interrupt('the connection broke')
    }
    this.switchboard.clock.soon(() => this.handlers?.onConnectionLost(peer))
  }

  private async bringSnapshot(message: InstallSnapshot, source: SnapshotSource, crossing: Crossing): Promise<void> {
    const { id, sizeBytes } = source
    const { handlers } = await crossing.next()
    if (handlers === null) throw this.unreachable(message.to)
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
  private answer(asker: MemoryTransport, number: number, body: Uint8Array): void {
    if (this.handlers === null) return
    const reply = (outcome: Outcome, answer: Uint8Array): void => {
      this.switchboard.carry(this.id, asker.id, (target) => {
        if (target === asker) asker.requestsTo(this.id).settle(number, outcome, answer)
      })
    }
    this.handlers.onRequest(asker.id, body).then(
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

function refusal(error: unknown): never {
  const reason = error instanceof Error ? error.message : 'no reason given'
  throw new TransportError('ERR_QUORATE_SNAPSHOT_REFUSED', `the snapshot was refused: ${reason}`)
}

/** The way of a snapshot's pieces from one server to another. */
class Crossing {
  readonly to: ServerId
  private readonly switchboard: MemorySwitchboard
  private readonly from: ServerId
  private error: TransportError | null = null
  private fail: (error: TransportError) => void = () => {}

  constructor(switchboard: MemorySwitchboard, from: ServerId, to: ServerId) {
    this.switchboard = switchboard
    this.from = from
    this.to = to
  }

  /** Returns the other end when something that is sent now has arrived there. */
  next(): Promise<MemoryTransport> {
    return new Promise((resolve, reject) => {
      this.fail = reject
      if (this.error !== null) reject(this.error)
      else if (!this.switchboard.carry(this.from, this.to, resolve)) this.interrupt('a piece was lost')
    })
  }

  interrupt(reason: string): void {
    this.error ??= new TransportError('ERR_QUORATE_SNAPSHOT_INTERRUPTED', `snapshot to '${this.to}': ${reason}`)
    this.fail(this.error)
  }
}

/**
 * A server's transport as the simulator has it: the real one, over simulated streams, and behind it a network that loses,
 * repeats and delays whole messages. Streams keep their order; Raft must not need it (Paper §2). What is late may come
 * after its sender has crashed and started again: it is a message from an earlier life.
 */
import type { InstallSnapshot, Message } from '../../raft/message.ts'
import type {
  SnapshotOffer,
  SnapshotSink,
  SnapshotSource,
  Transport,
  TransportHandlers,
} from '../../transport/transport.ts'
import type { SimServer } from '../sim-server.ts'
import type { Observers } from '../watch/observer.ts'
import type { World } from '../world.ts'
import type { Links } from './link.ts'

export class SimWire implements Transport {
  private readonly world: World
  private readonly links: Links
  private readonly server: SimServer
  private readonly inner: Transport
  private readonly observers: Observers
  private readonly diskOf: (id: string) => number
  private readonly life: number

  constructor(
    world: World,
    links: Links,
    server: SimServer,
    inner: Transport,
    observers: Observers,
    diskOf: (id: string) => number,
  ) {
    this.world = world
    this.links = links
    this.server = server
    this.inner = inner
    this.observers = observers
    this.diskOf = diskOf
    this.life = server.host.life
  }

  start(handlers: TransportHandlers): Promise<void> {
    return this.inner.start({
      ...spread(handlers),
      onMessage: (message) => this.receive(message, handlers),
      onSnapshot: (message, offer) => this.receiveOffer(message, offer, handlers),
    })
  }

  setPeers(addresses: { readonly [id: string]: string }): void {
    this.inner.setPeers(addresses)
  }

  send(message: Message): void {
    if (this.life !== this.server.host.life) return
    this.observers.sent(this.server, message)
    this.inner.send(message)
  }

  request(to: string, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return this.inner.request(to, body, timeoutMs)
  }

  sendSnapshot(message: InstallSnapshot, source: SnapshotSource): Promise<void> {
    if (this.life === this.server.host.life) this.observers.sent(this.server, message)
    return this.inner.sendSnapshot(message, source)
  }

  stop(): Promise<void> {
    return this.inner.stop()
  }

  private receive(message: Message, handlers: TransportHandlers): void {
    const { random, state } = this.links.of(message.from, this.server.id)
    const { lossChance, copyChance, lateChance, lateMs } = state
    if (lossChance + copyChance + lateChance > 0) {
      if (random.chance(lossChance)) {
        this.observers.lost(this.server, message, 'lost')
        return
      }
      if (random.chance(copyChance)) {
        this.observers.lost(this.server, message, 'copied')
        this.later(message, handlers, random.fraction() * lateMs)
      }
      if (random.chance(lateChance)) {
        this.observers.lost(this.server, message, 'late')
        this.later(message, handlers, random.fraction() * lateMs)
        return
      }
    }
    this.handOver(message, handlers)
  }

  /** To this life of the receiver; the sender may have begun another one meanwhile, but on the same disk. */
  private later(message: Message, handlers: TransportHandlers, delayMs: number): void {
    const disk = this.diskOf(message.from)
    this.world.scheduleFor(delayMs, this.server.host, false, () => {
      if (this.diskOf(message.from) === disk) this.handOver(message, handlers)
    })
  }

  /** A snapshot's first words may be lost or late as any message; its body comes over the same stream in order. */
  private async receiveOffer(
    message: InstallSnapshot,
    offer: SnapshotOffer,
    handlers: TransportHandlers,
  ): Promise<SnapshotSink> {
    const { random, state } = this.links.of(message.from, this.server.id)
    if (random.chance(state.lossChance)) {
      this.observers.lost(this.server, message, 'lost')
      throw new Error('the offer was lost on the way')
    }
    if (random.chance(state.lateChance)) {
      this.observers.lost(this.server, message, 'late')
      await new Promise<void>((resolve) => {
        this.world.scheduleFor(random.fraction() * state.lateMs, this.server.host, false, resolve)
      })
    }
    this.observers.arrived(this.server, message)
    return handlers.onSnapshot(message, offer)
  }

  private handOver(message: Message, handlers: TransportHandlers): void {
    this.observers.arrived(this.server, message)
    handlers.onMessage(message)
  }
}

/** The same handlers as an object of its own, whatever they were methods of. */
function spread(handlers: TransportHandlers): TransportHandlers {
  const { admit, onTrouble } = handlers
  return {
    onMessage: (message) => handlers.onMessage(message),
    onRequest: (from, body) => handlers.onRequest(from, body),
    onConnectionLost: (peer) => handlers.onConnectionLost(peer),
    onSnapshot: (message, offer) => handlers.onSnapshot(message, offer),
    ...(admit === undefined ? {} : { admit: (peer) => admit.call(handlers, peer) }),
    ...(onTrouble === undefined ? {} : { onTrouble: (trouble) => onTrouble.call(handlers, trouble) }),
  }
}

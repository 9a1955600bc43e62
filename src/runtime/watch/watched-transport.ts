/** The transport, counting what goes out and what comes in, and knowing whose connection was lost. */
import { type ServerId, sizeOf } from '../../raft/entry.ts'
import type { InstallSnapshot, Message } from '../../raft/message.ts'
import type {
  SnapshotOffer,
  SnapshotSink,
  SnapshotSource,
  Transport,
  TransportHandlers,
} from '../../transport/transport.ts'
import type { Clock } from '../../util/clock.ts'
import type { Report } from '../events.ts'
import type { Counters } from './counters.ts'

/** Called with every message that arrives, before it is handled. */
export type OnMessage = (message: Message) => void

export class WatchedTransport implements Transport {
  private readonly transport: Transport
  private readonly clock: Clock
  private readonly counters: Counters
  private readonly report: Report
  private readonly onMessage: OnMessage
  /** Their connection broke, and nothing was heard of them since. */
  private readonly lost = new Set<ServerId>()
  private readonly lossListeners = new Set<() => void>()

  constructor(transport: Transport, clock: Clock, counters: Counters, report: Report, onMessage: OnMessage) {
    this.transport = transport
    this.clock = clock
    this.counters = counters
    this.report = report
    this.onMessage = onMessage
  }

  /** False when the connection to it broke and it was not heard since. */
  isConnected(peer: ServerId): boolean {
    return !this.lost.has(peer)
  }

  /** Calls `listener` when a connection breaks; the returned function ends it. */
  onLoss(listener: () => void): () => void {
    this.lossListeners.add(listener)
    return () => void this.lossListeners.delete(listener)
  }

  start(handlers: TransportHandlers): Promise<void> {
    return this.transport.start({
      ...handlers,
      onMessage: (message) => {
        this.heard(message)
        handlers.onMessage(message)
      },
      onRequest: (from, body) => {
        this.counters.forwardsReceived++
        return handlers.onRequest(from, body)
      },
      onConnectionLost: (peer) => {
        this.noteLoss(peer)
        handlers.onConnectionLost(peer)
      },
      onSnapshot: async (message, offer) => this.watched(await handlers.onSnapshot(message, offer), message, offer),
    })
  }

  setPeers(addresses: { readonly [id: ServerId]: string }): void {
    this.transport.setPeers(addresses)
  }

  send(message: Message): void {
    this.counters.messagesSent[message.type]++
    if (message.type === 'AppendEntries') this.counters.entryBytesSent += sizeOf(message.entries)
    this.transport.send(message)
  }

  request(to: ServerId, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    this.counters.forwardsSent++
    return this.transport.request(to, body, timeoutMs)
  }

  async sendSnapshot(message: InstallSnapshot, source: SnapshotSource): Promise<void> {
    const begunAt = this.clock.now()
    await this.transport.sendSnapshot(message, source)
    this.reportSnapshot('sent', message.to, message, source, begunAt)
  }

  stop(): Promise<void> {
    return this.transport.stop()
  }

  private heard(message: Message): void {
    this.counters.messagesReceived[message.type]++
    if (message.type === 'AppendEntries') this.counters.entryBytesReceived += sizeOf(message.entries)
    if (this.lost.size > 0) this.lost.delete(message.from)
    this.onMessage(message)
  }

  private noteLoss(peer: ServerId): void {
    this.counters.connectionsLost++
    this.lost.add(peer)
    for (const listener of [...this.lossListeners]) listener()
  }

  private watched(sink: SnapshotSink, message: InstallSnapshot, offer: SnapshotOffer): SnapshotSink {
    const begunAt = this.clock.now()
    return {
      offset: sink.offset,
      write: (chunk) => sink.write(chunk),
      interrupt: () => sink.interrupt(),
      finish: async () => {
        await sink.finish()
        this.reportSnapshot('received', message.from, message, offer, begunAt)
      },
    }
  }

  private reportSnapshot(
    action: 'sent' | 'received',
    peer: ServerId,
    { lastIncludedIndex: index }: InstallSnapshot,
    { sizeBytes }: SnapshotOffer,
    begunAt: number,
  ): void {
    this.report('snapshot', { action, index, sizeBytes, durationMs: this.clock.now() - begunAt, peer })
  }
}

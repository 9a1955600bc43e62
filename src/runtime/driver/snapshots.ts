/**
 * Snapshots on their way out: taken of the own state machine when the log has grown, and sent to a follower whose
 * entries are compacted away (Paper §7). Neither holds up consensus or `apply`. How they come in: see `arrivals.ts`.
 */
import type { Index, ServerId } from '../../raft/entry.ts'
import type { InstallSnapshot } from '../../raft/message.ts'
import type { SendSnapshot, SnapshotMeta } from '../../raft/ready.ts'
import type { SnapshotStore, SnapshotWriter, StoredSnapshot } from '../../storage/snapshot-store.ts'
import type { Transport } from '../../transport/transport.ts'
import { assert } from '../../util/assert.ts'
import type { Cancel, Clock } from '../../util/clock.ts'
import { asError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { StateMachine } from '../state-machine.ts'

/** After a failure, so that a follower which refuses is not asked fifty times a second. */
const RETRY_DELAY_MS = 1000

/** What the snapshots ask of the core, and tell it. */
export interface SnapshotHandlers {
  /** Describes the own state as of `index`; null when there is nothing to describe. */
  describe(index: Index): SnapshotMeta | null
  /** An own snapshot is durable. */
  onTaken(meta: SnapshotMeta): void
  /** No snapshot came about, for want of room or because the state machine could not give one. */
  onTakeFailed(error: Error): void
  onSendFailed(to: ServerId, session: number): void
  /** The leader's record of this session says that the follower needs a newer snapshot than the one up to `index`. */
  needsNewer(to: ServerId, session: number, index: Index): boolean
}

/** What snapshots are taken of: sessions and state machine together. */
type Snapshotted = Pick<StateMachine, 'snapshot'>

/** One transfer a follower is enough; what is asked for meanwhile, in a newer term or of a newer snapshot, follows it. */
interface Delivery {
  readonly order: SendSnapshot
  readonly stored: StoredSnapshot
  next: SendSnapshot | null
  retry: Cancel | null
}

export class Snapshots {
  private readonly store: SnapshotStore
  private readonly transport: Transport
  private readonly clock: Clock
  private readonly logger: Logger
  private readonly handlers: SnapshotHandlers
  private taking = false
  private stopped = false
  private readonly deliveries = new Map<ServerId, Delivery>()
  /** Why the last transfer to a follower failed: said once, not every second. */
  private readonly complaints = new Map<ServerId, string>()

  constructor(store: SnapshotStore, transport: Transport, clock: Clock, logger: Logger, handlers: SnapshotHandlers) {
    this.store = store
    this.transport = transport
    this.clock = clock
    this.logger = logger
    this.handlers = handlers
  }

  get isTaking(): boolean {
    return this.taking
  }

  /** The bytes of the snapshot that is to be restored: nothing may have replaced it, see `arrivals.ts`. */
  open(meta: SnapshotMeta): AsyncIterable<Uint8Array> {
    const latest = this.store.latest()
    assert(latest?.meta.index === meta.index, `to restore is ${meta.index}, the store has ${latest?.meta.index}`)
    return this.store.read(latest)
  }

  /** Between two calls of `apply`, at `index`: the state captures its view at once, and is streamed out later. */
  take(state: Snapshotted, index: Index): void {
    const meta = this.handlers.describe(index)
    if (this.taking || this.stopped || meta === null || index <= (this.store.latest()?.meta.index ?? 0)) return
    this.taking = true
    this.capture(meta, state)
      .then(
        (stored) => this.taken(meta, stored),
        (error: unknown) => this.notTaken(asError(error)),
      )
      .finally(() => {
        this.taking = false
      })
  }

  stop(): void {
    this.stopped = true
    for (const { retry } of this.deliveries.values()) retry?.()
  }

  /** Carries out what Ready asks for. */
  send(from: ServerId, order: SendSnapshot): void {
    const { to } = order
    const stored = this.store.latest()
    const underWay = this.deliveries.get(to)
    if (underWay !== undefined) {
      if (!isSameAgain(order, underWay)) underWay.next = order
      return
    }
    if (stored === null) return
    const delivery: Delivery = { order, stored, next: null, retry: null }
    this.deliveries.set(to, delivery)
    this.deliver(from, order, stored).then(
      () => this.delivered(from, delivery),
      (error: unknown) => this.notDelivered(from, delivery, asError(error)),
    )
  }

  /** `async`, so that what the machine throws at once is treated like what it rejects with later. */
  private async capture(meta: SnapshotMeta, state: Snapshotted): Promise<StoredSnapshot> {
    const source = state.snapshot()
    const writer = await this.begin(meta, source)
    try {
      for await (const piece of source) await writer.write(piece)
      return await writer.commit()
    } catch (error) {
      await writer.abort()
      throw error
    }
  }

  /** Without room for a writer the source is let go of unread: it may hold a transaction of the machine's store open. */
  private async begin(meta: SnapshotMeta, source: AsyncIterable<Uint8Array>): Promise<SnapshotWriter> {
    try {
      return await this.store.create(meta)
    } catch (error) {
      await source[Symbol.asyncIterator]().return?.()
      throw error
    }
  }

  private taken(meta: SnapshotMeta, stored: StoredSnapshot): void {
    // Not ours: a leader's, which is newer, was quicker.
    if (this.stopped || stored.meta.index !== meta.index) return
    this.logger.info('snapshot taken', { index: meta.index, bytes: stored.sizeBytes })
    this.handlers.onTaken(meta)
  }

  private notTaken(error: Error): void {
    if (this.stopped) return
    this.logger.warn('no snapshot could be taken; the log keeps growing', { reason: error.message })
    this.handlers.onTakeFailed(error)
  }

  private deliver(from: ServerId, { to, term, session }: SendSnapshot, stored: StoredSnapshot): Promise<void> {
    const { id, sizeBytes, meta } = stored
    const { index: lastIncludedIndex, term: lastIncludedTerm, configuration } = meta
    const place = { lastIncludedIndex, lastIncludedTerm, configuration }
    const message: InstallSnapshot = { type: 'InstallSnapshot', from, to, term, session, ...place }
    if (!this.complaints.has(to))
      this.logger.info('sending a snapshot', { to, index: lastIncludedIndex, bytes: sizeBytes })
    return this.transport.sendSnapshot(message, { id, sizeBytes, read: (offset) => this.store.read(stored, offset) })
  }

  private delivered(from: ServerId, delivery: Delivery): void {
    if (this.stopped) return
    const { order, stored } = delivery
    this.complaints.delete(order.to)
    this.logger.info('snapshot delivered', { to: order.to, index: stored.meta.index })
    this.goOn(from, delivery)
  }

  private notDelivered(from: ServerId, delivery: Delivery, error: Error): void {
    if (this.stopped) return
    const { to, session } = delivery.order
    if (this.complaints.get(to) !== error.message)
      this.logger.warn('a snapshot was not delivered; it will be tried again', { to, reason: error.message })
    this.complaints.set(to, error.message)
    delivery.retry = this.clock.schedule(RETRY_DELAY_MS, () => {
      this.handlers.onSendFailed(to, session)
      this.goOn(from, delivery)
    })
  }

  /**
   * The follower may have said that it has the snapshot before the transfer's own last word came, and by then the leader
   * had compacted its log again: the order for the next snapshot came too early, and nobody would repeat it for a minute.
   */
  private goOn(from: ServerId, { order, stored, next }: Delivery): void {
    this.deliveries.delete(order.to)
    if (next === null) return
    const { to, session } = next
    if (session !== order.session || this.handlers.needsNewer(to, session, stored.meta.index)) this.send(from, next)
  }
}

/** The leader repeats an order of which it has not heard for long: that is no reason to begin anew. */
function isSameAgain({ session, meta }: SendSnapshot, { order, stored }: Delivery): boolean {
  return session === order.session && meta.index <= stored.meta.index
}

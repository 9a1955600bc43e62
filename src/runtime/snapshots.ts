/**
 * Snapshots on their three ways: taken of the own state machine when the log has grown, sent to a follower whose
 * entries are compacted away, and received from a leader (Paper §7). None of them holds up consensus or `apply`.
 */
import type { ServerId } from '../raft/entry.ts'
import type { InstallSnapshot } from '../raft/message.ts'
import type { SendSnapshot, SnapshotMeta } from '../raft/ready.ts'
import type { SnapshotStore, SnapshotWriter, StoredSnapshot } from '../storage/snapshot-store.ts'
import type { SnapshotOffer, SnapshotSink, Transport } from '../transport/transport.ts'
import type { Clock } from './clock.ts'
import type { Logger } from './logger.ts'
import type { StateMachine } from './state-machine.ts'

/** After a failure, so that a follower which refuses is not asked fifty times a second. */
const RETRY_DELAY_MS = 1000

export interface SnapshotHandlers {
  /** Describes the own state as of what is applied now; null when there is nothing to describe. */
  describe(): SnapshotMeta | null
  /** An own snapshot is durable. */
  onTaken(meta: SnapshotMeta): void
  onSendFailed(to: ServerId, session: number): void
  /** Why an offered snapshot is not wanted; null when it is. */
  refuse(message: InstallSnapshot): string | null
  /** A leader's snapshot is here, whole and durable. */
  onReceived(message: InstallSnapshot): void
}

export class Snapshots {
  private readonly store: SnapshotStore
  private readonly transport: Transport
  private readonly clock: Clock
  private readonly logger: Logger
  private readonly handlers: SnapshotHandlers
  private taking = false
  private stopped = false
  private readonly sendingTo = new Set<ServerId>()
  /** Arriving ones by id, so that a transfer that broke goes on where it was. */
  private readonly arriving = new Map<string, SnapshotWriter>()

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

  /** The bytes of the snapshot at `meta`; null when a newer one has replaced it. */
  open(meta: SnapshotMeta): AsyncIterable<Uint8Array> | null {
    const latest = this.store.latest()
    return latest?.meta.index === meta.index ? this.store.read(latest) : null
  }

  /** Between two calls of `apply`: the machine captures its view at once, and is streamed out later. */
  take(machine: StateMachine): void {
    const meta = this.handlers.describe()
    if (this.taking || this.stopped || meta === null || meta.index <= (this.store.latest()?.meta.index ?? 0)) return
    this.taking = true
    this.write(meta, machine.snapshot())
      .then(
        (stored) => {
          if (this.stopped || stored.meta.index !== meta.index) return
          this.logger.info('snapshot taken', { index: meta.index, bytes: stored.sizeBytes })
          this.handlers.onTaken(meta)
        },
        (error: Error) => {
          if (!this.stopped)
            this.logger.warn('no snapshot could be taken; the log keeps growing', { reason: error.message })
        },
      )
      .finally(() => {
        this.taking = false
      })
  }

  private async write(meta: SnapshotMeta, source: AsyncIterable<Uint8Array>): Promise<StoredSnapshot> {
    const writer = await this.store.create(meta)
    try {
      for await (const piece of source) await writer.write(piece)
      return await writer.commit()
    } catch (error) {
      await writer.abort()
      throw error
    }
  }

  /** Ready asks for it again when nothing was heard; one transfer a follower is enough. */
  send(from: ServerId, { to, term, session }: SendSnapshot): void {
    const stored = this.store.latest()
    if (stored === null || this.sendingTo.has(to)) return
    const { index: lastIncludedIndex, term: lastIncludedTerm, configuration } = stored.meta
    const message: InstallSnapshot = {
      type: 'InstallSnapshot',
      from,
      to,
      term,
      session,
      lastIncludedIndex,
      lastIncludedTerm,
      configuration,
    }
    const { id, sizeBytes } = stored
    this.sendingTo.add(to)
    this.logger.info('sending a snapshot', { to, index: lastIncludedIndex, bytes: sizeBytes })
    this.transport.sendSnapshot(message, { id, sizeBytes, read: (offset) => this.store.read(stored, offset) }).then(
      () => {
        this.sendingTo.delete(to)
        this.logger.info('snapshot delivered', { to, index: lastIncludedIndex })
      },
      (error: Error) => {
        if (this.stopped) return
        this.logger.warn('a snapshot was not delivered; it will be tried again', { to, reason: error.message })
        this.clock.schedule(RETRY_DELAY_MS, () => {
          this.sendingTo.delete(to)
          if (!this.stopped) this.handlers.onSendFailed(to, session)
        })
      },
    )
  }

  /** The transport's `onSnapshot`. */
  async receive(message: InstallSnapshot, offer: SnapshotOffer): Promise<SnapshotSink> {
    const refusal = this.handlers.refuse(message)
    if (refusal !== null) throw new Error(refusal)
    const { lastIncludedIndex: index, lastIncludedTerm: term, configuration } = message
    const writer = this.arriving.get(offer.id) ?? (await this.begin({ index, term, configuration }, offer.id))
    return {
      offset: writer.sizeBytes,
      write: (chunk) => writer.write(chunk),
      finish: async () => {
        this.arriving.delete(offer.id)
        await writer.commit()
        this.logger.info('snapshot received', { from: message.from, index, bytes: offer.sizeBytes })
        if (!this.stopped) this.handlers.onReceived(message)
      },
      interrupt: () => {},
    }
  }

  /** A new one makes unfinished older ones useless. */
  private async begin(meta: SnapshotMeta, id: string): Promise<SnapshotWriter> {
    for (const [otherId, other] of this.arriving) {
      this.arriving.delete(otherId)
      await other.abort()
    }
    const writer = await this.store.create(meta, id)
    this.arriving.set(id, writer)
    return writer
  }

  stop(): void {
    this.stopped = true
  }
}

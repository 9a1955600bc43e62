/**
 * The driver's side of the log store: hands batches over in order, confirms them to the core, holds back what must not
 * leave before they are durable, and waits for room when the disk is full.
 */
import type { Message } from '../../raft/message.ts'
import type { Outgoing, PersistBatch, Seq } from '../../raft/ready.ts'
import type { LogStore } from '../../storage/log-store.ts'
import type { Cancel, Clock } from '../../util/clock.ts'
import { Deque } from '../../util/deque.ts'
import { asError } from '../errors.ts'
import type { Logger } from '../logger.ts'

const ROOM_CHECK_INTERVAL_MS = 250

export interface DiskHandlers {
  /** Batches up to this one are durable. */
  onPersisted(seq: Seq): void
  /** A message whose time has come. */
  onSend(message: Message): void
  /** The store is broken for good: the node must stop. */
  onFailure(error: Error): void
}

export class Disk {
  private readonly store: LogStore
  private readonly clock: Clock
  private readonly logger: Logger
  private readonly handlers: DiskHandlers
  private durableSeq: Seq = 0
  private readonly unconfirmed = new Deque<PersistBatch>()
  private readonly held = new Deque<Outgoing>()
  private full = false
  /** Batches are not handed over as they come, but wait for those before them. */
  private writesWait = false
  private stopped = false
  private retry: Cancel | null = null

  constructor(store: LogStore, clock: Clock, logger: Logger, handlers: DiskHandlers) {
    this.store = store
    this.clock = clock
    this.logger = logger
    this.handlers = handlers
  }

  /** No room: what is proposed now would wait for an operator, so it is refused instead. */
  get isFull(): boolean {
    return this.full
  }

  write(batch: PersistBatch): void {
    this.unconfirmed.push(batch)
    if (!this.writesWait) this.hand([batch])
  }

  /** Sends now or when it may: see the table in `raft/ready.ts`. */
  send(outgoing: Outgoing): void {
    if (outgoing.after <= this.durableSeq) this.handlers.onSend(outgoing.message)
    else this.held.push(outgoing)
  }

  stop(): void {
    this.stopped = true
    this.retry?.()
    this.held.clear()
  }

  private hand(batches: readonly PersistBatch[]): void {
    const { seq } = batches[batches.length - 1] as PersistBatch
    this.store
      .write(batches)
      .then(
        () => this.confirm(seq),
        (error: unknown) => this.refused(error),
      )
      .catch((error: unknown) => this.handlers.onFailure(asError(error)))
  }

  private confirm(seq: Seq): void {
    if (this.stopped) return
    if (this.full) this.noteRoom()
    this.durableSeq = seq
    while ((this.unconfirmed.first()?.seq ?? Number.POSITIVE_INFINITY) <= seq) this.unconfirmed.shift()
    this.handlers.onPersisted(seq)
    // In the order of waiting: `after` never falls from one held message to the next.
    while ((this.held.first()?.after ?? Number.POSITIVE_INFINITY) <= seq) {
      this.handlers.onSend((this.held.shift() as Outgoing).message)
    }
    if (this.writesWait) this.writeWaiting()
  }

  private refused(error: unknown): void {
    if (this.stopped) return
    if (codeOf(error) === 'ERR_QUORATE_DISK_FULL') this.waitForRoom(asError(error))
    else this.handlers.onFailure(asError(error))
  }

  /**
   * Nothing is lost: the batches stay here, in order, and are written again until they fit. Several writes that were
   * under way are refused together; the first of them starts the waiting for all.
   */
  private waitForRoom(error: Error): void {
    if (this.retry !== null) return
    if (!this.full) {
      this.logger.error('the disk is full: proposals are refused until there is room', { reason: error.message })
    }
    this.full = true
    this.writesWait = true
    this.retry = this.clock.schedule(ROOM_CHECK_INTERVAL_MS, () => {
      this.retry = null
      this.writeWaiting()
    })
  }

  private noteRoom(): void {
    this.full = false
    this.logger.info('there is room on the disk again', { batches: this.unconfirmed.length })
  }

  /** All that is not confirmed goes out at once, in order; what comes while it is under way gathers for the next time. */
  private writeWaiting(): void {
    this.writesWait = this.full
    const batches = Array.from({ length: this.unconfirmed.length }, (_, i) => this.unconfirmed.at(i) as PersistBatch)
    if (batches.length > 0) this.hand(batches)
  }
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | null)?.code
}

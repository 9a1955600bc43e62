/**
 * Snapshots that leaders send us (Paper §7, Figure 13). A transfer that broke goes on where it was; a newer offer makes
 * unfinished ones useless; and of two that are complete, the second waits until the state machine has taken in the first.
 */
import type { InstallSnapshot } from '../../raft/message.ts'
import type { SnapshotStore, SnapshotWriter } from '../../storage/snapshot-store.ts'
import type { SnapshotOffer, SnapshotSink } from '../../transport/transport.ts'
import type { Cancel, Clock } from '../../util/clock.ts'
import type { Logger } from '../logger.ts'

/** An unfinished snapshot that nobody goes on with is dropped after this long: its bytes may be most of a disk. */
const KEEP_INTERRUPTED_MS = 600_000

export interface ArrivalHandlers {
  /** Why an offered snapshot is not wanted; null when it is. */
  refuse(message: InstallSnapshot): string | null
  /** True from the step that installs a snapshot until the state machine has it. */
  isRestoring(): boolean
  /** A leader's snapshot is here, whole and durable. */
  onReceived(message: InstallSnapshot): void
}

/** A snapshot that is coming in, over one connection or over several, one after another. */
interface Arrival {
  readonly writer: SnapshotWriter
  /** The connection that brings it. An older one may still have a piece in its hands, and must not write it any more. */
  owner: object | null
  /** The write under way. */
  writing: Promise<void>
  expiry: Cancel | null
}

export class Arrivals {
  private readonly store: SnapshotStore
  private readonly clock: Clock
  private readonly logger: Logger
  private readonly handlers: ArrivalHandlers
  private readonly arriving = new Map<string, Arrival>()
  private opening: Promise<unknown> = Promise.resolve()
  private finishing: Promise<unknown> = Promise.resolve()
  private wake: () => void = () => {}
  private stopped = false

  constructor(store: SnapshotStore, clock: Clock, logger: Logger, handlers: ArrivalHandlers) {
    this.store = store
    this.clock = clock
    this.logger = logger
    this.handlers = handlers
  }

  /** The transport's `onSnapshot`. Offers are looked at one by one, or two of one id would begin two writers. */
  receive(message: InstallSnapshot, offer: SnapshotOffer): Promise<SnapshotSink> {
    const sink = this.opening.then(() => this.open(message, offer))
    this.opening = sink.catch(() => {})
    return sink
  }

  /** The state machine has taken in a snapshot: the next one may come. */
  restored(): void {
    this.wake()
  }

  stop(): void {
    this.stopped = true
    for (const { expiry } of this.arriving.values()) expiry?.()
    this.wake()
  }

  private async open(message: InstallSnapshot, offer: SnapshotOffer): Promise<SnapshotSink> {
    this.requireWanted(message)
    const owner = {}
    const arrival = (await this.resume(offer.id, owner)) ?? (await this.begin(message, offer.id, owner))
    return {
      offset: arrival.writer.sizeBytes,
      write: (chunk) => this.write(arrival, owner, chunk),
      finish: () => this.inTurn(() => this.finish(arrival, owner, message)),
      interrupt: () => this.interrupt(arrival, owner),
    }
  }

  /** Null when there is nothing to go on with. */
  private async resume(id: string, owner: object): Promise<Arrival | null> {
    const arrival = this.arriving.get(id)
    if (arrival === undefined) return null
    arrival.owner = owner
    arrival.expiry?.()
    await arrival.writing
    return this.arriving.get(id) === arrival ? arrival : null
  }

  private async begin(message: InstallSnapshot, id: string, owner: object): Promise<Arrival> {
    for (const other of [...this.arriving.values()]) await this.drop(other)
    const { lastIncludedIndex: index, lastIncludedTerm: term, configuration } = message
    const writer = await this.store.create({ index, term, configuration }, id)
    const arrival: Arrival = { writer, owner, writing: Promise.resolve(), expiry: null }
    this.arriving.set(id, arrival)
    return arrival
  }

  private async write(arrival: Arrival, owner: object, chunk: Uint8Array): Promise<void> {
    requireOwner(arrival, owner)
    const written = arrival.writer.write(chunk)
    arrival.writing = written.catch(() => {})
    try {
      await written
    } catch (error) {
      // Nobody knows how much of the piece is there, so that there is nothing to go on with.
      await this.drop(arrival)
      throw error
    }
  }

  private inTurn(action: () => Promise<void>): Promise<void> {
    const done = this.finishing.then(action)
    this.finishing = done.catch(() => {})
    return done
  }

  /**
   * A snapshot that is committed to the store replaces the one before it there. So while the state machine still has to
   * read that one, this one waits: 100 came from the old leader and is to be restored; 150 from the new one must not
   * take its place before.
   */
  private async finish(arrival: Arrival, owner: object, message: InstallSnapshot): Promise<void> {
    while (this.handlers.isRestoring() && !this.stopped) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    requireOwner(arrival, owner)
    try {
      this.requireWanted(message)
    } catch (error) {
      this.interrupt(arrival, owner)
      throw error
    }
    await this.commit(arrival, message)
  }

  private async commit({ writer }: Arrival, message: InstallSnapshot): Promise<void> {
    this.arriving.delete(writer.id)
    try {
      const { meta, sizeBytes } = await writer.commit()
      this.logger.info('snapshot received', { from: message.from, index: meta.index, bytes: sizeBytes })
      // The store may hold a newer one, which came with a leader's last words in an old term. It is as good.
      const { index: lastIncludedIndex, term: lastIncludedTerm, configuration } = meta
      if (!this.stopped) this.handlers.onReceived({ ...message, lastIncludedIndex, lastIncludedTerm, configuration })
    } catch (error) {
      await writer.abort()
      throw error
    }
  }

  private interrupt(arrival: Arrival, owner: object): void {
    if (this.stopped || arrival.owner !== owner || this.arriving.get(arrival.writer.id) !== arrival) return
    arrival.expiry?.()
    arrival.expiry = this.clock.schedule(KEEP_INTERRUPTED_MS, () => {
      this.logger.info('an unfinished snapshot was dropped', { bytes: arrival.writer.sizeBytes })
      void this.drop(arrival)
    })
  }

  private async drop(arrival: Arrival): Promise<void> {
    arrival.owner = null
    arrival.expiry?.()
    if (this.arriving.get(arrival.writer.id) === arrival) this.arriving.delete(arrival.writer.id)
    await arrival.writing
    await arrival.writer.abort().catch((error: Error) => {
      this.logger.warn('an unfinished snapshot could not be removed', { reason: error.message })
    })
  }

  private requireWanted(message: InstallSnapshot): void {
    const refusal = this.stopped ? 'the server stops' : this.handlers.refuse(message)
    if (refusal !== null) throw new Error(refusal)
  }
}

function requireOwner(arrival: Arrival, owner: object): void {
  if (arrival.owner !== owner) throw new Error('a newer offer has taken the place of this one')
}

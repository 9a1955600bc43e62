/** The state machine of one life, and what is told of it. Also where a slow one gets its slowness. */
import type { CommittedEntry, EntryPlace, StateMachine } from '../../runtime/state-machine.ts'
import { concat } from '../../util/bytes.ts'
import type { SimServer } from '../sim-server.ts'
import type { World } from '../world.ts'
import type { Observers } from './observer.ts'

/** What was applied is told when the answers are there. */
export class WatchedStateMachine implements StateMachine {
  readonly inner: StateMachine
  /** How long a batch takes. */
  applyMs = 0
  readonly sessionsClosed?: (ids: readonly number[], entry: EntryPlace) => void
  private readonly world: World
  private readonly server: SimServer
  private readonly observers: Observers
  private readonly life: number
  private lastApplied = 0

  constructor(inner: StateMachine, world: World, server: SimServer, observers: Observers) {
    this.inner = inner
    this.world = world
    this.server = server
    this.observers = observers
    // The life that is about to begin.
    this.life = server.host.life + 1
    const { sessionsClosed } = inner
    if (sessionsClosed !== undefined) this.sessionsClosed = (ids, entry) => sessionsClosed.call(inner, ids, entry)
  }

  apply(entries: readonly CommittedEntry[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]> {
    return this.applyMs > 0 ? this.applyLate(entries) : this.applyNow(entries)
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return this.tellSnapshot(this.lastApplied, this.inner.snapshot())
  }

  async restore(source: AsyncIterable<Uint8Array>, index: number): Promise<void> {
    const pieces: Uint8Array[] = []
    await this.inner.restore(copied(source, pieces), index)
    this.lastApplied = index
    if (this.isAlive) this.observers.restored(this.server, index, concat(pieces))
  }

  private get isAlive(): boolean {
    return this.server.host.life === this.life
  }

  private async applyLate(entries: readonly CommittedEntry[]): Promise<readonly Uint8Array[]> {
    const { applyMs, server, world } = this
    await new Promise<void>((resolve) => void world.scheduleFor(applyMs, server.host, false, resolve))
    return this.applyNow(entries)
  }

  private applyNow(entries: readonly CommittedEntry[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]> {
    const answers = this.inner.apply(entries)
    if (answers instanceof Promise) return answers.then((late) => this.tell(entries, late))
    return this.tell(entries, answers)
  }

  private tell(entries: readonly CommittedEntry[], answers: readonly Uint8Array[]): readonly Uint8Array[] {
    const last = entries.at(-1)
    if (last !== undefined) this.lastApplied = last.index
    if (this.isAlive) this.observers.applied(this.server, entries, answers)
    return answers
  }

  private async *tellSnapshot(
    index: number,
    source: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const pieces: Uint8Array[] = []
    yield* copied(source, pieces)
    if (this.isAlive) this.observers.snapshotTaken(this.server, index, concat(pieces))
  }
}

async function* copied(
  source: AsyncIterable<Uint8Array>,
  pieces: Uint8Array[],
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of source) {
    pieces.push(piece)
    yield piece
  }
}

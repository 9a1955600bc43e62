/** Snapshots that somebody asked for, rather than the log's growth. */
import type { Index } from '../../raft/entry.ts'
import type { SnapshotStore } from '../../storage/snapshot-store.ts'
import { NodeError } from '../errors.ts'

/** A snapshot that is whole and durable on this server. */
export interface TakenSnapshot {
  /** The last entry that it covers. */
  readonly index: Index
  readonly sizeBytes: number
}

interface SnapshotRequest {
  /** What was applied when it was asked for. */
  readonly index: Index
  readonly resolve: (taken: TakenSnapshot) => void
  readonly reject: (error: Error) => void
}

export class SnapshotRequests {
  private readonly store: SnapshotStore
  private readonly want: () => void
  private waiting: SnapshotRequest[] = []

  /** @param want has one taken as soon as may be; while one is being taken, it may be told again */
  constructor(store: SnapshotStore, want: () => void) {
    this.store = store
    this.want = want
  }

  /**
   * Resolves when a snapshot is durable that covers everything up to `lastApplied`. One that is being taken already will
   * do if it was begun at that index; otherwise the next one is taken when it is done.
   *
   * @throws NodeError ERR_QUORATE_NO_SNAPSHOT when there is nothing new, or when none came about
   */
  ask(lastApplied: Index): Promise<TakenSnapshot> {
    const newest = this.store.latest()?.meta.index ?? 0
    if (lastApplied <= newest) {
      const what = newest === 0 ? 'nothing is applied yet' : `nothing was applied since the snapshot at ${newest}`
      return Promise.reject(new NodeError('ERR_QUORATE_NO_SNAPSHOT', `no snapshot was taken: ${what}`, 'no'))
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ index: lastApplied, resolve, reject })
      this.want()
    })
  }

  /** A turn is over: a snapshot may have become durable in it, an own one or a leader's. */
  look(): void {
    if (this.waiting.length === 0) return
    const latest = this.store.latest()
    const rest: SnapshotRequest[] = []
    for (const request of this.waiting) {
      if (latest === null || latest.meta.index < request.index) rest.push(request)
      else request.resolve({ index: latest.meta.index, sizeBytes: latest.sizeBytes })
    }
    this.waiting = rest
    if (rest.length > 0) this.want()
  }

  /** The one under way came to nothing. */
  failed(reason: string): void {
    this.failAll(new NodeError('ERR_QUORATE_NO_SNAPSHOT', `no snapshot could be taken: ${reason}`, 'no'))
  }

  failAll(error: NodeError): void {
    const { waiting } = this
    this.waiting = []
    for (const { reject } of waiting) reject(error)
  }
}

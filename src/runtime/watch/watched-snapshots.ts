/**
 * The snapshot store, counting the node's own snapshots: those that are begun without an id. Others come with one, and
 * are counted where they arrive, see `watched-transport.ts`.
 */
import type { SnapshotMeta } from '../../raft/ready.ts'
import type { OpenedSnapshots, SnapshotStore, SnapshotWriter, StoredSnapshot } from '../../storage/snapshot-store.ts'
import type { Clock } from '../../util/clock.ts'
import type { Report } from '../events.ts'

export class WatchedSnapshots implements SnapshotStore {
  private readonly store: SnapshotStore
  private readonly clock: Clock
  private readonly report: Report

  constructor(store: SnapshotStore, clock: Clock, report: Report) {
    this.store = store
    this.clock = clock
    this.report = report
  }

  async create(meta: SnapshotMeta, id?: string): Promise<SnapshotWriter> {
    const begunAt = this.clock.now()
    const writer = await this.store.create(meta, id)
    return id === undefined ? this.watched(writer, meta, begunAt) : writer
  }

  open(): Promise<OpenedSnapshots> {
    return this.store.open()
  }

  latest(): StoredSnapshot | null {
    return this.store.latest()
  }

  read(snapshot: StoredSnapshot, offset?: number): AsyncIterable<Uint8Array> {
    return this.store.read(snapshot, offset)
  }

  close(): Promise<void> {
    return this.store.close()
  }

  private watched(writer: SnapshotWriter, { index }: SnapshotMeta, begunAt: number): SnapshotWriter {
    return {
      id: writer.id,
      get sizeBytes() {
        return writer.sizeBytes
      },
      write: (bytes) => writer.write(bytes),
      abort: () => writer.abort(),
      commit: async () => {
        const stored = await writer.commit()
        const { sizeBytes } = stored
        const durationMs = this.clock.now() - begunAt
        // Otherwise a leader's newer one was quicker, and ours was dropped.
        if (stored.meta.index === index) {
          this.report('snapshot', { action: 'taken', index, sizeBytes, durationMs, peer: null })
        }
        return stored
      },
    }
  }
}

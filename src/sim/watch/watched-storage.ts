/**
 * The stores of one life, and what is told of them: what the log was handed, what is durable, what it refused; and each
 * snapshot that has become whole, of the own making or a leader's.
 */
import type { PersistBatch } from '../../raft/ready.ts'
import type { DiskStorage } from '../../storage/disk-storage.ts'
import type { LogStore } from '../../storage/log-store.ts'
import type { SnapshotStore, SnapshotWriter } from '../../storage/snapshot-store.ts'
import { concat } from '../../util/bytes.ts'
import type { SimServer } from '../sim-server.ts'
import type { Observers } from './observer.ts'

export function watchedStorage(storage: DiskStorage, server: SimServer, observers: Observers): DiskStorage {
  observers.opened(server, storage.boot)
  return {
    ...storage,
    log: watchedLog(storage.log, server, observers),
    snapshots: watchedSnapshots(storage.snapshots, server, observers),
  }
}

function watchedLog(log: LogStore, server: SimServer, observers: Observers): LogStore {
  const { life } = server.host
  const isAlive = (): boolean => server.host.life === life
  return {
    open: () => log.open(),
    read: (from, to, maxBytes) => log.read(from, to, maxBytes),
    compact: (to) => log.compact(to),
    close: () => log.close(),
    write: (batches: readonly PersistBatch[]) => {
      if (isAlive()) observers.written(server, batches)
      return log.write(batches).then(
        () => {
          if (isAlive()) observers.durable(server, batches)
        },
        (error: unknown) => {
          if (isAlive()) observers.refused(server, batches)
          throw error
        },
      )
    },
  }
}

function watchedSnapshots(store: SnapshotStore, server: SimServer, observers: Observers): SnapshotStore {
  const { life } = server.host
  return {
    open: () => store.open(),
    latest: () => store.latest(),
    read: (snapshot, offset) => store.read(snapshot, offset),
    close: () => store.close(),
    create: async (meta, id) =>
      watchedWriter(await store.create(meta, id), (bytes) => {
        if (server.host.life === life) observers.snapshotStored(server, meta, bytes)
      }),
  }
}

/** @param onWhole is told of all that was written, before it is committed */
function watchedWriter(writer: SnapshotWriter, onWhole: (bytes: Uint8Array) => void): SnapshotWriter {
  const pieces: Uint8Array[] = []
  return {
    id: writer.id,
    get sizeBytes() {
      return writer.sizeBytes
    },
    write: (bytes) => {
      pieces.push(bytes.slice())
      return writer.write(bytes)
    },
    commit: () => {
      onWhole(concat(pieces))
      return writer.commit()
    },
    abort: () => writer.abort(),
  }
}

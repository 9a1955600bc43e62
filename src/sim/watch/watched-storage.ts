/** The log store of one life, and what is told of it: what was handed in, what is durable, what was refused. */
import type { PersistBatch } from '../../raft/ready.ts'
import type { DiskStorage } from '../../storage/disk-storage.ts'
import type { LogStore } from '../../storage/log-store.ts'
import type { SimServer } from '../sim-server.ts'
import type { Observers } from './observer.ts'

export function watchedStorage(storage: DiskStorage, server: SimServer, observers: Observers): DiskStorage {
  observers.opened(server, storage.boot)
  return { ...storage, log: watchedLog(storage.log, server, observers) }
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

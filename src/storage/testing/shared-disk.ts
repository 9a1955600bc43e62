/** Shared logs on disks in memory. */
import type { LogStore, OpenedLog } from '../log-store.ts'
import { MemoryFileSystem } from '../memory-file-system.ts'
import { SharedLog } from '../shared-log.ts'
import { createLog, type DiskLogOptions } from '../write-ahead-log.ts'

/** A disk with an empty log. */
export async function newDisk(options: Partial<DiskLogOptions> = {}): Promise<DiskLogOptions> {
  const fileSystem = new MemoryFileSystem({ folder: '/data' })
  const sizes = { firstSegmentBytes: 16_384, maxSegmentBytes: 65_536 }
  const all = { fileSystem, logId: new Uint8Array(8).fill(7), ...sizes, ...options }
  await createLog(all)
  return all
}

export async function open(options: DiskLogOptions): Promise<SharedLog> {
  const log = new SharedLog(options)
  await log.open()
  return log
}

export async function openGroup(log: SharedLog, name: string): Promise<LogStore & { readonly opened: OpenedLog }> {
  const store = log.group(name)
  return Object.assign(store, { opened: await store.open() })
}

export function diskOf({ fileSystem }: DiskLogOptions): MemoryFileSystem {
  return fileSystem as MemoryFileSystem
}

export const indexesOf = (entries: readonly { readonly index: number }[]): number[] => entries.map(({ index }) => index)

/**
 * The disk of one server: real files' behaviour from MemoryFileSystem, and when and how it misbehaves. A sync takes its
 * time; writes, syncs and reads fail on request; what was written may decay.
 */
import type { FileSystemErrorCode } from '../storage/file-system.ts'
import { type Fault, MemoryFileSystem, type Operation, type OperationKind } from '../storage/memory-file-system.ts'
import type { Random } from '../util/random.ts'
import type { Host } from './host.ts'
import type { World } from './world.ts'

/** What an operation on the disk sets off, once: a crash between two steps that belong together. */
export interface Trap {
  readonly kind: OperationKind
  /** Only for files whose names begin so. */
  readonly prefix: string
  /** Before it is carried out, or after. */
  readonly moment: 'before' | 'after'
  readonly spring: () => void
}

/** How long a sync takes, in milliseconds. */
export interface Latency {
  readonly minSyncMs: number
  readonly maxSyncMs: number
}

const AT_ONCE: Promise<void> = Promise.resolve()

export class SimDisk {
  readonly files: MemoryFileSystem
  private latency: Latency
  /** Every write fails for want of room. */
  isFull = false
  /** What fails with EIO from now on. */
  readonly broken: Set<OperationKind> = new Set()
  /** What fails once with EIO. */
  readonly brokenOnce: Set<OperationKind> = new Set()
  /** Told of every operation that is made to fail. */
  onFailure: () => void = () => {}
  /** Looks on at every operation, before it is carried out. */
  onOperation: ((operation: Operation) => void) | null = null
  trap: Trap | null = null
  private readonly world: World
  private readonly host: Host
  private readonly calm: Latency
  private readonly random: Random

  /** What waits for a sync at the moment. */
  private readonly syncing = new Set<() => void>()

  constructor(world: World, host: Host, calm: Latency, random: Random) {
    this.world = world
    this.host = host
    this.calm = calm
    this.latency = calm
    this.random = random
    this.files = new MemoryFileSystem({
      folder: `/${host.name}`,
      fault: (operation) => this.judge(operation),
      delay: (operation) => this.delay(operation),
    })
  }

  /** Nothing is wrong with it any more. */
  mend(): void {
    this.isFull = false
    this.broken.clear()
    this.brokenOnce.clear()
    this.trap = null
    this.slowDown(null)
  }

  /** Syncs take so long from now on; null: as long as ever, also those that are under way. */
  slowDown(latency: Latency | null): void {
    this.latency = latency ?? this.calm
    if (latency !== null) return
    for (const done of this.syncing) done()
    this.syncing.clear()
  }

  /** The power goes: what was not synced is lost, kept or torn, sector by sector. */
  losePower(): void {
    this.syncing.clear()
    this.files.crash(this.random)
  }

  /** The process goes, and the system keeps what it was given. */
  loseProcess(): void {
    this.syncing.clear()
    this.files.kill()
  }

  private judge(operation: Operation): Fault | null {
    if (!this.host.isUp) return null
    this.onOperation?.(operation)
    const { trap } = this
    if (trap !== null && trap.kind === operation.kind && operation.name.startsWith(trap.prefix)) {
      this.trap = null
      if (trap.moment === 'before') trap.spring()
      else this.world.schedule(0, trap.spring)
    }
    const fails = this.failure(operation)
    if (fails !== null) this.onFailure()
    return fails === null ? null : { code: fails, effect: this.random.pick(['none', 'part', 'whole'] as const) }
  }

  private failure({ kind }: Operation): FileSystemErrorCode | null {
    if (this.isFull && (kind === 'write' || kind === 'resize')) return 'ENOSPC'
    return this.broken.has(kind) || this.brokenOnce.delete(kind) ? 'EIO' : null
  }

  private delay({ kind }: Operation): Promise<void> {
    // What is left of a process that has died goes on until it waits for something; then it has come to its end.
    if (!this.host.isUp) return new Promise(() => {})
    if (kind !== 'sync' && kind !== 'syncFolder') return AT_ONCE
    const { minSyncMs, maxSyncMs } = this.latency
    const ms = minSyncMs + this.random.fraction() * (maxSyncMs - minSyncMs)
    return new Promise((resolve) => {
      const { world, host, syncing } = this
      const done = (): void => {
        syncing.delete(hurry)
        resolve()
      }
      const cancel = world.scheduleFor(ms, host, false, done)
      const hurry = (): void => {
        cancel()
        world.scheduleFor(0, host, false, done)
      }
      syncing.add(hurry)
    })
  }
}

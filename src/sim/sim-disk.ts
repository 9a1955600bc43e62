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

const AT_ONCE: Promise<void> = Promise.resolve()

export class SimDisk {
  readonly files: MemoryFileSystem
  minSyncMs = 0.2
  maxSyncMs = 0.6
  /** Every write fails for want of room. */
  isFull = false
  /** What fails with EIO from now on. */
  readonly broken: Set<OperationKind> = new Set()
  /** What fails once with EIO. */
  readonly brokenOnce: Set<OperationKind> = new Set()
  /** Looks on at every operation, before it is carried out. */
  onOperation: ((operation: Operation) => void) | null = null
  trap: Trap | null = null
  private readonly world: World
  private readonly host: Host
  private readonly random: Random

  constructor(world: World, host: Host, random: Random) {
    this.world = world
    this.host = host
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
    this.minSyncMs = 0.2
    this.maxSyncMs = 0.6
  }

  /** The power goes: what was not synced is lost, kept or torn, sector by sector. */
  losePower(): void {
    this.files.crash(this.random)
  }

  /** The process goes, and the system keeps what it was given. */
  loseProcess(): void {
    this.files.kill()
  }

  private judge(operation: Operation): Fault | null {
    this.onOperation?.(operation)
    const { trap } = this
    if (trap !== null && trap.kind === operation.kind && operation.name.startsWith(trap.prefix)) {
      this.trap = null
      if (trap.moment === 'before') trap.spring()
      else this.world.schedule(0, trap.spring)
    }
    const fails = this.failure(operation)
    return fails === null ? null : { code: fails, effect: this.random.pick(['none', 'part', 'whole'] as const) }
  }

  private failure({ kind }: Operation): FileSystemErrorCode | null {
    if (this.isFull && (kind === 'write' || kind === 'resize')) return 'ENOSPC'
    return this.broken.has(kind) || this.brokenOnce.delete(kind) ? 'EIO' : null
  }

  private delay({ kind }: Operation): Promise<void> {
    if (kind !== 'sync' && kind !== 'syncFolder') return AT_ONCE
    const ms = this.minSyncMs + this.random.fraction() * (this.maxSyncMs - this.minSyncMs)
    return new Promise((resolve) => void this.world.scheduleFor(ms, this.host, false, resolve))
  }
}

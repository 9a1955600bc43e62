/**
 * The bytes of one file in memory, twice: as programs see them, and as a crash would leave them. In between lie the
 * writes that no sync has covered yet. What the disk does with those is its own business, and it is at its worst here:
 * each 512-byte sector of each write survives or not, independently of its neighbours and of the order of writing.
 */
import type { Random } from '../util/random.ts'

/** What disks write as one. */
export const SECTOR_BYTES = 512

type Change =
  | { readonly type: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: 'resize'; readonly size: number }

/**
 * One file of a MemoryFileSystem, which outlives its names and its handles. Bytes that were written are kept, not
 * copied: the caller must not change them afterwards.
 */
export class FileImage {
  private readonly seen = new Extent()
  private readonly durable = new Extent()
  private pending: Change[] = []
  // The numbers of sectors that cannot be read.
  private readonly spoiled = new Set<number>()

  get size(): number {
    return this.seen.size
  }

  read(offset: number, length: number): Uint8Array {
    return this.seen.read(offset, length)
  }

  /** Whether the disk still gives back every sector of these bytes. */
  isReadable(offset: number, length: number): boolean {
    if (this.spoiled.size === 0) return true
    const end = Math.min(offset + length, this.size)
    for (let sector = sectorOf(offset); sector * SECTOR_BYTES < end; sector++) {
      if (this.spoiled.has(sector)) return false
    }
    return true
  }

  write(offset: number, bytes: Uint8Array): void {
    this.heal(offset, bytes.length)
    this.seen.write(offset, bytes)
    this.pending.push({ type: 'write', offset, bytes })
  }

  resize(size: number): void {
    this.seen.resize(size)
    this.pending.push({ type: 'resize', size })
  }

  /** How many changes a sync that starts now covers. */
  get pendingCount(): number {
    return this.pending.length
  }

  /** The first `count` changes become durable. */
  settle(count: number): void {
    for (const change of this.pending.splice(0, count)) apply(this.durable, change)
  }

  /**
   * A failed sync: some of the changes arrived, and the system forgets that the others did not. A later sync will not
   * write them and will succeed all the same, as on Linux.
   */
  forget(count: number): void {
    this.settle(count >> 1)
    this.pending.splice(0, count - (count >> 1))
  }

  /** The power goes: of what was pending, each sector stays with the probability `keep`. */
  crash(random: Random, keep: number): void {
    for (const change of this.pending) {
      if (change.type === 'write') this.keepSectors(change.offset, change.bytes, random, keep)
      else if (random.chance(keep)) apply(this.durable, change)
    }
    this.pending = []
    this.seen.resize(0)
    this.seen.write(0, this.durable.read(0, this.durable.size))
  }

  /** Changes a byte behind everybody's back, on the disk and as seen: what a decaying disk does. */
  flip(offset: number, mask: number): void {
    for (const extent of [this.seen, this.durable]) {
      const byte = extent.read(offset, 1)
      if (byte.length === 1) extent.write(offset, Uint8Array.of((byte[0] as number) ^ mask))
    }
  }

  /** Puts bytes where nobody wrote them, on the disk and as seen: a write that went astray. What lies behind the end is not. */
  tamper(offset: number, bytes: Uint8Array): void {
    for (const extent of [this.seen, this.durable]) {
      const fits = bytes.subarray(0, Math.max(extent.size - offset, 0))
      if (fits.length > 0) extent.write(offset, fits)
    }
  }

  /** Reading these sectors fails with EIO from now on, until each is written anew as a whole: the disk puts it elsewhere then. */
  spoil(offset: number, length: number): void {
    for (let sector = sectorOf(offset); sector * SECTOR_BYTES < offset + length; sector++) this.spoiled.add(sector)
  }

  private heal(offset: number, length: number): void {
    for (const sector of this.spoiled) {
      const start = sector * SECTOR_BYTES
      const end = Math.min(start + SECTOR_BYTES, this.size)
      if (start >= offset && end <= offset + length) this.spoiled.delete(sector)
    }
  }

  private keepSectors(offset: number, bytes: Uint8Array, random: Random, keep: number): void {
    let start = 0
    while (start < bytes.length) {
      const end = Math.min(start + SECTOR_BYTES - ((offset + start) % SECTOR_BYTES), bytes.length)
      if (random.chance(keep)) this.durable.write(offset + start, bytes.subarray(start, end))
      start = end
    }
  }
}

function sectorOf(offset: number): number {
  return Math.floor(offset / SECTOR_BYTES)
}

function apply(extent: Extent, change: Change): void {
  if (change.type === 'write') extent.write(change.offset, change.bytes)
  else extent.resize(change.size)
}

/** Bytes that grow; what was never written reads as zeros. */
class Extent {
  size = 0
  private bytes = new Uint8Array(0)

  read(offset: number, length: number): Uint8Array {
    return this.bytes.slice(Math.min(offset, this.size), Math.min(offset + length, this.size))
  }

  write(offset: number, bytes: Uint8Array): void {
    if (offset + bytes.length > this.size) this.resize(offset + bytes.length)
    this.bytes.set(bytes, offset)
  }

  resize(size: number): void {
    if (size > this.bytes.length) {
      const larger = new Uint8Array(Math.max(size, this.bytes.length * 2))
      larger.set(this.bytes.subarray(0, this.size))
      this.bytes = larger
    }
    if (size < this.size) this.bytes.fill(0, size, this.size)
    this.size = size
  }
}

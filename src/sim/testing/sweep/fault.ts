/**
 * Everything that one fault of a disk can do to one folder: each block of each file, each kind of damage. A fault is
 * plain data, so that a line of text names it and brings it back.
 */
import type { MemoryFileSystem } from '../../../storage/memory-file-system.ts'
import { equal } from '../../../util/bytes.ts'
import { Random } from '../../../util/random.ts'
import type { Folder, StoredFile } from './folder.ts'

/**
 * zeroed: the block was never written, or was trimmed. flipped: one bit of it. previous: its last write was lost, the
 * one before is there. neighbour: the block before it was read, or written, in its place. stranger: a block of another
 * file was. unreadable: EIO. cut: the file ends in the middle of it. missing: the file is not there.
 */
export const FAULT_KINDS = [
  'zeroed',
  'flipped',
  'previous',
  'neighbour',
  'stranger',
  'unreadable',
  'cut',
  'missing',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/** Offset and length in bytes; `bit` counts from the file's first one, and is for `flipped` alone. */
export interface Fault {
  readonly file: string
  readonly kind: FaultKind
  readonly offset: number
  readonly length: number
  readonly bit: number
}

/** What a disk writes as one, and what a system's cache and most disks inside keep as one. */
export const BLOCK_SIZES: readonly number[] = [512, 4096]

/** In files up to this size each byte is flipped. */
const SMALL_FILE_BYTES = 1024
/** Of a block in a larger file: its first and its last bit, and so many in between. */
const DRAWN_BITS = 2

/** `log-00000004.qlog:flipped:512+512:4100`; what `parseFault` reads. */
export function nameOfFault({ file, kind, offset, length, bit }: Fault): string {
  return `${file}:${kind}:${offset}+${length}${kind === 'flipped' ? `:${bit}` : ''}`
}

/** @returns null when it is no fault's name */
export function parseFault(name: string): Fault | null {
  const [file = '', kind = '', place = '', bit = '0'] = name.split(':')
  const [offset, length] = place.split('+').map(Number)
  const known = FAULT_KINDS.find((one) => one === kind)
  const isWhole = [offset, length, Number(bit)].every((number) => Number.isSafeInteger(number))
  if (known === undefined || !isWhole || file === '') return null
  return { file, kind: known, offset: offset ?? 0, length: length ?? 0, bit: Number(bit) }
}

/** Every fault that changes something: zeros instead of zeros are none. Blocks of `sizes`, in the order of the files. */
export function faultsOf(folder: Folder, sizes: readonly number[] = BLOCK_SIZES): Fault[] {
  const faults: Fault[] = []
  for (const [file, { bytes }] of folder) {
    faults.push({ file, kind: 'missing', offset: 0, length: bytes.length, bit: 0 })
    if (bytes.length <= SMALL_FILE_BYTES) faults.push(...flipsOfAll(file, bytes))
    for (const size of sizes.filter((one) => one === sizes[0] || bytes.length > one / 2)) {
      for (let offset = 0; offset < bytes.length; offset += size) {
        faults.push(...faultsOfBlock(folder, file, offset, Math.min(size, bytes.length - offset)))
      }
    }
  }
  return faults
}

function flipsOfAll(file: string, { length }: Uint8Array): Fault[] {
  return Array.from({ length }, (_, i) => ({ file, kind: 'flipped', offset: 0, length, bit: 8 * i + (i % 8) }))
}

function faultsOfBlock(folder: Folder, file: string, offset: number, length: number): Fault[] {
  const { bytes } = folder.get(file) as StoredFile
  const block = bytes.subarray(offset, offset + length)
  const faults: Fault[] = []
  for (const kind of ['zeroed', 'previous', 'neighbour', 'stranger'] as const) {
    const fault = { file, kind, offset, length, bit: 0 }
    const instead = contentInstead(folder, fault)
    if (instead !== null && !equal(instead, block)) faults.push(fault)
  }
  faults.push({ file, kind: 'unreadable', offset, length, bit: 0 }, { file, kind: 'cut', offset, length, bit: 0 })
  if (bytes.length > SMALL_FILE_BYTES) {
    for (const bit of bitsOf(file, offset, length)) faults.push({ file, kind: 'flipped', offset, length, bit })
  }
  return faults
}

/** Drawn from the block's own place, so that the same fault has the same name in every sweep. */
function bitsOf(file: string, offset: number, length: number): number[] {
  const random = new Random(offset * 8192 + length + file.length)
  const drawn = Array.from({ length: DRAWN_BITS }, () => random.below(length * 8))
  return [0, length * 8 - 1, ...drawn].map((bit) => offset * 8 + bit)
}

/** What stands in the block afterwards; null when this kind of fault cannot happen to it. */
function contentInstead(folder: Folder, { file, kind, offset, length }: Fault): Uint8Array | null {
  const { bytes, earlier } = folder.get(file) as StoredFile
  if (kind === 'zeroed') return new Uint8Array(length)
  if (kind === 'previous') return earlier.length < offset + length ? null : earlier.slice(offset, offset + length)
  if (kind === 'neighbour') return offset < length ? null : bytes.slice(offset - length, offset)
  const stranger = [...folder].find(([name, { bytes: theirs }]) => name !== file && theirs.length >= offset + length)
  return stranger === undefined ? null : stranger[1].bytes.slice(offset, offset + length)
}

/** Puts the folder on an empty disk, with this fault, or whole when there is none. */
export function putFolder(files: MemoryFileSystem, folder: Folder, fault: Fault | null): void {
  for (const [name, { bytes }] of folder) {
    if (fault?.file !== name) files.put(name, bytes)
    else if (fault.kind !== 'missing') putDamaged(files, folder, fault, bytes)
  }
}

function putDamaged(files: MemoryFileSystem, folder: Folder, fault: Fault, bytes: Uint8Array): void {
  const { file, kind, offset, length, bit } = fault
  if (kind === 'cut') {
    files.put(file, bytes.slice(0, offset + (length >> 1)))
    return
  }
  const image = files.put(file, bytes)
  if (kind === 'unreadable') image.spoil(offset, length)
  else if (kind === 'flipped') image.flip(bit >> 3, 1 << (bit & 7))
  else image.tamper(offset, contentInstead(folder, fault) ?? new Uint8Array(0))
}

// A sample of `npm run sweep`, which tries all of it.
import { beforeAll, expect, test } from 'vitest'
import { MemoryFileSystem } from '../../../storage/memory-file-system.ts'
import { faultsOf, nameOfFault, parseFault, putFolder } from './fault.ts'
import type { Folder } from './folder.ts'
import { type SweptCase, sweep } from './sweep.ts'

const cases: SweptCase[] = []

beforeAll(async () => {
  const sample = { endings: ['power'], servers: ['s3'], part: 20, of: 131, cureEvery: 4 } as const
  for await (const one of sweep(sample, setImmediate)) cases.push(one)
})

test('no fault of one disk loses what was acknowledged, shows something wrong, or ends without words', () => {
  expect(cases.length).toBeGreaterThan(10)
  expect(cases.filter(({ outcome }) => outcome === 'failed')).toEqual([])
})

test('what is not needed does not matter, what there is twice is repaired, and all else is refused', () => {
  const outcomes = new Set(cases.map(({ role, outcome }) => `${role}: ${outcome}`))
  expect(outcomes).toContain('older snapshot: unaffected')
  expect(outcomes).toContain('identity: refused')
  expect(outcomes).toContain('active segment: refused')
})

test('who was refused is replaced as the message says', () => {
  expect(cases.filter(({ isCured }) => isCured).length).toBeGreaterThan(0)
})

const FOLDER: Folder = new Map([
  ['small', { bytes: Uint8Array.of(1, 2, 3), earlier: new Uint8Array(0) }],
  ['large', { bytes: new Uint8Array(2000).fill(7), earlier: new Uint8Array(1000).fill(7) }],
])

test('each fault changes something, and its name brings it back', () => {
  const faults = faultsOf(FOLDER)
  for (const fault of faults) {
    expect(parseFault(nameOfFault(fault))).toEqual(fault)
    const disk = new MemoryFileSystem()
    putFolder(disk, FOLDER, fault)
    expect(isWhole(disk), nameOfFault(fault)).toBe(false)
  }
  expect(faults.filter(({ file, kind }) => file === 'small' && kind === 'flipped').length).toBe(3)
})

test('what is no fault is no name of one', () => {
  expect([parseFault('log:melted:0+512'), parseFault('log:cut:x+512'), parseFault('')]).toEqual([null, null, null])
})

function isWhole(disk: MemoryFileSystem): boolean {
  return [...FOLDER].every(([name, { bytes }]) => {
    if (!disk.names().includes(name)) return false
    const image = disk.image(name)
    return image.isReadable(0, image.size) && image.read(0, image.size).toString() === bytes.toString()
  })
}

// States that wait, in files of a folder: one for the level that is read, one for the next, and one for how each state
// was reached. What is in them is of use to the run that wrote it only, so it is removed behind it.

import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { FrontierStore } from '../../explore/index.ts'

const WORD_BYTES = 4
const NAMES = ['level-even', 'level-odd', 'origins']

export class FileFrontierStore implements FrontierStore {
  private readonly folder: string
  private current: number
  private next: number
  private readonly origins: number
  private readAt = 0

  /** Makes the folder if it is not there. @throws an error of the file system */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true })
    this.folder = folder
    const [current, next, origins] = NAMES.map((name) => openSync(join(folder, name), 'w+')) as [number, number, number]
    this.current = current
    this.next = next
    this.origins = origins
  }

  append(words: Int32Array): void {
    writeAll(this.next, words)
  }

  turn(): void {
    const { current } = this
    this.current = this.next
    this.next = current
    ftruncateSync(this.next, 0)
    this.readAt = 0
  }

  read(into: Int32Array): number {
    const count = readAll(this.current, into, this.readAt * WORD_BYTES)
    this.readAt += count
    return count
  }

  appendOrigins(words: Int32Array): void {
    writeAll(this.origins, words)
  }

  readOrigins(first: number, into: Int32Array): void {
    const count = readAll(this.origins, into, first * WORD_BYTES)
    if (count < into.length) throw new Error(`${this.folder}: origins end before word ${first + into.length}`)
  }

  /** How many bytes lie in the folder. */
  get bytes(): number {
    return [this.current, this.next, this.origins].reduce((sum, file) => sum + fstatSync(file).size, 0)
  }

  /** Ends the use of the files, and removes them. */
  remove(): void {
    for (const file of [this.current, this.next, this.origins]) closeSync(file)
    for (const name of NAMES) rmSync(join(this.folder, name), { force: true })
  }
}

/** At the file's end, whatever was read of it meanwhile. */
function writeAll(file: number, words: Int32Array): void {
  const bytes = bytesOf(words)
  const end = fstatSync(file).size
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, end + done)
}

function readAll(file: number, words: Int32Array, position: number): number {
  const bytes = bytesOf(words)
  let done = 0
  while (done < bytes.length) {
    const read = readSync(file, bytes, done, bytes.length - done, position + done)
    if (read === 0) break
    done += read
  }
  return Math.floor(done / WORD_BYTES)
}

function bytesOf(words: Int32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
}

// A file that is appended to and synced: one sync at a time, what comes meanwhile gathers and is written with the next.
import { closeSync, fdatasync, openSync, writeSync, writevSync } from 'node:fs'

const FILE_BYTES = 256 * 1024 * 1024
/** What one call of writev takes (IOV_MAX on Linux and macOS). */
const MAX_PIECES = 1024

/** With `preallocated` the file has its size beforehand and is written round and round, as no log can be. */
export class SyncedFile {
  constructor(path, preallocated, onDurable) {
    this.fd = openSync(path, 'w')
    this.limit = preallocated ? FILE_BYTES : Number.POSITIVE_INFINITY
    const zeros = new Uint8Array(1024 * 1024)
    for (let offset = 0; preallocated && offset < FILE_BYTES; offset += zeros.length) {
      writeSync(this.fd, zeros, 0, zeros.length, offset)
    }
    this.onDurable = onDurable
    this.offset = 0
    this.gathered = []
    this.last = 0
    this.isSyncing = false
    this.syncs = 0
  }

  /** The file's own size is on the disk before anything is measured. */
  prepare() {
    return new Promise((resolve, reject) => fdatasync(this.fd, (error) => (error ? reject(error) : resolve())))
  }

  /** `onDurable(last)` or with something later is called when these pieces are on the disk. */
  append(pieces, last) {
    for (const piece of pieces) this.gathered.push(piece)
    this.last = last
    if (!this.isSyncing) this.flush()
  }

  flush() {
    const { gathered, last } = this
    this.gathered = []
    this.isSyncing = true
    this.write(gathered)
    fdatasync(this.fd, (error) => {
      if (error) throw error
      this.syncs++
      this.isSyncing = false
      this.onDurable(last)
      if (this.gathered.length > 0 && !this.isSyncing) this.flush()
    })
  }

  write(gathered) {
    const length = gathered.reduce((sum, bytes) => sum + bytes.length, 0)
    if (this.offset + length > this.limit) this.offset = 0
    for (let i = 0; i < gathered.length; i += MAX_PIECES) {
      const pieces = gathered.slice(i, i + MAX_PIECES)
      const wanted = pieces.reduce((sum, bytes) => sum + bytes.length, 0)
      const written = writevSync(this.fd, pieces, this.offset)
      if (written !== wanted) throw new Error(`the disk took ${written} of ${wanted} bytes: is it full?`)
      this.offset += written
    }
  }

  close() {
    closeSync(this.fd)
  }
}

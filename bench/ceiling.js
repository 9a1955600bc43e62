// The raw ceiling: what three processes on this machine can do at all. One sends batches over TCP to two others; each
// appends them to a file and syncs; a command is done when two of the three have it. All commands of an event-loop turn
// are one batch. There is no log to keep consistent, no term, no election, so Quorate's figures are given as a share of
// this. With `preallocated` the file has its size beforehand, which no log can have for ever: what comes out is what the
// disk can do, not what a program that keeps what it is given can do.
import { fdatasync, openSync, writeSync, writevSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { runLoad } from './load.js'

const FILE_BYTES = 256 * 1024 * 1024

/** Write and sync; one sync at a time, what comes meanwhile gathers. Wraps around in a preallocated file. */
class SyncedFile {
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
  }

  /** The file's own size is on the disk before anything is measured. */
  prepare() {
    return new Promise((resolve, reject) => fdatasync(this.fd, (error) => (error ? reject(error) : resolve())))
  }

  append(bytes, last) {
    this.gathered.push(bytes)
    this.last = last
    if (!this.isSyncing) this.flush()
  }

  flush() {
    const { gathered, last } = this
    this.gathered = []
    this.isSyncing = true
    const length = gathered.reduce((sum, bytes) => sum + bytes.length, 0)
    if (this.offset + length > this.limit) this.offset = 0
    writevSync(this.fd, gathered, this.offset)
    this.offset += length
    fdatasync(this.fd, (error) => {
      if (error) throw error
      this.isSyncing = false
      this.onDurable(last)
      if (this.gathered.length > 0) this.flush()
    })
  }
}

// A batch on the wire: length (4), last index (8), then each command with its length (4).
const HEADER_BYTES = 12

function encodeBatch(commands, last) {
  let length = HEADER_BYTES
  for (const command of commands) length += 4 + command.length
  const batch = Buffer.allocUnsafe(length)
  batch.writeUInt32LE(length, 0)
  batch.writeDoubleLE(last, 4)
  let offset = HEADER_BYTES
  for (const command of commands) {
    batch.writeUInt32LE(command.length, offset)
    batch.set(command, offset + 4)
    offset += 4 + command.length
  }
  return batch
}

export async function follow(directory, port, preallocated) {
  let socket
  const file = new SyncedFile(join(directory, `ceiling-${port}`), preallocated, (last) => {
    const acknowledgement = Buffer.allocUnsafe(8)
    acknowledgement.writeDoubleLE(last, 0)
    socket.write(acknowledgement)
  })
  await file.prepare()
  const server = createServer({ noDelay: true }, (connection) => {
    socket = connection
    let rest = Buffer.alloc(0)
    connection.on('error', () => {})
    connection.on('data', (chunk) => {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      let offset = 0
      while (offset + HEADER_BYTES <= bytes.length) {
        const length = bytes.readUInt32LE(offset)
        if (offset + length > bytes.length) break
        file.append(bytes.subarray(offset, offset + length), bytes.readDoubleLE(offset + 4))
        offset += length
      }
      rest = bytes.subarray(offset)
    })
  })
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
}

export async function lead(directory, ports, preallocated, load) {
  const done = []
  const reached = new Float64Array(ports.length + 1)
  let commands = []
  let last = 0
  let committed = 0
  const advance = () => {
    const [, second] = [...reached].sort((a, b) => b - a)
    for (; committed < second; committed++) done.shift()()
  }
  const file = new SyncedFile(join(directory, 'ceiling-leader'), preallocated, (index) => {
    reached[0] = index
    advance()
  })
  await file.prepare()
  const sockets = await Promise.all(
    ports.map((port, i) =>
      dial(port, (index) => {
        reached[i + 1] = index
        advance()
      }),
    ),
  )
  const flush = () => {
    const batch = encodeBatch(commands, last)
    commands = []
    for (const socket of sockets) socket.write(batch)
    file.append(batch, last)
  }
  const propose = (command) =>
    new Promise((resolve) => {
      last++
      done.push(resolve)
      if (commands.push(command) === 1) setImmediate(flush)
    })
  const result = await runLoad(propose, load)
  for (const socket of sockets) socket.destroy()
  return result
}

function dial(port, onAcknowledged) {
  return new Promise((resolve) => {
    let rest = Buffer.alloc(0)
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      const whole = bytes.length - (bytes.length % 8)
      if (whole > 0) onAcknowledged(bytes.readDoubleLE(whole - 8))
      rest = bytes.subarray(whole)
    })
  })
}

// The raw ceiling: what three processes on this machine can do at all. One sends batches over TCP to two others; each
// appends them to a file and syncs; a command is done when two of the three have it. All commands of an event-loop turn
// are one batch. There is no log to keep consistent, no term, no election, so Quorate's figures are given as a share of
// this. With `preallocated` the file has its size beforehand, which no log can have for ever: what comes out is what the
// disk can do, not what a program that keeps what it is given can do.
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { SyncedFile } from './synced-file.js'
import { Waiting } from './waiting.js'

// A batch on the wire: length (4), last index (8), then each command with its length (4).
const HEADER_BYTES = 12

/** All commands of a turn as one piece. */
export function encodeBatch(commands, last) {
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

/** Cuts what a socket brings into batches, without putting the pieces of one together: 4 MiB come in 64 pieces. */
class BatchReader {
  constructor(onBatch) {
    this.onBatch = onBatch
    this.rest = Buffer.alloc(0)
    this.pieces = []
    this.missing = 0
    this.last = 0
  }

  read(chunk) {
    const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk
    let offset = 0
    while (this.missing > 0 ? offset < bytes.length : offset + HEADER_BYTES <= bytes.length) {
      if (this.missing === 0) {
        this.missing = bytes.readUInt32LE(offset)
        this.last = bytes.readDoubleLE(offset + 4)
      }
      const piece = bytes.subarray(offset, offset + this.missing)
      this.pieces.push(piece)
      offset += piece.length
      this.missing -= piece.length
      if (this.missing === 0) this.onBatch(this.pieces.splice(0), this.last)
    }
    this.rest = bytes.subarray(offset)
  }
}

/** One that receives, on this port. */
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
    const reader = new BatchReader((pieces, last) => file.append(pieces, last))
    connection.on('error', () => {})
    connection.on('data', (chunk) => reader.read(chunk))
  })
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
}

/** The one that sends. */
export class Ceiling {
  static async open(directory, ports, preallocated) {
    const ceiling = new Ceiling(join(directory, 'ceiling-leader'), ports.length, preallocated)
    await ceiling.file.prepare()
    const dials = ports.map((port, i) => dial(port, (index) => ceiling.reach(i + 1, index)))
    ceiling.sockets = await Promise.all(dials)
    return ceiling
  }

  constructor(path, followers, preallocated) {
    this.file = new SyncedFile(path, preallocated, (index) => this.reach(0, index))
    this.sockets = []
    this.reached = new Float64Array(followers + 1)
    this.waiting = new Waiting()
    this.commands = []
    this.last = 0
    this.committed = 0
  }

  propose(command) {
    return new Promise((resolve) => {
      this.last++
      this.waiting.push(resolve)
      if (this.commands.push(command) === 1) setImmediate(() => this.flush())
    })
  }

  flush() {
    const batch = encodeBatch(this.commands, this.last)
    this.commands = []
    for (const socket of this.sockets) socket.write(batch)
    this.file.append([batch], this.last)
  }

  /** This one has everything up to `index`. */
  reach(who, index) {
    this.reached[who] = index
    const [, second] = [...this.reached].sort((a, b) => b - a)
    for (; this.committed < second; this.committed++) this.waiting.settleFirst()
  }
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

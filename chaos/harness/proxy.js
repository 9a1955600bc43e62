// The network between the servers: one listener before each server, whose address is what the others know of it. Who
// dials says so in its hello, so each direction of each pair is a link of its own, whichever of the two made the
// connection, and a link can be held, slowed, cut, reset or made to lie.
import { connect, createServer } from 'node:net'
import { FrameCursor, readHello } from './frames.js'
import { freePorts } from './ports.js'

/** What one direction of one connection keeps; then its source is not read any further, as TCP does. */
const MAX_QUEUED_BYTES = 1024 * 1024
const SLOW_STEP_MS = 20

/** What happens to all that one server sends to another. */
class Link {
  constructor(random) {
    this.random = random
    this.pumps = new Set()
    /** Those of the other direction: the end of what they write to is news that comes this way. */
    this.returns = new Set()
    /** How often each fault met bytes or connections. */
    this.met = { cut: 0, corrupt: 0, reset: 0 }
    this.clear()
  }

  clear() {
    this.isHeld = false
    this.delayMs = 0
    this.bytesPerSecond = Number.POSITIVE_INFINITY
    this.corruptChance = 0
    this.cutOffset = null
    this.run()
  }

  run() {
    for (const pump of [...this.pumps, ...this.returns]) pump.run()
  }

  /** Nothing arrives any more, not even the end of a connection: what was sent waits, as TCP would send it again. */
  hold() {
    this.isHeld = true
  }

  /** The next frame ends behind so many bytes, and with it the connection. */
  cutNext(offset) {
    this.cutOffset = offset
  }

  /** Both ends of every connection that carries the link are told that it is gone. */
  reset() {
    for (const pump of [...this.pumps]) pump.reset()
  }
}

/** One direction of one connection. */
class Pump {
  constructor({ link, back, source, target }) {
    Object.assign(this, { link, back, source, target })
    this.queue = []
    this.queuedBytes = 0
    this.cursor = new FrameCursor()
    this.stopAt = null
    this.freeAt = 0
    this.timer = null
    this.isSourceGone = false
    link.pumps.add(this)
    back.returns.add(this)
    source.on('data', (piece) => this.take(piece))
    source.on('close', () => {
      this.isSourceGone = true
      this.run()
    })
    target.on('drain', () => this.run())
    target.on('close', () => this.run())
  }

  take(piece) {
    this.queue.push({ piece, dueAt: performance.now() + this.link.delayMs })
    this.queuedBytes += piece.length
    if (this.queuedBytes > MAX_QUEUED_BYTES) this.source.pause()
    this.run()
  }

  /** Passes on what is due. */
  run() {
    // Somebody who writes into a hole must not hear that there is nobody behind it.
    if (this.target.destroyed && !this.back.isHeld) this.end()
    while (!this.link.isHeld && this.timer === null && !this.target.destroyed) {
      const [first] = this.queue
      if (first === undefined) {
        if (this.isSourceGone) this.target.end()
        return
      }
      if (this.target.writableLength > MAX_QUEUED_BYTES) return
      const waitMs = Math.max(first.dueAt, this.freeAt) - performance.now()
      if (waitMs > 0) this.later(waitMs)
      else this.pass(this.next())
    }
  }

  later(waitMs) {
    this.timer = setTimeout(() => {
      this.timer = null
      this.run()
    }, waitMs)
  }

  /** The next piece, no larger than the link lets through in one step. */
  next() {
    const { bytesPerSecond } = this.link
    const first = this.queue[0]
    const most = Math.max(1, Math.floor((bytesPerSecond * SLOW_STEP_MS) / 1000))
    const piece = first.piece.subarray(0, most)
    if (piece.length === first.piece.length) this.queue.shift()
    else first.piece = first.piece.subarray(most)
    this.freeAt = performance.now() + (piece.length / bytesPerSecond) * 1000
    this.queuedBytes -= piece.length
    if (this.queuedBytes <= MAX_QUEUED_BYTES / 2) this.source.resume()
    return piece
  }

  pass(piece) {
    const { link } = this
    const before = this.cursor.position
    const [start] = this.cursor.startsIn(piece)
    if (link.cutOffset !== null && start !== undefined && this.stopAt === null) {
      this.stopAt = start + link.cutOffset
      link.cutOffset = null
    }
    if (this.stopAt !== null && before + piece.length > this.stopAt) {
      this.cut(piece.subarray(0, this.stopAt - before))
      return
    }
    this.target.write(link.random.chance(link.corruptChance) ? this.corrupted(piece) : piece)
  }

  corrupted(piece) {
    const { random, met } = this.link
    met.corrupt++
    const copy = Buffer.from(piece)
    copy[random.below(copy.length)] ^= random.between(1, 255)
    return copy
  }

  /** The last bytes arrive, then the end. */
  cut(rest) {
    this.link.met.cut++
    this.target.end(rest)
    this.source.destroy()
    this.end()
  }

  reset() {
    this.link.met.reset++
    this.source.resetAndDestroy()
    this.target.resetAndDestroy()
    this.end()
  }

  end() {
    clearTimeout(this.timer)
    this.queue = []
    this.link.pumps.delete(this)
    this.back.returns.delete(this)
    this.source.destroy()
  }
}

/** All links between the servers of one cluster. */
export class ProxyNetwork {
  /** @param random decides which bytes are corrupted */
  constructor(random) {
    this.random = random
    this.links = new Map()
    this.sockets = new Set()
    this.listeners = []
  }

  /** What goes from one server to another. */
  link(from, to) {
    const name = `${from}>${to}`
    if (!this.links.has(name)) this.links.set(name, new Link(this.random))
    return this.links.get(name)
  }

  /** Where a new server is to listen, and where the others find it. */
  async place(id) {
    const [port, clientPort] = await freePorts(2)
    const found = await this.stand(id, port)
    const [listen, clients, member] = [port, clientPort, found].map((each) => `127.0.0.1:${each}`)
    return { id, listen, clients, member, wrapper: [] }
  }

  /** Stands before a server that listens on `port`. @returns the port at which the others find it */
  async stand(id, port, host = '127.0.0.1') {
    const listener = createServer((socket) => this.admit(socket, id, { host, port }))
    this.listeners.push(listener)
    await new Promise((resolve) => listener.listen(0, host, resolve))
    return listener.address().port
  }

  /** All is as if nothing had been, but for connections that are gone. */
  heal() {
    for (const link of this.links.values()) link.clear()
  }

  async close() {
    for (const socket of this.sockets) socket.destroy()
    await Promise.all(this.listeners.map((listener) => new Promise((resolve) => listener.close(resolve))))
  }

  admit(dialler, id, address) {
    this.keep(dialler)
    let hello = Buffer.alloc(0)
    const onData = (piece) => {
      hello = Buffer.concat([hello, piece])
      const names = readHello(hello)
      if (names === null) return
      dialler.off('data', onData)
      if (names === undefined) dialler.destroy()
      else this.join(dialler, names.from, id, address, hello)
    }
    dialler.on('data', onData)
  }

  join(dialler, from, id, address, hello) {
    const server = connect(address)
    this.keep(server)
    const [link, back] = [this.link(from, id), this.link(id, from)]
    const forward = new Pump({ link, back, source: dialler, target: server })
    new Pump({ link: back, back: link, source: server, target: dialler })
    forward.take(hello)
  }

  keep(socket) {
    this.sockets.add(socket)
    socket.setNoDelay(true)
    // Its end follows, and says enough.
    socket.on('error', () => {})
    socket.on('close', () => this.sockets.delete(socket))
  }
}

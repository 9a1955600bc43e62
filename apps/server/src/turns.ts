/**
 * On one connection one request is answered after the other: the next is looked at when the answer before it has been
 * taken. Node hands them over as they arrive. A client that sent 20 requests for 3 MB on each of 125 connections, and
 * read nothing, had the server make all the answers at once: 4 GB of them, and for 20 s it did nothing else.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** So many requests may wait behind the one that is being answered. */
const MAX_WAITING = 64

interface Line {
  waiting: number
  tail: Promise<unknown>
}

export class Turns {
  private readonly lines = new WeakMap<Socket, Line>()

  /** @returns false when too many wait already, or the connection has gone meanwhile: nobody is to be answered then */
  async wait({ socket }: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const line = this.lineOf(socket)
    if (line.waiting > MAX_WAITING) {
      socket.destroy()
      return false
    }
    line.waiting++
    const before = line.tail
    const answered = new Promise((resolve) => response.once('close', resolve))
    line.tail = before.then(() => answered)
    await before
    void answered.then(() => line.waiting--)
    return !socket.destroyed
  }

  private lineOf(socket: Socket): Line {
    const known = this.lines.get(socket)
    if (known !== undefined) return known
    const line = { waiting: 0, tail: Promise.resolve() }
    this.lines.set(socket, line)
    return line
  }
}

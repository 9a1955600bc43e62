/**
 * Who holds what, and who waits: the replicated half of elections and locks. A queue of sessions for each name; the
 * first one holds, and it is followed by the next when its session is closed or has expired.
 */
import type { Index } from '../raft/entry.ts'
import type { ByteReader, ByteWriter } from '../util/bytes.ts'

/** So many sessions may stand in one queue, the holder among them. */
export const MAX_QUEUE_LENGTH = 1000

export type TurnKind = 'election' | 'lock'

/** A session in a queue, and what it wants the others to know of it. */
interface Waiter {
  readonly session: number
  readonly value: string
}

/** Who holds it now. */
export interface Turn extends Waiter {
  /** Larger than every token that was given before: what the holder's work is fenced with. */
  readonly token: number
}

interface Queue {
  token: number
  waiters: Waiter[]
}

export class Turns {
  private readonly queues = new Map<string, Queue>()
  private lastToken = 0

  holder(kind: TurnKind, name: string): Turn | null {
    const queue = this.queues.get(`${kind} ${name}`)
    const first = queue?.waiters[0]
    return queue === undefined || first === undefined ? null : { ...first, token: queue.token }
  }

  /** How many stand in the queue, the holder among them. */
  count(kind: TurnKind, name: string): number {
    return this.queues.get(`${kind} ${name}`)?.waiters.length ?? 0
  }

  /** Puts the session at the end, unless it stands there already. */
  join(kind: TurnKind, name: string, waiter: Waiter, index: Index): void {
    const key = `${kind} ${name}`
    const queue = this.queues.get(key)
    if (queue === undefined) this.queues.set(key, { token: this.nextToken(index), waiters: [waiter] })
    else if (!queue.waiters.some(({ session }) => session === waiter.session)) queue.waiters.push(waiter)
  }

  /** These sessions are no more: whoever stood behind one that held is next. */
  leave(sessions: readonly number[], index: Index): void {
    const gone = new Set(sessions)
    for (const [key, queue] of this.queues) {
      const before = queue.waiters[0]
      queue.waiters = queue.waiters.filter(({ session }) => !gone.has(session))
      const after = queue.waiters[0]
      if (after === undefined) this.queues.delete(key)
      else if (after !== before) queue.token = this.nextToken(index)
    }
  }

  write(writer: ByteWriter): void {
    writer.uint48(this.lastToken).uint32(this.queues.size)
    for (const [key, { token, waiters }] of this.queues) {
      writer.text(key).uint48(token).uint32(waiters.length)
      for (const { session, value } of waiters) writer.uint48(session).text(value)
    }
  }

  static read(reader: ByteReader): Turns {
    const turns = new Turns()
    turns.lastToken = reader.uint48()
    for (let left = reader.uint32(); left > 0 && reader.ok(); left--) {
      const [key, token] = [reader.text(), reader.uint48()]
      const waiters: Waiter[] = []
      for (let more = reader.uint32(); more > 0 && reader.ok(); more--) {
        waiters.push({ session: reader.uint48(), value: reader.text() })
      }
      turns.queues.set(key, { token, waiters })
    }
    return turns
  }

  /**
   * The entry's index, but larger than the last one in any case: entry 7 lets a session expire, whereupon b holds the
   * lock, and is b's own command besides. Two grants at index 7 must not have the same token.
   */
  private nextToken(index: Index): number {
    this.lastToken = Math.max(index, this.lastToken + 1)
    return this.lastToken
  }
}

// An unbuffered channel, as Go has them: a sender waits until its value was taken. The tester's applier reads applyCh
// one message at a time and calls `snapshot` before it takes the next, so a Raft that waits for a send while it holds
// back everything else stands still here exactly as it would in Go.

import { Deque } from '../util/deque.ts'

/** `ok` is false when the channel was closed and nothing is left to take. */
export type Received<T> = { readonly value: T; readonly ok: true } | { readonly value: undefined; readonly ok: false }

interface WaitingSender<T> {
  readonly value: T
  readonly taken: () => void
  readonly refused: (error: Error) => void
}

const CLOSED = { value: undefined, ok: false } as const

/** Values change hands one at a time, in the order in which senders and receivers came. */
export class Channel<T> {
  private readonly senders = new Deque<WaitingSender<T>>()
  private readonly receivers = new Deque<(received: Received<T>) => void>()
  private closed = false

  /**
   * Resolves when a receiver has taken the value.
   *
   * @throws Error when the channel is closed, before the call or while it waits
   */
  send(value: T): Promise<void> {
    if (this.closed) return Promise.reject(sendOnClosed())
    const receiver = this.receivers.shift()
    if (receiver !== undefined) {
      receiver({ value, ok: true })
      return Promise.resolve()
    }
    return new Promise((taken, refused) => this.senders.push({ value, taken, refused }))
  }

  receive(): Promise<Received<T>> {
    const sender = this.senders.shift()
    if (sender !== undefined) {
      sender.taken()
      return Promise.resolve({ value: sender.value, ok: true })
    }
    if (this.closed) return Promise.resolve(CLOSED)
    return new Promise((resolve) => this.receivers.push(resolve))
  }

  /** Receivers that wait get `ok: false`, senders that wait get an error. Closing twice does nothing. */
  close(): void {
    this.closed = true
    for (let sender = this.senders.shift(); sender !== undefined; sender = this.senders.shift()) {
      sender.refused(sendOnClosed())
    }
    for (let receiver = this.receivers.shift(); receiver !== undefined; receiver = this.receivers.shift()) {
      receiver(CLOSED)
    }
  }
}

function sendOnClosed(): Error {
  return new Error('send on a closed channel: check killed() before each send')
}

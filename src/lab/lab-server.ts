// The receiving side of the simulated network: finds the handler that a call names, decodes a fresh copy of the
// arguments for it, and encodes what it returns. Calls are handled side by side, each as it comes.

import type { Handlers } from './lab.ts'
import type { Labgob } from './labgob.ts'

/** A call that cannot be served because of a mistake in the code under test. */
export class HandlerError extends Error {
  override readonly name = 'HandlerError'
  readonly code = 'ERR_QUORATE_LAB_HANDLER'
}

export class LabServer {
  /** Requests that arrived here. */
  count = 0
  private readonly server: number
  private readonly handlers: Handlers
  private readonly labgob: Labgob

  constructor(server: number, handlers: Handlers, labgob: Labgob) {
    this.server = server
    this.handlers = handlers
    this.labgob = labgob
  }

  /**
   * The encoded reply.
   *
   * @throws HandlerError when no handler has this name or when it returned nothing; whatever the handler threw
   */
  async handle(method: string, body: Uint8Array): Promise<Uint8Array> {
    this.count++
    if (!Object.hasOwn(this.handlers, method)) throw this.unknown(method)
    const handler = this.handlers[method] as (args: unknown) => unknown
    const outcome = handler.call(this.handlers, this.labgob.decode(body))
    const reply = outcome instanceof Promise ? await outcome : outcome
    if (reply === undefined || reply === null) {
      throw new HandlerError(
        `${method} of server ${this.server} returned ${reply}: return a reply, {} for an empty one`,
      )
    }
    return this.labgob.encode(reply)
  }

  private unknown(method: string): HandlerError {
    const known = Object.keys(this.handlers)
    const list = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`
    return new HandlerError(`server ${this.server} has no handler ${method}; ${list}`)
  }
}

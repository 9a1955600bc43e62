/** What a server may hold in memory: whatever waits is bounded by an option, and never by the luck of the day. */
import type { Raft } from '../../raft/raft.ts'
import type { RaftState } from '../../raft/state.ts'
import type { RaftInput } from '../../raft/watched-raft.ts'
import type { SimServer } from '../sim-server.ts'
import { BrokenProperty, type Observer } from './observer.ts'

/** A node's metrics are a large object: they are asked for once in so many inputs. */
const ASK_EVERY = 512

interface Before {
  lastApplied: number
  uncommittedBytes: number
}

/** See the property Bounded Memory. */
export class Bounds implements Observer {
  private readonly maxQueuedBytes: number
  private readonly before = new Map<string, Before>()
  private inputs = 0

  constructor(maxQueuedBytes: number) {
    this.maxQueuedBytes = maxQueuedBytes
  }

  booted(server: SimServer, raft: Raft): void {
    const { lastApplied, uncommittedBytes } = raft.inspect()
    this.before.set(server.id, { lastApplied, uncommittedBytes })
  }

  told(server: SimServer, raft: Raft, input: RaftInput): void {
    const before = this.before.get(server.id)
    if (before === undefined) return
    const state = raft.inspect()
    if (state.lastApplied > before.lastApplied) checkTail(server, state)
    if (input.type === 'propose') checkProposed(server, state, before)
    before.lastApplied = state.lastApplied
    before.uncommittedBytes = state.uncommittedBytes
    if (++this.inputs % ASK_EVERY === 0) this.checkQueues(server)
  }

  readied(server: SimServer, raft: Raft): void {
    const { progress, options } = raft.inspect()
    const { maxInflightMessages, maxInflightBytes, maxAppendBytes, maxEntryBytes } = options
    for (const { id, inFlightMessages, inFlightBytes } of progress.values()) {
      if (inFlightMessages > maxInflightMessages)
        throw beyond(server, `${inFlightMessages} messages on their way to ${id}`, maxInflightMessages)
      // The message that fills the window may be of any size that a message may have.
      const maxBytes = maxInflightBytes + Math.max(maxAppendBytes, maxEntryBytes)
      if (inFlightBytes > maxBytes) throw beyond(server, `${inFlightBytes} bytes on their way to ${id}`, maxBytes)
    }
  }

  private checkQueues(server: SimServer): void {
    const { queuedBytes = 0 } = server.node?.metrics() ?? {}
    if (queuedBytes > this.maxQueuedBytes)
      throw beyond(server, `${queuedBytes} bytes of commands waiting`, this.maxQueuedBytes)
  }
}

/** Entries that are applied and durable are kept for followers only, up to twice `maxTailBytes`. */
function checkTail(server: SimServer, { log, lastApplied, options }: Readonly<RaftState>): void {
  const limit = 2 * options.maxTailBytes
  if (log.bytesInMemory <= limit) return
  let bytes = 0
  for (let index = Math.min(lastApplied, log.durableIndex); log.entryAt(index) !== undefined; index--) {
    bytes += log.entryAt(index)?.size ?? 0
  }
  if (bytes > limit) throw beyond(server, `${bytes} bytes of entries that nobody waits for`, limit)
}

/** Who is over the limit takes nothing more. */
function checkProposed(server: SimServer, { uncommittedBytes, options }: Readonly<RaftState>, before: Before): void {
  const { maxUncommittedBytes } = options
  if (before.uncommittedBytes > maxUncommittedBytes && uncommittedBytes > before.uncommittedBytes)
    throw beyond(server, `${uncommittedBytes} bytes of uncommitted entries, and takes more`, maxUncommittedBytes)
}

function beyond(server: SimServer, what: string, limit: number): BrokenProperty {
  return new BrokenProperty('Bounded Memory', server.id, `holds ${what}, where ${limit} are allowed`)
}

// The simulated network: it loses, delays and reorders calls, cuts servers off, and counts calls and bytes. One `call`
// carries a request and its reply. The figures (0 to 26 ms, 10 %, 100 ms, two thirds, 200 to 2199 ms, 7 s) are the
// lab's, so that its limits on time, calls and bytes mean here what they mean there.
//
// A reliable network adds no latency of its own, only what it takes one thread to hand over to another: `handOver`.

import type { Clock } from '../util/clock.ts'
import type { Random } from '../util/random.ts'
import type { DropReason, LabEvent } from './event.ts'
import { LabFailure } from './failure.ts'
import type { ClientEnd, Handlers } from './lab.ts'
import { LabServer } from './lab-server.ts'
import type { Labgob } from './labgob.ts'

const MAX_SHORT_DELAY_MS = 26
const LOSS = 0.1
const DEAD_CHECK_MS = 100
const REORDERED = 600 / 900
const MIN_REORDERED_MS = 200
const REORDERED_RANGE_MS = 2000
const MAX_LONG_FAILURE_MS = 6999
const MAX_FAILURE_MS = 99

/**
 * Six times what the busiest test needs of a good Raft. A leader that answers each refusal with messages to all, and is
 * refused by all, doubles its messages with every round trip: without a limit it would end by lack of memory.
 */
const MAX_CALLS = 200_000

/** What the network stands on. */
export interface NetworkOptions {
  readonly clock: Clock
  readonly random: Random
  readonly labgob: Labgob
  /** Runs an action as another thread would: a moment later, never at once. */
  readonly handOver: (action: () => void) => void
  readonly onEvent?: (event: LabEvent) => void
  /** A handler threw, or there is no handler of that name: the test cannot go on. */
  readonly onError?: (error: unknown, server: number) => void
}

interface End extends ClientEnd {
  readonly owner: number
  enabled: boolean
  target: number
}

/** One call on its way. */
interface Call {
  readonly id: number
  readonly end: End
  readonly to: number
  readonly method: string
  readonly resolve: (reply: unknown) => void
}

/** Connects ends to servers. New ends are disabled and lead nowhere; servers are known by their numbers. */
export class Network {
  /** Requests handed to the network, the ones to nowhere and the lost ones included. */
  totalCount = 0
  /** Encoded requests when sent, and encoded replies when delivered. */
  totalBytes = 0
  /** When false, requests are delayed by up to 26 ms, and a tenth of requests and of replies is lost. */
  reliable = true
  /** When true, a call to nowhere takes up to 7 s to fail rather than 0.1 s. */
  longDelays = false
  /** When true, two replies of three are held back for 0.2 to 2.2 s. */
  longReordering = false
  private readonly servers = new Map<number, LabServer>()
  private readonly options: NetworkOptions
  private closed = false

  constructor(options: NetworkOptions) {
    this.options = options
  }

  /** @param owner the server that will call through this end, −1 for a client */
  makeEnd(owner = -1): ClientEnd {
    const end: End = {
      owner,
      enabled: false,
      target: -1,
      call: <Reply>(method: string, args: unknown) => this.call(end, method, args) as Promise<Reply | null>,
    }
    return end
  }

  /** Says where an end leads. Meant to be done once in an end's life. */
  connect(end: ClientEnd, server: number): void {
    ;(end as End).target = server
  }

  enable(end: ClientEnd, enabled: boolean): void {
    ;(end as End).enabled = enabled
  }

  /** Registers a server, in the place of an earlier one of the same number. */
  addServer(server: number, handlers: Handlers): void {
    this.servers.set(server, new LabServer(server, handlers, this.options.labgob))
  }

  deleteServer(server: number): void {
    this.servers.delete(server)
  }

  /** Requests that reached the server since it was registered; 0 when it is not. */
  count(server: number): number {
    return this.servers.get(server)?.count ?? 0
  }

  /** From now on each new call fails at once. Calls under way run on. */
  close(): void {
    this.closed = true
  }

  private call(end: End, method: string, args: unknown): Promise<unknown> {
    const body = this.options.labgob.encode(args)
    if (this.closed) return Promise.resolve(null)
    this.totalBytes += body.length
    const id = ++this.totalCount
    if (id === MAX_CALLS) this.options.onError?.(storm(this.options.clock.now()), end.owner)
    return new Promise((resolve) => {
      const call: Call = { id, end, to: end.target, method, resolve }
      this.tell({ kind: 'rpc sent', ...this.facts(call), body })
      this.options.handOver(() => this.process(call, body))
    })
  }

  /** What the network is when a call sets out decides about its request and the loss and delay of its reply. */
  private process(call: Call, body: Uint8Array): void {
    const { reliable, longReordering } = this
    const server = this.servers.get(call.to)
    const dispatch = (): void => this.dispatch(call, server as LabServer, body, reliable, longReordering)
    if (!call.end.enabled || server === undefined) this.failSlowly(call)
    else if (reliable) dispatch()
    else {
      this.options.clock.schedule(this.options.random.between(0, MAX_SHORT_DELAY_MS), () => {
        if (this.options.random.chance(LOSS)) this.drop(call, 'request lost')
        else dispatch()
      })
    }
  }

  private failSlowly(call: Call): void {
    this.tell({ kind: 'rpc dropped', ...this.facts(call), reason: 'unreachable' })
    const limit = this.longDelays ? MAX_LONG_FAILURE_MS : MAX_FAILURE_MS
    this.options.clock.schedule(this.options.random.between(0, limit), () => call.resolve(null))
  }

  private dispatch(call: Call, server: LabServer, body: Uint8Array, reliable: boolean, longReordering: boolean): void {
    const { clock, onError } = this.options
    let waiting = true
    const watch = (): void => {
      if (this.isDead(call, server)) {
        waiting = false
        this.drop(call, 'dead')
      } else cancelWatch = clock.schedule(DEAD_CHECK_MS, watch)
    }
    let cancelWatch = clock.schedule(DEAD_CHECK_MS, watch)
    this.tell({ kind: 'rpc received', ...this.facts(call) })
    const replied = (reply: Uint8Array): void => {
      cancelWatch()
      if (waiting) this.answer(call, server, reply, reliable, longReordering)
    }
    server.handle(call.method, body).then(replied, (error: unknown) => onError?.(error, call.to))
  }

  private answer(call: Call, server: LabServer, reply: Uint8Array, reliable: boolean, longReordering: boolean): void {
    const { random } = this.options
    // A reply may not leave a server whose Persister was taken over meanwhile: what it promises was not saved.
    if (this.isDead(call, server)) this.drop(call, 'dead')
    else if (!reliable && random.chance(LOSS)) this.drop(call, 'reply lost')
    else if (longReordering && random.chance(REORDERED)) this.deliverLate(call, reply)
    else this.options.handOver(() => this.deliver(call, reply))
  }

  /** No look at whether the server still lives: the reply left it in time. */
  private deliverLate(call: Call, reply: Uint8Array): void {
    const { random, clock } = this.options
    const delayMs = MIN_REORDERED_MS + random.below(1 + random.below(REORDERED_RANGE_MS))
    this.tell({ kind: 'rpc delayed', ...this.facts(call), delayMs })
    clock.schedule(delayMs, () => this.deliver(call, reply))
  }

  private deliver(call: Call, reply: Uint8Array): void {
    this.totalBytes += reply.length
    this.tell({ kind: 'rpc replied', ...this.facts(call), body: reply })
    call.resolve(this.options.labgob.decode(reply))
  }

  private drop(call: Call, reason: DropReason): void {
    this.tell({ kind: 'rpc dropped', ...this.facts(call), reason })
    call.resolve(null)
  }

  private isDead(call: Call, server: LabServer): boolean {
    return !call.end.enabled || this.servers.get(call.to) !== server
  }

  private tell(event: LabEvent): void {
    this.options.onEvent?.(event)
  }

  private facts(call: Call): { time: number; call: number; from: number; to: number; method: string } {
    return { time: this.options.clock.now(), call: call.id, from: call.end.owner, to: call.to, method: call.method }
  }
}

function storm(timeMs: number): LabFailure {
  return new LabFailure(
    `${MAX_CALLS} RPCs by ${timeMs.toFixed(1)} ms: look for calls that are made again at once when they fail or are refused`,
  )
}
